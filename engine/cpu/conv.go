package cpu

import (
	"unsafe"

	"hfcui/engine/cpu/kernel"
)

// convolution computes y = x∗w + bias + addend with an optional ReLU; also input gradients, with dy
// as x, and matrix products, as images of one pixel.
type convolution struct {
	compiler *compiler
	x, y     *tensor
	weights  *weights
	addend   *tensor // laid out like y, or nil
	bias     []float32
	rectify  bool
	after    func(n, b int) // called after a plane of y

	windows []convTiles
	// A chunk of work is `outs` groups of output channels by `images` groups of images by
	// one of `parts` of the tiles.
	group        int // images with a common list of tiles
	outs, images int
	parts        int
	outChunks    int
	imageChunks  int
	body, each   func(worker, i int)
	pack         func(worker, group int)
}

// convTiles is the tiles of a window.
type convTiles struct {
	tiles, last []kernel.Tile // of a group of images, and of the last one if it is smaller
	calls       []convCall
	inRows      bool // kernels for neighboring pixels and three columns apply
}

// convCall is a kernel call for a range of input channels.
type convCall struct {
	channel int // the first
	offset  int // of its block in x
	shape   kernel.ConvShape
}

// load packs the weights.
func (c *convolution) load() { c.compiler.pool.each(c.weights.groups(), c.pack) }

// run computes y.
func (c *convolution) run() {
	c.compiler.pool.each(c.outChunks*c.imageChunks*c.parts, c.body)
	if c.after != nil && c.parts > 1 {
		c.compiler.pool.each(c.y.n*c.y.blocks(), c.each)
	}
}

// prepare lists tiles and calls and partitions the work.
func (c *convolution) prepare() {
	c.weights.kernels = c.compiler.kernels
	c.weights.place(&c.x.layout)
	if c.compiler.trains {
		c.weights.packed = c.compiler.packing.take(c.weights.size())
	} else {
		c.weights.keep()
	}
	c.pack = func(_, group int) { c.weights.pack(group) }
	c.group = groupOf(c.y.pixels(), c.y.n)
	for i := range c.weights.windows {
		win := &c.weights.windows[i]
		t := convTiles{calls: c.calls(win)}
		t.inRows = win.cols == 3 && win.dense() && win.width%kernel.TilePixels == 0 && c.x.block == kernel.Block
		t.tiles = listTiles(win, c.x, c.y, c.group)
		if rest := c.y.n % c.group; rest > 0 {
			t.last = listTiles(win, c.x, c.y, rest)
		}
		c.windows = append(c.windows, t)
	}
	c.cut()
	c.body = c.chunk
	c.each = func(_, i int) { c.after(i/c.y.blocks(), i%c.y.blocks()) }
}

// groupOf returns the number of images that share tiles: several if small, as tiles of eight pixels
// rarely fit.
func groupOf(pixels, images int) int {
	switch {
	case pixels >= 64:
		return 1
	case pixels > 1:
		return min(8, images)
	}
	return min(64, images)
}

// later returns the prefetch distance in tiles: past tiles that share the middle tap, plus two,
// which take longer than a memory access.
func (win *window) later() int {
	return (win.width*(win.rows/2)+kernel.TilePixels-1)/kernel.TilePixels + 2
}

// listTiles partitions the window's pixels of images into tiles. The last one is padded with its
// last pixel. After them, for prefetching, are the first tiles of the next block of channels.
func listTiles(win *window, x, y *tensor, images int) []kernel.Tile {
	pixels := win.height * win.width * images
	n := (pixels + kernel.TilePixels - 1) / kernel.TilePixels
	tiles := make([]kernel.Tile, n, n+win.later())
	i := 0
	put := func(from, to int) {
		tiles[i/kernel.TilePixels].X[i%kernel.TilePixels] = int32(x.bytes(from))
		tiles[i/kernel.TilePixels].Y[i%kernel.TilePixels] = int32(y.bytes(to))
		i++
	}
	for n := range images {
		win.offsets(&x.layout, &y.layout, func(from, to int) { put(n*x.image()+from, n*y.image()+to) })
	}
	if i == 0 {
		return nil
	}
	end := &tiles[n-1]
	for at := (i-1)%kernel.TilePixels + 1; at < kernel.TilePixels; at++ {
		end.X[at], end.Y[at] = end.X[at-1], end.Y[at-1]
	}
	all := tiles[:cap(tiles)]
	for j := n; j < len(all); j++ {
		all[j] = all[j-n]
		for p := range all[j].X {
			all[j].X[p] += int32(x.bytes(x.plane()))
		}
	}
	return tiles
}

// cached is the maximum of taps times blocks of input channels of a call whose weights fit the L1
// cache: 18 KB for 32 output channels.
const cached = 9

