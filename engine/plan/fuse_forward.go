package plan

import (
	"slices"

	"hfcui/engine/op"
)

// convolution fuses a convolution with the operations after it.
func (f *fusion) convolution(in *Instr) {
	fused := FusedConv{}
	switch o := in.Op.(type) {
	case op.Conv:
		fused.Conv = o.General()
	case op.GeneralConv:
		if fused.Conv = o; !fixed(in.In[1]) {
			return
		}
	default:
		return
	}
	sources, old := in.In, []*Instr{in}
	next := func() *Instr { return f.only(old[len(old)-1].Out) }
	take := func(r *Instr, values ...*Value) {
		old, sources = append(old, r), append(sources[:len(sources):len(sources)], values...)
	}
	if r := next(); r != nil {
		if _, ok := r.Op.(op.ChannelBias); ok && fixed(r.In[1]) {
			fused.Bias = true
			take(r, r.In[1])
		}
	}
	if r := next(); r != nil && fixed(in.In[1]) {
		if norm, ok := r.Op.(op.BatchNorm); ok && fixed(r.In[1:]...) {
			fused.Norm, fused.Epsilon = true, norm.Epsilon
			take(r, r.In[1:]...)
		}
	}
	if r := next(); r != nil && fused.Conv.Groups == 1 {
		if _, ok := r.Op.(op.Add); ok {
			fused.Residual = true
			take(r, other(r.In, old[len(old)-1].Out))
		}
	}
	if r := next(); r != nil {
		switch o := r.Op.(type) {
		case op.ReLU:
			fused.Rectify = true
			take(r)
		case op.Map:
			fused.Map = o
			take(r)
		}
	}
	if len(old) > 1 {
		f.replace(fused, sources, old...)
	}
}

// shuffle fuses a transpose of [N,g,c,H,W] to [N,c,g,H,W] between reshapes from and to NCHW into a
// permutation of channels.
func (f *fusion) shuffle(in *Instr) {
	x, out := in.In[0].Shape, in.Out.Shape
	if _, ok := in.Op.(op.Reshape); !ok || len(x) != 4 || len(out) != 5 || x[0] != out[0] || x[2] != out[3] || x[3] != out[4] {
		return
	}
	swap := f.only(in.Out)
	if swap == nil {
		return
	}
	if o, ok := swap.Op.(op.Transpose); !ok || !slices.Equal(o.Perm, []int{0, 2, 1, 3, 4}) {
		return
	}
	back := f.only(swap.Out)
	if back == nil || !slices.Equal(back.Out.Shape, x) {
		return
	}
	if _, ok := back.Op.(op.Reshape); !ok {
		return
	}
	index := make([]int, x[1])
	for i := range index {
		index[i] = i%out[1]*out[2] + i/out[1]
	}
	f.replace(op.Gather{Axis: 1, Index: index}, in.In, in, swap, back)
}

// linear fuses a linear layer with the ReLU that follows it.
func (f *fusion) linear(in *Instr) {
	if _, ok := in.Op.(op.Linear); !ok {
		return
	}
	if r := f.only(in.Out); r != nil {
		if _, ok := r.Op.(op.ReLU); ok {
			f.replace(FusedLinear{}, in.In, in, r)
		}
	}
}

// norm fuses a batch norm that is not part of a convolution with addition and ReLU.
func (f *fusion) norm(in *Instr) {
	norm, ok := in.Op.(op.BatchNorm)
	if !ok {
		return
	}
	fused := FusedNorm{Epsilon: norm.Epsilon}
	sources, old, r := in.In, []*Instr{in}, f.only(in.Out)
	if r != nil {
		if _, ok := r.Op.(op.Add); ok {
			fused.Residual = true
			sources = append(sources[:4:4], other(r.In, in.Out))
			old, r = append(old, r), f.only(r.Out)
		}
	}
	if r == nil {
		return
	}
	if _, ok := r.Op.(op.ReLU); ok {
		f.replace(fused, sources, append(old, r)...)
	}
}

// fixed reports whether no instruction computes any of the values.
func fixed(values ...*Value) bool {
	for _, v := range values {
		if v.Kind == Temp {
			return false
		}
	}
	return true
}

// other returns the other one of two values.
func other(in []*Value, v *Value) *Value {
	if in[0] == v {
		return in[1]
	}
	return in[0]
}
