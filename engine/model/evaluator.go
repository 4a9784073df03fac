package model

import (
	"context"
	"fmt"

	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Statistics says which mean and variance batch-norm layers use.
type Statistics int

// The statistics.
const (
	RunningStatistics Statistics = iota // those kept from training
	BatchStatistics                     // those of the batch being evaluated
)

// Evaluator computes a model's logits for batches of one size. It is not for concurrent
// use; several evaluators are.
type Evaluator struct {
	model  *Model
	exe    plan.Executable
	batch  int
	stats  Statistics
	x, out []float32 // for batches that are not full
}

// NewEvaluator compiles the model for a batch size. The evaluator has the weights the model
// has now; Refresh gives it later ones.
func (m *Model) NewEvaluator(dev plan.Device, batch int, stats Statistics) (*Evaluator, error) {
	p, err := m.Net.Program(nets.Build{Batch: batch, Mean: m.Mean, Std: m.Std, BatchStatistics: stats == BatchStatistics})
	if err != nil {
		return nil, err
	}
	exe, err := dev.Compile(p)
	if err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	e := &Evaluator{model: m, exe: exe, batch: batch, stats: stats}
	if err := e.Refresh(); err != nil {
		exe.Close()
		return nil, err
	}
	return e, nil
}

// Batch is the batch size.
func (e *Evaluator) Batch() int { return e.batch }

// Refresh takes over the model's weights as they are now.
func (e *Evaluator) Refresh() error { return e.model.SetParams(e.exe, e.stats) }

// SetParams sets all parameters of a program made from m.Net with those statistics.
func (m *Model) SetParams(exe plan.Executable, stats Statistics) error {
	for _, p := range m.Net.Params {
		if !p.Trained() {
			continue
		}
		if err := exe.SetParam(p.Name, m.Weights[p.Name].Data); err != nil {
			return err
		}
	}
	if stats == BatchStatistics {
		return nil
	}
	for _, n := range m.Net.Norms {
		mean, variance := m.Weights[n.Name+".running_mean"].Data, m.Weights[n.Name+".running_var"].Data
		both := append(append(make([]float32, 0, 2*n.Channels), mean...), variance...)
		if err := exe.SetParam(nets.StatsName(n.Name), both); err != nil {
			return err
		}
	}
	return nil
}

// SetWeight replaces one tensor of this evaluator, for instance the smoothed first
// convolution; the model keeps its own.
func (e *Evaluator) SetWeight(name string, w []float32) error { return e.exe.SetParam(name, w) }

// Logits computes dst [n, classes] for n images x [n,C,H,W] with pixels in [0,1]. With
// running statistics n may be less than the batch size; with the batch's own it may not,
// since they would change.
func (e *Evaluator) Logits(ctx context.Context, dst, x []float32, n int) error {
	classes, size := e.model.Net.Classes, e.model.images(1)
	switch {
	case n < 1 || n > e.batch:
		return fmt.Errorf("%d images for a batch of %d", n, e.batch)
	case n < e.batch && e.stats == BatchStatistics && e.model.HasBatchNorm():
		return fmt.Errorf("batch statistics want batches of exactly %d images, not %d", e.batch, n)
	case len(x) < n*size || len(dst) < n*classes:
		return fmt.Errorf("%d values in and %d places out for %d images", len(x), len(dst), n)
	}
	out := dst[:n*classes]
	x = x[:n*size]
	if n < e.batch {
		if e.x == nil {
			e.x, e.out = make([]float32, e.batch*size), make([]float32, e.batch*classes)
		}
		clear(e.x[copy(e.x, x):])
		x, out = e.x, e.out
	}
	if err := e.exe.SetInput(nets.InputName, x); err != nil {
		return err
	}
	if err := e.exe.Run(ctx); err != nil {
		return err
	}
	if err := e.exe.Output(nets.LogitsName, out); err != nil {
		return err
	}
	copy(dst[:n*classes], out)
	return nil
}

// Close frees the evaluator's memory.
func (e *Evaluator) Close() error { return e.exe.Close() }
