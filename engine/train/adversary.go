package train

import (
	"context"

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

// change returns the images to train on in a step, counted from 0, valid until the next call. A nil
// adversary returns b's.
func (a *adversary) change(ctx context.Context, b *batch, step int) ([]float32, error) {
	if a == nil {
		return b.x, nil
	}
	grown := 1.0
	if step < a.warm {
		grown = float64(step) / float64(a.warm)
	}
	a.pgd.Epsilon, a.pgd.StepSize = grown*a.asked.Epsilon, grown*a.asked.StepSize
	a.x = measure.Resize(a.x, len(b.x))
	return a.x, a.pgd.Run(ctx, a.gradient, a.x, b.x, b.labels, b.start)
}

func (a *adversary) close() {
	if a != nil {
		a.gradient.Close()
	}
}
