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
func (a *App) slide(line rect, most float64, m mouse) tea.Cmd {
	return a.slideOn(line, m, func(direction float64, fine bool) tea.Cmd {
		if fine {
			direction *= 0.1
		}
		return a.stepRadius(direction)
	}, func(share float64, fine bool) tea.Cmd {
		r := share * most
		if !fine {
			r = math.Round(r)
		}
		return a.setRadius(min(r, most))
	})
}

// slideOn handles the mouse on a track: the wheel steps, press and drag move to a share of
// the track. Shift makes it fine.
func (a *App) slideOn(line rect, m mouse, step, to func(v float64, fine bool) tea.Cmd) tea.Cmd {
	switch {
	case m.wheel != 0:
		return step(-float64(m.wheel), m.shift)
	case m.pressed, m.moved:
		a.drag = func(m mouse) tea.Cmd { return a.slideOn(line, m, step, to) }
		return to(max(float64(m.x-line.x)/float64(max(1, line.w-1)), 0), m.shift)
	}
	return nil
}
