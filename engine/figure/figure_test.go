package figure

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
)

// some returns a figure with every element.
func some() *Figure {
	low := Series{Name: "low", Color: Low, Marker: Circle, Interval: Band}
	high := Series{Name: "high", Color: High, Marker: Triangle, Interval: Band, End: "high 4"}
	for i := range 24 {
		x := float64(i)
		y := 0.1 + 0.85*x/23
		low.Points = append(low.Points, Point{x, y, y - 0.03, y + 0.03, ""})
		high.Points = append(high.Points, Point{x, 1 - y, 0.97 - y, 1.03 - y, ""})
	}
	low.Points[12].Note = "†"
	low.Points = append(low.Points, Point{X: math.NaN(), Y: math.Inf(1)})
	whole := Series{Name: "whole", Color: Whole, Marker: Square, Dash: Dashed, Points: []Point{{Y: 0.93}, {X: 23, Y: 0.93}}}
	loss := Series{Name: "a<b & \x1b[31m\"c\"", Color: ColorOf(0), Points: []Point{{X: 0, Y: 2.3}, {X: 12, Y: 0.02}, {X: 23, Y: 0.003}}}
	bars := Series{Name: "setting", Color: ColorOf(1), Marker: MarkerOf(1), NoLine: true, Interval: Bars,
		Points: []Point{{0, 0.5, 0.4, 0.6, ""}, {1, 0.7, 0.65, 0.75, ""}}}
	return &Figure{
		Title: "Accuracy by cutoff radius", Subtitle: "demo on shapes", Columns: 2,
		Panels: []Panel{
			{Title: "bands", X: Axis{Title: "cutoff radius r", Unit: "cycles per image", To: 23}, Y: Axis{Title: "accuracy", To: 1, Percent: true},
				Series: []Series{low, high, whole}, Lines: []Reference{{At: 10, Vertical: true, Label: "r = 10"}}},
			{Title: "loss", X: Axis{Title: "epoch"}, Y: Axis{Title: "loss", Log: true}, Series: []Series{loss}},
			{X: Axis{Categories: []string{"test", "a name of many words"}}, Y: Axis{To: 1}, Series: []Series{bars}},
			{X: Axis{Title: "u", From: -1, To: 1}, Y: Axis{Title: "v", From: 1, To: -1}, Map: &HeatMap{W: 3, H: 3, Hi: 1,
				Values: []float64{0, 0.1, 0.2, 0.3, math.NaN(), 0.5, 0.6, 0.7, 1}, Scale: Axis{Title: "error", Percent: true},
				Color: func(share float64) color.RGBA { return color.RGBA{R: uint8(255 * share), A: 255} }}},
		},
		Notes: []string{"95 % CI (Wilson)."},
	}
}

func TestSVGIsValidAndTheSameEveryTime(t *testing.T) {
	var a, b bytes.Buffer
	if err := some().WriteSVG(&a); err != nil {
		t.Fatal(err)
	}
	if err := some().WriteSVG(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("second write: %d bytes, first %d (%v)", b.Len(), a.Len(), err)
	}
	var text []string
	d := xml.NewDecoder(&a)
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if chars, ok := token.(xml.CharData); ok {
			text = append(text, string(chars))
		}
	}
	all := strings.Join(text, "\n")
	for _, want := range []string{"Accuracy by cutoff radius", `a<b & [31m"c"`, "cutoff radius r (cycles per image)", "50%", "0.005", "high 4", "†", "r = 10", "95 % CI"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q", want)
		}
	}
}

// count counts the pixels of a color.
func count(im image.Image, c color.RGBA) (n int) {
	b := im.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if color.RGBAModel.Convert(im.At(x, y)) == c {
				n++
			}
		}
	}
	return n
}

func TestPNG(t *testing.T) {
	var b bytes.Buffer
	if err := some().WritePNG(&b); err != nil {
		t.Fatal(err)
	}
	im, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if w := im.Bounds().Dx(); w != 2*2*several {
		t.Errorf("%d pixels wide", w)
	}
	for _, c := range []Color{Low, High, Whole, ColorOf(0), ColorOf(1)} {
		if count(im, Light.color(c)) < 100 {
			t.Errorf("color %d is not in the picture", c)
		}
	}
	if err := (&Figure{}).WritePNG(&b); err == nil {
		t.Error("no panels")
	}
}

// Any size is drawn, in the theme's colors; if too small, only the background.
func TestRender(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {40, 20}, {333, 217}, {1200, 900}} {
		im := some().Render(size.X, size.Y, Dark)
		if im.Bounds().Size() != size || im.Bounds().Min != (image.Point{}) {
			t.Errorf("%v: %v", size, im.Bounds())
		}
		if count(im, Dark.Background) == 0 {
			t.Errorf("%v: no background", size)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		axis Axis
		most int
		want string
	}{
		{Axis{To: 1, Percent: true}, 5, "0% 25% 50% 75% 100%"},
		{Axis{To: 1, Percent: true}, 10, "0% 10% 20% 30% 40% 50% 60% 70% 80% 90% 100%"},
		{Axis{To: 23}, 8, "0 5 10 15 20"},
		{Axis{From: 16, To: -16}, 5, "−10 0 10"},
		{Axis{To: 0.05}, 5, "0.00 0.01 0.02 0.03 0.04 0.05"},
		{Axis{To: 50000}, 5, "0 10,000 20,000 30,000 40,000 50,000"},
		{Axis{To: 3e6}, 3, "0 1e6 2e6 3e6"},
		{Axis{From: 0.003, To: 2.3, Log: true}, 10, "0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 2"},
		{Axis{From: 1e-8, To: 1, Log: true}, 4, "1e−8 1e−6 0.0001 0.01 1"},
		{Axis{From: 0.31, To: 0.38, Log: true}, 5, "0.32 0.34 0.36 0.38"},
	} {
		var got []string
		for _, k := range c.axis.ticks(func(list []tick) bool { return len(list) <= c.most+1 }) {
			got = append(got, k.label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%+v: %s, want %s", c.axis, s, c.want)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	f := some()
	for b.Loop() {
		f.Render(800, 400, Dark)
	}
}
