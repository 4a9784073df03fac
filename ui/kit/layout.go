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
	Note     Rect // a line or two for caveats; empty without any
	Status   Rect
	Hints    Rect
}

// Roomy reports whether there are lines for spacing.
func (l Layout) Roomy() bool { return l.H >= 28 }

// mostNoted is the most lines of caveats, where there are lines for spacing.
const mostNoted = 2

// NewLayout lays out the frame, with lines for the caveats in note.
func NewLayout(w, h int, note string) Layout {
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
	if note != "" {
		lines := 1
		if l.Roomy() {
			lines = min(len(Wrap(note, w-2)), mostNoted)
		}
		bottom -= lines
		l.Note = Rect{1, bottom, w - 2, lines}
	}
	l.Body = Rect{1, top, w - 1, bottom - top}
	return l
}

// CellSize is the size of the terminal's cells in pixels, and of the largest picture in cells; 0:
// no limit. ImageW and ImageH, unless 0, are the size of an image that is drawn in whole multiples.
// ExactW and ExactH, unless 0, are the cells' size where W and H are rounded. Bands: the terminal
// counts the height of pictures in whole bands of BandHeight pixels.
type CellSize struct {
	W, H, MostW, MostH, ImageW, ImageH int

	ExactW, ExactH float64
	Bands          bool
}

// BandHeight is the height of a band of sixels.
const BandHeight = 6

// exact returns the size of a cell.
func (c CellSize) exact() (w, h float64) {
	w, h = float64(c.W), float64(c.H)
	if c.ExactW > 0 {
		w = c.ExactW
	}
	if c.ExactH > 0 {
		h = c.ExactH
	}
	return w, h
}

// Pixels returns the size of the largest picture that does not reach beyond cols×rows cells. The
// exact size is only known up to the rounding of the window's.
func (c CellSize) Pixels(cols, rows int) (w, h int) {
	const rounding = 0.5
	w, h = cols*c.W, rows*c.H
	if c.ExactW > 0 {
		w = max(int(float64(cols)*c.ExactW-rounding), 0)
	}
	if c.ExactH > 0 {
		h = max(int(float64(rows)*c.ExactH-rounding), 0)
	}
	if c.Bands && h >= BandHeight {
		h -= h % BandHeight
	}
	return w, h
}

// mostWhole is the largest side of an image whose pixels are worth seeing one by one.
const mostWhole = 128

// For returns the cell size for pictures of w×h pixels. Half blocks have so few pixels that small
// images are drawn in whole multiples: resampled to any other size their texture is lost.
func (c CellSize) For(w, h int) CellSize {
	c.ImageW, c.ImageH = 0, 0
	if c.W == 1 && c.H == 2 && w > 0 && h > 0 && max(w, h) <= mostWhole {
		c.ImageW, c.ImageH = w, h
	}
	return c
}

// Whole returns the size in cells of the largest whole multiple of the image in w×h cells, or else of
// its largest whole fraction.
func (c CellSize) Whole(w, h int) (cols, rows int) {
	if m := min(w/c.ImageW, 2*h/c.ImageH); m >= 1 {
		return m * c.ImageW, (m*c.ImageH + 1) / 2
	}
	n := max((c.ImageW+w-1)/w, (c.ImageH+2*h-1)/(2*h))
	return max(1, c.ImageW/n), max(1, (c.ImageH/n+1)/2)
}

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
