package attack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hfcui/engine/model"
	"hfcui/engine/nets"
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
	DLR                      // difference-of-logits ratio: op.DLR
)

// Model is a model as a Target: its evaluation program, in which batch norm is folded into
// convolutions, and the gradients' of every loss that is asked for.
type Model struct {
	model     *model.Model
	device    plan.Device
	batch     int
	eval      *model.Evaluator
	gradients map[Loss]*model.Differentiator
	replaced  map[string][]float32 // weights other than the model's
}

// NewTarget compiles a model's evaluation for batches of a size; gradients are compiled when
// they are first asked for. It has the weights the model has then; SetWeight replaces one.
func NewTarget(m *model.Model, dev plan.Device, batch int) (*Model, error) {
	e, err := m.NewEvaluator(dev, batch, model.RunningStatistics)
	if err != nil {
		return nil, err
	}
	return &Model{
		model: m, device: dev, batch: batch, eval: e,
		gradients: make(map[Loss]*model.Differentiator), replaced: make(map[string][]float32),
	}, nil
}

// Batch is Target's.
func (t *Model) Batch() int { return t.batch }

// Classes is Target's.
func (t *Model) Classes() int { return t.model.Net.Classes }

// Input is Target's.
func (t *Model) Input() (c, h, w int) { return t.model.Input() }

// Each calls body for 0 … n−1 on the device's threads, if they can be had.
func (t *Model) Each(n int, body func(i int)) { t.eval.Each(n, body) }

// Logits is Target's.
func (t *Model) Logits(ctx context.Context, dst, x []float32, n int) error {
	return t.eval.Logits(ctx, dst, x, n)
}

// Gradient is Target's.
func (t *Model) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss Loss) error {
	d, err := t.gradient(loss)
	if err != nil {
		return err
	}
	return d.LogitsGradient(ctx, dx, logits, x, labels)
}

// gradient gives the program for a loss.
func (t *Model) gradient(loss Loss) (*model.Differentiator, error) {
	if d := t.gradients[loss]; d != nil {
		return d, nil
	}
	if loss == DLR && t.Classes() < 3 {
		return nil, fmt.Errorf("%s has %d classes, and %s needs at least 3: use %s", t.model.Name, t.Classes(), APGDDLRMethod, APGDCEMethod)
	}
	o := model.DifferentiatorOptions{Batch: t.batch, Objective: nets.SumCrossEntropy}
	if loss == DLR {
		o.Objective = nets.SumDLR
	}
	d, err := t.model.NewDifferentiatorWith(t.device, o)
	if err != nil {
		return nil, err
	}
	for name, w := range t.replaced {
		if err := d.SetWeight(name, w); err != nil {
			d.Close()
			return nil, err
		}
	}
	t.gradients[loss] = d
	return d, nil
}

// SetWeight replaces one tensor of the target, for instance the smoothed first convolution;
// the model keeps its own.
func (t *Model) SetWeight(name string, w []float32) error {
	if err := t.eval.SetWeight(name, w); err != nil {
		return err
	}
	for _, d := range t.gradients {
		if err := d.SetWeight(name, w); err != nil {
			return err
		}
	}
	t.replaced[name] = slices.Clone(w)
	return nil
}

// Refresh takes over the model's weights as they are now, also those that were replaced.
func (t *Model) Refresh() error {
	clear(t.replaced)
	if err := t.eval.Refresh(); err != nil {
		return err
	}
	for _, d := range t.gradients {
		if err := d.Refresh(); err != nil {
			return err
		}
	}
	return nil
}

// Close frees the memory.
func (t *Model) Close() error {
	err := t.eval.Close()
	for _, d := range t.gradients {
		err = errors.Join(err, d.Close())
	}
	return err
}
