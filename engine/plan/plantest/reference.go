package plantest

import (
	"context"
	"fmt"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// Reference returns the device that runs every operation's Do: slow, and the reference for other
// devices.
func Reference() plan.Device { return reference{} }

type reference struct{}

func (reference) ID() string     { return "reference" }
func (reference) Name() string   { return "reference" }
func (reference) Note() string   { return "" }
func (reference) Threads() int   { return 1 }
func (reference) CacheSize() int { return 0 }

func (reference) Compile(p *plan.Program, yield plan.Yield) (plan.Executable, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	r := &interpreter{program: p, yield: yield, buffers: make([][]float32, len(p.Values)), set: make([]bool, len(p.Values))}
	offsets, total := plan.Arena(p, (*plan.Value).Size)
	arena := make([]float32, total)
	for i, v := range p.Values {
		switch {
		case v.Kind == plan.Constant:
			r.buffers[i], r.set[i] = v.Data, true
		case offsets[i] >= 0:
			r.buffers[i], r.set[i] = arena[offsets[i]:offsets[i]+v.Size()], true
		default:
			r.buffers[i] = make([]float32, v.Size())
		}
	}
	return r, nil
}

// interpreter runs a program instruction by instruction.
type interpreter struct {
	program *plan.Program
	yield   plan.Yield
	buffers [][]float32 // by plan.Value.ID
	set     []bool      // by plan.Value.ID; whether an input or parameter has been set
}

func (r *interpreter) SetParam(name string, data []float32) error {
	return r.store(plan.Param, name, data)
}

func (r *interpreter) SetInput(name string, data []float32) error {
	return r.store(plan.Input, name, data)
}

func (r *interpreter) store(kind plan.Kind, name string, data []float32) error {
	v, err := r.program.Find(kind, name)
	if err != nil {
		return err
	}
	if len(data) != v.Size() {
		return fmt.Errorf("%d values for %s", len(data), v)
	}
	copy(r.buffers[v.ID], data)
	r.set[v.ID] = true
	return nil
}

func (r *interpreter) Run(ctx context.Context) error {
	for i, ok := range r.set {
		if v := r.program.Values[i]; !ok && v.Kind != plan.Temp {
			return fmt.Errorf("%s has not been set", v)
		}
	}
	var in []op.Tensor
	for _, instr := range r.program.Instrs {
		if err := r.yield.Wait(ctx); err != nil {
			return err
		}
		in = in[:0]
		for _, v := range instr.In {
			in = append(in, op.Tensor{Shape: v.Shape, Data: r.buffers[v.ID]})
		}
		instr.Op.Do(op.Tensor{Shape: instr.Out.Shape, Data: r.buffers[instr.Out.ID]}, in)
	}
	return nil
}

func (r *interpreter) Output(name string, dst []float32) error {
	v, err := r.program.Output(name)
	if err != nil {
		return err
	}
	if len(dst) != v.Size() {
		return fmt.Errorf("destination of %d elements for %s", len(dst), v)
	}
	copy(dst, r.buffers[v.ID])
	return nil
}

func (r *interpreter) Close() error { return nil }
