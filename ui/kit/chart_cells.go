package kit

import (
	"math"
	"strings"
)

// cellChart draws a chart with braille dots.
type cellChart struct {
	*Chart
	cells []chartCell
	plain bool // no colors: curves differ in dashes, ribbons in hatching
	poor  bool // no braille in the font: halves of cells, and markers are always characters
}

// chartCell is a cell of the plot: dots, or a character on top of them.
type chartCell struct {
	dots  uint8
	char  string
	style Style
	rank  rank
}

// rank is the z-order of dots and characters.
type rank int

const (
	rankNothing rank = iota
	rankGrid
	rankShade
	rankCursor
	rankBase
	rankBaseMark
	rankLine
	rankMark
)

// dotBits are the bits of a braille character's dots, by row and column.
var dotBits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// dotMarks are the markers in dots, three by three around the value.
var dotMarks = map[string][3]string{
	MarkLow: {".#.", "###", ".#."}, MarkLowBase: {".#.", "#.#", ".#."},
	MarkHigh: {".#.", ".#.", "###"}, MarkHighBase: {".#.", "#.#", "..."},
	MarkWhole: {"###", "###", "###"}, MarkWBase: {"###", "#.#", "###"},
	MarkChanged: {"..#", "###", "#.."},
	"◆":         {".#.", "###", ".#."}, "◇": {".#.", "#.#", ".#."},
	"▼": {"###", ".#.", ".#."}, "▽": {"#.#", ".#.", "..."},
	"★": {"#.#", "###", "#.#"}, "☆": {"#.#", "...", "#.#"},
	"✚": {".#.", "###", ".#."}, "✛": {".#.", "#.#", ".#."},
	"◉": {"###", "#.#", "###"}, "◎": {"###", "#.#", "###"},
	"✦": {"#.#", ".#.", "#.#"}, "✧": {"#.#", "...", "#.#"},
	MarkRight: {"..#", "#.#", ".#."}, MarkWrong: {"#.#", ".#.", "#.#"},
}

// DrawCells draws the chart in cells on a canvas.
func (ch *Chart) DrawCells(c *Canvas) {
	d := &cellChart{ch, make([]chartCell, ch.Plot.W*ch.Plot.H), c.Plain, !c.has(braille)}
	for _, l := range ch.Lines {
		y := int(math.Round(ch.DotY(l.At)))
		for x := 0; x < 2*ch.Plot.W; x += 4 {
			d.dot(x, y, l.Style, rankGrid)
		}
	}
	for _, k := range ch.cursor {
		for row := range ch.Plot.H {
			d.put(int(min(max(ch.column(k.at), 0), float64(ch.Plot.W-1))+0.5), row, "│", k.style, rankCursor)
		}
	}
	for i := range ch.Curves {
		d.curve(&ch.Curves[i], i)
	}
	for row := range ch.Plot.H {
		c.PutWide(ch.Plot.X, ch.Plot.Y+row, ch.Plot.W, d.line(row))
	}
}

// cell returns the cell at a column and row of the plot, nil outside.
func (d *cellChart) cell(col, row int) *chartCell {
	if col < 0 || row < 0 || col >= d.Plot.W || row >= d.Plot.H {
		return nil
	}
	return &d.cells[row*d.Plot.W+col]
}

// dot sets a dot, replacing dots of lower rank in the cell.
func (d *cellChart) dot(x, y int, st Style, rk rank) {
	if x < 0 || y < 0 {
		return
	}
	c := d.cell(x/2, y/4)
	switch {
	case c == nil, c.rank > rk:
		return
	case c.rank < rk && !(c.rank == rankLine && rk == rankMark && c.style == st):
		*c = chartCell{}
	}
	c.rank = max(c.rank, rk)
	c.dots |= dotBits[y%4][x%2]
	c.style = st
}

// put sets a character.
func (d *cellChart) put(col, row int, char string, st Style, rk rank) {
	if c := d.cell(col, row); c != nil && c.rank <= rk {
		*c = chartCell{char: char, style: st, rank: rk}
	}
}

// curve draws the i-th curve.
func (d *cellChart) curve(s *Curve, i int) {
	markRank := rankMark
	if s.Base {
		markRank = rankBaseMark
	}
	for k := 1; k < len(s.Points) && !s.NoLine; k++ {
		p, q := s.Points[k-1], s.Points[k]
		if !math.IsNaN(p.Y) && !math.IsNaN(q.Y) {
			d.segment(p, q, s, i)
		}
	}
	last, met := -9.0, 0
	for _, p := range s.Points {
		x, y := d.DotX(p.X), d.DotY(p.Y)
		if s.Bars && p.Hi > p.Lo {
			for k := d.dotRow(p.Hi); k <= d.dotRow(p.Lo); k++ {
				d.dot(int(math.Round(x)), k, s.Line, rankShade)
			}
		}
		if s.Mark == "" || !d.inside(x, y) {
			continue
		}
		if x-last < 3.5 && !s.NoLine {
			continue
		}
		last = x
		if d.taken(int(x)/2, int(y)/4, s, markRank) {
			if met++; met%2 == 0 { // alternate the markers of overlapping curves
				continue
			}
		}
		d.mark(x, y, s.Mark, s.Line, markRank)
	}
}

