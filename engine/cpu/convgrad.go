package cpu

import "hfcui/engine/cpu/kernel"

// weightGrad computes dw, a convolution's or a linear layer's gradient with respect to its
// weights [O,I,R,S], from x and dy: for every group of output channels, block of input
// channels and tap the sum over all pixels of dy times x.
//
// If these are too few for all threads, images are partitioned, summed separately and then added,
// always in the same order.
type weightGrad struct {
	compiler *compiler
	x, dy    *tensor
	dw       *tensor // flat
	rows     int     // of the kernel
	cols     int
	stride   int
	pad      int

	floats int        // of x per call: of a tap, or of a row of taps
	taps   int        // calls per kernel: its taps, or its rows
	places [2][]int32 // of a block's sums for 16 or 32 channels, in the order of dw, in bytes
	parts  int
	images int // together in one call
	sums   *[]float32
	shapes []kernel.GradShape // per worker
	body   func(worker, i int)
	unpack func(worker, i int)
}

func (g *weightGrad) run() {
	g.compiler.pool.each(g.groups()*g.x.blocks()*g.parts, g.body)
	g.assemble()
}

// assemble adds the parts to dw.
func (g *weightGrad) assemble() { g.compiler.pool.each(g.groups()*g.x.blocks(), g.unpack) }

func (g *weightGrad) groups() int { return (g.dy.c + 2*kernel.Block - 1) / (2 * kernel.Block) }

// wholeRows reports whether a call covers the taps of a row.
func (g *weightGrad) wholeRows() bool { return g.x.block < kernel.Block }

// inRows reports whether a kernel for rows of three taps, and pairs of pixels, applies.
func (g *weightGrad) inRows() bool {
	return g.cols == 3 && g.stride == 1 && g.x.block == kernel.Block && g.dy.w%2 == 0
}

// size is the number of elements of one part's sums.
func (g *weightGrad) size() int {
	return g.x.blocks() * g.taps * g.floats * roundUp(g.dy.c, kernel.Block)
}

func (g *weightGrad) prepare() {
	g.floats, g.taps = kernel.Block, g.rows*g.cols
	if g.wholeRows() {
		// Taps of a row are adjacent in memory: a call covers several.
		g.floats, g.taps = roundUp(g.cols*g.x.block, kernel.Block), g.rows
	}
	for i := range g.x.block * g.rows * g.cols {
		p := int32(g.place(i/(g.rows*g.cols), i%(g.rows*g.cols)))
		g.places[0] = append(g.places[0], 4*kernel.Block*p)
		g.places[1] = append(g.places[1], 4*2*kernel.Block*p)
	}
	units := g.groups() * g.x.blocks()
	g.parts = min(g.x.n, max(1, (16+units-1)/units))
	// Single precision is accurate enough for this many terms.
	const longest = 1 << 16
	g.parts = min(g.x.n, max(g.parts, g.x.n*g.dy.pixels()/longest))
	g.images = max(1, 256/g.dy.pixels())
	g.sums = g.compiler.scratch.take(g.parts * g.size())
	g.body, g.unpack = g.sum, g.collect
}

// base returns the offset of the sums of a part for output channels from k.
func (g *weightGrad) base(part, k int) int {
	return part*g.size() + g.x.blocks()*g.taps*g.floats*k
}

// sum sums a part for a group of output channels and a block of input channels.
func (g *weightGrad) sum(worker, i int) {
	part, i := i%g.parts, i/g.parts
	block, k := i%g.x.blocks(), i/g.x.blocks()*2*kernel.Block
	n0, n1 := part*g.x.n/g.parts, (part+1)*g.x.n/g.parts
	at := g.base(part, k) + block*g.taps*g.floats*width(k, g.dy.c)
	shape := &g.shapes[worker]
	for n := n0; n < n1; n += g.images {
		*shape = g.shape(g.x, g.dy, min(g.images, n1-n))
		if n > n0 {
			shape.Accumulate = 1
		}
		g.add((*g.sums)[at:], gradSource{g.x, n, block, g.dy.plane0(n, k/kernel.Block), width(k, g.dy.c)}, shape)
	}
}

// gradSource is images whose products are summed: one block of channels of those of x from
// n on, and as many of dy, of which there are `wide` channels.
type gradSource struct {
	x        *tensor
	n, block int
	dy       *float32
	wide     int
}

