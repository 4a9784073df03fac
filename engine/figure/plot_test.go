package figure

import (
	"image/color"
	"testing"
)

// somePlot returns a plot of terminal size with the series of some.
func somePlot(w, h int, hatch bool) *Plot {
	panel := some().Panels[0]
	theme := Dark
	return &Plot{Panel: &panel, X0: 5, X1: float64(w) - 5, Y0: float64(h) - 9, Y1: 9, Grid: []float64{0, 0.5, 1}, Ticks: []float64{0, 10, 20}, Theme: &theme, Hatch: hatch}
}

// colorsOf counts the pixels of each color.
func colorsOf(im *Pixels) map[color.RGBA]int {
	seen := map[color.RGBA]int{}
	for i := 0; i+2 < len(im.Pix); i += 3 {
		seen[color.RGBA{im.Pix[i], im.Pix[i+1], im.Pix[i+2], 255}]++
	}
	return seen
}

// A plot shows every series in its color, and its colors fit a palette.
func TestPlot(t *testing.T) {
	var im Pixels
	for _, hatch := range []bool{false, true} {
		im.Resize(900, 360)
		somePlot(900, 360, hatch).Draw(&im)
		seen := colorsOf(&im)
		if len(seen) > 200 {
			t.Errorf("%d colors", len(seen))
		}
		for _, c := range []Color{Low, High, Whole} {
			if n := seen[Dark.color(c)]; n < 500 {
				t.Errorf("hatch %v: color %d has %d pixels", hatch, c, n)
			}
		}
	}
	// low at x 0 is 0.1, a circle whose center is at its exact place, and nothing else is near.
	p := somePlot(900, 360, false)
	x, y := int(p.X0)+1, int(p.Y0-0.1*(p.Y0-p.Y1))
	if c := im.Pix[3*(y*im.W+x):]; c[0] != Dark.Meanings[Low].R || c[2] != Dark.Meanings[Low].B {
		t.Errorf("pixel %d,%d is %v", x, y, c[:3])
	}
}

// Nothing is drawn outside a picture of any size.
func TestPlotTakesAnySize(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 40}, {40, 2}, {12, 12}} {
		var im Pixels
		im.Resize(size[0], size[1])
		somePlot(size[0], size[1], true).Draw(&im)
	}
}

func BenchmarkPlot(b *testing.B) {
	var im Pixels
	im.Resize(1080, 540)
	p := somePlot(1080, 540, false)
	b.ReportAllocs()
	for b.Loop() {
		p.Draw(&im)
	}
	b.ReportMetric(float64(len(colorsOf(&im))), "colors")
}
