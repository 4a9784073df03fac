package gpu

import (
	"math/rand/v2"
	"testing"

	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// TestAscentFromKeptImages: an ascent from images that a learner keeps ends where one from the same
// images does, and the learner's step is that on these images.
func TestAscentFromKeptImages(t *testing.T) {
	everyDevice(t, func(t *testing.T, d *Device) {
		const n, c, h, w = 6, 5, 3, 4
		rng := rand.New(rand.NewPCG(3, 4))
		weights, start := make([]float32, n*c*h*w), make([]float32, n*c*h*w)
		for i := range weights {
			weights[i], start[i] = d.rounded(float32(rng.NormFloat64())), 2*rng.Float32()-1
		}
		images := &plan.Images{Pixels: make([]byte, 9*c*h*w), C: c, H: h, W: w}
		for i := range images.Pixels {
			images.Pixels[i] = byte(rng.IntN(256))
		}
		exe := slopes(t, d, []int{n, c, h, w}, weights).(plan.KeptAscending)
		rule := optim.SGD{Momentum: 0.9}
		a, b := training(t, rule), training(t, rule)
		given, kept := learnerOf(t, d, a), learnerOf(t, d, b)
		ascent := plan.Ascent{Input: "x", Grad: "dx", Epsilon: 0.04, StepSize: 0.03, Steps: 2}
		picks := &plan.Picks{Images: make([]plan.Pick, n)}
		if done, err := exe.AscendKept(t.Context(), &ascent, kept, picks, nil); done || err != nil {
			t.Fatalf("an ascent where no images are kept: %v, %v", done, err)
		}
		must(t, kept.(plan.ImageKeeper).KeepImages(images))
		for step, from := range [][]float32{start, nil, start} {
			for i := range picks.Images {
				picks.Images[i] = plan.Pick{Index: int32(rng.IntN(9)), DY: int32(rng.IntN(3) - 1), DX: int32(rng.IntN(3) - 1), Mirror: i%2 == 0}
			}
			want := ascent
			want.Original, want.Images, want.Stuck = make([]float32, n*c*h*w), make([]float32, n*c*h*w), make([]bool, n)
			images.Fill(want.Original, want.Images, picks)
			copy(want.Images, want.Original)
			for i, s := range from {
				v := want.Original[i]
				want.Images[i] = min(max(v+s*0.04, 0), 1)
			}
			climb(&want, weights, d.rounded)
			done, err := exe.AscendKept(t.Context(), &ascent, kept, picks, from)
			if !done || err != nil {
				t.Fatalf("step %d: %v, %v", step, done, err)
			}
			x, y := batch(rule, step), batch(rule, step)
			x.Images, y.Images, y.Ascended = want.Images, nil, exe
			must(t, given.Step(t.Context(), x))
			must(t, kept.Step(t.Context(), y))
			for _, l := range []plan.Learner{given, kept} {
				_, err := l.Result()
				must(t, err)
			}
		}
		must(t, given.ReadWeights())
		must(t, kept.ReadWeights())
		for i, p := range b.Params {
			plantest.Close(t, p.Name, p.Value, a.Params[i].Value, 10*toleranceOf(d))
		}
		y := batch(rule, 3)
		y.Ascended = exe
		if kept.Step(t.Context(), y) == nil {
			t.Error("both images and an ascent's are no error")
		}
		if y.Images = nil; given.Step(t.Context(), y) == nil {
			t.Error("an ascent's images for a learner that keeps none are no error")
		}
		picks.Images[0].Index = 9
		if _, err := exe.AscendKept(t.Context(), &ascent, kept, picks, nil); err == nil {
			t.Error("an image that is not kept is no error")
		}
	})
}
