package attack

import (
	"context"
	"slices"

	"hfcui/engine/measure"
)

// memoTarget is a Target that memoises logits and gradients at the original images, from which
// the attacks of every ε start.
type memoTarget struct {
	Target
	x                      []float32
	labels                 []int
	logits, dx, dxLogits   []float32
	gradientFor, logitsFor int // number of leading images with valid results
}

func newMemoTarget(t Target) *memoTarget { return &memoTarget{Target: t} }

// choose sets the images to memoise. They must not be changed before others are chosen.
func (m *memoTarget) choose(x []float32, labels []int) {
	m.x, m.labels = x, labels
	m.gradientFor, m.logitsFor = 0, 0
}

// Logits is Target's; logits that are not finite are an error.
func (m *memoTarget) Logits(ctx context.Context, dst, x []float32, n int) error {
	classes := m.Classes()
	chosen := m.chosen(x, n)
	if chosen && m.logitsFor == n {
		copy(dst, m.logits[:n*classes])
		return nil
	}
	if err := m.Target.Logits(ctx, dst, x, n); err != nil {
		return err
	}
	if err := measure.CheckLogits(dst[:n*classes]); err != nil {
		return err
	}
	if chosen {
		m.logits = append(m.logits[:0], dst[:n*classes]...)
		m.logitsFor = n
	}
	return nil
}

// Each calls body for 0 … n−1, on the target's threads if it lends them.
func (m *memoTarget) Each(n int, body func(i int)) { eachOf(m.Target)(n, body) }

// Gradient is Target'm.
func (m *memoTarget) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss Loss) error {
	n := len(labels)
	chosen := loss == CrossEntropy && m.chosen(x, n) && slices.Equal(labels, m.labels[:n])
	if chosen && m.gradientFor == n {
		copy(dx, m.dx)
		copy(logits, m.dxLogits)
		return nil
	}
	if err := m.Target.Gradient(ctx, dx, logits, x, labels, loss); err != nil {
		return err
	}
	if chosen {
		m.dx = append(m.dx[:0], dx[:len(x)]...)
		m.dxLogits = append(m.dxLogits[:0], logits[:n*m.Classes()]...)
		m.gradientFor = n
	}
	return nil
}

// chosen reports whether n images are the first of the chosen ones.
func (m *memoTarget) chosen(x []float32, n int) bool {
	return n <= len(m.labels) && len(x) <= len(m.x) && slices.Equal(x, m.x[:len(x)])
}
