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
	// Batch is the maximum batch size.
	Batch() int
	// Classes is the number of classes.
	Classes() int
	// Input is the shape of an input image.
	Input() (channels, height, width int)
	// Logits computes dst [n,classes] for n images x [n,C,H,W].
	Logits(ctx context.Context, dst, x []float32, n int) error
	// Gradient computes the logits [n,classes] of n images x [n,C,H,W] and dx [n,C,H,W], the
	// gradient of each image's own loss for its label.
	Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss Loss) error
}

// Loss is the objective that an attack increases.
type Loss int

// The losses.
const (
	CrossEntropy Loss = iota // −log softmax at the label
	DLR                      // difference-of-logits ratio: op.DLR
)

// Model is a model as a Target: its evaluation program, with batch norm folded into
// convolutions, and a gradient program for every loss in use.
type Model struct {
	model     *model.Model
	device    plan.Device
	batch     int
	eval      *model.Evaluator
	gradients map[Loss]*model.Differentiator
	replaced  map[string][]float32 // weights set by SetWeight
}

// NewTarget compiles a model's evaluation program for a batch size; gradient programs are
// compiled on first use. It copies the model's current weights; SetWeight replaces one.
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

// Batch implements Target.
func (t *Model) Batch() int { return t.batch }

// Classes implements Target.
func (t *Model) Classes() int { return t.model.Net.Classes }

// Input implements Target.
func (t *Model) Input() (c, h, w int) { return t.model.Input() }

// Each calls body for 0 … n−1 on the device's threads, if available.
func (t *Model) Each(n int, body func(i int)) { t.eval.Each(n, body) }

// Logits implements Target.
func (t *Model) Logits(ctx context.Context, dst, x []float32, n int) error {
	return t.eval.Logits(ctx, dst, x, n)
}

// Gradient implements Target.
func (t *Model) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss Loss) error {
	d, err := t.gradient(loss)
	if err != nil {
		return err
	}
	return d.LogitsGradient(ctx, dx, logits, x, labels)
}

// gradient returns the program for a loss.
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

// SetWeight replaces one tensor of the target, e.g. the smoothed first convolution; the model
// is unchanged.
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

// Refresh copies the model's current weights and undoes SetWeight.
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
