package ui

import (
	tea "charm.land/bubbletea/v2"
)

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
	if d := a.top(); d != nil {
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
