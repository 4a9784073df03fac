package train

import (
	"context"
	"errors"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// adversary perturbs batches adversarially for the current weights.
type adversary struct {
	gradient *model.Differentiator
	asked    Adversarial
	warm     int // warm-up steps until Epsilon is reached
	pgd      attack.PGD
	x        []float32
}

// newAdversary returns the adversary of c, for epochs of perEpoch steps; nil if there is none.
func newAdversary(m *model.Model, device plan.Device, c Config, perEpoch int) (*adversary, error) {
	a := c.Adversarial
	if a == nil {
		return nil, nil
	}
	statistics := model.RunningStatistics
	if a.BatchNorm == "batch" {
		statistics = model.BatchStatistics
	}
	d, err := m.NewDifferentiator(device, c.Batch, statistics)
	if err != nil {
		return nil, err
	}
	return &adversary{gradient: d, asked: *a, warm: a.WarmUp * perEpoch, pgd: attack.PGD{Steps: a.Steps}}, nil
}

// follow attacks the trainer's weights from now on. A nil adversary does nothing.
func (a *adversary) follow(t *model.Trainer) error {
	if a == nil {
		return nil
	}
	return a.gradient.Follow(t)
}

// change replaces the images of a step, counted from 0, by adversarial examples, valid until the next call. A
// nil adversary leaves them.
func (a *adversary) change(ctx context.Context, t *model.Trainer, e *model.Examples, b *batch, step int) error {
	if a == nil {
		return nil
	}
	grown := 1.0
	if step < a.warm {
		grown = float64(step) / float64(a.warm)
	}
	epsilon, size := grown*a.asked.Epsilon, grown*a.asked.StepSize
	if e.Picks != nil {
		steps := plan.Ascent{Epsilon: epsilon, StepSize: size, Steps: a.asked.Steps}
		done, err := a.gradient.AscendKept(ctx, steps, t, e.Picks, b.start, b.labels)
		if err == nil && !done {
			err = errors.New("the device can no longer take an attack's steps from the images it keeps")
		}
		e.Picks, e.Ascended = nil, a.gradient
		return err
	}
	a.pgd.Epsilon, a.pgd.StepSize = epsilon, size
	a.x = measure.Resize(a.x, len(e.X))
	err := a.pgd.Run(ctx, a.gradient, a.x, e.X, b.labels, b.start)
	e.X = a.x
	return err
}

// picks reports whether the adversary attacks images that a trainer keeps, and prepares that.
func (a *adversary) picks(ctx context.Context, t *model.Trainer) (bool, error) {
	if a == nil {
		return true, nil
	}
	n := a.gradient.Batch()
	return a.gradient.AscendKept(ctx, plan.Ascent{}, t, &plan.Picks{Images: make([]plan.Pick, n)}, nil, make([]int, n))
}

func (a *adversary) close() {
	if a != nil {
		a.gradient.Close()
	}
}
