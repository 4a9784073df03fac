package heatmap

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"sync"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// colourSteps is how many colours stand for error rates.
const colourSteps = 256

// scale is the colours from the least error rate to the largest, evenly brighter (Moreland's
// black-body colours).
var scale = sync.OnceValue(func() []color.RGBA {
	m := moreland.BlackBody()
	m.SetMin(0)
	m.SetMax(1)
	list := make([]color.RGBA, colourSteps)
	for i := range list {
		c, err := m.At(float64(i) / (colourSteps - 1))
		if err != nil {
			panic(err) // it is inside the scale
		}
		list[i] = color.RGBAModel.Convert(c).(color.RGBA)
	}
	return list
})

// Colour is what share of the way from the least to the largest error rate of a picture looks
// like, from 0, black, to 1, white.
func Colour(share float64) color.RGBA {
	if math.IsNaN(share) {
		share = 0
	}
	return scale()[int(math.Round(min(max(share, 0), 1)*(colourSteps-1)))]
}

// Range is the least and the largest error rate that are known; 0 and 1 when none is or all
// are the same.
func (r Result) Range() (lo, hi float64) {
	lo, hi = 1, 0
	for _, s := range r.Cells {
		if s.N > 0 {
			lo, hi = min(lo, 1-s.Accuracy()), max(hi, 1-s.Accuracy())
		}
	}
	if lo >= hi {
		return 0, 1
	}
	return lo, hi
}

// WritePNG draws the map, error rates from lo to hi, with its scale.
func (r Result) WritePNG(w io.Writer, title string, lo, hi float64) error {
	const longest, bar = 13 * vg.Centimeter, 2.6 * vg.Centimeter
	most := vg.Length(max(r.H, r.W))
	width, height := longest*vg.Length(r.W)/most+1.7*vg.Centimeter, longest*vg.Length(r.H)/most+2*vg.Centimeter
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = "cycles along the width", "cycles along the height"
	p.Y.Scale = plot.InvertedScale{Normalizer: plot.LinearScale{}} // as pictures: upwards is negative
	colours := make([]color.Color, colourSteps)
	for i, c := range scale() {
		colours[i] = c
	}
	m := plotter.NewHeatMap(cells{r}, listed(colours))
	m.Min, m.Max, m.NaN = lo, hi, color.Gray{0x80}
	m.Underflow, m.Overflow = colours[0], colours[colourSteps-1]
	p.Add(m)
	b := plot.New()
	map01 := moreland.BlackBody()
	map01.SetMin(100 * lo)
	map01.SetMax(100 * hi)
	b.Add(&plotter.ColorBar{ColorMap: map01, Vertical: true})
	b.HideX()
	b.Y.Label.Text = "error, %"
	canvas := vgimg.PngCanvas{Canvas: vgimg.New(width+bar, height)}
	all := draw.New(canvas)
	p.Draw(draw.Crop(all, 0, -bar, 0, 0))
	b.Draw(draw.Crop(all, width+0.3*vg.Centimeter, -0.2*vg.Centimeter, vg.Centimeter, -vg.Centimeter))
	_, err := canvas.WriteTo(w)
	return err
}

// listed is a palette of given colours.
type listed []color.Color

func (l listed) Colors() []color.Color { return l }

var _ palette.Palette = listed(nil)

// cells is the map as plotter has grids; unknown places are NaN.
type cells struct{ Result }

func (c cells) Dims() (columns, rows int) { return c.W, c.H }
func (c cells) X(column int) float64      { return float64(column - c.W/2) }
func (c cells) Y(row int) float64         { return float64(row - c.H/2) }
func (c cells) Z(column, row int) float64 {
	s := c.Cells[row*c.W+column]
	if s.N == 0 {
		return math.NaN()
	}
	return 1 - s.Accuracy()
}

// Title says what determines the map, for a figure.
func (r Result) Title(name, data string) string {
	clipped := "clipped to [0,1]"
	if r.Unclipped {
		clipped = "not clipped"
	}
	return fmt.Sprintf("%s on %s: noise of norm %g a channel, %s, %d images", name, data, r.Norm, clipped, r.Clean.N)
}
