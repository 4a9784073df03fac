package engine

import "testing"

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
	v, err := l.View(t.Context(), ViewRequest{Index: flips[0].Index, R: r})
	if err != nil || !v.Flip() {
		t.Errorf("image %d is a flip, but not when viewed: %v", flips[0].Index, err)
	}
}
