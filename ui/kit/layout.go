package kit

// Minimum size of the terminal.
const (
	MinWidth  = 60
	MinHeight = 18
)

// Layout is the positions of the parts of the frame; pages lay out the body.
type Layout struct {
	W, H     int
	TooSmall bool
	Header   Rect
	Body     Rect
	Note     Rect // one line for a caveat; empty without one
	Status   Rect
	Hints    Rect
}

// Roomy reports whether there are lines for spacing.
func (l Layout) Roomy() bool { return l.H >= 28 }

func NewLayout(w, h int, note bool) Layout {
	l := Layout{W: w, H: h, TooSmall: w < MinWidth || h < MinHeight}
	if l.TooSmall {
		return l
	}
	l.Header = Rect{1, 0, w - 2, 1}
	l.Hints = Rect{1, h - 1, w - 2, 1}
	l.Status = Rect{1, h - 2, w - 2, 1}
	top, bottom := 1, h-2
	if l.Roomy() {
		top++
		bottom--
	}
	if note {
		bottom--
		l.Note = Rect{1, bottom, w - 2, 1}
	}
	l.Body = Rect{1, top, w - 1, bottom - top}
	return l
}

// CellSize is the size of the terminal's cells in pixels, and of the largest picture in cells; 0:
// no limit.
type CellSize struct{ W, H, MostW, MostH int }

// Limit limits a picture's size to the largest.
func (c CellSize) Limit(cols, rows int) (int, int) {
	if c.MostW > 0 {
		cols = min(cols, c.MostW)
	}
	if c.MostH > 0 {
		rows = min(rows, c.MostH)
	}
	return cols, rows
}
