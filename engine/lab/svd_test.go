package lab

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/view"
	"hfcui/spectral"
)

// By SVD a view shows, and the model sees, the part of the rank that matches the Fourier
// split and its remainder.
func TestViewBySVD(t *testing.T) {
	l := openSmall(t)
	inputs := l.selected.Load().Inputs
	x := make([]float32, 3*32*32)
	fourier, svd := spectral.NewSplitter(32, 32), spectral.NewSVD(32, 32)
	low, high := make([]float32, len(x)), make([]float32, len(x))
	for _, q := range []view.Request{
		{Index: 4, R: 5}, {Index: 4, R: 0}, {Index: 4, R: 23}, {Index: 9, R: 9.5, Setting: bands.Setting{Normalize: bands.NormalizeMax}},
	} {
		q.By = bands.SVD
		v, err := l.View(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if err := inputs.ReadBatch(x, nil, []int{q.Index}); err != nil {
			t.Fatal(err)
		}
		fourier.Load(x)
		if err := svd.Load(x); err != nil {
			t.Fatal(err)
		}
		fourier.Split(nil, high, q.R)
		k, matched := svd.Matched(high)
		svd.Split(low, high, k)
		for i := range x {
			if v.Pictures[bands.Low].Pix[i] != low[i] || v.Pictures[bands.High].Pix[i] != high[i] {
				t.Fatalf("%+v: the pictures are not the parts of rank %d", q, k)
			}
		}
		energyLow, energyHigh := svd.Energy(k)
		if v.Kept != k || v.Total != 32 || v.SeenKept != k || v.SeenTotal != 32 || v.Matched != matched || v.EnergyLow != energyLow || v.EnergyHigh != energyHigh {
			t.Errorf("%+v: rank %d of %d, energy %v + %v matched to %v", q, v.Kept, v.Total, v.EnergyLow, v.EnergyHigh, v.Matched)
		}
		q.Normalize.Apply(low)
		want := measure.NewPrediction(reference(t, l, 0)(low))
		for c, p := range want.Probabilities {
			if math.Abs(v.Predictions[bands.Low].Probabilities[c]-p) > 1e-4 {
				t.Errorf("%+v: probabilities %v, want %v", q, v.Predictions[bands.Low].Probabilities, want.Probabilities)
				break
			}
		}
	}
}

// A photograph is shown reduced, and the model sees the rank that matches r at its size.
func TestViewBySVDOfAPhotograph(t *testing.T) {
	const w, h = 700, 500
	photo := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		photo.Set(i%w, i/w, color.RGBA{uint8(i * 7 % 251), uint8(i % w / 3), uint8(i / w / 2), 255})
	}
	file := filepath.Join(t.TempDir(), "photo.png")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, photo); err != nil {
		t.Fatal(err)
	}
	f.Close()
	l, err := Open(t.Context(), Options{Images: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v, err := l.View(t.Context(), view.Request{R: 10, By: bands.SVD})
	if err != nil {
		t.Fatal(err)
	}
	if p := v.Pictures[bands.Low]; p.W != 256 || p.H != 182 || v.Total != 182 || v.Kept < 1 || v.Kept > 181 || len(v.Spectrum) != p.W*p.H {
		t.Errorf("%d×%d, rank %d of %d", p.W, p.H, v.Kept, v.Total)
	}
	if v.SeenTotal != 32 || v.SeenKept < 1 || v.SeenKept > 31 || v.MaxR != spectral.MaxRadius(h, w) {
		t.Errorf("the model sees rank %d of %d; r goes to %v", v.SeenKept, v.SeenTotal, v.MaxR)
	}
	plain, err := l.View(t.Context(), view.Request{R: 10})
	if err != nil || plain.Pictures[bands.Low].W != w || plain.SeenTotal != 1024 {
		t.Errorf("%+v, %v", plain.Pictures[bands.Low].W, err)
	}
}
