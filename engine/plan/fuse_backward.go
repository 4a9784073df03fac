package plan

import "hfcui/engine/op"

// reluGrad fuses a ReLU's gradient into the gradients of the batch norm before it, if those are
// its only uses.
func (f *fusion) reluGrad(in *Instr) {
	if _, ok := in.Op.(op.ReLUGrad); !ok || in.Out.Keep {
		return
	}
	norm := f.maker[in.In[0]]
	if norm == nil {
		return
	}
	fused, ok := norm.Op.(FusedNorm)
	if !ok || fused.Residual {
		return
	}
	readers := append([]*Instr(nil), f.readers[in.Out]...)
	for _, r := range readers {
		if !normGradient(r, norm.In[:3], in.Out, fused.Epsilon) {
			return
		}
	}
	forward, dy := norm.In[:4:4], in.In[1]
	f.remove(in)
	for _, r := range readers {
		if _, ok := r.Op.(op.BatchNormReduce); ok {
			f.replace(FusedNormReduce{fused.Epsilon}, append(forward, dy), r)
		} else {
			f.replace(FusedNormInputGrad{fused.Epsilon}, append(forward, r.In[3], dy), r)
		}
	}
}

// normGradient reports whether in is a gradient of the batch norm of x, stats and gamma that
// uses dy once.
func normGradient(in *Instr, norm []*Value, dy *Value, epsilon float64) bool {
	same := in.In[0] == norm[0] && in.In[1] == norm[1]
	switch o := in.Op.(type) {
	case op.BatchNormReduce:
		return same && in.In[2] == dy && in.In[0] != dy && o.Epsilon == epsilon
	case op.BatchNormInputGrad:
		return same && in.In[2] == norm[2] && in.In[4] == dy && in.In[0] != dy && o.Epsilon == epsilon
	}
	return false
}

// scaleGrad fuses the scaling by a batch norm with running statistics into a convolution's input
// gradient, where it scales the weights.
func (f *fusion) scaleGrad(in *Instr) {
	scale, ok := in.Op.(op.BatchNormScaleGrad)
	if !ok || !fixed(in.In[:2]...) {
		return
	}
	r := f.only(in.Out)
	if r == nil {
		return
	}
	if grad, ok := inputGrad(r); ok && fixed(r.In[0]) {
		fused := FusedConvInputGrad{Grad: grad, Norm: true, Epsilon: scale.Epsilon}
		f.replace(fused, []*Value{r.In[0], in.In[2], in.In[0], in.In[1]}, in, r)
	}
}

// gradSum fuses the accumulation of another gradient into a convolution's input gradient.
func (f *fusion) gradSum(in *Instr) {
	if _, ok := in.Op.(op.Add); !ok || in.In[0] == in.In[1] {
		return
	}
	// If both addends are such gradients, the later one is fused.
	var best *Instr
	for _, v := range in.In {
		m := f.maker[v]
		if m == nil || f.only(v) == nil || best != nil && f.at[m] < f.at[best] {
			continue
		}
		if o, ok := m.Op.(FusedConvInputGrad); ok && !o.Residual {
			best = m
		} else if _, ok := inputGrad(m); ok {
			best = m
		}
	}
	if best == nil {
		return
	}
	fused, ok := best.Op.(FusedConvInputGrad)
	if !ok {
		fused.Grad, _ = inputGrad(best)
	}
	fused.Residual = true
	addend := other(in.In, best.Out)
	f.replace(fused, append(best.In[:len(best.In):len(best.In)], addend), best, in)
}

// inputGrad returns the operation of in if it is a convolution's input gradient that supports
// fusion: one group, no dilation.
func inputGrad(in *Instr) (op.GeneralConvInputGrad, bool) {
	switch o := in.Op.(type) {
	case op.ConvInputGrad:
		return o.General(), true
	case op.GeneralConvInputGrad:
		return o, o.Conv.Groups == 1 && o.Conv.Dilation == [2]int{1, 1} && fixed(in.In[0])
	}
	return op.GeneralConvInputGrad{}, false
}
