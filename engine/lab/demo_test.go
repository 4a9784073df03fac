package lab

import (
	"slices"
	"testing"

	"hfcui/engine/attack"
	"hfcui/engine/view"
)

// The embedded default must show the paper's effect: what the demo model makes of shapes
// depends on frequencies that a person hardly sees.
func TestDemoShowsTheEffect(t *testing.T) {
	l, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const r, n = 10, 300
	result, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{r}, Limit: n}, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, low, high := result.Whole.Accuracy(), result.Low[0].Accuracy(), result.High[0].Accuracy()
	if whole < 0.95 || low < 0.4 || low > 0.95 || high < 0.6 {
		t.Errorf("r=%d: whole %.3f, low %.3f, high %.3f", r, whole, low, high)
	}
	found, err := l.Flips(t.Context(), FlipsRequest{R: r, Limit: n}, nil)
	flips := found.Flips
	if err != nil || len(flips) < n/100 {
		t.Errorf("%d flips among %d images, %v", len(flips), n, err)
	}
	v, err := l.View(t.Context(), view.Request{Index: flips[0].Index, R: r})
	if err != nil || !v.Flip() {
		t.Errorf("image %d is a flip, but not when viewed: %v", flips[0].Index, err)
	}
}

// The adversarially trained demo is more robust than the natural one and less accurate on clean
// images.
func TestDemoAdversarialIsRobust(t *testing.T) {
	if testing.Short() {
		t.Skip("about the demonstration's weights; attacks hundreds of images")
	}
	l, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const n, epsilon = 150, 4. / 255
	measure := func(name string) (clean, robust float64) {
		q := RobustnessRequest{Model: name, Limit: n, Methods: []string{attack.PGDMethod}, Epsilons: []float64{epsilon}, Options: attack.Options{Steps: 10}}
		r, err := l.Robustness(t.Context(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		cell, _ := r.Cell(attack.PGDMethod, epsilon, 0)
		return r.CleanAt(0).Accuracy(), cell.Accuracy()
	}
	clean, robust := measure("demo-adversarial")
	natural, broken := measure("")
	if clean < 0.75 || clean > 0.95 || robust < 0.65 || robust > clean || broken > 0.2 {
		t.Errorf("adversarial: clean %.3f, PGD %.3f; natural: clean %.3f, PGD %.3f", clean, robust, natural, broken)
	}
	info, err := l.OpenComparison(t.Context(), "demo-adversarial")
	if own := l.Info(); err != nil || !slices.Equal(info.Classes, own.Classes) || info.Net != own.Net {
		t.Errorf("%+v, %v", info, err)
	}
}
