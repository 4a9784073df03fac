package cpu

import (
	"slices"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// compiler makes an executable of a program, which is its own.
type compiler struct {
	program *plan.Program
	kernels *kernel.Set
	pool    *pool
	readers [][]*plan.Instr // by Value.ID
	tensors []*tensor       // by Value.ID; nil where nothing needs one
	inputs  map[string]*input
	params  map[string]*param

	haloShared []bool // by Value.ID
	steps      []step
	shared     *[]float32 // memory for what no other step needs
	sharedSize int
	err        error
}

func newCompiler(d *Device, p *plan.Program) *compiler {
	c := &compiler{
		program: p, kernels: d.kernels, pool: d.pool, shared: new([]float32),
		inputs: make(map[string]*input), params: make(map[string]*param),
	}
	for _, v := range p.Values {
		switch v.Kind {
		case plan.Input:
			c.inputs[v.Name] = c.newInput(v)
		case plan.Param:
			c.params[v.Name] = &param{size: v.Size()}
		}
	}
	c.link()
	c.normalizeInputs()
	c.reorder()
	return c
}

// link notes who reads what.
func (c *compiler) link() {
	c.readers = make([][]*plan.Instr, len(c.program.Values))
	for _, in := range c.program.Instrs {
		for _, v := range in.In {
			c.readers[v.ID] = append(c.readers[v.ID], in)
		}
	}
}

func (c *compiler) newInput(v *plan.Value) *input {
	in := &input{size: v.Size()}
	channels := 1
	if len(v.Shape) > 1 {
		channels = v.Shape[1]
	}
	in.scale, in.shift = perChannel(channels), perChannel(channels)
	for i := range channels {
		in.scale[i] = 1
	}
	return in
}

// normalizeInputs leaves normalising to when an input is stored, where nothing else reads
// the input.
func (c *compiler) normalizeInputs() {
	c.program.Instrs = slices.DeleteFunc(c.program.Instrs, func(in *plan.Instr) bool {
		o, ok := in.Op.(op.InputNormalize)
		x := in.In[0]
		if !ok || x.Kind != plan.Input || x.Keep || in.Out.Keep || len(c.readers[x.ID]) > 1 {
			return false
		}
		input := c.inputs[x.Name]
		for i := range o.Mean {
			input.scale[i], input.shift[i] = 1/o.Std[i], -o.Mean[i]/o.Std[i]
		}
		for _, r := range c.readers[in.Out.ID] {
			for i, v := range r.In {
				if v == in.Out {
					r.In[i] = x
				}
			}
		}
		return true
	})
	c.link()
}

// reorder moves what can be done together with another instruction next to it: statistics
// right after what they are of, a ReLU's gradient right before the sums of it.
func (c *compiler) reorder() {
	maker := make(map[*plan.Value]*plan.Instr)
	var order []*plan.Instr
	early := make(map[*plan.Instr]bool)
	for _, in := range c.program.Instrs {
		maker[in.Out] = in
	}
	for _, in := range c.program.Instrs {
		if early[in] {
			continue
		}
		if _, ok := in.Op.(op.BatchNormReduce); ok {
			if m := maker[in.In[2]]; m != nil && isReLUGrad(m) && c.readers[m.Out.ID][0] == in {
				i := slices.Index(order, m)
				order = append(slices.Delete(order, i, i+1), m)
			}
		}
		order = append(order, in)
		for _, r := range c.readers[in.Out.ID] {
			if _, ok := r.Op.(op.BatchStats); ok && !early[r] {
				order, early[r] = append(order, r), true
			}
		}
	}
	c.program.Instrs = order
}

func isReLUGrad(in *plan.Instr) bool {
	_, ok := in.Op.(op.ReLUGrad)
	return ok
}

// scratch asks for n elements that only one step needs: steps that do share them. The
// memory is there when steps run.
func (c *compiler) scratch(n int) *[]float32 {
	c.sharedSize = max(c.sharedSize, n)
	return c.shared
}

// emit adds a step.
func (c *compiler) emit(o op.Op, run func()) {
	c.steps = append(c.steps, step{op.Name(o), run})
}

// emitHalo adds a step that makes the halo of v zero, if it may be anything else.
func (c *compiler) emitHalo(v *plan.Value) {
	if !c.haloShared[v.ID] {
		return
	}
	t := c.tensors[v.ID]
	body := func(_, n int) { t.clearHalo(n) }
	c.steps = append(c.steps, step{"halo", func() { c.pool.each(t.n, body) }})
}

// finish gives the executable.
func (c *compiler) finish() *executable {
	*c.shared = aligned(c.sharedSize + slack)
	e := &executable{program: c.program, pool: c.pool, steps: c.steps, inputs: c.inputs, params: c.params, outputs: make(map[string]*tensor)}
	e.unset = len(c.inputs) + len(c.params)
	for _, v := range c.program.Values {
		switch t := c.tensors[v.ID]; v.Kind {
		case plan.Input:
			in := c.inputs[v.Name]
			in.tensor = t
			in.body = func(_, n int) { t.load(n, in.data[n*t.c*t.pixels():], in.scale, in.shift) }
		case plan.Param:
			c.params[v.Name].tensor = t
		}
	}
	for name, v := range c.program.Outputs {
		e.outputs[name] = c.tensors[v.ID]
	}
	c.pool.acquire()
	return e
}
