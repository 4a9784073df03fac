package kit

import (
	"fmt"
	"math"
	"strings"
)

// Point is a measured value with its interval.
type Point struct{ X, Y, Lo, Hi float64 }

// Series is a curve: a line, a ribbon of intervals, and markers at the points.
type Series struct {
	Points      []Point
	Line, Shade Style
	Mark        string // "" draws none
	Thick       bool   // two dots instead of one
}

// Chart draws curves with braille dots, two by four per cell, over x from 0 to mostX and y from 0
// to mostY. Values map to the centers of cells, so that markers, which take a cell, and lines
// align.
type Chart struct {
	Plot         Rect
	MostX, mostY float64
	cells        []chartCell
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
	rankLine
	RankMark
)

func NewChart(plot Rect, mostX, mostY float64) *Chart {
	plot.W, plot.H = max(0, plot.W), max(0, plot.H)
	return &Chart{plot, mostX, mostY, make([]chartCell, plot.W*plot.H)}
}

// DotX and dotY return positions of values in dots from the plot's upper left corner.
func (ch *Chart) DotX(x float64) float64 {
	return 2*x/ch.MostX*float64(ch.Plot.W-1) + 0.5
}

func (ch *Chart) DotY(y float64) float64 {
	return 4*(1-y/ch.mostY)*float64(ch.Plot.H-1) + 1.5
}

// dotBits are the bits of a braille character's dots, by row and column.
var dotBits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// cell returns the cell at a column and row of the plot, nil outside.
func (ch *Chart) cell(col, row int) *chartCell {
	if col < 0 || row < 0 || col >= ch.Plot.W || row >= ch.Plot.H {
		return nil
	}
	return &ch.cells[row*ch.Plot.W+col]
}

