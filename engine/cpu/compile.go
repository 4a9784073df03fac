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
	c.link()
	c.normalizeInputs()
	c.reorder()
	return c
}

// link records the readers of values.
func (c *compiler) link() {
	c.readers = make([][]*plan.Instr, len(c.program.Values))
	for _, in := range c.program.Instrs {
		for _, v := range in.In {
			c.readers[v.ID] = append(c.readers[v.ID], in)
		}
	}
}

// normalizeInputs moves input normalization to SetInput, if nothing else reads the input.
func (c *compiler) normalizeInputs() {
	c.program.Instrs = slices.DeleteFunc(c.program.Instrs, func(in *plan.Instr) bool {
		o, ok := in.Op.(op.InputNormalize)
		x := in.In[0]
		if !ok || x.Kind != plan.Input || x.Keep || in.Out.Keep || len(c.readers[x.ID]) > 1 {
			return false
		}
		l := c.inputs[x.Name]
		l.scale, l.shift = normalizing(o)
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

// normalizing returns scale and shift per channel.
func normalizing(o op.InputNormalize) (scale, shift []float32) {
	scale, shift = perChannel(len(o.Mean)), perChannel(len(o.Mean))
	for i := range o.Mean {
		scale[i], shift[i] = 1/o.Std[i], -o.Mean[i]/o.Std[i]
	}
	return scale, shift
}

// reorder moves instructions that can be fused next to each other: sums over a convolution's result
// right after it, a ReLU's gradient right before the sums of it.
func (c *compiler) reorder() {
	maker := make(map[*plan.Value]*plan.Instr)
	var order []*plan.Instr
	placed := make(map[*plan.Instr]bool)
	for _, in := range c.program.Instrs {
		maker[in.Out] = in
	}
	for _, in := range c.program.Instrs {
		if placed[in] {
			continue
		}
		if _, ok := in.Op.(op.BatchNormReduce); ok {
			if m := maker[in.In[2]]; m != nil && isReLUGrad(m) && c.readers[m.Out.ID][0] == in {
				i := slices.Index(order, m)
				order = append(slices.Delete(order, i, i+1), m)
			}
		}
		order, placed[in] = append(order, in), true
		for _, r := range c.sums(in) {
			ready := !placed[r]
			for _, v := range r.In {
				ready = ready && (maker[v] == nil || placed[maker[v]])
			}
			if ready {
				order, placed[r] = append(order, r), true
			}
		}
	}
	c.program.Instrs = order
}

// sums returns the instructions that sum the result of a convolution, or of its input gradient, and
// batch norm's gradients from these sums, in topological order.
func (c *compiler) sums(in *plan.Instr) (sums []*plan.Instr) {
	_, forward := asConv(in)
	_, backward := asInputGrad(in)
	if !forward && !backward {
		return nil
	}
	for _, r := range c.readers[in.Out.ID] {
		switch {
		case forward:
			if _, ok := r.Op.(op.BatchStats); ok {
				sums = append(sums, r)
			}
		case reduced(r) == in.Out:
			sums = append(append(sums, r), c.normGrads(r)...)
		case isReLUGrad(r) && r.In[1] == in.Out:
			if next := c.readers[r.Out.ID]; len(next) > 0 && reduced(next[0]) == r.Out {
				sums = append(append(sums, r, next[0]), c.normGrads(next[0])...)
			}
		}
	}
	return sums
}

// normGrads returns batch norm's input gradients that use the sums of in: they read the same
// arrays, which are in the cache.
func (c *compiler) normGrads(in *plan.Instr) (grads []*plan.Instr) {
	for _, r := range c.readers[in.Out.ID] {
		switch r.Op.(type) {
		case op.BatchNormInputGrad, plan.FusedNormInputGrad:
			grads = append(grads, r)
		}
	}
	return grads
}

// reduced returns the gradient that an instruction reduces for batch norm; nil for others.
func reduced(in *plan.Instr) *plan.Value {
	switch in.Op.(type) {
	case op.BatchNormReduce:
		return in.In[2]
	case plan.FusedNormReduce:
		return in.In[4]
	}
	return nil
}

func isReLUGrad(in *plan.Instr) bool {
	_, ok := in.Op.(op.ReLUGrad)
	return ok
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
