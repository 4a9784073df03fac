package train

import (
	"context"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// adversary makes batches adversarial for the weights as they are.
type adversary struct {
	gradient *model.Differentiator
	asked    Adversarial
	warm     int // steps until Epsilon is what was asked for
	pgd      attack.PGD
	x        []float32
}

// newAdversary prepares what c asks for, in epochs of perEpoch steps; nil where it asks for
// none.
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

// change gives the images to train on in a step, counted from 0, instead of b's; they hold
// until the next call. On nothing it gives b's own.
func (a *adversary) change(ctx context.Context, b *batch, step int) ([]float32, error) {
	if a == nil {
		return b.x, nil
	}
	grown := 1.0
	if step < a.warm {
		grown = float64(step) / float64(a.warm)
	}
	a.pgd.Epsilon, a.pgd.StepSize = grown*a.asked.Epsilon, grown*a.asked.StepSize
	if err := a.gradient.Refresh(); err != nil {
		return nil, err
	}
	a.x = measure.Resize(a.x, len(b.x))
	return a.x, a.pgd.Run(ctx, a.gradient, a.x, b.x, b.labels, b.start)
}

func (a *adversary) close() {
	if a != nil {
		a.gradient.Close()
	}
}
