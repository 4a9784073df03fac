package ui

import (
	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// mouse sorts what the mouse does: a drag goes on where it started, wherever it is now.
func (a *App) mouse(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	m := kit.Mouse{X: at.X, Y: at.Y, Shift: at.Mod.Contains(tea.ModShift)}
	switch msg.(type) {
	case tea.MouseClickMsg:
		if at.Button != tea.MouseLeft {
			return nil
		}
		m.Pressed, a.drag, a.message = true, nil, ""
	case tea.MouseMotionMsg:
		m.Moved = true
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
			m.Wheel = -1
		case tea.MouseWheelDown, tea.MouseWheelRight:
			m.Wheel = 1
		}
	}
	return a.mouseAt(m)
}

func (a *App) mouseAt(m kit.Mouse) tea.Cmd {
	if a.layout.TooSmall || a.layout.W == 0 {
		return nil
	}
	if d := a.Top(); d != nil {
		inner := a.dialogRect(d).Inset(2, 1)
		if !a.dialogRect(d).Contains(m.X, m.Y) {
			if m.Pressed {
				return a.CloseDialog()
			}
			return nil
		}
		m.X, m.Y = m.X-inner.X, m.Y-inner.Y
		return d.Mouse(m)
	}
	if m.Pressed {
		for i, tab := range a.tabs() {
			if tab.Contains(m.X, m.Y) {
				return a.show(i)
			}
		}
	}
	cmd, _ := a.pages[a.page].Mouse(m)
	return cmd
}
