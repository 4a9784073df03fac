package plantest

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"hfcui/engine/plan"
)

// Keeping returns d with learners that keep images, of which one at a time is in use, and programs that
// ascend from those: on the host, as the reference for others.
func Keeping(d plan.Device) plan.Device { return keeping{d, new(*plan.Images)} }

type keeping struct {
	plan.Device
	kept **plan.Images
}

func (d keeping) Compile(p *plan.Program, yield plan.Yield) (plan.Executable, error) {
	exe, err := d.Device.Compile(p, yield)
	if err != nil {
		return nil, err
	}
	return &climber{Executable: exe, program: p, kept: d.kept}, nil
}

func (d keeping) Learn(t *plan.Training, yield plan.Yield) (plan.Learner, error) {
	l, err := plan.Learn(plan.Yielding(d.Device, yield), t)
	if err != nil {
		return nil, err
	}
	return &keeper{Learner: l, training: t, kept: d.kept}, nil
}

// climber is an executable that ascends from kept images.
type climber struct {
	plan.Executable
	program *plan.Program
	kept    **plan.Images
	x       []float32 // where the last ascent has ended
}

func (c *climber) Ascend(context.Context, *plan.Ascent) error { panic("not the subject of tests") }

// AscendKept takes steps as plan.Ascent says, without looking for images that are stuck.
func (c *climber) AscendKept(ctx context.Context, a *plan.Ascent, _ plan.Learner, p *plan.Picks, start []float32) (bool, error) {
	if err := a.CheckKept(c.program, p, start, (*c.kept).Len()); err != nil {
		return false, err
	}
	input, err := c.program.Find(plan.Input, a.Input)
	if err != nil {
		return false, err
	}
	epsilon, n := float32(a.Epsilon), input.Size()
	original, dx := make([]float32, n), make([]float32, n)
	(*c.kept).Fill(original, dx, p)
	c.x = slices.Clone(original)
	move := func(i int, by float32) {
		c.x[i] = min(max(c.x[i]+by, original[i]-epsilon, 0), original[i]+epsilon, 1)
	}
	for i, s := range start {
		move(i, s*epsilon)
	}
	for range a.Steps {
		if err := errors.Join(c.SetInput(a.Input, c.x), c.Run(ctx), c.Output(a.Grad, dx)); err != nil {
			return false, err
		}
		for i, d := range dx {
			if d > 0 {
				move(i, float32(a.StepSize))
			} else if d < 0 {
				move(i, -float32(a.StepSize))
			}
		}
	}
	return true, nil
}

type keeper struct {
	plan.Learner
	training  *plan.Training
	kept      **plan.Images
	x, source []float32
}

func (k *keeper) KeepImages(m *plan.Images) error {
	input, err := k.training.Program.Find(plan.Input, k.training.Input)
	if err != nil {
		return err
	}
	*k.kept, k.x, k.source = m, make([]float32, input.Size()), make([]float32, input.Size())
	return nil
}

func (k *keeper) Step(ctx context.Context, b *plan.Batch) error {
	filled := *b
	switch {
	case b.Ascended != nil:
		if err := k.training.CheckAscended(b); err != nil {
			return err
		}
		filled.Images, filled.Ascended = b.Ascended.(*climber).x, nil
	case b.Picks != nil:
		if err := k.training.CheckPicked(b, (*k.kept).Len()); err != nil {
			return err
		}
		filled.Images, filled.Picks = k.x, nil
		(*k.kept).Fill(k.x, k.source, b.Picks)
	}
	return k.Learner.Step(ctx, &filled)
}

// keepsImages: steps on kept images are those on the images that Fill makes of them.
func keepsImages(t *testing.T, dev plan.Device) {
	a, b := training(t, momentum, 1), training(t, momentum, 1)
	given, picked := learner(t, dev, a), learner(t, dev, b)
	k, ok := picked.(plan.ImageKeeper)
	if !ok {
		t.Skip("the device keeps no images")
	}
	const size, count = 3 * trainSide * trainSide, 11
	random := rand.New(rand.NewPCG(4, 4))
	images := &plan.Images{Pixels: make([]byte, count*size), C: 3, H: trainSide, W: trainSide}
	for i := range images.Pixels {
		images.Pixels[i] = byte(random.IntN(256))
	}
	batch := func(n int) *plan.Batch {
		x := trainBatch(a.Rule, n, learnerRate)
		x.Images, x.Picks = nil, &plan.Picks{Images: make([]plan.Pick, trainImages)}
		for i := range x.Picks.Images {
			x.Picks.Images[i] = plan.Pick{Index: int32(random.IntN(count)), DY: int32(random.IntN(9) - 4), DX: int32(n * (random.IntN(19) - 9)), Mirror: n != 1 && random.IntN(2) == 0}
		}
		if n == 2 {
			x.Picks.Others, x.Picks.Share, x.Picks.OtherShare = []int32{1, 4, 2, 0, 3}, 0.7, 0.3
		}
		return x
	}
	if picked.Step(t.Context(), batch(0)) == nil {
		t.Error("a batch of kept images is no error where none are kept")
	}
	must(t, k.KeepImages(images))
	for what, change := range map[string]func(b *plan.Batch){
		"an image that is not kept": func(b *plan.Batch) { b.Picks.Images[1].Index = count },
		"an index below 0":          func(b *plan.Batch) { b.Picks.Images[1].Index = -1 },
		"a pick less":               func(b *plan.Batch) { b.Picks.Images = b.Picks.Images[1:] },
		"another outside the batch": func(b *plan.Batch) { b.Picks.Others = []int32{0, 1, 2, 3, trainImages} },
		"images beside picks":       func(b *plan.Batch) { b.Images = make([]float32, trainImages*size) },
		"a label that is no class":  func(b *plan.Batch) { b.Labels[0] = trainClasses },
	} {
		wrong := batch(0)
		if change(wrong); picked.Step(t.Context(), wrong) == nil {
			t.Error(what, "is no error")
		}
	}
	values := &plan.Images{Values: make([]float32, len(images.Pixels)), C: images.C, H: images.H, W: images.W}
	for i := range values.Values {
		values.Values[i] = float32(random.NormFloat64())
	}
	x, source := make([]float32, trainImages*size), make([]float32, trainImages*size)
	for n := range 5 {
		if n == 3 {
			images = values
			must(t, k.KeepImages(images))
		}
		from := batch(n)
		images.Fill(x, source, from.Picks)
		filled := *from
		filled.Images, filled.Picks = x, nil
		must(t, given.Step(t.Context(), &filled))
		must(t, picked.Step(t.Context(), from))
		clear(from.Picks.Images)
		want, got := must1(given.Result())(t), must1(picked.Result())(t)
		if got.Correct != want.Correct || !(math.Abs(got.Loss/want.Loss-1) <= Tolerance) {
			t.Errorf("step %d: %+v, want %+v", n, got, want)
		}
	}
	wanted := arrays(t, given, a)
	for name, v := range arrays(t, picked, b) {
		Close(t, name, v, wanted[name], 5*Tolerance)
	}
	must(t, picked.Step(t.Context(), trainBatch(a.Rule, 5, learnerRate))) // images are still possible
}
