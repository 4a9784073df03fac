package attack

import (
	"context"
	"slices"

	"hfcui/engine/measure"
)

// spared is a Target that is spared what it was asked before: the logits and the gradient of
// the images as they are, from which attacks of different ε begin.
type spared struct {
	Target
	x                      []float32 // the images; what follows is known once it is not empty
	labels                 []int
	logits, dx, dxLogits   []float32
	gradientFor, logitsFor int // as many of the images, from the first on
}

func newSpared(t Target) *spared { return &spared{Target: t} }

// choose sets the images that will be asked about again and again. They must not be changed
// before others are chosen.
func (s *spared) choose(x []float32, labels []int) {
	s.x, s.labels = x, labels
	s.gradientFor, s.logitsFor = 0, 0
}

// Logits is Target's; answers that are not numbers are an error.
func (s *spared) Logits(ctx context.Context, dst, x []float32, n int) error {
	classes := s.Classes()
	chosen := s.chosen(x, n)
	if chosen && s.logitsFor == n {
		copy(dst, s.logits[:n*classes])
		return nil
	}
	if err := s.Target.Logits(ctx, dst, x, n); err != nil {
		return err
	}
	if err := measure.CheckLogits(dst[:n*classes]); err != nil {
		return err
	}
	if chosen {
		s.logits = append(s.logits[:0], dst[:n*classes]...)
		s.logitsFor = n
	}
	return nil
}

// Each calls body for 0 … n−1, on the target's threads if it lends them.
func (s *spared) Each(n int, body func(i int)) { eachOf(s.Target)(n, body) }

// Gradient is Target's.
func (s *spared) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss Loss) error {
	n := len(labels)
	chosen := loss == CrossEntropy && s.chosen(x, n) && slices.Equal(labels, s.labels[:n])
	if chosen && s.gradientFor == n {
		copy(dx, s.dx)
		copy(logits, s.dxLogits)
		return nil
	}
	if err := s.Target.Gradient(ctx, dx, logits, x, labels, loss); err != nil {
		return err
	}
	if chosen {
		s.dx = append(s.dx[:0], dx[:len(x)]...)
		s.dxLogits = append(s.dxLogits[:0], logits[:n*s.Classes()]...)
		s.gradientFor = n
	}
	return nil
}

// chosen tells whether n images are the first of those that were chosen.
func (s *spared) chosen(x []float32, n int) bool {
	return n <= len(s.labels) && len(x) <= len(s.x) && slices.Equal(x, s.x[:len(x)])
}
