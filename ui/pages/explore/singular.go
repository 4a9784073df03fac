package explore

import (
	"fmt"
	"math"

	charts "hfcui/engine/figure"
	"hfcui/engine/view"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
)

// singularDecades is the range of the picture of singular values in powers of ten below the largest.
const singularDecades = 4

// drawSingular draws singular values, largest first, as bars on a logarithmic scale: those of the
// low-pass image in its color, the remainder's in that of the high-pass image, and a line at rank k.
func drawSingular(box *picture.Image, values []float64, k int) {
	if len(values) == 0 || !(values[0] > 0) {
		return
	}
	height := func(v float64) int {
		share := 1 + math.Log10(max(v/values[0], 1e-300))/singularDecades
		return int(min(max(share, 0), 1)*float64(box.H-1) + 0.5)
	}
	gap := 0 // between bars
	if box.W >= 4*len(values) {
		gap = max(1, box.W/len(values)/5)
	}
	for i, v := range values {
		color := kit.DarkTheme.CircleLow
		if i >= k {
			color = kit.DarkTheme.CircleHigh
		}
		from, to := i*box.W/len(values), max((i+1)*box.W/len(values)-gap, i*box.W/len(values)+1)
		fill(box, from, box.H-1-height(v), to, box.H, color)
	}
	for decade := 1; decade < singularDecades; decade++ {
		y := decade * (box.H - 1) / singularDecades
		for x := 0; x < box.W; x += 2 + box.W/64 {
			fill(box, x, y, x+1, y+1, [3]uint8{0x80, 0x80, 0x80})
		}
	}
	at, width := k*box.W/len(values), 1+box.W/200
	at = min(max(at-gap/2-width/2, 0), box.W-width)
	fill(box, at, 0, at+width, box.H, [3]uint8{255, 255, 255})
}

// fill fills a rectangle.
func fill(box *picture.Image, x0, y0, x1, y1 int, color [3]uint8) {
	for y := max(0, y0); y < min(y1, box.H); y++ {
		for x := max(0, x0); x < min(x1, box.W); x++ {
			copy(box.Pix[3*(y*box.W+x):], color[:])
		}
	}
}

// singularFigure is the chart of singular values for files.
func singularFigure(title string, v *view.View) *charts.Figure {
	low := charts.Series{Name: fmt.Sprintf("rank %d", v.Kept), Color: charts.Low, Marker: charts.Circle, Every: 1}
	rest := charts.Series{Name: "remainder", Color: charts.High, Marker: charts.Triangle, Every: 1}
	for i, value := range v.Singular {
		q := charts.Point{X: float64(i + 1), Y: value}
		if value < v.Singular[0]*math.Pow(10, -2*singularDecades) {
			continue // rounding errors
		}
		if i < v.Kept {
			low.Points = append(low.Points, q)
		} else {
			rest.Points = append(rest.Points, q)
		}
	}
	return &charts.Figure{Title: title, Panels: []charts.Panel{{
		X: charts.Axis{Title: "index", From: 0, To: float64(len(v.Singular) + 1)}, Y: charts.Axis{Title: "singular value", Log: true},
		Series: []charts.Series{low, rest},
		Lines:  []charts.Reference{{At: float64(v.Kept) + 0.5, Vertical: true, Label: fmt.Sprintf("k = %d", v.Kept)}},
	}}, Notes: []string{"Root mean square over channels."}}
}
