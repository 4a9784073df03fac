package ui

import (
	"math"

	tea "charm.land/bubbletea/v2"
)

// mouse is what the mouse did at a cell.
type mouse struct {
	x, y    int
	pressed bool // the left button went down
	moved   bool // dragged with the left button down
	wheel   int  // +1 down, -1 up
	shift   bool
}

// mouse sorts what the mouse does: a drag goes on where it started, wherever it is now.
func (a *App) mouse(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	m := mouse{x: at.X, y: at.Y, shift: at.Mod.Contains(tea.ModShift)}
	switch msg.(type) {
	case tea.MouseClickMsg:
		if at.Button != tea.MouseLeft {
			return nil
		}
		m.pressed, a.drag, a.message = true, nil, ""
	case tea.MouseMotionMsg:
		m.moved = true
		if a.drag != nil {
			return a.drag(m)
		}
		return nil
	case tea.MouseReleaseMsg:
		a.drag = nil
		return nil
	case tea.MouseWheelMsg:
		switch at.Button {
		case tea.MouseWheelUp, tea.MouseWheelLeft:
			m.wheel = -1
		case tea.MouseWheelDown, tea.MouseWheelRight:
			m.wheel = 1
		}
	}
	return a.mouseAt(m)
}

func (a *App) mouseAt(m mouse) tea.Cmd {
	if a.layout.tooSmall || a.layout.w == 0 {
		return nil
	}
	if d := a.dialog(); d != nil {
		inner := a.dialogRect(d).inset(2, 1)
		if !a.dialogRect(d).contains(m.x, m.y) {
			if m.pressed {
				return a.closeDialog()
			}
			return nil
		}
		m.x, m.y = m.x-inner.x, m.y-inner.y
		return d.mouse(m)
	}
	if m.pressed {
		for i, tab := range a.tabs() {
			if tab.contains(m.x, m.y) {
				return a.show(i)
			}
		}
	}
	cmd, _ := a.pages[a.page].mouse(m)
	return cmd
}

// slide handles the mouse on a track of r from 0 to most: press and drag move r there, to
// whole numbers unless shift is held, and the wheel steps.
func (a *App) slide(track rect, most float64, m mouse) tea.Cmd {
	switch {
	case m.wheel != 0 && m.shift:
		return a.stepRadius(-0.1 * float64(m.wheel))
	case m.wheel != 0:
		return a.stepRadius(-float64(m.wheel))
	case m.pressed, m.moved:
		a.drag = func(m mouse) tea.Cmd { return a.slide(track, most, m) }
		r := float64(m.x-track.x) / float64(max(1, track.w-1)) * most
		if !m.shift {
			r = math.Round(r)
		}
		return a.setRadius(min(r, most))
	}
	return nil
}

// columnAt is the column of a radius.
func columnAt(track rect, most, r float64) int {
	share := min(max(r/max(most, 1), 0), 1)
	return track.x + int(share*float64(max(0, track.w-1))+0.5)
}
