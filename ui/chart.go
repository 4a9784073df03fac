package ui

import (
	"fmt"
	"math"
	"strings"
)

// point is a measured value with its interval.
type point struct{ x, y, lo, hi float64 }

// series is a curve: a line through its points, their intervals as a ribbon, a mark at
// every point.
type series struct {
	points      []point
	line, shade style
	mark        string // "" draws none
	thick       bool   // two dots instead of one
}

// chart draws curves with braille dots, two by four a cell, over x from 0 to mostX and y
// from 0 to mostY. Column and row of a value are those of a cell's middle, so that marks,
// which take a cell, and lines agree.
type chart struct {
	plot         rect
	mostX, mostY float64
	cells        []chartCell
}

// chartCell is a cell of the plot: dots, or a character on top of them.
type chartCell struct {
	dots  uint8
	char  string
	style style
	rank  rank
}

// rank says what is drawn over what.
type rank int

const (
	rankNothing rank = iota
	rankGrid
	rankShade
	rankCursor
	rankBase
	rankLine
	rankMark
)

func newChart(plot rect, mostX, mostY float64) *chart {
	plot.w, plot.h = max(0, plot.w), max(0, plot.h)
	return &chart{plot, mostX, mostY, make([]chartCell, plot.w*plot.h)}
}

// dotX and dotY are the positions of values in dots from the plot's upper left corner.
func (ch *chart) dotX(x float64) float64 {
	return 2*x/ch.mostX*float64(ch.plot.w-1) + 0.5
}

func (ch *chart) dotY(y float64) float64 {
	return 4*(1-y/ch.mostY)*float64(ch.plot.h-1) + 1.5
}

// dotBits are the bits of a braille character's dots, by row and column.
var dotBits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// cell returns the cell at a column and row of the plot, nil outside.
func (ch *chart) cell(col, row int) *chartCell {
	if col < 0 || row < 0 || col >= ch.plot.w || row >= ch.plot.h {
		return nil
	}
	return &ch.cells[row*ch.plot.w+col]
}

// dot sets a dot. Dots of lower rank in the same cell give way.
func (ch *chart) dot(x, y int, st style, rk rank) {
	if x < 0 || y < 0 {
		return
	}
	c := ch.cell(x/2, y/4)
	switch {
	case c == nil, c.rank > rk:
		return
	case c.rank < rk:
		*c = chartCell{style: st, rank: rk}
	}
	c.dots |= dotBits[y%4][x%2]
	c.style = st
}

// put sets a character.
func (ch *chart) put(col, row int, char string, st style, rk rank) {
	if c := ch.cell(col, row); c != nil && c.rank <= rk {
		*c = chartCell{char: char, style: st, rank: rk}
	}
}

// grid draws faint lines at values of y.
func (ch *chart) grid(st style, values ...float64) {
	for _, v := range values {
		y := int(ch.dotY(v))
		for x := 0; x < 2*ch.plot.w; x += 4 {
			ch.dot(x, y, st, rankGrid)
		}
	}
}

// cursor draws a vertical line at a value of x.
func (ch *chart) cursor(x float64, st style) {
	for row := range ch.plot.h {
		ch.put(columnAt(ch.plot, ch.mostX, x)-ch.plot.x, row, "│", st, rankCursor)
	}
}

// draw draws a curve. Curves kept for comparison have no ribbon and give way to others.
func (ch *chart) draw(s series, base bool) {
	markRank := rankMark
	if base {
		markRank = rankBase
	}
	for i := 1; i < len(s.points); i++ {
		p, q := s.points[i-1], s.points[i]
		if math.IsNaN(p.y) || math.IsNaN(q.y) {
			continue
		}
		ch.segment(p, q, s, base)
	}
	last, met := -2, 0
	for _, p := range s.points {
		if s.mark == "" || math.IsNaN(p.y) {
			continue
		}
		col, row := int(ch.dotX(p.x))/2, int(ch.dotY(p.y))/4
		if col-last < 2 {
			continue
		}
		last = col
		if ch.taken(col, row, s.mark, markRank) {
			if met++; met%2 == 0 { // where curves are the same their marks take turns
				continue
			}
		}
		ch.put(col, row, s.mark, s.line, markRank)
	}
}

