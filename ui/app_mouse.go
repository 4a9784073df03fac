package ui

import (
	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// mouse dispatches mouse events: a drag stays with the element where it started.
func (a *App) mouse(msg tea.MouseMsg) tea.Cmd {
	m, ok := kit.MouseOf(msg)
	switch msg.(type) {
	case tea.MouseMotionMsg:
		if a.drag != nil {
			return a.drag(m)
		}
		return nil
	case tea.MouseReleaseMsg:
		a.drag = nil
		return nil
	case tea.MouseClickMsg:
		if !ok {
			return nil
		}
		a.drag, a.message = nil, ""
	}
	return a.mouseAt(m)
}

func (a *App) mouseAt(m kit.Mouse) tea.Cmd {
	if a.layout.TooSmall || a.layout.W == 0 {
		return nil
	}
	if m.Pressed && m.Y == a.layout.Hints.Y {
		list, last := a.hinted()
		return kit.PressHint(a.layout.Hints.W, list, last, m.X-a.layout.Hints.X)
	}
	if d := a.Top(); d != nil {
		inner := kit.DialogRect(a.layout, d).Inset(2, 1)
		if !kit.DialogRect(a.layout, d).Contains(m.X, m.Y) {
			if m.Pressed {
				return a.CloseDialog()
			}
			return nil
		}
		m.X, m.Y = m.X-inner.X, m.Y-inner.Y
		return d.Mouse(m)
	}
	if why := a.refusal(kit.Left); why != "" { // of everything that is followed
		if m.Pressed {
			a.say(why)
		}
		return nil
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
