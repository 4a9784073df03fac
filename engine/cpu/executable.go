package cpu

import (
	"context"
	"fmt"

	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// executable is a compiled program.
type executable struct {
	program *plan.Program
	yield   plan.Yield
	pool    *pool
	steps   []step
	inputs  map[string]*leaf
	params  map[string]*leaf
	unset   int // number of leaves not set
	outputs map[string]*tensor
	updates [optim.Kinds]updateKernel
	closed  bool
}

// step is one or several instructions.
type step struct {
	name string
	run  func()
}

// leaf is an input or a parameter.
type leaf struct {
	value        *plan.Value
	tensor       *tensor   // nil if unused
	scale, shift []float32 // per channel, applied when it is stored
	set          bool
	sharable     bool      // the tensor may use the caller's memory
	stale        []*bool   // derived values to recompute when it changes
	data         []float32 // while it is being stored
	store        func(worker, n int)
}

// SetParam stores a parameter. Derived values are recomputed in the next run.
func (e *executable) SetParam(name string, data []float32) error {
	return e.set(e.params[name], plan.Param, name, data)
}

// SetInput stores an input in the layout the program reads.
func (e *executable) SetInput(name string, data []float32) error {
	return e.set(e.inputs[name], plan.Input, name, data)
}

func (e *executable) set(l *leaf, kind plan.Kind, name string, data []float32) error {
	if l == nil {
		_, err := e.program.Find(kind, name)
		return err
	}
	if len(data) != l.value.Size() {
		return fmt.Errorf("%d values for %s", len(data), l.value)
	}
	if !l.set {
		l.set = true
		e.unset--
	}
	for _, s := range l.stale {
		*s = true
	}
	switch {
	case l.tensor == nil:
	case l.tensor.flat:
		if len(data) > 0 && &data[0] != &l.tensor.data[0] {
			copy(l.tensor.data, data)
		}
	default:
		l.data = data
		e.pool.each(l.tensor.n, l.store)
		l.data = nil
	}
	return nil
}

// Run computes all outputs.
func (e *executable) Run(ctx context.Context) error {
	if e.unset > 0 {
		return e.notSet()
	}
	for i := range e.steps {
		if err := e.yield.Wait(ctx); err != nil {
			return err
		}
		e.steps[i].run()
	}
	return nil
}

// notSet returns an error that names a leaf that is not set.
func (e *executable) notSet() error {
	return e.program.NotSet(func(v *plan.Value) bool {
		leaves := e.inputs
		if v.Kind == plan.Param {
			leaves = e.params
		}
		return leaves[v.Name].set
	})
}

// Output copies an output.
func (e *executable) Output(name string, dst []float32) error {
	t := e.outputs[name]
	if t == nil {
		_, err := e.program.Output(name)
		return err
	}
	if want := t.count(); len(dst) != want {
		return fmt.Errorf("%d elements for output %q of %d", len(dst), name, want)
	}
	if t.flat {
		copy(dst, t.data)
		return nil
	}
	size := t.c * t.pixels()
	for n := range t.n {
		t.store(n, dst[n*size:(n+1)*size])
	}
	return nil
}

var _ plan.Local = (*executable)(nil)

// Share makes data the memory of a parameter that is read by Go code only: kernels may read beyond
// an array's end.
func (e *executable) Share(name string, data []float32) bool {
	l := e.params[name]
	if l == nil || !l.sharable || len(data) != l.value.Size() {
		return false
	}
	l.tensor.data = data
	return e.set(l, plan.Param, name, data) == nil
}

// View returns the memory of an output.
func (e *executable) View(name string) []float32 { return e.outputs[name].flatData() }

// Each runs a loop in parallel on the device's threads.
func (e *executable) Each(n int, body func(worker, i int)) { e.pool.each(n, body) }

// Close frees the program's memory; the last executable of a device ends its threads.
func (e *executable) Close() error {
	if !e.closed {
		e.closed = true
		e.steps, e.inputs, e.params, e.outputs = nil, nil, nil, nil
		e.pool.release()
	}
	return nil
}
