package kit

import (
	tea "charm.land/bubbletea/v2"
)

// Mouse is what the mouse did at a cell.
type Mouse struct {
	X, Y    int
	Pressed bool // the left button went down
	Moved   bool // dragged with the left button down
	Wheel   int  // +1 down, -1 up
	Shift   bool
}

// dragger has a function handle where the pressed mouse moves.
type dragger interface {
	Drag(f func(m Mouse) tea.Cmd)
}

// SlideOn handles the mouse on a track: the wheel steps, press and drag move to a share of
// the track. Shift makes it fine.
func SlideOn(d dragger, line Rect, m Mouse, step, to func(v float64, fine bool) tea.Cmd) tea.Cmd {
	switch {
	case m.Wheel != 0:
		return step(-float64(m.Wheel), m.Shift)
	case m.Pressed, m.Moved:
		d.Drag(func(m Mouse) tea.Cmd { return SlideOn(d, line, m, step, to) })
		return to(max(float64(m.X-line.X)/float64(max(1, line.W-1)), 0), m.Shift)
	}
	return nil
}
