package kit

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
)

// Point is a measured value with its interval.
type Point struct{ X, Y, Lo, Hi float64 }

// Series is a curve: a line, a ribbon of intervals, and markers at the points.
type Series struct {
	Points      []Point
	Line, Shade Style
	Mark        string // one of the theme's markers; "" draws none
	Thick       bool   // two dots instead of one
	NoLine      bool   // markers only
	Bars        bool   // intervals as a bar at every point instead of a ribbon
}

// Curve is a series of a chart. Base curves, for comparison, have no ribbon and are behind others.
type Curve struct {
	Series
	Base bool
}

// Span is the range of an axis. On a logarithmic one values are powers of ten: their logarithms.
type Span struct {
	From, To float64
	Log      bool
}

// Chart is a description of curves in a plot of cells. Render has it drawn: as a picture where the
// terminal has pictures, else with braille dots, two by four per cell. Ticks of y are in the centers
// of rows, where their labels are.
type Chart struct {
	Plot   Rect
	MostX  float64 // the end of x
	x      Span
	rows   rowScale
	Curves []Curve
	Lines  []GridLine
	Ticks  []float64 // of x
	cursor []cursorLine
	note   *chartNote // text in front of the plot
}

// GridLine is a faint line at a value of y.
type GridLine struct {
	At    float64
	Style Style
}

// chartNote is a text in front of the plot.
type chartNote struct {
	style Style
	text  string
}

// cursorLine is a vertical line at a value of x.
type cursorLine struct {
	at    float64
	style Style
}

// NewChart returns a chart with x from 0 to mostX and y from 0 to mostY.
func NewChart(plot Rect, mostX, mostY float64) *Chart {
	return NewChartOn(plot, Span{To: mostX}, Span{To: mostY})
}

// NewChartOn returns a chart with axes.
func NewChartOn(plot Rect, x, y Span) *Chart {
	plot.W, plot.H = max(0, plot.W), max(0, plot.H)
	x, y = x.valid(), y.valid()
	return &Chart{Plot: plot, MostX: x.To, x: x, rows: fitRows(y, plot.H)}
}

// valid returns the span, or a range of 1 where it has none.
func (s Span) valid() Span {
	if length := s.To - s.From; !(length > 0) || math.IsInf(length, 0) {
		s.From, s.To = 0, 1
	}
	return s
}

// column returns the position of x in columns from the center of the first one; row that of y in rows
// from the center of the top one.
func (ch *Chart) column(x float64) float64 {
	return (x - ch.x.From) / (ch.x.To - ch.x.From) * float64(ch.Plot.W-1)
}

func (ch *Chart) row(y float64) float64 { return ch.rows.row(y) }

// PixelX and PixelY return positions of values in a picture of the plot with such cells.
func (ch *Chart) PixelX(x float64, cell CellSize) float64 {
	w, _ := cell.exact()
	return (ch.column(x) + 0.5) * w
}

func (ch *Chart) PixelY(y float64, cell CellSize) float64 {
	_, h := cell.exact()
	return (ch.row(y) + 0.5) * h
}

// Bounds returns the ends of the axes.
func (ch *Chart) Bounds() (x, y Span) { return ch.x, ch.rows.Span }

// DotX and DotY return positions of values in dots from the plot's upper left corner.
func (ch *Chart) DotX(x float64) float64 { return 2*ch.column(x) + 0.5 }
func (ch *Chart) DotY(y float64) float64 { return 4*ch.row(y) + 1.5 }

// Row returns the row of the screen of a value of y, within the plot.
func (ch *Chart) Row(y float64) int {
	return ch.Plot.Y + int(min(max(math.Round(ch.row(y)), 0), float64(max(ch.Plot.H-1, 0))))
}

// Grid draws faint lines at values of y.
func (ch *Chart) Grid(st Style, values ...float64) {
	for _, v := range values {
		ch.Lines = append(ch.Lines, GridLine{v, st})
	}
}

// TickGrid draws faint lines at the ticks of y, and returns them.
func (ch *Chart) TickGrid(th *Theme) []float64 {
	ch.Grid(th.Line, ch.rows.ticks...)
	return ch.rows.ticks
}

// ShareGrid is TickGrid for shares from 0 to 1.
func (ch *Chart) ShareGrid(th *Theme) []float64 { return ch.TickGrid(th) }

// PercentOf formats a share as a label: "50%".
func PercentOf(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }

// Cursor draws a vertical line at a value of x.
func (ch *Chart) Cursor(x float64, st Style) { ch.cursor = append(ch.cursor, cursorLine{x, st}) }

// Draw draws a curve. Base curves, for comparison, have no ribbon and are behind others.
func (ch *Chart) Draw(s Series, base bool) {
	s.Points = slices.Clone(s.Points)
	ch.Curves = append(ch.Curves, Curve{s, base})
}

