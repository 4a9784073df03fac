package figure

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Plot is a panel's series without title, labels and legend, for screens that write these as text
// around the picture.
type Plot struct {
	Panel          *Panel
	X0, X1, Y0, Y1 float64   // pixels of the ends of the axes from the upper left corner
	Grid           []float64 // values of Y with a line
	Ticks          []float64 // values of X with a mark
	Theme          *Theme    // TextSize is in pixels
	Hatch          bool      // no colors: intervals are hatched, each series in its own way
}

// hatches are the patterns of intervals without colors, by the series's place in the list.
var hatches = [...]func(x, y int) bool{
	func(x, y int) bool { return (x+y)%6 == 0 },
	func(x, y int) bool { return (x-y+6000)%6 == 0 },
	func(x, y int) bool { return x%6 == 0 },
	func(x, y int) bool { return y%4 == 0 && x%4 == 0 },
}

// Draw fills im with the plot. Its size is that of the picture.
func (p *Plot) Draw(im *Pixels) {
	r := newRaster(im)
	defer rasters.Put(r)
	r.clear(p.Theme.Background)
	canvas := draw.NewCanvas(r, vg.Length(im.W), vg.Length(im.H))
	h := float64(im.H)
	l := &layout{pen: &pen{canvas, p.Theme}, panel: p.Panel, x: p.Panel.X, y: p.Panel.Y, plot: box{p.X0, h - p.Y0, p.X1, h - p.Y1}}
	left, right := int(math.Round(p.X0)), int(math.Round(p.X1))+1
	for _, v := range p.Grid {
		r.row(int(h-l.py(v)), left, right, 1, p.Theme.Grid)
	}
	for _, v := range p.Ticks {
		x := int(l.px(v))
		for y := range int(0.4 * p.Theme.TextSize) {
			r.row(im.H-1-y, x, x+1, 1, p.Theme.Dim)
		}
	}
	for i := range p.Panel.Series {
		if p.Hatch {
			r.hatch = hatches[i%len(hatches)]
		}
		l.interval(&p.Panel.Series[i])
		r.hatch = nil
	}
	for i := range p.Panel.Series {
		l.series(&p.Panel.Series[i])
	}
}

// VerticalLine draws a line of a width over column x of the plot's rows.
func (im *Pixels) VerticalLine(x, width int, c [3]uint8) {
	for y := range im.H {
		for k := max(0, x); k < min(x+width, im.W); k++ {
			copy(im.Pix[3*(y*im.W+k):], c[:])
		}
	}
}