// taken tells whether another curve's mark of the same rank is at a cell.
func (ch *chart) taken(col, row int, mark string, rk rank) bool {
	c := ch.cell(col, row)
	return c != nil && c.rank == rk && c.char != "" && c.char != mark
}

// segment draws the line between two points and, as a pattern of every second dot, the
// ribbon of their intervals.
func (ch *chart) segment(p, q point, s series, base bool) {
	rk := rankLine
	if base {
		rk = rankBase
	}
	x0, x1 := ch.dotX(p.x), ch.dotX(q.x)
	before := int(ch.dotY(p.y))
	for x := int(x0); x <= int(x1); x++ {
		t := 0.0
		if x1 > x0 {
			t = min(max((float64(x)-x0)/(x1-x0), 0), 1)
		}
		if !base {
			top, bottom := int(ch.dotY(p.hi+t*(q.hi-p.hi))), int(ch.dotY(p.lo+t*(q.lo-p.lo)))
			for y := top; y <= bottom; y++ {
				if (x+y)%2 == 0 {
					ch.dot(x, y, s.shade, rankShade)
				}
			}
		}
		y := int(ch.dotY(p.y + t*(q.y-p.y)))
		for k := min(before, y); k <= max(before, y); k++ {
			if k != before || before == y {
				ch.dot(x, k, s.line, rk)
				if s.thick {
					ch.dot(x, k+1, s.line, rk)
				}
			}
		}
		before = y
	}
}

// render puts the plot on the canvas.
func (ch *chart) render(c *canvas) {
	for row := range ch.plot.h {
		var b strings.Builder
		line := ch.cells[row*ch.plot.w : (row+1)*ch.plot.w]
		for i := 0; i < len(line); {
			j := i
			var run strings.Builder
			for ; j < len(line) && line[j].style == line[i].style; j++ {
				run.WriteString(line[j].text())
			}
			b.WriteString(line[i].style.paint(run.String()))
			i = j
		}
		c.putWide(ch.plot.x, ch.plot.y+row, ch.plot.w, b.String())
	}
}

func (c chartCell) text() string {
	switch {
	case c.char != "":
		return c.char
	case c.dots != 0:
		return string(rune(0x2800 + int(c.dots)))
	}
	return " "
}

// labelY writes labels left of the plot at values of y.
func (ch *chart) labelY(c *canvas, st style, values []float64, format func(float64) string) {
	for _, v := range values {
		y := ch.plot.y + int(ch.dotY(v))/4
		c.put(ch.plot.x-axisWidth, y, st.paint(fitRight(format(v), axisWidth-1)))
	}
}

// labelX writes numbers into a row of the screen, under their columns.
func (ch *chart) labelX(c *canvas, st style, row int) {
	step := tickStep(ch.mostX, ch.plot.w)
	for i := 0; float64(i)*step <= ch.mostX*(1+1e-9); i++ {
		label := fmt.Sprintf("%.4g", float64(i)*step)
		c.put(columnAt(ch.plot, ch.mostX, float64(i)*step)-(width(label)-1)/2, row, st.paint(label))
	}
}

// tickStep is the distance of labels so that there are at least seven columns for each:
// whole numbers unless there are too few.
func tickStep(most float64, w int) float64 {
	first := 1.0
	if most < 4 {
		first = 1e-6
	}
	for step := first; ; step *= 10 {
		for _, k := range [...]float64{1, 2, 5} {
			if step*k/most*float64(w) >= 7 {
				return step * k
			}
		}
	}
}

func nearest(radii []float64, r float64) int {
	best := 0
	for i := range radii {
		if math.Abs(radii[i]-r) < math.Abs(radii[best]-r) {
			best = i
		}
	}
	return best
}

// thickRows is how high a chart has to be for thick lines: in low ones they are blots.
const thickRows = 16

// axisWidth is the room left of the chart's plot and of the slider's track for labels;
// valueWidth the room right of them. Both have the same, so that r is at the same column.
const (
	axisWidth  = 5
	valueWidth = 8
)

// plotOf returns the columns of r, where track and plot lie.
func plotOf(r rect) rect { return rect{r.x + axisWidth, r.y, r.w - axisWidth - valueWidth, r.h} }

// chartRows is the least height of a chart worth showing.
const chartRows = 10
