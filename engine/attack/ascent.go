package attack

import (
	"context"

	"hfcui/engine/plan"
)

// ascender is a Gradient that takes steps by itself, where its device can: images then stay on
// it from step to step. It returns false, and changes nothing, where it cannot.
type ascender interface {
	Ascend(ctx context.Context, a plan.Ascent, labels []int) (bool, error)
}

// ascendingTarget is a Target that takes steps by itself in the same way.
type ascendingTarget interface {
	Ascend(ctx context.Context, a plan.Ascent, labels []int, loss Loss) (bool, error)
}

// ascent describes steps from v that are all of the first image's size.
func (b *ball) ascent(v []float32, j job, steps int) plan.Ascent {
	return plan.Ascent{
		Original: j.x, Images: v, Stuck: make([]bool, len(j.labels)),
		L2: b.norm == L2, Epsilon: b.epsilon, StepSize: b.sizes[0], Steps: steps,
	}
}

// Ascend implements ascendingTarget.
func (t *Model) Ascend(ctx context.Context, a plan.Ascent, labels []int, loss Loss) (bool, error) {
	d, err := t.gradient(loss)
	if err != nil {
		return false, err
	}
	return d.Ascend(ctx, a, labels)
}

// Ascend implements ascendingTarget.
func (m *memoTarget) Ascend(ctx context.Context, a plan.Ascent, labels []int, loss Loss) (bool, error) {
	t, ok := m.Target.(ascendingTarget)
	if !ok {
		return false, nil
	}
	return t.Ascend(ctx, a, labels, loss)
}
