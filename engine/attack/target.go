package attack

import (
	"context"
	"fmt"

	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// Target is a model under attack. It is not for concurrent use.
type Target interface {
	// Batch is how many images it takes at a time, at most.
	Batch() int
	// Classes is how many classes it tells apart.
	Classes() int
	// Input is the size of its images.
	Input() (channels, height, width int)
	// Logits computes dst [n,classes] for n images x [n,C,H,W].
	Logits(ctx context.Context, dst, x []float32, n int) error
	// Gradient computes for images x [n,C,H,W] of the classes labels their logits [n,classes]
	// and dx, for every image the gradient of its own loss.
	Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss Loss) error
}

// Loss is what a gradient is of.
type Loss int

// The losses.
const (
	CrossEntropy Loss = iota // −log softmax of the label's class
)

// Model is a model as a Target: its evaluation program, in which batch norm is folded into
// convolutions, and its gradient's.
type Model struct {
	model    *model.Model
	batch    int
	eval     *model.Evaluator
	gradient *model.Differentiator
}

// NewTarget compiles a model's programs for batches of a size. It has the weights the model
// has now; SetWeight replaces one.
func NewTarget(m *model.Model, dev plan.Device, batch int) (*Model, error) {
	e, err := m.NewEvaluator(dev, batch, model.RunningStatistics)
	if err != nil {
		return nil, err
	}
	d, err := m.NewDifferentiator(dev, batch, model.RunningStatistics)
	if err != nil {
		e.Close()
		return nil, err
	}
	return &Model{m, batch, e, d}, nil
}

// Batch, Classes and Input are Target's.
func (t *Model) Batch() int           { return t.batch }
func (t *Model) Classes() int         { return t.model.Net.Classes }
func (t *Model) Input() (c, h, w int) { return t.model.Input() }

// Logits is Target's.
func (t *Model) Logits(ctx context.Context, dst, x []float32, n int) error {
	return t.eval.Logits(ctx, dst, x, n)
}

// Gradient is Target's.
func (t *Model) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss Loss) error {
	if loss != CrossEntropy {
		return fmt.Errorf("unknown loss %d", int(loss))
	}
	if err := t.gradient.Gradient(ctx, dx, x, labels); err != nil {
		return err
	}
	return t.gradient.Logits(logits)
}

// SetWeight replaces one tensor of the target, for instance the smoothed first convolution;
// the model keeps its own.
func (t *Model) SetWeight(name string, w []float32) error {
	if err := t.eval.SetWeight(name, w); err != nil {
		return err
	}
	return t.gradient.SetWeight(name, w)
}

// Refresh takes over the model's weights as they are now, also those that SetWeight replaced.
func (t *Model) Refresh() error {
	if err := t.eval.Refresh(); err != nil {
		return err
	}
	return t.gradient.Refresh()
}

// Close frees the memory.
func (t *Model) Close() error {
	err := t.eval.Close()
	if e := t.gradient.Close(); err == nil {
		err = e
	}
	return err
}
