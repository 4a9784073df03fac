package model

import (
	"context"
	"fmt"

	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Differentiator computes the gradient of a loss with respect to images, in batches of up to a
// fixed size. It is not safe for concurrent use and does not update running statistics.
type Differentiator struct {
	model      *Model
	exe        plan.Executable
	batch      int
	microBatch int // images per run of the program
	stats      Statistics
	x          []float32 // padding buffer of a partial micro-batch
	dx         []float32
	logits     []float32
	target     []float32
}

// DifferentiatorOptions configures a Differentiator.
type DifferentiatorOptions struct {
	Batch      int
	Statistics Statistics
	Objective  nets.Objective
}

// NewDifferentiator is NewDifferentiatorWith for the batch's mean cross-entropy.
func (m *Model) NewDifferentiator(dev plan.Device, batch int, stats Statistics) (*Differentiator, error) {
	return m.NewDifferentiatorWith(dev, DifferentiatorOptions{Batch: batch, Statistics: stats})
}

// NewDifferentiatorWith compiles the program, with the model's current weights; Refresh updates
// them.
func (m *Model) NewDifferentiatorWith(dev plan.Device, o DifferentiatorOptions) (*Differentiator, error) {
	if o.Objective == nets.SumDLR && m.Net.Classes < 3 {
		return nil, fmt.Errorf("%s has %d classes: the difference-of-logits ratio needs at least 3", m.Name, m.Net.Classes)
	}
	d := &Differentiator{model: m, batch: o.Batch, microBatch: o.Batch, stats: o.Statistics}
	p, err := d.program(o.Objective)
	if err != nil {
		return nil, err
	}
	// Images are independent in the gradient of a sum, but not of a mean.
	if n := microBatch(dev, p, o.Batch); n < o.Batch && o.Objective != nets.MeanCrossEntropy && !d.wholeBatch() {
		d.microBatch = n
		if p, err = d.program(o.Objective); err != nil {
			return nil, err
		}
	}
	if d.exe, err = dev.Compile(p, nil); err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	d.x, d.dx = make([]float32, m.images(d.microBatch)), make([]float32, m.images(d.microBatch))
	d.target, d.logits = make([]float32, d.microBatch*m.Net.Classes), make([]float32, d.microBatch*m.Net.Classes)
	if err := d.Refresh(); err != nil {
		d.exe.Close()
		return nil, err
	}
	return d, nil
}

// program computes the gradients of a micro-batch.
func (d *Differentiator) program(o nets.Objective) (*plan.Program, error) {
	m := d.model
	return m.Program(nets.Build{
		Batch: d.microBatch, BatchStatistics: d.stats == BatchStatistics, Objective: o, InputGradient: true,
	})
}

// wholeBatch reports whether a batch cannot be split into micro-batches.
func (d *Differentiator) wholeBatch() bool {
	return d.stats == BatchStatistics && d.model.HasBatchNorm()
}

// Batch returns the batch size.
func (d *Differentiator) Batch() int { return d.batch }

// Refresh copies the model's current weights to the device.
func (d *Differentiator) Refresh() error { return d.model.SetParams(d.exe, d.stats) }

// Follow copies the weights and running statistics of a trainer of the model to the device, after all
// of its steps begun. They need not cross to the host if the trainer is on the same device.
func (d *Differentiator) Follow(t *Trainer) error {
	if exe, ok := d.exe.(plan.Following); ok {
		if done, err := exe.Follow(t.learner); done || err != nil {
			return err
		}
	}
	if err := t.Sync(); err != nil {
		return err
	}
	return d.Refresh()
}

// SetWeight replaces one tensor of this program, e.g. by smoothed kernels; the model is not
// changed.
func (d *Differentiator) SetWeight(name string, w []float32) error { return d.exe.SetParam(name, w) }

// Gradient computes dx [N,C,H,W], the objective's gradient with respect to images x [N,C,H,W]
// with labels [N]. With running statistics N may be less than the batch size; the gradient of a
// mean is then scaled by N/batch.
func (d *Differentiator) Gradient(ctx context.Context, dx, x []float32, labels []int) error {
	return d.LogitsGradient(ctx, dx, nil, x, labels)
}

// LogitsGradient is Gradient that also writes the logits [N,classes], unless logits is nil.
func (d *Differentiator) LogitsGradient(ctx context.Context, dx, logits, x []float32, labels []int) error {
	n, classes, size := len(labels), d.model.Net.Classes, d.model.images(1)
	switch {
	case n < 1 || n > d.batch:
		return fmt.Errorf("%d images for a batch of %d", n, d.batch)
	case n < d.batch && d.wholeBatch():
		return fmt.Errorf("batch statistics need batches of exactly %d images, not %d", d.batch, n)
	case len(x) != n*size || len(dx) != n*size:
		return fmt.Errorf("%d input and %d output values for %d images", len(x), len(dx), n)
	case logits != nil && len(logits) != n*classes:
		return fmt.Errorf("%d output values for the logits of %d images", len(logits), n)
	}
	for from := 0; from < n; from += d.microBatch {
		to := min(n, from+d.microBatch)
		if err := d.compute(ctx, dx[from*size:to*size], x[from*size:to*size], labels[from:to]); err != nil {
			return err
		}
		if logits == nil {
			continue
		}
		if err := d.exe.Output(nets.LogitsName, d.logits); err != nil {
			return err
		}
		copy(logits[from*classes:to*classes], d.logits)
	}
	return nil
}

// Ascend takes the steps of an ascent of the objective on images with labels [N], if the device
// does that by itself; else it returns false. a.Input and a.Grad are the Differentiator's.
func (d *Differentiator) Ascend(ctx context.Context, a plan.Ascent, labels []int) (bool, error) {
	exe, ok := d.exe.(plan.Ascending)
	n := len(labels)
	if !ok || n < 1 || n > d.microBatch || n < d.batch && d.wholeBatch() {
		return false, nil
	}
	if err := d.model.oneHot(d.target, labels); err != nil {
		return false, err
	}
	if err := d.exe.SetInput(nets.TargetName, d.target); err != nil {
		return false, err
	}
	full := a
	full.Input, full.Grad = nets.InputName, nets.InputGradName
	if n < d.microBatch {
		clear(d.x[copy(d.x, a.Original):])
		clear(d.dx[copy(d.dx, a.Images):])
		full.Original, full.Images, full.Stuck = d.x, d.dx, make([]bool, d.microBatch)
	}
	if err := exe.Ascend(ctx, &full); err != nil {
		return false, err
	}
	copy(a.Images, full.Images)
	copy(a.Stuck, full.Stuck)
	return true, nil
}

// AscendKept takes the steps of an ascent in L∞ from images that p picks of those that t keeps, a whole
// batch with labels [N], or as far away as start says, [N,C,H,W] in units of a.Epsilon; nil: at them. They
// stay on the device, for Examples.Ascended of t's next step. It returns false where the device cannot do
// that.
func (d *Differentiator) AscendKept(ctx context.Context, a plan.Ascent, t *Trainer, p *plan.Picks, start []float32, labels []int) (bool, error) {
	exe, ok := d.exe.(plan.KeptAscending)
	if !ok || len(labels) != d.microBatch || d.microBatch != d.batch {
		return false, nil
	}
	if err := d.model.oneHot(d.target, labels); err != nil {
		return false, err
	}
	if err := d.exe.SetInput(nets.TargetName, d.target); err != nil {
		return false, err
	}
	a.Input, a.Grad = nets.InputName, nets.InputGradName
	return exe.AscendKept(ctx, &a, t.learner, p, start)
}

// compute computes the gradients of a micro-batch.
func (d *Differentiator) compute(ctx context.Context, dx, x []float32, labels []int) error {
	if err := d.model.oneHot(d.target, labels); err != nil {
		return err
	}
	out := dx
	if len(labels) < d.microBatch {
		clear(d.x[copy(d.x, x):])
		x, out = d.x, d.dx
	}
	if err := d.exe.SetInput(nets.InputName, x); err != nil {
		return err
	}
	if err := d.exe.SetInput(nets.TargetName, d.target); err != nil {
		return err
	}
	if err := d.exe.Run(ctx); err != nil {
		return err
	}
	if err := d.exe.Output(nets.InputGradName, out); err != nil {
		return err
	}
	copy(dx, out)
	return nil
}

// Close frees the memory.
func (d *Differentiator) Close() error { return d.exe.Close() }
