package heatmap

import (
	"fmt"
	"image/color"
	"math"
	"sync"

	"gonum.org/v1/plot/palette/moreland"

	"hfcui/engine/figure"
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

// Figure is the map with error rates from lo to hi as colors, and its scale.
func (r Result) Figure(title string, lo, hi float64) *figure.Figure {
	m := &figure.HeatMap{W: r.W, H: r.H, Values: make([]float64, len(r.Cells)), Lo: lo, Hi: hi, Color: Colour,
		Scale: figure.Axis{Title: "error rate", Percent: true}}
	for i, s := range r.Cells {
		if m.Values[i] = 1 - s.Accuracy(); s.N == 0 {
			m.Values[i] = math.NaN()
		}
	}
	left, top := float64(-(r.W / 2)), float64(-(r.H / 2)) // upwards is negative, as in pictures
	return &figure.Figure{Title: title, Panels: []figure.Panel{{
		X:   figure.Axis{Title: "horizontal frequency", Unit: "cycles per image", From: left, To: left + float64(r.W-1)},
		Y:   figure.Axis{Title: "vertical frequency", Unit: "cycles per image", From: top + float64(r.H-1), To: top},
		Map: m,
	}}}
}

// Title says what determines the map, for a figure.
func (r Result) Title(name, data string) string {
	clipped := "clipped to [0,1]"
	if r.Unclipped {
		clipped = "not clipped"
	}
	return fmt.Sprintf("%s on %s: noise of norm %g a channel, %s, %d images", name, data, r.Norm, clipped, r.Clean.N)
}
