package cpu

import (
	"context"
	"fmt"

	"hfcui/engine/plan"
)

// executable is a compiled program.
type executable struct {
	program *plan.Program
	pool    *pool
	steps   []step
	inputs  map[string]*input
	params  map[string]*param
	unset   int // inputs and parameters not set yet
	outputs map[string]*tensor
	closed  bool
}

// step is one or several instructions.
type step struct {
	name string
	run  func()
}

// input is what is set before a run.
type input struct {
	size         int
	tensor       *tensor // nil if nothing reads it
	scale, shift []float32
	set          bool
	data         []float32 // while it is being stored
	body         func(worker, n int)
}

// param is what is set now and then.
type param struct {
	size   int
	tensor *tensor // nil if nothing reads it
	set    bool
	stale  []*bool // what is to be made again when it changes
}

// SetParam copies a parameter. What is made of it is made again in the next run.
func (e *executable) SetParam(name string, data []float32) error {
	p := e.params[name]
	if p == nil {
		return e.missing(plan.Param, name)
	}
	if len(data) != p.size {
		return fmt.Errorf("%d values for parameter %q, which has %d", len(data), name, p.size)
	}
	e.setOnce(&p.set)
	if p.tensor != nil {
		copy(p.tensor.data, data)
	}
	for _, s := range p.stale {
		*s = true
	}
	return nil
}

// SetInput stores an input in the layout the program reads.
func (e *executable) SetInput(name string, data []float32) error {
	in := e.inputs[name]
	if in == nil {
		return e.missing(plan.Input, name)
	}
	if len(data) != in.size {
		return fmt.Errorf("%d values for input %q, which has %d", len(data), name, in.size)
	}
	e.setOnce(&in.set)
	if in.tensor == nil {
		return nil
	}
	if in.tensor.flat {
		copy(in.tensor.data, data)
		return nil
	}
	in.data = data
	e.pool.each(in.tensor.n, in.body)
	in.data = nil
	return nil
}

// setOnce notes that something has been set.
func (e *executable) setOnce(set *bool) {
	if !*set {
		*set = true
		e.unset--
	}
}

// missing is the error for a name the program does not have.
func (e *executable) missing(kind plan.Kind, name string) error {
	_, err := e.program.Find(kind, name)
	return err
}

// Run computes all outputs.
func (e *executable) Run(ctx context.Context) error {
	if e.unset > 0 {
		return e.notSet()
	}
	for i := range e.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.steps[i].run()
	}
	return nil
}

// notSet says what has not been set.
func (e *executable) notSet() error {
	for _, v := range e.program.Values {
		if in := e.inputs[v.Name]; v.Kind == plan.Input && !in.set {
			return fmt.Errorf("%s has not been set", v)
		}
		if p := e.params[v.Name]; v.Kind == plan.Param && !p.set {
			return fmt.Errorf("%s has not been set", v)
		}
	}
	return nil
}

// Output copies an output.
func (e *executable) Output(name string, dst []float32) error {
	t := e.outputs[name]
	if t == nil {
		_, err := e.program.Output(name)
		return err
	}
	if want := t.count(); len(dst) != want {
		return fmt.Errorf("%d places for output %q, which has %d values", len(dst), name, want)
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

// Close frees the program's memory; the last executable of a device ends its threads.
func (e *executable) Close() error {
	if !e.closed {
		e.closed = true
		e.steps, e.inputs, e.params, e.outputs = nil, nil, nil, nil
		e.pool.release()
	}
	return nil
}
