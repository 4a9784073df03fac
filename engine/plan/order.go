package plan

import (
	"slices"

	"hfcui/engine/op"
)

// Readers returns the instructions that read each value, by Value.ID, in execution order; one that
// reads a value twice is there twice.
func (p *Program) Readers() [][]*Instr {
	readers := make([][]*Instr, len(p.Values))
	for _, in := range p.Instrs {
		for _, v := range in.In {
			readers[v.ID] = append(readers[v.ID], in)
		}
	}
	return readers
}

// NormalizeInputs removes the input normalizations of p that devices can do where they store an
// input, since nothing else reads it, and returns them by the input's name. It changes p.
func NormalizeInputs(p *Program) map[string]op.InputNormalize {
	readers, removed := p.Readers(), make(map[string]op.InputNormalize)
	p.Instrs = slices.DeleteFunc(p.Instrs, func(in *Instr) bool {
		o, ok := in.Op.(op.InputNormalize)
		x := in.In[0]
		if !ok || x.Kind != Input || x.Keep || in.Out.Keep || len(readers[x.ID]) > 1 {
			return false
		}
		removed[x.Name] = o
		for _, r := range readers[in.Out.ID] {
			for i, v := range r.In {
				if v == in.Out {
					r.In[i] = x
				}
			}
		}
		return true
	})
	return removed
}

// Gather moves instructions of p that FindMerge merges next to each other: sums over a convolution's
// result right after it, a ReLU's gradient right before the sums of it. Batch norm's gradients
// follow the sums they use: they read the same arrays, which are in the cache. It changes p.
func Gather(p *Program) {
	g := gathering{readers: p.Readers(), maker: make(map[*Value]*Instr)}
	var order []*Instr
	placed := make(map[*Instr]bool)
	for _, in := range p.Instrs {
		g.maker[in.Out] = in
	}
	for _, in := range p.Instrs {
		if placed[in] {
			continue
		}
		if _, ok := in.Op.(op.BatchNormReduce); ok {
			if m := g.maker[in.In[2]]; m != nil && isReLUGrad(m) && g.readers[m.Out.ID][0] == in {
				i := slices.Index(order, m)
				order = append(slices.Delete(order, i, i+1), m)
			}
		}
		order, placed[in] = append(order, in), true
		for _, r := range g.sums(in) {
			ready := !placed[r]
			for _, v := range r.In {
				ready = ready && (g.maker[v] == nil || placed[g.maker[v]])
			}
			if ready {
				order, placed[r] = append(order, r), true
			}
		}
	}
	p.Instrs = order
}

// gathering is what Gather knows of a program.
type gathering struct {
	readers [][]*Instr // by Value.ID
	maker   map[*Value]*Instr
}

// sums returns the instructions that sum the result of a convolution, or of its input gradient, and
// batch norm's gradients from these sums, in topological order.
func (g *gathering) sums(in *Instr) (sums []*Instr) {
	_, forward := AsConv(in)
	_, backward := AsConvInputGrad(in)
	if !forward && !backward {
		return nil
	}
	for _, r := range g.readers[in.Out.ID] {
		switch {
		case forward:
			if _, ok := r.Op.(op.BatchStats); ok {
				sums = append(sums, r)
			}
		case reduced(r) == in.Out:
			sums = append(append(sums, r), g.normGrads(r)...)
		case isReLUGrad(r) && r.In[1] == in.Out:
			if next := g.readers[r.Out.ID]; len(next) > 0 && reduced(next[0]) == r.Out {
				sums = append(append(sums, r, next[0]), g.normGrads(next[0])...)
			}
		}
	}
	return sums
}

// normGrads returns batch norm's input gradients that use the sums of in.
func (g *gathering) normGrads(in *Instr) (grads []*Instr) {
	for _, r := range g.readers[in.Out.ID] {
		switch r.Op.(type) {
		case op.BatchNormInputGrad, FusedNormInputGrad:
			grads = append(grads, r)
		}
	}
	return grads
}

// reduced returns the gradient that an instruction reduces for batch norm; nil for others.
func reduced(in *Instr) *Value {
	switch in.Op.(type) {
	case op.BatchNormReduce:
		return in.In[2]
	case FusedNormReduce:
		return in.In[4]
	}
	return nil
}

func isReLUGrad(in *Instr) bool {
	_, ok := in.Op.(op.ReLUGrad)
	return ok
}

// AsConv returns an instruction's operation as a convolution, if it is one.
func AsConv(in *Instr) (FusedConv, bool) {
	switch o := in.Op.(type) {
	case op.Conv:
		return FusedConv{Conv: o.General()}, true
	case op.GeneralConv:
		return FusedConv{Conv: o}, true
	case FusedConv:
		return o, true
	}
	return FusedConv{}, false
}

// AsConvInputGrad returns an instruction's operation as a convolution's input gradient, if it is one.
func AsConvInputGrad(in *Instr) (FusedConvInputGrad, bool) {
	switch o := in.Op.(type) {
	case op.ConvInputGrad:
		return FusedConvInputGrad{Grad: o.General()}, true
	case op.GeneralConvInputGrad:
		return FusedConvInputGrad{Grad: o}, true
	case FusedConvInputGrad:
		return o, true
	}
	return FusedConvInputGrad{}, false
}