// add adds the contributions of images.
func (g *weightGrad) add(dw []float32, from gradSource, shape *kernel.GradShape) {
	kernels := g.compiler.of(g.x)
	f, step, wide := kernels.Grad32, kernel.Block/2, from.wide
	if wide == kernel.Block {
		f, step = kernels.Grad16, kernel.Block
	}
	taps := 1 // of a call
	if row := kernels.Grad32Row; row != nil && g.inRows() {
		f, step, taps = row, step/2, g.cols
		if wide == kernel.Block {
			f = kernels.Grad16Row
		}
	}
	for tap := 0; tap < g.taps; tap += taps {
		r, s := tap/g.cols, tap%g.cols
		if g.wholeRows() {
			r, s = tap, 0
		}
		x := from.x.offset(from.n, from.block, r-g.pad, s-g.pad)
		for c := 0; c < g.floats; c += step {
			if from.x == g.x {
				g.lookAhead(shape, tap/taps*g.floats/step+c/step, c == 0 && max(r, s) < g.stride)
			}
			f(from.x.pointer(x+c), from.dy, &dw[(tap*g.floats+c)*wide], shape)
		}
	}
}

// lookAhead makes the first calls for some images prefetch the data of the next: one of dy's two
// blocks each, and x, of which a call reads only the pixels of its phase of the stride.
func (g *weightGrad) lookAhead(shape *kernel.GradShape, call int, newPixels bool) {
	shape.XAhead, shape.YAhead = 0, 0
	if newPixels {
		shape.XAhead = shape.Images * g.x.bytes(g.x.image())
	}
	if call < 2 {
		shape.YAhead = shape.Images*g.dy.bytes(g.dy.image()) + call*shape.YBlockBytes
	}
}

// shape returns the loop over the pixels of images with the layouts of x and dy.
func (g *weightGrad) shape(x, dy *tensor, images int) kernel.GradShape {
	walk := func(t *tensor, stride int) kernel.Walk {
		return kernel.Walk{Pixel: stride * t.bytes(t.block), Row: stride * t.stride(), Image: t.bytes(t.image())}
	}
	xs, dys, block := walk(x, g.stride), walk(dy, 1), dy.bytes(dy.plane())
	if dy.pixels() == 1 {
		// Images of one pixel are pixels of one row.
		xs.Pixel, dys.Pixel = xs.Image, dys.Image
		return kernel.NewGradShape(1, 1, images, xs, dys, block)
	}
	return kernel.NewGradShape(images, dy.h, dy.w, xs, dys, block)
}

// collect adds the parts of a block of input channels for a group of output channels and stores
// them in dw.
func (g *weightGrad) collect(_, i int) {
	block, k0 := i%g.x.blocks(), i/g.x.blocks()*2*kernel.Block
	wide := width(k0, g.dy.c)
	n := g.taps * g.floats * wide
	total := (*g.sums)[g.base(0, k0)+block*n:][:n]
	for part := 1; part < g.parts; part++ {
		more := (*g.sums)[g.base(part, k0)+block*n:][:n]
		g.compiler.kernels.Add(&total[0], &more[0], &total[0], n/kernel.Block, 1, 0)
	}
	taps := g.rows * g.cols
	places := g.places[wide/kernel.Block-1][:min(g.x.block, g.x.c-block*g.x.block)*taps]
	row, outs := g.x.c*taps, min(wide, g.dy.c-k0)
	g.store(g.dw.data[k0*row+block*g.x.block*taps:], total, places, row, outs)
}

// store stores sums at places in rows of dw.
func (g *weightGrad) store(dw, sums []float32, places []int32, row, outs int) {
	whole, wholeOuts := len(places)/kernel.Block*kernel.Block, outs/kernel.Block*kernel.Block
	for k := 0; k < wholeOuts; k += kernel.Block {
		for i := 0; i < whole; i += kernel.Block {
			g.compiler.kernels.Transpose(&sums[k], &dw[k*row+i], &places[i], 4*row)
		}
	}
	for k := range outs {
		from := whole
		if k >= wholeOuts {
			from = 0
		}
		for i := from; i < len(places); i++ {
			dw[k*row+i] = sums[int(places[i])/4+k]
		}
	}
}

// place returns the index of the sum for input channel c of a block and tap t.
func (g *weightGrad) place(c, t int) int {
	if g.wholeRows() {
		return t/g.cols*g.floats + t%g.cols*g.x.block + c
	}
	return t*kernel.Block + c
}
