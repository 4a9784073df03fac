// Package kit is the toolkit of the terminal program's pages: a canvas of cells, the theme, text
// helpers, braille charts, the key table that drives dispatch, help and hints, forms and dialogs,
// jobs and tasks, and the state machine of a measurement that is displayed while it runs. It
// imports no engine package.
package kit

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"hfcui/ui/picture"
)

// Rect is a part of the screen in cells.
type Rect struct{ X, Y, W, H int }

// NewRect returns the rectangle of w×h cells with upper left corner (x, y).
func NewRect(x, y, w, h int) Rect { return Rect{x, y, w, h} }

func (r Rect) Right() int  { return r.X + r.W }
func (r Rect) Bottom() int { return r.Y + r.H }
func (r Rect) Empty() bool { return r.W <= 0 || r.H <= 0 }

func (r Rect) Contains(x, y int) bool {
	return x >= r.X && x < r.Right() && y >= r.Y && y < r.Bottom()
}

func (r Rect) Overlaps(o Rect) bool {
	return r.X < o.Right() && o.X < r.Right() && r.Y < o.Bottom() && o.Y < r.Bottom()
}

// Row returns line i of r.
func (r Rect) Row(i int) Rect { return Rect{r.X, r.Y + i, r.W, 1} }

// Inset returns r without dx columns left and right and dy rows above and below.
func (r Rect) Inset(dx, dy int) Rect {
	return Rect{r.X + dx, r.Y + dy, max(0, r.W-2*dx), max(0, r.H-2*dy)}
}

// Canvas is a screen of pieces of styled text. Later pieces cover earlier ones. Everything is
// clipped to the canvas.
type Canvas struct {
	w, h   int
	rows   [][]piece
	Charts *ChartList // of charts that are drawn as pictures; nil: draw them in cells
	Plain  bool       // the terminal has no colors

	Has func(rune) bool // which characters the terminal's font has; nil: all
}

// piece is styled text at a column, w cells wide.
type piece struct {
	x, w int
	s    string
}

func NewCanvas(w, h int) *Canvas { return &Canvas{w: w, h: h, rows: make([][]piece, h)} }

// Put draws styled text at cell (x, y).
func (c *Canvas) Put(x, y int, s string) { c.PutWide(x, y, Width(s), s) }

// PutWide is Put for text of known width, which may contain anything of width 0.
func (c *Canvas) PutWide(x, y, w int, s string) {
	if y < 0 || y >= c.h || x >= c.w || w <= 0 || x < 0 {
		return
	}
	if x+w > c.w {
		w = c.w - x
		s = ansi.Truncate(s, w, "")
	}
	c.clear(x, y, w)
	c.rows[y] = append(c.rows[y], piece{x, w, s})
}

// clear clears w cells from (x, y).
func (c *Canvas) clear(x, y, w int) {
	row := c.rows[y]
	for i := 0; i < len(row); i++ {
		p := row[i]
		if p.x >= x+w || p.x+p.w <= x {
			continue
		}
		row = slices.Delete(row, i, i+1)
		i--
		if p.x < x {
			row = append(row, piece{p.x, x - p.x, ansi.Truncate(p.s, x-p.x, "")})
		}
		if end := p.x + p.w; end > x+w {
			row = append(row, piece{x + w, end - x - w, ansi.TruncateLeft(p.s, x+w-p.x, "")})
		}
	}
	c.rows[y] = row
}

// Left draws text at the left of a one-line rectangle and returns the column after it.
func (c *Canvas) Left(r Rect, st Style, s string) int {
	s = Cut(s, r.W)
	c.Put(r.X, r.Y, st.Paint(s))
	return r.X + Width(s)
}

// Right draws text at the right of a one-line rectangle.
func (c *Canvas) Right(r Rect, st Style, s string) {
	s = Cut(s, r.W)
	c.Put(r.Right()-Width(s), r.Y, st.Paint(s))
}

// center draws text centered in a one-line rectangle.
func (c *Canvas) center(r Rect, st Style, s string) {
	s = Cut(s, r.W)
	c.Put(r.X+(r.W-Width(s))/2, r.Y, st.Paint(s))
}

// Lines draws styled lines from the top of a rectangle on, as many and as much of them as there
// is room for.
func (c *Canvas) Lines(r Rect, lines []string) {
	for i := range min(r.H, len(lines)) {
		c.Put(r.X, r.Y+i, Cut(lines[i], r.W))
	}
}

// Paragraph draws text wrapped and centered in a rectangle.
func (c *Canvas) Paragraph(r Rect, st Style, s string) {
	lines := strings.Split(ansi.Wordwrap(s, max(1, r.W-2), ""), "\n")
	y := r.Y + max(0, (r.H-len(lines))/2)
	for i, line := range lines {
		if y+i < r.Bottom() {
			c.center(Rect{r.X, y + i, r.W, 1}, st, line)
		}
	}
}

// Dim repaints everything drawn so far in one style.
func (c *Canvas) Dim(st Style) {
	for _, row := range c.rows {
		for i := range row {
			row[i].s = st.Paint(ansi.Strip(row[i].s))
		}
	}
}

// String returns the screen as lines of text.
func (c *Canvas) String() string {
	var b strings.Builder
	b.Grow(c.w * c.h * 2)
	for y, row := range c.rows {
		if y > 0 {
			b.WriteByte('\n')
		}
		slices.SortFunc(row, func(p, q piece) int { return p.x - q.x })
		x := 0
		for _, p := range row {
			b.WriteString(Blanks(p.x - x))
			b.WriteString(p.s)
			x = p.x + p.w
		}
	}
	return c.spell(b.String())
}

// Placed is a picture on the screen.
type Placed struct {
	At    Rect
	Drawn picture.Drawn
}
