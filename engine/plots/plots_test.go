package plots

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"testing"

	"gonum.org/v1/plot/vg/draw"
)

func TestPNG(t *testing.T) {
	red, blue := color.RGBA{200, 0, 0, 255}, color.RGBA{0, 0, 200, 255}
	one := Chart{Title: "a", X: "epoch", Y: "accuracy", FromX: 0, ToX: 3, ToY: 1, PercentOfWhole: true, Curves: []Curve{
		{Name: "a", End: "end", X: []float64{1, 2, 3}, Y: []float64{0.1, 0.5, 0.7}, Lo: []float64{0, 0.4, 0.6}, Hi: []float64{0.2, 0.6, 0.8}, Colour: red, Glyph: draw.CircleGlyph{}},
		{X: []float64{1, 2}, Y: []float64{math.NaN(), math.Inf(1)}, Colour: red},
	}}
	two := Chart{Title: "b", FromX: 0.1, ToX: 100, FromY: 1e-3, ToY: 10, LogX: true, LogY: true, Curves: []Curve{
		{X: []float64{0.1, 100}, Y: []float64{1e-3, 10}, Colour: blue, Dashed: true},
	}}
	var b bytes.Buffer
	if err := PNG(&b, []Chart{one, two}); err != nil {
		t.Fatal(err)
	}
	im, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	upper, lower := map[color.Color]int{}, map[color.Color]int{}
	size := im.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			r, g, b, _ := im.At(x, y).RGBA()
			c := color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}
			if y < size.Y/2 {
				upper[c]++
			} else {
				lower[c]++
			}
		}
	}
	if upper[red] < 100 || upper[blue] > 0 || lower[blue] < 100 || lower[red] > 0 || size.X < 800 || size.Y < 800 {
		t.Errorf("%v: above %d red and %d blue, below %d and %d", size, upper[red], upper[blue], lower[red], lower[blue])
	}
	if err := PNG(&b, nil); err == nil {
		t.Error("no charts")
	}
}
