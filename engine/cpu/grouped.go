package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// grouped is a convolution in several groups of channels as several convolutions, each of
// whole blocks of channels: of so many groups that these are. Weights between channels of
// different groups are 0.
type grouped struct {
	w       *tensor // flat, [K,C/groups,R,S]
	groups  int
	in, out int // channels of a group
	taps    int
	scale   []float32 // of output channels, or nil
	parts   []producer
	weights []*tensor // of each part, [out·some,in·some,R,S]
}

// most is how many times the products of a grouped convolution those of its parts may be.
const most = 64

// together is how many groups make whole blocks of channels, or all of them; 0 if that would
// be too many.
func together(groups int, w []int) int {
	for some := 1; some <= min(groups, most); some++ {
		blocks := some*w[1]%kernel.Block == 0 && some*(w[0]/groups)%kernel.Block == 0
		if some == groups || groups%some == 0 && blocks {
			return some
		}
	}
	return 0
}

// suitsGroups tells whether there is a way to convolve in groups faster than the general one.
func (c *compiler) suitsGroups(groups int, w []int) bool {
	switch {
	case groups == 1:
		return true
	case c.dtype != plan.Float32:
		return false
	}
	return isDepthwise(groups, w) || together(groups, w) > 0
}

// newGrouped lists the parts' weights.
func newGrouped(w *tensor, groups int, shape []int) *grouped {
	g := &grouped{w: w, groups: groups, in: shape[1], out: shape[0] / groups, taps: shape[2] * shape[3]}
	some := together(groups, shape)
	for range groups / some {
		t := flat(some * g.out * some * g.in * g.taps)
		t.data = make([]float32, t.n)
		g.weights = append(g.weights, t)
	}
	return g
}

// channels are those of a part's input and output.
func (g *grouped) channels() (in, out int) {
	some := g.groups / len(g.weights)
	return some * g.in, some * g.out
}

// load spreads the weights and packs them.
func (g *grouped) load() {
	in, out := g.channels()
	for i, t := range g.weights {
		for k := range out {
			o := i*out + k
			first := k / g.out * g.in // input channel of the part
			to := t.data[(k*in+first)*g.taps:][:g.in*g.taps]
			copy(to, g.w.data[o*g.in*g.taps:])
			if g.scale != nil {
				for j := range to {
					to[j] *= g.scale[o]
				}
			}
		}
		g.parts[i].load()
	}
}

func (g *grouped) run() {
	for _, p := range g.parts {
		p.run()
	}
}

// afterPart calls after with a plane of a part, whose first block is given.
func afterPart(after func(n, b int), first int) func(n, b int) {
	if after == nil {
		return nil
	}
	return func(n, b int) { after(n, first+b) }
}

// convolveGroups lowers a convolution in several groups.
func (c *compiler) convolveGroups(in *plan.Instr, o plan.FusedConv, after func(n, b int)) func() {
	w := in.In[1]
	if isDepthwise(o.Conv.Groups, w.Shape) {
		return c.depthwise(in, o, after)
	}
	after = c.followed(o, c.t(in.Out), after)
	g := newGrouped(c.t(w), o.Conv.Groups, w.Shape)
	bias := perChannel(w.Shape[0])
	update, sources := c.foldNorm(in, o, &g.scale, bias)
	inputs, outputs := g.channels()
	for i, t := range g.weights {
		weights := forwardWeights(t, outputs, inputs, g.taps, []window{forwardWindow(o.Conv, w.Shape, in.Out.Shape)})
		g.parts = append(g.parts, c.producer(&convolution{
			compiler: c, x: c.t(in.In[0]).part(i*inputs, inputs), y: c.t(in.Out).part(i*outputs, outputs), weights: weights,
			bias: bias[i*outputs:], rectify: o.Rectify, after: afterPart(after, i*outputs/kernel.Block),
		}))
	}
	return c.prepared(func() {
		update()
		g.load()
	}, g.run, sources)
}

// convolveGroupsBack lowers the gradient with respect to the input of such a convolution.
func (c *compiler) convolveGroupsBack(in *plan.Instr, o plan.FusedConvInputGrad, after func(n, b int)) func() {
	w := in.In[0]
	if isDepthwise(o.Grad.Conv.Groups, w.Shape) {
		return c.depthwiseBack(in, o.Grad, after)
	}
	g := newGrouped(c.t(w), o.Grad.Conv.Groups, w.Shape)
	inputs, outputs := g.channels()
	for i, t := range g.weights {
		weights := backwardWeights(t, outputs, inputs, g.taps, backwardWindows(o.Grad, w.Shape))
		g.parts = append(g.parts, c.producer(&convolution{
			compiler: c, x: c.t(in.In[1]).part(i*outputs, outputs), y: c.t(in.Out).part(i*inputs, inputs), weights: weights,
			after: afterPart(after, i*inputs/kernel.Block),
		}))
	}
	return c.prepared(g.load, g.run, in.In[:1])
}

// foldNorm gives what makes scale and bias of a convolution's output channels of its bias
// and norm, and what these come from, with the weights. Without a norm there is no scale.
func (c *compiler) foldNorm(in *plan.Instr, o plan.FusedConv, scale *[]float32, shift []float32) (update func(), sources []*plan.Value) {
	bias, stats, gamma, beta, _ := o.Sources(in.In)
	sources = []*plan.Value{in.In[1]}
	update = func() {}
	switch {
	case o.Norm:
		*scale = perChannel(in.In[1].Shape[0])
		norm, b := c.norm(stats, gamma, beta, o.Epsilon), c.t(bias)
		update = func() { norm.fold(*scale, shift, b) }
		sources = append(sources, stats, gamma, beta)
	case o.Bias:
		b := c.t(bias)
		update = func() { copy(shift, b.data[:b.n]) }
	}
	if o.Bias {
		sources = append(sources, bias)
	}
	return update, sources
}
