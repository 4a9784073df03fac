package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// winograd2 computes a convolution in bf16 of 3×3 taps, a pixel apart, by F(2×2, 3×3): see
// kernel.Winograd2.
//
// A chunk of work is a group of images, or a part of their tiles: all of its inputs are
// transformed; then, for every group of output channels, a few tiles at a time are
// multiplied and transformed back, so that products stay in the cache.
type winograd2 struct {
	*convolution
	inputs, outputs []int32 // where a group's tiles begin, in bytes from the first image's first pixel
	slices          int     // of tiles that lie together, in the largest part
	scales          []float32
	u               *[]float32
	uGroup          int        // elements of a group's weights
	work            *[]float32 // every worker's transformed inputs, and products
	v, m            int        // elements of both
	input, output   kernel.Winograd2Shape
	multiply        kernel.Winograd2Product
	weigh           kernel.Winograd2Weights
}

const (
	// winograd2Cache is how much of the cache transformed inputs may take.
	winograd2Cache = 512 << 10
	// winograd2Step is how many times eight tiles are multiplied together.
	winograd2Step = 4
	// fewTiles2 is how many tiles there must be to be worth the larger weights.
	fewTiles2 = 64
)

// suitsWinograd2 tells whether F(2×2, 3×3) can compute the convolution, and faster: tiles
// are to fill the image, and channels their blocks.
func (c *convolution) suitsWinograd2() bool {
	if len(c.weights.windows) != 1 || c.x.dtype != plan.BFloat16 || c.x.c%kernel.Block > 0 || c.y.c%(2*kernel.Block) > 0 {
		return false
	}
	win := &c.weights.windows[0]
	return c.x.block == kernel.Block && win.rows == 3 && win.cols == 3 && win.dense() &&
		win.height%kernel.Winograd2Tile == 0 && win.width%kernel.Winograd2Tile == 0 &&
		win.height*win.width/4*c.y.n >= fewTiles2
}

// prepare lists tiles and decides how the work is cut.
func (w *winograd2) prepare() {
	win := &w.weights.windows[0]
	tiles, blocks, threads := win.height*win.width/4, w.x.blocks(), w.compiler.pool.threads
	const together, narrow = kernel.Winograd2Together, kernel.PixelBytes / 2
	least := (winograd2Step*together + tiles - 1) / tiles
	most := winograd2Cache / (tiles * blocks * kernel.Winograd2Points * narrow)
	w.group = min(w.y.n, max(1, least, min(most, w.y.n/(4*threads))))
	w.list(win)
	slices := (w.group*tiles + together - 1) / together
	w.imageChunks, w.parts = (w.y.n+w.group-1)/w.group, 1
	if enough := 4 * threads; threads > 1 && w.imageChunks < enough {
		w.parts = min(enough/w.imageChunks, slices)
	}
	// Large images are cut for the cache, too.
	bytes := slices * blocks * together * kernel.Winograd2Points * narrow
	w.parts = max(w.parts, min(slices, bytes/(2*winograd2Cache)))
	w.slices = (slices + w.parts - 1) / w.parts

	// A little more for every point keeps points from competing for places in the cache.
	const apart = kernel.PixelBytes
	w.input = kernel.Winograd2Shape{Row: w.x.stride(), Point: w.slices*blocks*together*narrow + apart}
	w.multiply = kernel.Winograd2Product{
		Blocks: blocks, VPoint: w.input.Point, UPoint: blocks*kernel.Block*kernel.PixelBytes + apart,
		MBlock: winograd2Step * together * kernel.PixelBytes, MPoint: 2*winograd2Step*together*kernel.PixelBytes + apart,
	}
	w.output = kernel.Winograd2Shape{Row: w.y.stride(), Point: w.multiply.MPoint}
	if w.rectify {
		w.output.Rectify = 1
	}
	w.v, w.m = kernel.Winograd2Points*w.multiply.VPoint/4, kernel.Winograd2Points*w.multiply.MPoint/4
	w.work = w.compiler.tiles.take(threads * (w.v + w.m))
	w.prepareWeights(win)
	w.body = w.chunk
	w.each = func(_, i int) { w.after(i/w.y.blocks(), i%w.y.blocks()) }
}

// list lists a group's tiles.
func (w *winograd2) list(win *window) {
	const side = kernel.Winograd2Tile
	for n := range w.group {
		for y := 0; y < win.height; y += side {
			for x := 0; x < win.width; x += side {
				in := n*w.x.image() + (win.from[0]+y)*w.x.row() + (win.from[1]+x)*w.x.block
				w.inputs = append(w.inputs, int32(w.x.bytes(in)))
				w.outputs = append(w.outputs, int32(w.y.bytes(n*w.y.image()+y*w.y.row()+x*w.y.block)))
			}
		}
	}
}

