package plan

import (
	"slices"

	"hfcui/engine/op"
)

// Fuse returns a program that computes the same outputs as p in fewer passes over memory. It
// fuses
//
//   - convolutions with the bias, the batch norm with running statistics, the residual addition
//     and the ReLU or other function of single elements that follow,
//   - two reshapes and a transpose between them that exchange groups of channels (ShuffleNet),
//   - linear layers with the ReLU that follows,
//   - other batch norms with the residual addition and the ReLU that follow,
//   - a batch norm's gradients with that of the ReLU after it,
//   - convolutions' input gradients with the scaling by a batch norm with running statistics
//     and with the addition that accumulates the gradients of a value used twice.
//
// Results differ from p's by rounding only. p is not changed.
func Fuse(p *Program) *Program {
	f := newFusion(p)
	f.each(f.shuffle)
	f.each(f.convolution)
	f.each(f.linear)
	f.each(f.norm)
	f.each(f.reluGrad)
	f.each(f.scaleGrad)
	f.each(f.gradSum)
	return f.finish()
}

// fusion is a program being rewritten; removed instructions are nil until finish.
type fusion struct {
	program *Program
	instrs  []*Instr
	at      map[*Instr]int
	maker   map[*Value]*Instr
	readers map[*Value][]*Instr
}

func newFusion(p *Program) *fusion {
	f := &fusion{program: p, at: make(map[*Instr]int), maker: make(map[*Value]*Instr), readers: make(map[*Value][]*Instr)}
	for i, in := range p.Instrs {
		c := &Instr{in.Op, slices.Clone(in.In), in.Out}
		f.instrs = append(f.instrs, c)
		f.link(c, i)
	}
	return f
}

// each calls f for every remaining instruction.
func (f *fusion) each(rule func(*Instr)) {
	for i := range f.instrs {
		if f.instrs[i] != nil {
			rule(f.instrs[i])
		}
	}
}

func (f *fusion) link(in *Instr, at int) {
	f.instrs[at], f.at[in], f.maker[in.Out] = in, at, in
	for _, v := range in.In {
		f.readers[v] = append(f.readers[v], in)
	}
}

func (f *fusion) remove(in *Instr) {
	f.instrs[f.at[in]] = nil
	delete(f.maker, in.Out)
	for _, v := range in.In {
		f.readers[v] = slices.DeleteFunc(f.readers[v], func(r *Instr) bool { return r == in })
	}
}

// replace replaces several instructions by one, at the position of the last.
func (f *fusion) replace(o op.Op, in []*Value, old ...*Instr) *Instr {
	last := old[0]
	for _, r := range old {
		if f.at[r] > f.at[last] {
			last = r
		}
		f.remove(r)
	}
	made := &Instr{o, in, last.Out}
	f.link(made, f.at[last])
	return made
}

// only returns the single use of v; nil if v has several or is an output.
func (f *fusion) only(v *Value) *Instr {
	if r := f.readers[v]; len(r) == 1 && !v.Keep {
		return r[0]
	}
	return nil
}

// finish removes dead values and renumbers the others.
func (f *fusion) finish() *Program {
	out := &Program{Outputs: make(map[string]*Value)}
	copies := make(map[*Value]*Value)
	use := func(v *Value) *Value {
		if copies[v] == nil {
			c := *v
			c.ID = len(out.Values)
			copies[v] = &c
			out.Values = append(out.Values, &c)
		}
		return copies[v]
	}
	// Unused inputs and parameters stay: callers may still set them.
	for _, v := range f.program.Values {
		if v.Kind != Temp {
			use(v)
		}
	}
	for _, in := range f.instrs {
		if in == nil {
			continue
		}
		c := &Instr{Op: in.Op}
		for _, v := range in.In {
			c.In = append(c.In, use(v))
		}
		c.Out = use(in.Out)
		out.Instrs = append(out.Instrs, c)
	}
	for name, v := range f.program.Outputs {
		out.Outputs[name] = use(v)
	}
	return out
}
