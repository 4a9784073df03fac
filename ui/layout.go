package ui

// The program needs at least this much room.
const (
	minWidth  = 60
	minHeight = 18
)

// layout is where everything on the frame lies; pages divide body among themselves.
type layout struct {
	w, h     int
	tooSmall bool
	header   rect
	body     rect
	note     rect // one line for a caveat; empty without one
	status   rect
	hints    rect
}

// roomy tells that there are lines to spare for separating things.
func (l layout) roomy() bool { return l.h >= 28 }

func newLayout(w, h int, note bool) layout {
	l := layout{w: w, h: h, tooSmall: w < minWidth || h < minHeight}
	if l.tooSmall {
		return l
	}
	l.header = rect{1, 0, w - 2, 1}
	l.hints = rect{1, h - 1, w - 2, 1}
	l.status = rect{1, h - 2, w - 2, 1}
	top, bottom := 1, h-2
	if l.roomy() {
		top++
		bottom--
	}
	if note {
		bottom--
		l.note = rect{1, bottom, w - 2, 1}
	}
	l.body = rect{1, top, w - 1, bottom - top}
	return l
}

// cellSize is a cell of the terminal in pixels, and the largest picture it draws, in
// cells; 0 where there is no limit.
type cellSize struct{ w, h, mostW, mostH int }

// limit makes a picture no larger than can be drawn.
func (c cellSize) limit(cols, rows int) (int, int) {
	if c.mostW > 0 {
		cols = min(cols, c.mostW)
	}
	if c.mostH > 0 {
		rows = min(rows, c.mostH)
	}
	return cols, rows
}
