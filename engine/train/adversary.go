package train

import (
	"context"

	"hfcui/engine/attack"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// adversary makes batches adversarial for the weights as they are.
type adversary struct {
	gradient *model.Differentiator
	pgd      attack.PGD
	x        []float32
}

// newAdversary prepares what c asks for; nil where it asks for none.
func newAdversary(m *model.Model, device plan.Device, c Config) (*adversary, error) {
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
	return &adversary{gradient: d, pgd: attack.PGD{Epsilon: a.Epsilon, StepSize: a.StepSize, Steps: a.Steps}}, nil
}

// change gives the images to train on instead of b's; they hold until the next call. On
// nothing it gives b's own.
func (a *adversary) change(ctx context.Context, b *batch) ([]float32, error) {
	if a == nil {
		return b.x, nil
	}
	if err := a.gradient.Refresh(); err != nil {
		return nil, err
	}
	a.x = grow(a.x, len(b.x))
	return a.x, a.pgd.Run(ctx, a.gradient, a.x, b.x, b.labels, b.start)
}

func (a *adversary) close() {
	if a != nil {
		a.gradient.Close()
	}
}
