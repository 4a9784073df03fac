package model

import (
	"context"
	"fmt"

	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Differentiator computes a loss's gradient with respect to images, for batches of one
// size. It is not for concurrent use. Running statistics stay as they are.
type Differentiator struct {
	model  *Model
	exe    plan.Executable
	batch  int
	part   int // images the program takes
	stats  Statistics
	x      []float32 // for parts that are not full
	dx     []float32
	logits []float32
	target []float32
}

// DifferentiatorOptions say what is differentiated.
type DifferentiatorOptions struct {
	Batch      int
	Statistics Statistics
	Objective  nets.Objective
}

// NewDifferentiator is NewDifferentiatorWith for the batch's mean cross-entropy.
func (m *Model) NewDifferentiator(dev plan.Device, batch int, stats Statistics) (*Differentiator, error) {
	return m.NewDifferentiatorWith(dev, DifferentiatorOptions{Batch: batch, Statistics: stats})
}

// NewDifferentiatorWith compiles the program. It has the weights the model has now; Refresh
// gives it later ones.
func (m *Model) NewDifferentiatorWith(dev plan.Device, o DifferentiatorOptions) (*Differentiator, error) {
	if o.Objective == nets.SumLogitsRatio && m.Net.Classes < 3 {
		return nil, fmt.Errorf("%s has %d classes: the difference-of-logits ratio wants 3 and more", m.Name, m.Net.Classes)
	}
	d := &Differentiator{model: m, batch: o.Batch, part: o.Batch, stats: o.Statistics}
	p, err := d.program(o.Objective)
	if err != nil {
		return nil, err
	}
	// A mean is over all of a batch; of a sum, images have their own.
	if part := inCache(dev, p, o.Batch); part < o.Batch && o.Objective != nets.MeanCrossEntropy && !d.together() {
		d.part = part
		if p, err = d.program(o.Objective); err != nil {
			return nil, err
		}
	}
	if d.exe, err = dev.Compile(p, nil); err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	d.x, d.dx = make([]float32, m.images(d.part)), make([]float32, m.images(d.part))
	d.target, d.logits = make([]float32, d.part*m.Net.Classes), make([]float32, d.part*m.Net.Classes)
	if err := d.Refresh(); err != nil {
		d.exe.Close()
		return nil, err
	}
	return d, nil
}

// program is what computes the gradients of a part.
func (d *Differentiator) program(o nets.Objective) (*plan.Program, error) {
	m := d.model
	return m.Program(nets.Build{
		Batch: d.part, BatchStatistics: d.stats == BatchStatistics, Objective: o, InputGradient: true,
	})
}

// together tells whether all images of a batch have to be in one part.
func (d *Differentiator) together() bool {
	return d.stats == BatchStatistics && d.model.HasBatchNorm()
}

// Batch is the batch size.
func (d *Differentiator) Batch() int { return d.batch }

// Refresh takes over the model's weights as they are now.
func (d *Differentiator) Refresh() error { return d.model.SetParams(d.exe, d.stats) }

// SetWeight replaces one tensor of this program, for instance the smoothed first
// convolution; the model keeps its own.
func (d *Differentiator) SetWeight(name string, w []float32) error { return d.exe.SetParam(name, w) }

// Gradient computes dx [N,C,H,W]: the objective's gradient with respect to images x of the
// classes labels. With running statistics N may be less than the batch size; then a mean's is
// N/batch of what a batch of N would give.
func (d *Differentiator) Gradient(ctx context.Context, dx, x []float32, labels []int) error {
	return d.LogitsGradient(ctx, dx, nil, x, labels)
}

// LogitsGradient is Gradient and gives the logits [N,classes] it computes on the way, unless
// they are nil.
func (d *Differentiator) LogitsGradient(ctx context.Context, dx, logits, x []float32, labels []int) error {
	n, classes, size := len(labels), d.model.Net.Classes, d.model.images(1)
	switch {
	case n < 1 || n > d.batch:
		return fmt.Errorf("%d images for a batch of %d", n, d.batch)
	case n < d.batch && d.together():
		return fmt.Errorf("batch statistics want batches of exactly %d images, not %d", d.batch, n)
	case len(x) != n*size || len(dx) != n*size:
		return fmt.Errorf("%d values and %d places for %d images", len(x), len(dx), n)
	case logits != nil && len(logits) != n*classes:
		return fmt.Errorf("%d places for the logits of %d images", len(logits), n)
	}
	for from := 0; from < n; from += d.part {
		to := min(n, from+d.part)
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

// compute computes the gradients of a part.
func (d *Differentiator) compute(ctx context.Context, dx, x []float32, labels []int) error {
	if err := d.model.oneHot(d.target, labels); err != nil {
		return err
	}
	out := dx
	if len(labels) < d.part {
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
