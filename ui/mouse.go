package ui

import (
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

// dragger has a function handle where the pressed mouse moves.
type dragger interface {
	drag(f func(m mouse) tea.Cmd)
}

// slideOn handles the mouse on a track: the wheel steps, press and drag move to a share of
// the track. Shift makes it fine.
func slideOn(d dragger, line rect, m mouse, step, to func(v float64, fine bool) tea.Cmd) tea.Cmd {
	switch {
	case m.wheel != 0:
		return step(-float64(m.wheel), m.shift)
	case m.pressed, m.moved:
		d.drag(func(m mouse) tea.Cmd { return slideOn(d, line, m, step, to) })
		return to(max(float64(m.x-line.x)/float64(max(1, line.w-1)), 0), m.shift)
	}
	return nil
}
