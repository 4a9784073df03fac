package model

import (
	"context"
	"fmt"

	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Differentiator computes the loss's gradient with respect to images, for batches of one
// size. It is not for concurrent use. Running statistics stay as they are.
type Differentiator struct {
	model  *Model
	exe    plan.Executable
	batch  int
	stats  Statistics
	x      []float32 // for batches that are not full
	dx     []float32
	target []float32
}

// NewDifferentiator compiles the program. It has the weights the model has now; Refresh
// gives it later ones.
func (m *Model) NewDifferentiator(dev plan.Device, batch int, stats Statistics) (*Differentiator, error) {
	p, err := m.Net.Program(nets.Build{
		Batch: batch, Mean: m.Mean, Std: m.Std, BatchStatistics: stats == BatchStatistics, InputGradient: true,
	})
	if err != nil {
		return nil, err
	}
	exe, err := dev.Compile(p)
	if err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	d := &Differentiator{
		model: m, exe: exe, batch: batch, stats: stats,
		x: make([]float32, m.images(batch)), dx: make([]float32, m.images(batch)),
		target: make([]float32, batch*m.Net.Classes),
	}
	if err := d.Refresh(); err != nil {
		exe.Close()
		return nil, err
	}
	return d, nil
}

// Batch is the batch size.
func (d *Differentiator) Batch() int { return d.batch }

// Refresh takes over the model's weights as they are now.
func (d *Differentiator) Refresh() error { return d.model.SetParams(d.exe, d.stats) }

// SetWeight replaces one tensor of this program, for instance the smoothed first
// convolution; the model keeps its own.
func (d *Differentiator) SetWeight(name string, w []float32) error { return d.exe.SetParam(name, w) }

// Gradient computes dx [N,C,H,W]: the gradient, with respect to images x of the classes
// labels, of the batch's mean cross-entropy. N may be less than the batch size with running
// statistics; then it is N/batch of what a batch of N would give.
func (d *Differentiator) Gradient(ctx context.Context, dx, x []float32, labels []int) error {
	n := len(labels)
	switch size := d.model.images(n); {
	case n < 1 || n > d.batch:
		return fmt.Errorf("%d images for a batch of %d", n, d.batch)
	case n < d.batch && d.stats == BatchStatistics && d.model.HasBatchNorm():
		return fmt.Errorf("batch statistics want batches of exactly %d images, not %d", d.batch, n)
	case len(x) != size || len(dx) != size:
		return fmt.Errorf("%d values and %d places for %d images", len(x), len(dx), n)
	}
	if err := d.model.oneHot(d.target, labels); err != nil {
		return err
	}
	out := dx
	if n < d.batch {
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

// Logits copies what the last Gradient computed on the way, dst [N,classes].
func (d *Differentiator) Logits(dst []float32) error {
	if len(dst) == len(d.target) {
		return d.exe.Output(nets.LogitsName, dst)
	}
	all := make([]float32, len(d.target))
	if err := d.exe.Output(nets.LogitsName, all); err != nil {
		return err
	}
	copy(dst, all)
	return nil
}

// Close frees the memory.
func (d *Differentiator) Close() error { return d.exe.Close() }
