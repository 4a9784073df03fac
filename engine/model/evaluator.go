package model

import (
	"context"
	"fmt"

	"hfcui/engine/measure"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Evaluator runs inference on batches of up to a fixed size. It is not safe for concurrent use.
type Evaluator struct {
	model      *Model
	exe        plan.Executable
	batch      int
	microBatch int // images per run of the program
	stats      Statistics
	x, out     []float32        // padding buffers of a partial micro-batch
	components *plan.Components // that the device has split
}

// NewEvaluator compiles the model for a batch size, with its current weights; Refresh updates
// them.
func (m *Model) NewEvaluator(dev plan.Device, batch int, stats Statistics) (*Evaluator, error) {
	e := &Evaluator{model: m, batch: batch, microBatch: batch, stats: stats}
	p, err := e.program()
	if err != nil {
		return nil, err
	}
	if n := microBatch(dev, p, batch); n < batch && !e.wholeBatch() {
		e.microBatch = n
		if p, err = e.program(); err != nil {
			return nil, err
		}
	}
	if e.exe, err = dev.Compile(p, nil); err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	if err := e.Refresh(); err != nil {
		e.exe.Close()
		return nil, err
	}
	return e, nil
}

// program computes the logits of a micro-batch.
func (e *Evaluator) program() (*plan.Program, error) {
	return e.model.Program(nets.Build{Batch: e.microBatch, BatchStatistics: e.stats == BatchStatistics})
}

// Program builds the net with the model's input normalization and lowers it.
func (m *Model) Program(b nets.Build) (*plan.Program, error) {
	b.Mean, b.Std = m.Mean, m.Std
	g, outputs, err := m.Net.Graph(b)
	if err != nil {
		return nil, err
	}
	return plan.Lower(g, outputs)
}

// wholeBatch reports whether a batch cannot be split into micro-batches.
func (e *Evaluator) wholeBatch() bool { return e.stats == BatchStatistics && e.model.HasBatchNorm() }

// microBatch returns the size of equal micro-batches whose activations fit the device's cache. Their
// number is limited so that reading the weights for each does not cost more memory traffic than it
// saves: activations outside the cache are written and read once.
func microBatch(dev plan.Device, p *plan.Program, batch int) int {
	cache := dev.CacheSize()
	if cache == 0 {
		return batch
	}
	weights, activations := 0, 0
	for _, v := range p.Values {
		if v.Kind == plan.Param {
			weights += v.Size()
		}
	}
	for _, in := range plan.Fuse(p).Instrs {
		activations += in.Out.Size()
	}
	_, total := plan.Arena(p, (*plan.Value).Size)
	count := min(4*total/cache+1, 2*activations/max(1, weights)+1, batch)
	return (batch + count - 1) / count
}

// Batch returns the batch size.
func (e *Evaluator) Batch() int { return e.batch }

// Classes returns the number of logits per image.
func (e *Evaluator) Classes() int { return e.model.Net.Classes }

// Refresh copies the model's current weights to the device.
func (e *Evaluator) Refresh() error { return e.model.SetParams(e.exe, e.stats) }

// LoadWeights copies the weights of another model of the same net and input normalization to
// the device.
func (e *Evaluator) LoadWeights(m *Model) error { return m.SetParams(e.exe, e.stats) }

// SetParams sets all parameters of a program of m compiled with stats.
func (m *Model) SetParams(exe plan.Executable, stats Statistics) error {
	for _, p := range m.Net.Params {
		if p.Running() {
			continue
		}
		if err := exe.SetParam(p.Name, m.Weights[p.Name].Data); err != nil {
			return err
		}
	}
	if stats == BatchStatistics {
		return nil
	}
	return m.setStatistics(exe, m.Net.Norms)
}

// setStatistics sets the running statistics of some batch-norm layers of a program.
func (m *Model) setStatistics(exe interface {
	SetParam(name string, data []float32) error
}, norms []nets.Norm) error {
	for _, n := range norms {
		mean, variance := m.Weights[n.Name+".running_mean"].Data, m.Weights[n.Name+".running_var"].Data
		both := append(append(make([]float32, 0, 2*n.Channels), mean...), variance...)
		if err := exe.SetParam(nets.StatsName(n.Name), both); err != nil {
			return err
		}
	}
	return nil
}

// SetWeight replaces one tensor of this evaluator, e.g. by smoothed kernels; the model is not
// changed.
func (e *Evaluator) SetWeight(name string, w []float32) error { return e.exe.SetParam(name, w) }

// Logits computes dst [n,classes] for n images x [n,C,H,W] with pixels in [0,1]. With running
// statistics n may be less than the batch size; with batch statistics it must be equal.
func (e *Evaluator) Logits(ctx context.Context, dst, x []float32, n int) error {
	classes, size := e.model.Net.Classes, e.model.images(1)
	if err := e.checkBatch(n, len(dst)); err != nil {
		return err
	}
	if len(x) < n*size {
		return fmt.Errorf("%d input values for %d images", len(x), n)
	}
	for from := 0; from < n; from += e.microBatch {
		to := min(n, from+e.microBatch)
		if err := e.compute(ctx, dst[from*classes:to*classes], x[from*size:to*size]); err != nil {
			return err
		}
	}
	return nil
}

// compute computes the logits of a micro-batch.
func (e *Evaluator) compute(ctx context.Context, dst, x []float32) error {
	if full := e.microBatch * e.model.images(1); len(x) < full {
		if e.x == nil {
			e.x = make([]float32, full)
		}
		clear(e.x[copy(e.x, x):])
		x = e.x
	}
	if err := e.exe.SetInput(nets.InputName, x); err != nil {
		return err
	}
	return e.run(ctx, dst)
}

// run computes the logits of the input's first images, as many as dst is for.
func (e *Evaluator) run(ctx context.Context, dst []float32) error {
	if err := e.exe.Run(ctx); err != nil {
		return err
	}
	out := dst
	if full := e.microBatch * e.model.Net.Classes; len(dst) < full {
		e.out = measure.Resize(e.out, full)
		out = e.out
	}
	if err := e.exe.Output(nets.LogitsName, out); err != nil {
		return err
	}
	copy(dst, out)
	return nil
}

// Each calls body for i = 0 … n−1, in parallel if the device runs on host threads.
func (e *Evaluator) Each(n int, body func(i int)) {
	if local, ok := e.exe.(plan.Local); ok {
		local.Each(n, func(_, i int) { body(i) })
		return
	}
	for i := range n {
		body(i)
	}
}

// Close frees the evaluator's memory.
func (e *Evaluator) Close() error { return e.exe.Close() }
