package ui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"hfcui/ui/picture"
)

// rect is a part of the screen in cells.
type rect struct{ x, y, w, h int }

// newRect is the rectangle of w×h cells whose upper left corner is at (x, y).
func newRect(x, y, w, h int) rect { return rect{x, y, w, h} }

func (r rect) right() int  { return r.x + r.w }
func (r rect) bottom() int { return r.y + r.h }
func (r rect) empty() bool { return r.w <= 0 || r.h <= 0 }

func (r rect) contains(x, y int) bool {
	return x >= r.x && x < r.right() && y >= r.y && y < r.bottom()
}

func (r rect) overlaps(o rect) bool {
	return r.x < o.right() && o.x < r.right() && r.y < o.bottom() && o.y < r.bottom()
}

// row returns line i of r.
func (r rect) row(i int) rect { return rect{r.x, r.y + i, r.w, 1} }

// inset returns r without dx columns left and right and dy rows above and below.
func (r rect) inset(dx, dy int) rect {
	return rect{r.x + dx, r.y + dy, max(0, r.w-2*dx), max(0, r.h-2*dy)}
}

// canvas is a screen being drawn: pieces of styled text put at cells. A piece put later
// lies on top. Nothing outside the canvas is kept.
type canvas struct {
	w, h int
	rows [][]piece
}

// piece is styled text at a column, w cells wide.
type piece struct {
	x, w int
	s    string
}

func newCanvas(w, h int) *canvas { return &canvas{w, h, make([][]piece, h)} }

// put draws styled text from cell (x, y) on.
func (c *canvas) put(x, y int, s string) { c.putWide(x, y, width(s), s) }

// putWide is put for text whose width is known: it may hold anything that takes no room.
func (c *canvas) putWide(x, y, w int, s string) {
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

// clear takes away what lies in w cells from (x, y) on.
func (c *canvas) clear(x, y, w int) {
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

// left draws text at the left of a one-line rectangle and returns the column after it.
func (c *canvas) left(r rect, st style, s string) int {
	s = cut(s, r.w)
	c.put(r.x, r.y, st.paint(s))
	return r.x + width(s)
}

// right draws text at the right of a one-line rectangle.
func (c *canvas) right(r rect, st style, s string) {
	s = cut(s, r.w)
	c.put(r.right()-width(s), r.y, st.paint(s))
}

// centre draws text in the middle of a one-line rectangle.
func (c *canvas) centre(r rect, st style, s string) {
	s = cut(s, r.w)
	c.put(r.x+(r.w-width(s))/2, r.y, st.paint(s))
}

// paragraph draws text wrapped into a rectangle, in its middle.
func (c *canvas) paragraph(r rect, st style, s string) {
	lines := strings.Split(ansi.Wordwrap(s, max(1, r.w-2), ""), "\n")
	y := r.y + max(0, (r.h-len(lines))/2)
	for i, line := range lines {
		if y+i < r.bottom() {
			c.centre(rect{r.x, y + i, r.w, 1}, st, line)
		}
	}
}

// String returns the screen as lines of text.
func (c *canvas) String() string {
	var b strings.Builder
	b.Grow(c.w * c.h * 2)
	for y, row := range c.rows {
		if y > 0 {
			b.WriteByte('\n')
		}
		slices.SortFunc(row, func(p, q piece) int { return p.x - q.x })
		x := 0
		for _, p := range row {
			b.WriteString(blanks(p.x - x))
			b.WriteString(p.s)
			x = p.x + p.w
		}
	}
	return b.String()
}

// placed is a picture on the screen.
type placed struct {
	at    rect
	drawn picture.Drawn
}