// MarkDoubt marks a value that fails a sanity check.
func (ch *Chart) MarkDoubt(x, y float64, st Style) {
	ch.Draw(Series{Points: []Point{{x, y, y, y}}, Line: st, Mark: MarkDoubt, NoLine: true}, false)
}

// Note draws text in front of the plot, whose curves stay visible around it.
func (ch *Chart) Note(c *Canvas, st Style, text string) {
	ch.note = &chartNote{st, text}
	ch.drawNote(c)
}

func (ch *Chart) drawNote(c *Canvas) {
	p := ch.Plot
	y := p.Y + max(0, p.H/2-1)
	c.Paragraph(Rect{p.X + 2, y, p.W - 4, p.Bottom() - y}, ch.note.style, ch.note.text)
}

// Render draws the plot: on the canvas, or later as a picture.
func (ch *Chart) Render(c *Canvas) {
	if c.Charts != nil && len(ch.Curves) > 0 && ch.Plot.W >= leastPlotW && ch.Plot.H >= leastPlotH {
		c.Charts.List = append(c.Charts.List, ch)
		return
	}
	ch.DrawCells(c)
}

// A smaller plot is not drawn as a picture.
const leastPlotW, leastPlotH = 8, 3

// ChartList collects the charts of a frame that are drawn as pictures.
type ChartList struct{ List []*Chart }

// Pictured returns the charts to draw as pictures. Those with text in front of them are drawn on the
// canvas.
func (l *ChartList) Pictured(c *Canvas) (list []*Chart) {
	for _, ch := range l.List {
		if ch.note == nil {
			list = append(list, ch)
			continue
		}
		ch.DrawCells(c)
		ch.drawNote(c)
	}
	return list
}

// LabelY draws labels of values of y to the left of the plot.
func (ch *Chart) LabelY(c *Canvas, st Style, values []float64, format func(float64) string) {
	for _, v := range values {
		c.Put(ch.Plot.X-AxisWidth, ch.Row(v), st.Paint(FitRight(format(v), AxisWidth-1)))
	}
}

// LabelTicks labels the ticks of y to the left of the plot, all in one format.
func (ch *Chart) LabelTicks(c *Canvas, st Style) {
	labels := tickLabels(ch.rows, AxisWidth-1)
	for i, v := range ch.rows.ticks {
		c.Put(ch.Plot.X-AxisWidth, ch.Row(v), st.Paint(FitRight(labels[i], AxisWidth-1)))
	}
}

// LabelX draws labels of values of x in a row of the screen.
func (ch *Chart) LabelX(c *Canvas, st Style, row int) {
	step := TickStep(ch.x.To-ch.x.From, ch.Plot.W)
	decimals := decimalsOf(step)
	for i := math.Ceil(ch.x.From/step - 1e-9); i*step <= ch.x.To+1e-9*step; i++ {
		ch.LabelAt(c, st, row, i*step, fmt.Sprintf("%.*f", decimals, i*step+0)) // not −0
	}
}

// LabelAt draws a label below a value of x in a row of the screen, and a tick.
func (ch *Chart) LabelAt(c *Canvas, st Style, row int, x float64, label string) {
	ch.Ticks = append(ch.Ticks, x)
	c.Put(ch.Plot.X+int(ch.column(x)+0.5)-(Width(label)-1)/2, row, st.Paint(label))
}

// seed is that of the charts' keys.
var seed = maphash.MakeSeed()

// Key returns equal numbers for charts that look the same; base ignores the cursor.
func (ch *Chart) Key(base bool) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	add := func(v any) { maphash.WriteComparable(&h, v) }
	add(Rect{W: ch.Plot.W, H: ch.Plot.H})
	add(ch.x)
	add(ch.rows.Span)
	add([2]float64{ch.rows.per, ch.rows.zero})
	for _, l := range ch.Lines {
		add(l)
	}
	for _, x := range ch.Ticks {
		add(x)
	}
	for _, s := range ch.Curves {
		add([2]Style{s.Line, s.Shade})
		add(s.Mark)
		add([4]bool{s.Base, s.Thick, s.NoLine, s.Bars})
		for _, p := range s.Points {
			add(p)
		}
	}
	if !base {
		for _, k := range ch.cursor {
			add(k)
		}
	}
	return h.Sum64()
}

// Cursors returns the columns of pixels of the cursors and their styles.
func (ch *Chart) Cursors(cell CellSize, draw func(x float64, st Style)) {
	for _, k := range ch.cursor {
		draw(ch.PixelX(min(max(k.at, ch.x.From), ch.x.To), cell), k.style)
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