// inside reports whether a position in dots is in the plot.
func (d *cellChart) inside(x, y float64) bool {
	return x >= 0 && y >= 0 && x < float64(2*d.Plot.W) && y < float64(4*d.Plot.H)
}

// mark draws a marker at a position in dots: as a character where the value is in the middle of a
// cell's height, else in dots.
func (d *cellChart) mark(x, y float64, mark string, st Style, rk rank) {
	shape, ok := dotMarks[mark]
	switch row := (y - 1.5) / 4; {
	case d.poor:
		d.put(int(x)/2, int(y)/4, mark, st, rk)
		return
	case !ok: // above the value
		d.put(int(x)/2, max(0, int(math.Round(row))-1), mark, st, rk)
		return
	case math.Abs(row-math.Round(row)) <= 0.25:
		d.put(int(x)/2, int(math.Round(row)), mark, st, rk)
		return
	}
	x0, y0 := int(math.Round(x))-1, int(math.Round(y))-1
	for dy, line := range shape {
		for dx := range line {
			if line[dx] == '#' {
				d.dot(x0+dx, y0+dy, st, rk)
			}
		}
	}
}

// taken reports whether another curve's marker of the same rank is in a cell.
func (d *cellChart) taken(col, row int, s *Curve, rk rank) bool {
	c := d.cell(col, row)
	return c != nil && c.rank == rk && (c.style != s.Line || c.char != "" && c.char != s.Mark)
}

// Patterns of dots without colors, by PatternOf: dashes of lines as lengths of dash and gap, and
// hatching of ribbons.
var (
	dotDashes  = [...][2]int{{1, 0}, {6, 3}, {2, 2}, {1, 3}}
	dotHatches = [...]func(x, y int) bool{
		func(x, y int) bool { return (x+y)%4 == 0 },
		func(x, y int) bool { return (x-y+4000)%4 == 0 },
		func(x, y int) bool { return x%3 == 0 && y%2 == 0 },
		func(x, y int) bool { return x%4 == 0 && y%4 == 0 },
	}
)

// segment draws the line between two points and, as a pattern of every second dot, the ribbon of
// their intervals.
func (d *cellChart) segment(p, q Point, s *Curve, i int) {
	rk, dash, hatch := rankLine, dotDashes[0], func(x, y int) bool { return (x+y)%2 == 0 }
	if s.Base {
		rk = rankBase
	}
	if d.plain {
		i = PatternOf(s.Mark, i)
		dash, hatch = dotDashes[i%len(dotDashes)], dotHatches[i%len(dotHatches)]
	}
	x0, x1 := d.DotX(p.X), d.DotX(q.X)
	before := int(math.Round(d.DotY(p.Y)))
	from, to := max(int(x0), 0), min(int(x1), 2*d.Plot.W)
	for x := from; x <= to; x++ {
		t := 0.0
		if x1 > x0 {
			t = min(max((float64(x)-x0)/(x1-x0), 0), 1)
		}
		if !s.Base {
			top, bottom := d.dotRow(p.Hi+t*(q.Hi-p.Hi)), d.dotRow(p.Lo+t*(q.Lo-p.Lo))
			for y := top; y <= bottom; y++ {
				if hatch(x, y) {
					d.dot(x, y, s.Shade, rankShade)
				}
			}
		}
		y := d.dotRow(p.Y + t*(q.Y-p.Y))
		if (x % (dash[0] + dash[1])) < dash[0] {
			d.steps(x, before, y, s, rk)
		}
		before = y
	}
}

// dotRow returns the row of dots of a value, at most one outside the plot.
func (d *cellChart) dotRow(y float64) int {
	return int(min(max(math.Round(d.DotY(y)), -1), float64(4*d.Plot.H)))
}

// steps draws a line's dots in a column, from the row after that of the last column.
func (d *cellChart) steps(x, before, y int, s *Curve, rk rank) {
	for k := min(before, y); k <= max(before, y); k++ {
		if k != before || before == y {
			d.dot(x, k, s.Line, rk)
			if s.Thick {
				d.dot(x, k+1, s.Line, rk)
			}
		}
	}
}

// line returns a row of the plot.
func (d *cellChart) line(row int) string {
	var b strings.Builder
	line := d.cells[row*d.Plot.W : (row+1)*d.Plot.W]
	for i := 0; i < len(line); {
		j := i
		var run strings.Builder
		for ; j < len(line) && line[j].style == line[i].style; j++ {
			run.WriteString(line[j].text(d.poor))
		}
		b.WriteString(line[i].style.Paint(run.String()))
		i = j
	}
	return b.String()
}

// braille is the character without dots.
const braille = 0x2800

func (c chartCell) text(poor bool) string {
	const upper = 0x01 | 0x08 | 0x02 | 0x10 // dots
	switch {
	case c.char != "":
		return c.char
	case c.dots == 0:
		return " "
	case !poor:
		return string(rune(braille + int(c.dots)))
	case c.rank == rankGrid:
		return "·"
	case c.rank == rankShade:
		return "░"
	case c.dots&^upper == 0:
		return "▀"
	case c.dots&upper == 0:
		return "▄"
	}
	return "█"
}
