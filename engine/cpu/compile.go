package cpu

import (
	"slices"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// compiler compiles a program, which it may change.
type compiler struct {
	program *plan.Program
	kernels *kernel.Set // for float32: see of
	dtype   plan.DType
	pool    *pool
	roomy   int
	direct  bool
	readers [][]*plan.Instr // by Value.ID
	tensors []*tensor       // by Value.ID; nil if not needed
	inputs  map[string]*leaf
	params  map[string]*leaf

	haloShared []bool // by Value.ID
	steps      []step
	trains     bool   // weights change between runs
	scratch    shared // partial sums
	packing    shared // weights packed right before use
	tiles      shared // Winograd's, between transforms
}

func newCompiler(d *Device, p *plan.Program) *compiler {
	c := &compiler{
		program: p, kernels: d.kernels, dtype: d.dtype, pool: d.pool, roomy: d.roomy, direct: d.direct,
		inputs: make(map[string]*leaf), params: make(map[string]*leaf),
	}
	c.trains = slices.ContainsFunc(p.Instrs, isWeightGrad)
	for _, v := range p.Values {
		switch v.Kind {
		case plan.Input:
			c.inputs[v.Name] = &leaf{value: v}
		case plan.Param:
			c.params[v.Name] = &leaf{value: v}
		}
	}
	for name, o := range plan.NormalizeInputs(p) {
		c.inputs[name].scale, c.inputs[name].shift = normalizing(o)
	}
	c.readers = p.Readers()
	plan.Gather(p)
	return c
}

// normalizing returns scale and shift per channel, for kernels.
func normalizing(o op.InputNormalize) (scale, shift []float32) {
	scale, shift = perChannel(len(o.Mean)), perChannel(len(o.Mean))
	factors, terms := o.Affine()
	copy(scale, factors)
	copy(shift, terms)
	return scale, shift
}

// of returns the kernels for t's data type.
func (c *compiler) of(t *tensor) *kernel.Set {
	if t.dtype == plan.BFloat16 {
		return c.kernels.BF16
	}
	return c.kernels
}

func isWeightGrad(in *plan.Instr) bool {
	switch in.Op.(type) {
	case op.ConvWeightGrad, op.LinearWeightGrad:
		return true
	}
	return false
}

// shared is scratch memory that all steps share.
type shared struct {
	data *[]float32
	size int
}

// take reserves n elements, allocated before steps run.
func (s *shared) take(n int) *[]float32 {
	if s.data == nil {
		s.data = new([]float32)
	}
	s.size = max(s.size, n)
	return s.data
}

// allocate allocates the memory.
func (s *shared) allocate() {
	if s.data != nil {
		*s.data = aligned(s.size + slack)
	}
}

// emit adds a step.
func (c *compiler) emit(o op.Op, run func()) {
	c.steps = append(c.steps, step{op.Name(o), run})
}

// finish returns the executable.
func (c *compiler) finish() *executable {
	c.scratch.allocate()
	c.packing.allocate()
	c.tiles.allocate()
	e := &executable{program: c.program, pool: c.pool, steps: c.steps, inputs: c.inputs, params: c.params, outputs: make(map[string]*tensor)}
	e.updates = updates(c.kernels)
	e.unset = len(c.inputs) + len(c.params)
	for _, leaves := range []map[string]*leaf{c.inputs, c.params} {
		for _, l := range leaves {
			c.finishLeaf(l)
		}
	}
	for name, v := range c.program.Outputs {
		e.outputs[name] = c.tensors[v.ID]
	}
	c.pool.acquire()
	return e
}

// isElementwise reports whether an instruction's kernel works on arrays of any kind.
func isElementwise(in *plan.Instr) bool {
	switch in.Op.(type) {
	case op.Add, op.ReLU, op.ReLUGrad:
		return true
	}
	return false
}

// finishLeaf prepares a leaf for storing.
func (c *compiler) finishLeaf(l *leaf) {
	t := c.tensors[l.value.ID]
	l.tensor = t
	if t == nil || t.flat {
		l.sharable = t != nil && !l.value.Keep && !slices.ContainsFunc(c.readers[l.value.ID], isElementwise)
		return
	}
	if l.scale == nil {
		l.scale, l.shift = ones(t.c), perChannel(t.c)
	}
	size := t.c * t.pixels()
	l.store = func(_, n int) { t.load(n, l.data[n*size:][:size], l.scale, l.shift) }
	if f := c.kernels.Interleave; f != nil && t.block == 4 && t.w >= kernel.InterleavePixels && t.dtype == plan.Float32 {
		l.store = func(_, n int) {
			x := l.data[n*size:][:size]
			for y := range t.h {
				f(&x[y*t.w], t.at(n, 0, y, 0), &l.scale[0], &l.shift[0], t.c, t.w, 4*t.pixels())
			}
		}
	}
}
