package heatmap

import (
	"fmt"
	"image/color"
	"math"
	"sync"

	"gonum.org/v1/plot/palette/moreland"

	"hfcui/engine/figure"
)

// colorSteps is the number of colors of the scale.
const colorSteps = 256

// scale is the colors from the lowest error rate to the highest: Moreland's black-body colors,
// of evenly increasing brightness.
var scale = sync.OnceValue(func() []color.RGBA {
	m := moreland.BlackBody()
	m.SetMin(0)
	m.SetMax(1)
	list := make([]color.RGBA, colorSteps)
	for i := range list {
		c, err := m.At(float64(i) / (colorSteps - 1))
		if err != nil {
			panic(err) // it is inside the scale
		}
		list[i] = color.RGBAModel.Convert(c).(color.RGBA)
	}
	return list
})

// Color returns the color of an error rate at a fraction between the lowest (0, black) and the
// highest (1, white) of a map.
func Color(share float64) color.RGBA {
	if math.IsNaN(share) {
		share = 0
	}
	return scale()[int(math.Round(min(max(share, 0), 1)*(colorSteps-1)))]
}

// Range returns the lowest and the highest known error rate; 0 and 1 if there are none or all are
// equal.
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

// Figure returns the map with a color scale from error rate lo to hi.
func (r Result) Figure(title string, lo, hi float64) *figure.Figure {
	var notes []string
	if p := r.Partial(); p != nil {
		notes = []string{"Unfinished: " + p.String() + "."}
	}
	return &figure.Figure{Title: title, Notes: notes, Panels: []figure.Panel{r.Panel(lo, hi)}}
}

// Panel returns the map with a color scale from error rate lo to hi.
func (r Result) Panel(lo, hi float64) figure.Panel {
	values := make([]float64, len(r.Cells))
	for i, s := range r.Cells {
		if values[i] = 1 - s.Accuracy(); s.N == 0 {
			values[i] = math.NaN()
		}
	}
	return r.panel(&figure.HeatMap{Values: values, Lo: lo, Hi: hi, Color: Color, Scale: figure.Axis{Title: "error rate", Percent: true}})
}

// DifferencePanel returns a map of error rates minus those of another model on the same images, whose
// color is given from −1 for −most to 1 for most.
func (r Result) DifferencePanel(from Result, most float64, of func(share float64) color.RGBA) figure.Panel {
	values := make([]float64, len(r.Cells))
	for i := range values {
		values[i] = r.Subtract(from, grid{r.H, r.W}.frequency(i)).Difference()
		if a, b := r.Cells[i], from.Cells; math.IsNaN(values[i]) && r.comparable(from) && a.N == b[i].N { // of a pass under way
			values[i] = b[i].Accuracy() - a.Accuracy()
		}
	}
	return r.panel(&figure.HeatMap{Values: values, Lo: -most, Hi: most, Color: func(share float64) color.RGBA { return of(2*share - 1) },
		Scale: figure.Axis{Title: "error rate difference", Percent: true}})
}

// panel completes a map of r's frequencies by its axes.
func (r Result) panel(m *figure.HeatMap) figure.Panel {
	m.W, m.H = r.W, r.H
	left, top := float64(-(r.W / 2)), float64(-(r.H / 2)) // upwards is negative, as in pictures
	return figure.Panel{
		X:   figure.Axis{Title: "horizontal frequency", Unit: "cycles per image", From: left, To: left + float64(r.W-1)},
		Y:   figure.Axis{Title: "vertical frequency", Unit: "cycles per image", From: top + float64(r.H-1), To: top},
		Map: m,
	}
}

// Title returns a title for figures.
func (r Result) Title(name, data string) string {
	clipped := "clipped to [0,1]"
	if r.Unclipped {
		clipped = "not clipped"
	}
	return fmt.Sprintf("%s on %s: perturbation norm %g per channel, %s, %d images", name, data, r.Norm, clipped, r.Clean.N)
}
