package kernels

import (
	"fmt"
	"slices"
	"testing"

	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// startKernels starts the page alone, on a Lab of its own; kernelsWith on a Lab that is given.
func startKernels(t *testing.T, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return kernelsWith(t, uitest.NewFakeLab(), session.Start{}, w, h)
}

func kernelsWith(t *testing.T, l *uitest.FakeLab, o session.Start, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return uitest.StartPage(t, l, o, "3", w, h, func(s session.Screen, on *session.Session) *Page { return New(s, on, ".") })
}

// Where not all kernels fit, what is shown is said and the rest can be gone to.
func TestManyKernels(t *testing.T) {
	d := startKernels(t, 100, 30).Keys("3 down down")
	d.Shows("200×100 kernels of 3×3", "outputs 1–", "of 200", "inputs 1–", "of 100", "channels")
	first := d.App.Page.window()
	d.Keys("right").Shows(fmt.Sprintf("inputs %d–", 1+first.ins/2))
	d.Keys("pgdown").Shows(fmt.Sprintf("outputs %d–", 1+first.outs/2))
	for range 70 {
		d.Keys("right pgdown")
	}
	d.Shows("–200 of 200", "–100 of 100")
	for range 80 {
		d.Keys("left pgup")
	}
	d.Shows("outputs 1–", "inputs 1–")
	d.Keys("right pgdown up down").Shows("outputs 1–", "inputs 1–")
}

func TestKernelWindow(t *testing.T) {
	for _, c := range []struct {
		w, h, outs, ins, least int
		shape                  [4]int
		want                   kernelWindow
	}{
		{160, 160, 0, 0, 2, [4]int{16, 16, 3, 3}, kernelWindow{out: 0, outs: 16, allOuts: 16, in: 0, ins: 16, allIns: 16, px: 3, gap: 1}},
		{160, 160, 5, 5, 2, [4]int{16, 16, 3, 3}, kernelWindow{out: 0, outs: 16, allOuts: 16, in: 0, ins: 16, allIns: 16, px: 3, gap: 1}},
		{69, 69, 5, 90, 2, [4]int{64, 64, 3, 3}, kernelWindow{out: 5, outs: 10, allOuts: 64, in: 54, ins: 10, allIns: 64, px: 2, gap: 1}},
		{2, 2, -3, 1000, 2, [4]int{64, 64, 3, 3}, kernelWindow{out: 0, outs: 1, allOuts: 64, in: 63, ins: 1, allIns: 64, px: 2, gap: 1}},
		{100, 30, 0, 0, 1, [4]int{8, 64, 1, 1}, kernelWindow{out: 0, outs: 8, allOuts: 8, in: 0, ins: 50, allIns: 64, px: 1, gap: 1}},
	} {
		if got := windowOf(c.w, c.h, c.shape, c.outs, c.ins, c.least); got != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// The grid shows outputs down and inputs across, zero in gray, rows by their own scale.
func TestKernelGrid(t *testing.T) {
	im := picture.New(11, 11) // 2×2 kernels of 2×2, weights of 2 pixels, gaps of 1, and a border
	w := []float32{
		4, 0, 0, 0, -4, 0, 0, 0,
		0, 0, 0, 0, 0.5, 0, 0, 0,
	}
	win := drawWindow(im, w, [4]int{2, 2, 2, 2}, 0, 0, 1)
	if win.px != 2 || win.cropped() {
		t.Fatalf("%+v", win)
	}
	at := func(x, y int) byte { return im.Pix[3*(y*im.W+x)] }
	for _, c := range []struct {
		x, y int
		want byte
	}{{1, 1, 255}, {3, 1, 127}, {6, 1, 0}, {1, 6, 127}, {6, 6, 255}, {8, 8, 127}} {
		if got := at(c.x, c.y); got != c.want {
			t.Errorf("(%d, %d) is %d, want %d", c.x, c.y, got, c.want)
		}
	}
}

func TestKernelsLayoutHasNoOverlaps(t *testing.T) {
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 2 {
			for models := 1; models <= session.MostComparisons+1; models++ {
				for _, curves := range []bool{false, true} {
					l := kit.NewLayout(w, h, map[bool]string{true: "note"}[h%4 == 0])
					k := layoutKernels(l.Body, l.Roomy(), kit.CellSize{W: 9, H: 18}, models, curves)
					all := []kit.Rect{k.caption, k.legend}
					for _, r := range append([]kit.Rect{k.state, k.chart}, k.lines...) {
						if !r.Empty() {
							all = append(all, r)
						}
					}
					for _, c := range k.columns {
						for i := range 2 {
							for _, r := range []kit.Rect{c.head, c.titles[i], c.pics[i], c.notes[i]} {
								if !r.Empty() && !slices.Contains(all, r) {
									all = append(all, r)
								}
							}
						}
					}
					if want := 2 + 4*models; !curves && len(all) < want {
						t.Fatalf("%d×%d, %d models: %d rectangles, want at least %d", w, h, models, len(all), want)
					}
					for i, r := range all {
						if r.Empty() || r.Right() > w || r.Y < l.Body.Y || r.Bottom() > l.Body.Bottom() {
							t.Fatalf("%d×%d, %d models: rectangle %d %+v is outside the body %+v", w, h, models, i, r, l.Body)
						}
						for j, o := range all[:i] {
							if r.Overlaps(o) {
								t.Fatalf("%d×%d, %d models: rectangles %d %+v and %d %+v overlap", w, h, models, i, r, j, o)
							}
						}
					}
				}
			}
		}
	}
}
