package gpu

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/plan"
)

// compiler compiles a program, which it may change.
type compiler struct {
	dev     *Device
	program *plan.Program
	readers [][]*plan.Instr // by Value.ID
	tensors []*tensor       // by Value.ID; nil if not needed
	inputs  map[string]*leaf
	params  map[string]*leaf
	outputs map[string]*output

	launches []launch             // of a run, in order
	updates  []launch             // of a learner, after those
	trained  map[*plan.Value]bool // a learner's parameters: they are row-major
	target   *[]launch            // what launch appends to: launches, or those of a derived array
	at       int                  // the instruction that is being lowered
	scratch  [][]*tensor          // by instruction
	early    [][]*plan.Value      // by instruction: what it computes of later ones
	done     map[*plan.Instr]bool // those
	fixed    []*tensor            // arrays with memory of their own: leaves, tables, derived arrays
	placed   []*tensor            // parts of other arrays' memory
	derived  []*derived
	packing  packing
	err      error // the first of a family
}

// launch is a launch of a kernel whose tensors have no memory yet.
type launch struct {
	module  source.Module
	kernel  string
	groups  [3]int
	threads int
	args    []any      // *tensor, hal.Span, int or float32
	library hal.Kernel // a kernel of a library, of no module; nil: of the module
}

// derived is an array that is computed from parameters only, such as packed weights: its launches
// run before a run in which it is stale.
type derived struct {
	key      string
	tensor   *tensor
	launches []launch
	from, to int // in the executable's sequence
	stale    bool
}

func newCompiler(d *Device, p *plan.Program) *compiler {
	c := &compiler{
		dev: d, program: p,
		inputs: make(map[string]*leaf), params: make(map[string]*leaf), outputs: make(map[string]*output),
		scratch: make([][]*tensor, len(p.Instrs)), early: make([][]*plan.Value, len(p.Instrs)), done: make(map[*plan.Instr]bool),
	}
	c.target = &c.launches
	for _, v := range p.Values {
		switch v.Kind {
		case plan.Input:
			c.inputs[v.Name] = &leaf{value: v}
		case plan.Param:
			c.params[v.Name] = &leaf{value: v}
		}
	}
	for name, o := range plan.NormalizeInputs(p) {
		c.inputs[name].scale, c.inputs[name].shift = o.Affine()
	}
	plan.Gather(p)
	c.readers = p.Readers()
	return c
}

// maxThreads is the largest group that families launch: all devices have groups of 256.
const maxThreads = 256

// over returns the groups of maxThreads threads that cover n elements, one a thread.
func over(n int) [3]int { return [3]int{max(1, (n+maxThreads-1)/maxThreads), 1, 1} }

// launch adds a launch of a kernel, with arguments *tensor, hal.Span, int or float32.
func (c *compiler) launch(module source.Module, kernel string, groups [3]int, threads int, args ...any) {
	for _, a := range args {
		switch v := a.(type) {
		case int:
			if v != int(int32(v)) {
				c.fail(fmt.Errorf("%s: %d exceeds 32 bits: use a smaller batch", kernel, v))
			}
		case *tensor, hal.Span, float32:
		default:
			panic(fmt.Sprintf("gpu: argument %T of kernel %s", a, kernel)) // a mistake of a family
		}
	}
	*c.target = append(*c.target, launch{module: module, kernel: kernel, groups: groups, threads: threads, args: args})
}

// fail records an error of a family; Compile returns the first.
func (c *compiler) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// temporary returns memory that the instruction being lowered uses until its last launch.
func (c *compiler) temporary(bytes int) *tensor {
	t := &tensor{bytes: max(bytes, 1)}
	if c.target != &c.launches {
		c.fixed = append(c.fixed, t)
	} else {
		c.scratch[c.at] = append(c.scratch[c.at], t)
	}
	return t
}

// along has the instruction being lowered compute the result of a later one too, and returns that.
func (c *compiler) along(later *plan.Instr) *tensor {
	c.early[c.at] = append(c.early[c.at], later.Out)
	c.done[later] = true
	return c.t(later.Out)
}

// derive returns an array computed from values by the launches that emit adds, under a key that
// tells it from other arrays derived of the same values. If the values are parameters and
// constants only, it is computed again when they have changed, and instructions share it; otherwise
// it is scratch memory of the instruction being lowered, computed in every run.
func (c *compiler) derive(key string, from []*plan.Value, bytes int, emit func(dst *tensor)) *tensor {
	if c.target != &c.launches || slices.ContainsFunc(from, func(v *plan.Value) bool { return v.Kind != plan.Param && v.Kind != plan.Constant }) {
		t := c.temporary(bytes)
		emit(t)
		return t
	}
	for _, v := range from {
		key += fmt.Sprint(" ", v.ID)
	}
	for _, d := range c.derived {
		if d.key == key {
			return d.tensor
		}
	}
	d := &derived{key: key, tensor: &tensor{bytes: max(bytes, 1)}, stale: true}
	c.derived, c.fixed = append(c.derived, d), append(c.fixed, d.tensor)
	for _, v := range from {
		if l := c.params[v.Name]; v.Kind == plan.Param {
			l.derived = append(l.derived, d)
		}
	}
	c.target = &d.launches
	emit(d.tensor)
	c.target = &c.launches
	return d.tensor
}

// table returns an array of constants for kernels to read.
func (c *compiler) table(values []float32) *tensor {
	data := make([]byte, 0, 4*roundUp(len(values), octet))
	for _, v := range values {
		data = binary.NativeEndian.AppendUint32(data, math.Float32bits(v))
	}
	return c.constant(data)
}

// indices returns an array of int32 constants for kernels to read.
func (c *compiler) indices(values []int) *tensor { return c.constant(int32s(values)) }

// int32s are the bytes of values as kernels read them.
func int32s(values []int) []byte {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.NativeEndian.AppendUint32(data, uint32(int32(v)))
	}
	return data
}

func (c *compiler) constant(data []byte) *tensor {
	data = append(data, make([]byte, max(octet*4, roundUp(len(data), octet*4))-len(data))...)
	t := &tensor{bytes: len(data), data: data}
	c.fixed = append(c.fixed, t)
	return t
}
