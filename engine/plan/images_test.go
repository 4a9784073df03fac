package plan_test

import (
	"slices"
	"testing"

	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

func TestMoveIsShiftAndMirror(t *testing.T) {
	source := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}
	dst := make([]float32, 9)
	for _, c := range []struct {
		dy, dx int32
		mirror bool
		want   []float32
	}{
		{1, 1, false, []float32{5, 6, 0, 8, 9, 0, 0, 0, 0}},
		{-1, -2, false, []float32{0, 0, 0, 0, 0, 1, 0, 0, 4}},
		{0, 0, true, []float32{3, 2, 1, 6, 5, 4, 9, 8, 7}},
		{0, 1, true, []float32{2, 1, 0, 5, 4, 0, 8, 7, 0}},
		{0, -1, true, []float32{0, 3, 2, 0, 6, 5, 0, 9, 8}},
		{0, 5, false, make([]float32, 9)},
		{-4, 0, true, make([]float32, 9)},
	} {
		for i := range dst {
			dst[i] = -1
		}
		plan.Pick{DY: c.dy, DX: c.dx, Mirror: c.mirror}.Move(dst, source, 3, 3)
		if !slices.Equal(dst, c.want) {
			t.Errorf("%+v: %v", c, dst)
		}
	}
}

// TestFill: picked images are those kept, in [0,1], moved, then mixed.
func TestFill(t *testing.T) {
	m := &plan.Images{Pixels: []byte{0, 51, 102, 255, 0, 0}, C: 1, H: 1, W: 3}
	p := &plan.Picks{Images: []plan.Pick{{Index: 1, Mirror: true}, {Index: 0, DX: 1}}}
	got, source := make([]float32, 6), make([]float32, 6)
	m.Fill(got, source, p)
	if want := []float32{0, 0, 1, 51. / 255, 102. / 255, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	p.Others, p.Share, p.OtherShare = []int32{1, 1}, 0.75, 0.25
	m.Fill(got, source, p)
	plantest.Close(t, "mixed", got, []float32{0.05, 0.1, 0.75, 0.2, 0.4, 0}, 1e-6)
}

// TestKeptImages runs the suite of learners on one that keeps images.
func TestKeptImages(t *testing.T) {
	plantest.Learner(t, plantest.Keeping(plantest.Reference()), plan.Float32)
}
