package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// convolve lowers a convolution with what it has taken up. after is called for every plane
// that is done.
func (c *compiler) convolve(in *plan.Instr, o plan.FusedConv, after func(n, b int)) func() {
	if o.Conv.Groups > 1 {
		return c.convolveGroups(in, o, after)
	}
	after = c.followed(o, c.t(in.Out), after)
	w := in.In[1]
	_, _, _, _, addend := o.Sources(in.In)
	weights := forwardWeights(c.t(w), w.Shape[0], w.Shape[1], w.Shape[2]*w.Shape[3],
		[]window{forwardWindow(o.Conv, w.Shape, in.Out.Shape)})
	conv := &convolution{compiler: c, x: c.t(in.In[0]), y: c.t(in.Out), weights: weights, addend: c.t(addend), rectify: o.Rectify, after: after}
	if o.Bias || o.Norm {
		conv.bias = perChannel(w.Shape[0])
	}
	if o.Norm {
		weights.scaleOf = scaledOutputs
	}
	update, sources := c.foldNorm(in, o, &weights.scale, conv.bias)
	return c.product(conv, update, sources)
}

// fold gives scale and shift of the norm of a convolution with a bias, which may be nil.
func (o *norm) fold(scale, shift []float32, bias *tensor) {
	o.affines(scale, shift)
	if bias != nil {
		for c := range o.channels() {
			shift[c] += bias.data[c] * scale[c]
		}
	}
}

// convolveBack lowers a convolution's gradient with respect to its input. after is called
// for every plane that is done.
func (c *compiler) convolveBack(in *plan.Instr, o plan.FusedConvInputGrad, after func(n, b int)) func() {
	if o.Grad.Conv.Groups > 1 {
		return c.convolveGroupsBack(in, o, after)
	}
	w := in.In[0]
	weights := backwardWeights(c.t(w), w.Shape[0], w.Shape[1], w.Shape[2]*w.Shape[3], backwardWindows(o.Grad, w.Shape))
	conv := &convolution{compiler: c, x: c.t(in.In[1]), y: c.t(in.Out), weights: weights, after: after}
	if o.Residual {
		conv.addend = c.t(in.In[len(in.In)-1])
	}
	sources := []*plan.Value{w}
	var update func()
	if o.Norm {
		weights.scale, weights.scaleOf = perChannel(w.Shape[0]), scaledInputs
		norm := c.norm(in.In[2], in.In[3], nil, o.Epsilon)
		update = func() {
			for k := range norm.channels() {
				weights.scale[k] = float32(float64(norm.gamma.data[k]) * norm.inverse(k))
			}
		}
		sources = append(sources, in.In[2], in.In[3])
	}
	return c.product(conv, update, sources)
}

// onePixel is the window of a matrix product.
var onePixel = []window{convWindow(1, 1, op.Conv{Stride: 1}.General().Window, 1, 1)}

// linear lowers a linear layer.
func (c *compiler) linear(in *plan.Instr, rectify bool) func() {
	w, b := in.In[1], c.t(in.In[2])
	weights := forwardWeights(c.t(w), w.Shape[0], w.Shape[1], 1, onePixel)
	conv := &convolution{compiler: c, x: c.t(in.In[0]), y: c.t(in.Out), weights: weights, rectify: rectify, bias: perChannel(b.n)}
	return c.product(conv, func() { copy(conv.bias, b.data[:b.n]) }, in.In[1:])
}

// linearBack lowers a linear layer's gradient with respect to its input.
func (c *compiler) linearBack(in *plan.Instr) func() {
	w := in.In[0]
	weights := backwardWeights(c.t(w), w.Shape[0], w.Shape[1], 1, onePixel)
	return c.product(&convolution{compiler: c, x: c.t(in.In[1]), y: c.t(in.Out), weights: weights}, nil, in.In[:1])
}

// product gives the step of a convolution: when what its weights are made from has
// changed, update runs and they are packed again. Where they change in every run, they are
// packed into memory that all convolutions share.
func (c *compiler) product(conv *convolution, update func(), sources []*plan.Value) func() {
	p := c.producer(conv)
	load := p.load
	if update != nil {
		load = func() {
			update()
			p.load()
		}
	}
	return c.prepared(load, p.run, sources)
}

// producer chooses the way to compute a convolution, and prepares it.
func (c *compiler) producer(conv *convolution) producer {
	p := producer(conv)
	switch {
	case c.direct:
	case conv.suitsWinograd():
		p = &winograd{convolution: conv}
	case conv.suitsWinograd2():
		p = &winograd2{convolution: conv}
	}
	p.prepare()
	return p
}

// prepared runs, after load where the sources have changed since the last time.
func (c *compiler) prepared(load, run func(), sources []*plan.Value) func() {
	stale, always := new(bool), c.trains
	for _, v := range sources {
		switch v.Kind {
		case plan.Param:
			c.params[v.Name].stale = append(c.params[v.Name].stale, stale)
		case plan.Input:
			c.inputs[v.Name].stale = append(c.inputs[v.Name].stale, stale)
		case plan.Temp:
			always = true
		}
	}
	*stale = true
	return func() {
		if *stale {
			load()
			*stale = always
		}
		run()
	}
}

// producer is a way to compute a convolution.
type producer interface {
	prepare() // decides all there is to decide
	load()    // packs the weights
	run()
}

// weightGrad lowers a convolution's or linear layer's gradient with respect to weights.
func (c *compiler) weightGrad(in *plan.Instr, o op.ConvWeightGrad) func() {
	g := &weightGrad{
		compiler: c, x: c.t(in.In[0]), dy: c.t(in.In[1]), dw: c.t(in.Out),
		rows: o.Shape[2], cols: o.Shape[3], stride: o.Stride, pad: o.Pad,
		shapes: make([]kernel.GradShape, c.pool.threads),
	}
	if g.x.dtype == plan.BFloat16 {
		return c.pairGrad(g)
	}
	if !c.direct && g.suitsWinograd() {
		w := &winogradGrad{weightGrad: *g}
		w.prepare()
		return w.run
	}
	g.prepare()
	return g.run
}
