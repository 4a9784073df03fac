package kit

import (
	tea "charm.land/bubbletea/v2"
)

// Mouse is a mouse event at a cell.
type Mouse struct {
	X, Y    int
	Pressed bool // the left button went down
	Moved   bool // dragged with the left button down
	Wheel   int  // +1 down, -1 up
	shift   bool
}

// dragger receives the movements of a pressed mouse.
type dragger interface {
	Drag(f func(m Mouse) tea.Cmd)
}

// SlideOn handles the mouse on a track: the wheel steps, press and drag move to a fraction of the
// track. Shift is fine control.
func SlideOn(d dragger, line Rect, m Mouse, step, to func(v float64, fine bool) tea.Cmd) tea.Cmd {
	switch {
	case m.Wheel != 0:
		return step(-float64(m.Wheel), m.shift)
	case m.Pressed, m.Moved:
		d.Drag(func(m Mouse) tea.Cmd { return SlideOn(d, line, m, step, to) })
		return to(max(float64(m.X-line.X)/float64(max(1, line.W-1)), 0), m.shift)
	}
	return nil
}

// MouseOf reads a message; false where it means nothing: another button, or its release.
func MouseOf(msg tea.MouseMsg) (m Mouse, ok bool) {
	at := msg.Mouse()
	m = Mouse{X: at.X, Y: at.Y, shift: at.Mod.Contains(tea.ModShift)}
	switch msg.(type) {
	case tea.MouseClickMsg:
		m.Pressed = true
		return m, at.Button == tea.MouseLeft
	case tea.MouseMotionMsg:
		m.Moved = true
		return m, true
	case tea.MouseWheelMsg:
		switch at.Button {
		case tea.MouseWheelUp, tea.MouseWheelLeft:
			m.Wheel = -1
		case tea.MouseWheelDown, tea.MouseWheelRight:
			m.Wheel = 1
		}
		return m, true
	}
	return m, false
}