// prepareWeights finds a place for the transformed weights: a shared one, where they change
// in every run.
func (w *winograd2) prepareWeights(win *window) {
	w.weigh = kernel.Winograd2Weights{Channel: 4 * w.weights.inStep, Pair: 2 * kernel.PixelBytes, Point: w.multiply.UPoint}
	for k := range w.weigh.Lanes {
		w.weigh.Lanes[k] = int32(4 * k * w.weights.outStep)
	}
	for i, tap := range win.taps {
		w.weigh.Taps[i] = int32(4 * tap)
	}
	if w.weights.scaleOf == scaledInputs {
		w.scales, w.weigh.Scale = aligned(w.x.c*kernel.Block), kernel.PixelBytes
	}
	w.uGroup = kernel.Winograd2Points * w.multiply.UPoint / 4
	size := w.weights.groups() * w.uGroup
	if w.compiler.trains {
		w.u = w.compiler.packing.take(size)
	} else {
		u := aligned(size)
		w.u = &u
	}
	w.pack = w.transformWeights
}

// load transforms the weights.
func (w *winograd2) load() {
	for i := range w.scales {
		w.scales[i] = w.weights.scale[i/kernel.Block]
	}
	w.compiler.pool.each(2*w.weights.groups(), w.pack)
}

// transformWeights transforms those of sixteen output channels.
func (w *winograd2) transformWeights(_, block int) {
	k, scale := block*kernel.Block, oneScale
	switch w.weights.scaleOf {
	case scaledOutputs:
		scale = w.weights.scale[k:]
	case scaledInputs:
		scale = w.scales
	}
	u := &(*w.u)[block/2*w.uGroup+block%2*kernel.Block]
	w.compiler.of(w.x).Winograd2.Weights(&w.weights.src.data[k*w.weights.outStep], u, &scale[0], w.x.c/2, &w.weigh)
}

// run computes y.
func (w *winograd2) run() {
	pool := w.compiler.pool
	pool.each(w.imageChunks*w.parts, w.body)
	if w.after != nil && w.parts > 1 {
		pool.each(w.y.n*w.y.blocks(), w.each)
	}
}

// chunk computes one part of the tiles of a group of images.
func (w *winograd2) chunk(worker, i int) {
	const together = kernel.Winograd2Together
	part, n := i%w.parts, i/w.parts*w.group
	images := min(w.group, w.y.n-n)
	tiles := len(w.inputs) / w.group * images
	slices := (tiles + together - 1) / together
	first, end := part*slices/w.parts*together, min(tiles, (part+1)*slices/w.parts*together)
	v := (*w.work)[worker*(w.v+w.m):]
	m := v[w.v:]
	w.transform(v, n, first, end)
	for group := range w.weights.groups() {
		for from := first; from < end; from += winograd2Step * together {
			to := min(end, from+winograd2Step*together)
			w.finish(v[(from-first)*w.x.blocks()*kernel.Block/2:], m, n, group, from, to)
		}
		if w.after == nil || w.parts > 1 {
			continue
		}
		for image := n; image < n+images; image++ {
			w.after(image, 2*group)
			w.after(image, 2*group+1)
		}
	}
}

// transform transforms the inputs of tiles of the images from n on.
func (w *winograd2) transform(v []float32, n, first, end int) {
	f := w.compiler.of(w.x).Winograd2.Input
	const slice = kernel.Winograd2Together * kernel.Block / 2 // elements
	for from := first; from < end; from += kernel.Winograd2Together {
		tiles := min(kernel.Winograd2Together, end-from)
		for b := range w.x.blocks() {
			f(w.x.plane0(n, b), &v[0], &w.inputs[from], tiles, &w.input)
			v = v[slice:]
		}
	}
}

// finish multiplies a few tiles, for a group of output channels, and transforms them back.
func (w *winograd2) finish(v, m []float32, n, group, from, to int) {
	const together = kernel.Winograd2Together
	kernels := &w.compiler.of(w.x).Winograd2
	kernels.Product(&v[0], &(*w.u)[group*w.uGroup], &m[0], (to-from+together-1)/together, &w.multiply)
	for i := range 2 {
		block := 2*group + i
		bias, addend := &noBias[0], (*float32)(nil)
		if w.bias != nil {
			bias = &w.bias[block*kernel.Block]
		}
		if w.addend != nil {
			addend = w.addend.plane0(n, block)
		}
		kernels.Output(&m[i*w.multiply.MBlock/4], w.y.plane0(n, block), addend, bias, &w.outputs[from], to-from, &w.output)
	}
}