// calls partitions the input channels into calls.
func (c *convolution) calls(win *window) []convCall {
	shape := func(quads, blocks int) kernel.ConvShape {
		x, make := c.x, kernel.NewConvShape
		if c.weights.pairs {
			make = kernel.NewConvShapeBF16
		}
		s := make(quads, win.cols, win.rows, blocks, win.spread[1]*x.bytes(x.block), win.spread[0]*x.stride(), x.bytes(x.plane()), c.y.bytes(c.y.plane()))
		s.Later = win.later() * int(unsafe.Sizeof(kernel.Tile{}))
		return s
	}
	var calls []convCall
	switch {
	case len(win.taps) == 0:
		calls = append(calls, convCall{shape: shape(1, 0)})
	case c.weights.pairs:
		// A single call: intermediate results would be rounded.
		calls = append(calls, convCall{shape: shape(c.x.block/4, c.x.blocks())})
	default:
		whole := c.x.c / kernel.Block
		for b := 0; b < whole; {
			n := min(whole-b, max(1, cached/len(win.taps)))
			calls = append(calls, convCall{b * kernel.Block, b * c.x.plane(), shape(4, n)})
			b += n
		}
		if rest := c.x.c % kernel.Block; rest > 0 {
			calls = append(calls, convCall{whole * kernel.Block, whole * c.x.plane(), shape((rest+3)/4, 1)})
		}
	}
	if c.rectify {
		calls[len(calls)-1].shape.Rectify = 1
	}
	return calls
}

const (
	// large is the size of weights, in bytes, that fit the L2 cache.
	large = 512 << 10
	// panel is the size of a part of an image that stays there while its weights are read.
	panel = 256 << 10
	// joined is the number of tiles that kernels compute together where they can.
	joined = 3
)

// cut partitions the work into chunks: enough for all threads, and such that weights or images,
// whichever are larger, are read from memory once.
func (c *convolution) cut() {
	groups, images := c.weights.groups(), (c.y.n+c.group-1)/c.group
	enough := 4 * c.compiler.pool.threads
	c.outs, c.images, c.parts = groups, 1, 1
	if groups*c.weights.bytes() > large {
		c.outs = 1
		c.images = max(1, min(16/c.group, images*groups/enough))
	} else if c.after == nil {
		c.parts = max(1, min(c.reads()/panel, len(c.windows[0].tiles)/joined))
	}
	if images*c.parts < enough {
		c.outs = 1
	}
	c.outChunks = (groups + c.outs - 1) / c.outs
	c.imageChunks = (images + c.images - 1) / c.images
	if chunks := c.outChunks * c.imageChunks; c.compiler.pool.threads > 1 && chunks < enough {
		c.parts = max(c.parts, min(enough/chunks, len(c.windows[0].tiles)/4))
	}
}

// reads returns how many bytes of x a group of images reads: strides may skip some.
func (c *convolution) reads() int {
	pixels := 0
	for _, win := range c.weights.windows {
		pixels += win.height * win.width * len(win.taps)
	}
	return c.group * c.x.blocks() * c.x.bytes(c.x.block) * min(pixels, c.x.pixels())
}

// chunk computes a chunk of y.
func (c *convolution) chunk(_, i int) {
	part, i := i%c.parts, i/c.parts
	images, groups := (c.y.n+c.group-1)/c.group, c.weights.groups()
	firstImage, firstOut := i%c.imageChunks*c.images, i/c.imageChunks*c.outs
	lastImage := min(images, firstImage+c.images)
	for out := firstOut; out < min(groups, firstOut+c.outs); out++ {
		k := out * 2 * kernel.Block
		for w := range c.windows {
			for j := range c.windows[w].calls {
				for g := firstImage; g < lastImage; g++ {
					c.call(k, w, j, g, part)
				}
			}
		}
		if c.after == nil || c.parts > 1 {
			continue
		}
		for n := firstImage * c.group; n < min(c.y.n, lastImage*c.group); n++ {
			for b := range width(k, c.y.c) / kernel.Block {
				c.after(n, k/kernel.Block+b)
			}
		}
	}
}

// call runs the kernel for output channels from k, call j of a window, group g of images and a part
// of its tiles.
func (c *convolution) call(k, win, j, g, part int) {
	w := &c.windows[win]
	call := &w.calls[j]
	tiles := w.tiles
	if (g+1)*c.group > c.y.n {
		tiles = w.last
	}
	from, to := part*len(tiles)/c.parts/joined*joined, len(tiles)
	if part < c.parts-1 {
		to = (part + 1) * len(tiles) / c.parts / joined * joined
	}
	if from == to {
		return
	}
	n := g * c.group
	y := c.y.plane0(n, k/kernel.Block)
	addend, bias := y, (*float32)(nil)
	if j == 0 {
		addend = nil
		if c.addend != nil {
			addend = c.addend.plane0(n, k/kernel.Block)
		}
		if c.bias != nil {
			bias = &c.bias[k]
		}
	}
	kernels := c.compiler.of(c.x)
	f := kernels.Conv32
	if width(k, c.y.c) == kernel.Block {
		f = kernels.Conv16
		if row := kernels.Conv16Row; row != nil && w.inRows && call.shape.Quads == 4 {
			f = row
		}
	}
	x := c.x.pointer(c.x.offset(n, 0, 0, 0) + call.offset)
	f(x, c.weights.at(k, win, call.channel), y, addend, bias, &tiles[from], to-from, &call.shape)
}