// dot sets a dot, replacing dots of lower rank in the cell.
func (ch *Chart) dot(x, y int, st Style, rk rank) {
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

// Put sets a character.
func (ch *Chart) Put(col, row int, char string, st Style, rk rank) {
	if c := ch.cell(col, row); c != nil && c.rank <= rk {
		*c = chartCell{char: char, style: st, rank: rk}
	}
}

// Grid draws faint lines at values of y.
func (ch *Chart) Grid(st Style, values ...float64) {
	for _, v := range values {
		y := int(ch.DotY(v))
		for x := 0; x < 2*ch.Plot.W; x += 4 {
			ch.dot(x, y, st, rankGrid)
		}
	}
}

// ShareGrid draws faint lines at shares from 0 to 1, fewer in low charts, and returns them.
func (ch *Chart) ShareGrid(th *Theme) []float64 {
	grid := []float64{0, 0.25, 0.5, 0.75, 1}
	if ch.Plot.H < 9 {
		grid = []float64{0, 0.5, 1}
	}
	ch.Grid(th.Line, grid...)
	return grid
}

// PercentOf writes a share as a label: "50%".
func PercentOf(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }

// Cursor draws a vertical line at a value of x.
func (ch *Chart) Cursor(x float64, st Style) {
	for row := range ch.Plot.H {
		ch.Put(columnAt(ch.Plot, ch.MostX, x)-ch.Plot.X, row, "│", st, rankCursor)
	}
}

// Draw draws a curve. Base curves, for comparison, have no ribbon and are behind others.
func (ch *Chart) Draw(s Series, base bool) {
	markRank := RankMark
	if base {
		markRank = rankBase
	}
	for i := 1; i < len(s.Points); i++ {
		p, q := s.Points[i-1], s.Points[i]
		if math.IsNaN(p.Y) || math.IsNaN(q.Y) {
			continue
		}
		ch.segment(p, q, s, base)
	}
	last, met := -2, 0
	for _, p := range s.Points {
		if s.Mark == "" || math.IsNaN(p.Y) {
			continue
		}
		col, row := int(ch.DotX(p.X))/2, int(ch.DotY(p.Y))/4
		if col-last < 2 {
			continue
		}
		last = col
		if ch.taken(col, row, s.Mark, markRank) {
			if met++; met%2 == 0 { // alternate the markers of overlapping curves
				continue
			}
		}
		ch.Put(col, row, s.Mark, s.Line, markRank)
	}
}

// taken reports whether another curve's marker of the same rank is in a cell.
func (ch *Chart) taken(col, row int, mark string, rk rank) bool {
	c := ch.cell(col, row)
	return c != nil && c.rank == rk && c.char != "" && c.char != mark
}

// segment draws the line between two points and, as a pattern of every second dot, the ribbon of
// their intervals.
func (ch *Chart) segment(p, q Point, s Series, base bool) {
	rk := rankLine
	if base {
		rk = rankBase
	}
	x0, x1 := ch.DotX(p.X), ch.DotX(q.X)
	before := int(ch.DotY(p.Y))
	for x := int(x0); x <= int(x1); x++ {
		t := 0.0
		if x1 > x0 {
			t = min(max((float64(x)-x0)/(x1-x0), 0), 1)
		}
		if !base {
			top, bottom := int(ch.DotY(p.Hi+t*(q.Hi-p.Hi))), int(ch.DotY(p.Lo+t*(q.Lo-p.Lo)))
			for y := top; y <= bottom; y++ {
				if (x+y)%2 == 0 {
					ch.dot(x, y, s.Shade, rankShade)
				}
			}
		}
		y := int(ch.DotY(p.Y + t*(q.Y-p.Y)))
		for k := min(before, y); k <= max(before, y); k++ {
			if k != before || before == y {
				ch.dot(x, k, s.Line, rk)
				if s.Thick {
					ch.dot(x, k+1, s.Line, rk)
				}
			}
		}
		before = y
	}
}

// Render draws the plot on the canvas.
func (ch *Chart) Render(c *Canvas) {
	for row := range ch.Plot.H {
		var b strings.Builder
		line := ch.cells[row*ch.Plot.W : (row+1)*ch.Plot.W]
		for i := 0; i < len(line); {
			j := i
			var run strings.Builder
			for ; j < len(line) && line[j].style == line[i].style; j++ {
				run.WriteString(line[j].text())
			}
			b.WriteString(line[i].style.Paint(run.String()))
			i = j
		}
		c.PutWide(ch.Plot.X, ch.Plot.Y+row, ch.Plot.W, b.String())
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

// LabelY draws labels of values of y to the left of the plot.
func (ch *Chart) LabelY(c *Canvas, st Style, values []float64, format func(float64) string) {
	for _, v := range values {
		y := ch.Plot.Y + int(ch.DotY(v))/4
		c.Put(ch.Plot.X-AxisWidth, y, st.Paint(FitRight(format(v), AxisWidth-1)))
	}
}

// LabelX draws labels of values of x in a row of the screen.
func (ch *Chart) LabelX(c *Canvas, st Style, row int) {
	step := TickStep(ch.MostX, ch.Plot.W)
	for i := 0; float64(i)*step <= ch.MostX*(1+1e-9); i++ {
		label := fmt.Sprintf("%.4g", float64(i)*step)
		c.Put(columnAt(ch.Plot, ch.MostX, float64(i)*step)-(Width(label)-1)/2, row, st.Paint(label))
	}
}

// TickStep returns the distance of ticks with at least seven columns each, an integer unless there
// would be too few.
func TickStep(most float64, w int) float64 {
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

func Nearest(radii []float64, r float64) int {
	best := 0
	for i := range radii {
		if math.Abs(radii[i]-r) < math.Abs(radii[best]-r) {
			best = i
		}
	}
	return best
}

// ThickRows is the minimum height of a chart with thick lines.
const ThickRows = 16

// AxisWidth is the width for labels left of the chart's plot and of the slider's track, valueWidth
// that right of them. Both are the same for plot and track, so that r is in the same column.
const (
	AxisWidth  = 5
	ValueWidth = 8
)

// PlotOf returns the columns of r for track and plot.
func PlotOf(r Rect) Rect { return Rect{r.X + AxisWidth, r.Y, r.W - AxisWidth - ValueWidth, r.H} }

// ChartRows is the minimum height of a chart.
const ChartRows = 10
