package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// depthwise is a convolution whose output channels see one input channel each, the same, or
// its input gradient.
type depthwise struct {
	x, y    *tensor
	w       *tensor // flat, [C,1,R,S]
	windows []window
	shapes  [][]kernel.DepthwiseShape // of each window: all of its pixels in one to two calls
	places  [][]depthwisePlace        // where those begin, in elements from a plane's first pixel
	starts  []int                     // of a window's weights in a block's
	packed  []float32                 // for every block of channels, window and tap its channels'
	block   int                       // of a block's weights, in elements
	scale   []float32                 // of channels, or nil
	bias    []float32
}

type depthwisePlace struct{ x, y int }

// depthwiseTogether is how many pixels of a row the kernel does at the same time.
const depthwiseTogether = 4

func (d *depthwise) prepare(limits [2]float32) {
	for i := range d.windows {
		win := &d.windows[i]
		d.starts = append(d.starts, d.block)
		d.block += len(win.taps) * kernel.Block
		x, y := &d.x.layout, &d.y.layout
		shape := kernel.DepthwiseShape{
			Pixels: win.width, Rows: win.height, Cols: win.cols, TapRows: win.rows,
			XPixel: x.bytes(win.advance[1] * x.block), XRow: win.advance[0] * x.stride(),
			YPixel: y.bytes(win.step[1] * y.block), YRow: win.step[0] * y.stride(),
			Col: x.bytes(win.spread[1] * x.block), TapRow: win.spread[0] * x.stride(), Limits: limits,
		}
		place := depthwisePlace{win.from[0]*x.row() + win.from[1]*x.block, win.first[0]*y.row() + win.first[1]*y.block}
		shapes, places := []kernel.DepthwiseShape{shape}, []depthwisePlace{place}
		if rest := win.width % depthwiseTogether; rest > 1 && win.width > depthwiseTogether {
			// The last few together with some that are done a second time.
			shapes[0].Pixels -= rest
			shape.Pixels = depthwiseTogether
			skip := win.width - depthwiseTogether
			shapes = append(shapes, shape)
			places = append(places, depthwisePlace{place.x + skip*win.advance[1]*x.block, place.y + skip*win.step[1]*y.block})
		}
		d.shapes, d.places = append(d.shapes, shapes), append(d.places, places)
	}
	d.packed = aligned(d.block * d.x.blocks())
	if d.bias == nil {
		d.bias = perChannel(d.x.c)
	}
}

// load packs the weights.
func (d *depthwise) load() {
	taps := d.w.n / d.x.c
	for c := range d.x.c {
		scale := float32(1)
		if d.scale != nil {
			scale = d.scale[c]
		}
		for i := range d.windows {
			if len(d.windows[i].taps) == 0 {
				continue
			}
			to := d.packed[c/kernel.Block*d.block+d.starts[i]+c%kernel.Block:]
			for t, tap := range d.windows[i].taps {
				to[t*kernel.Block] = d.w.data[c*taps+tap] * scale
			}
		}
	}
}

// plane computes a plane of y.
func (d *depthwise) plane(k *kernel.Set, n, b int) {
	from, to := d.x.offset(n, b, 0, 0), d.y.offset(n, b, 0, 0)
	for i := range d.windows {
		if len(d.windows[i].taps) == 0 { // a gradient that nothing reaches
			d.clear(n, b, &d.windows[i])
			continue
		}
		for j := range d.shapes[i] {
			p := d.places[i][j]
			k.Depthwise(d.x.pointer(from+p.x), &d.packed[b*d.block+d.starts[i]], d.y.pointer(to+p.y), &d.bias[b*kernel.Block], &d.shapes[i][j])
		}
	}
}

// clear makes a window's pixels 0.
func (d *depthwise) clear(n, b int, win *window) {
	win.offsets(&d.x.layout, &d.y.layout, func(_, y int) {
		at := d.y.offset(n, b, 0, 0) + y
		d.y.clear(at, at+kernel.Block)
	})
}

// run gives a function that computes y and calls after for every plane that is done.
func (d *depthwise) run(c *compiler, after func(n, b int)) func() {
	return c.planes(d.y, func(n, b int) {
		d.plane(c.kernels, n, b)
		if after != nil {
			after(n, b)
		}
	})
}

// isDepthwise tells convolutions whose channels have one kernel each, of weights [K,C/groups,R,S].
func isDepthwise(groups int, w []int) bool { return w[0] == groups && w[1] == 1 }

// depthwise lowers a convolution of one channel a group.
func (c *compiler) depthwise(in *plan.Instr, o plan.FusedConv, after func(n, b int)) func() {
	w := in.In[1]
	d := &depthwise{x: c.t(in.In[0]), y: c.t(in.Out), w: c.t(w), windows: []window{forwardWindow(o.Conv, w.Shape, in.Out.Shape)}}
	limits := kernel.Unlimited
	if o.Rectify {
		limits[0] = 0
	}
	if o.Map.Func == "clip" {
		limits = [2]float32{float32(o.Map.A), float32(o.Map.B)}
	} else {
		after = c.followed(o, d.y, after)
	}
	d.prepare(limits)
	update, sources := c.foldNorm(in, o, &d.scale, d.bias)
	return c.prepared(func() {
		update()
		d.load()
	}, d.run(c, after), sources)
}

// depthwiseBack lowers the gradient with respect to the input of such a convolution.
func (c *compiler) depthwiseBack(in *plan.Instr, o op.GeneralConvInputGrad, after func(n, b int)) func() {
	w := in.In[0]
	d := &depthwise{x: c.t(in.In[1]), y: c.t(in.Out), w: c.t(w), windows: backwardWindows(o, w.Shape)}
	d.prepare(kernel.Unlimited)
	return c.prepared(d.load, d.run(c, after), in.In[:1])
}
