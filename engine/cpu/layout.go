package cpu

import (
	"unsafe"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// layout is the memory layout of an array.
//
// A blocked layout has its channels in blocks: a pixel is the adjacent channels of a block, pixels
// form rows, rows planes, and planes images. The last block is padded with zero channels. A halo of
// zeros surrounds every plane for kernels that read beyond its edge: `halo` rows above it, and as
// many pixels left of every row. Right of a row is the halo of the next one, below a plane that of
// the next plane. Matrices [N,C] are images of one pixel, without halo.
//
// A flat layout is n elements, in op's order.
type layout struct {
	flat       bool
	n, c, h, w int
	block      int // channels of a pixel: 16, or 4 for images of few channels
	halo       int
	dtype      plan.DType // BFloat16 only where there is a block
	whole      int        // distance between images, where there are more blocks than these; else 0
}

func (l *layout) blocks() int { return (l.c + l.block - 1) / l.block }

// Distances in elements.
func (l *layout) row() int   { return (l.w + l.halo) * l.block }
func (l *layout) plane() int { return (l.h + l.halo) * l.row() }
func (l *layout) image() int { return max(l.whole, l.blocks()*l.plane()) }

// margin is the distance from a plane's halo to its first pixel.
func (l *layout) margin() int { return l.halo * (l.row() + l.block) }

// bytes returns the size of elements in bytes.
func (l *layout) bytes(elements int) int { return elements * l.dtype.Bytes() }

// words returns the size of elements in float32 words. All distances are multiples of a word.
func (l *layout) words(elements int) int { return l.bytes(elements) / 4 }

// stride returns the bytes between rows, for kernels.
func (l *layout) stride() int { return l.bytes(l.row()) }

// size returns the number of elements to allocate.
func (l *layout) size() int {
	if l.flat {
		return l.n
	}
	return l.n*l.image() + l.margin()
}

// memory returns their size in words.
func (l *layout) memory() int { return l.words(l.size()) }

// count returns the number of elements without padding and halo.
func (l *layout) count() int {
	if l.flat {
		return l.n
	}
	return l.n * l.c * l.pixels()
}

// pixels is the number of pixels of a plane.
func (l *layout) pixels() int { return l.h * l.w }

// offset returns the offset of pixel (y, x) of a plane of image n.
func (l *layout) offset(n, b, y, x int) int {
	return n*l.image() + b*l.plane() + l.margin() + y*l.row() + x*l.block
}

// tensor is an array in memory.
type tensor struct {
	layout
	data []float32 // the memory, in words; may be longer than the array
}

// part is some channels of t, beginning with a block's first.
func (t *tensor) part(from, channels int) *tensor {
	p := *t
	p.c, p.whole = channels, t.image()
	p.data = t.data[t.words(from/t.block*t.plane()):]
	return &p
}

// flatData returns the elements of a flat tensor; nil for others and for nil.
func (t *tensor) flatData() []float32 {
	if t == nil || !t.flat {
		return nil
	}
	return t.data[:t.n:t.n]
}

// pointer returns the address of an offset, the first element of a pixel, for kernels.
func (t *tensor) pointer(offset int) *float32 { return &t.data[t.words(offset)] }

// elements returns a tensor's memory as elements of its data type, which E must match.
func elements[E kernel.Element](t *tensor) []E {
	return unsafe.Slice((*E)(unsafe.Pointer(unsafe.SliceData(t.data))), 4*len(t.data)/t.dtype.Bytes())
}

// halves returns memory as BF16.
func halves(words []float32) []kernel.BF16 {
	return unsafe.Slice((*kernel.BF16)(unsafe.Pointer(unsafe.SliceData(words))), 2*len(words))
}

// at returns the first channel of a pixel.
func (t *tensor) at(n, b, y, x int) *float32 { return t.pointer(t.offset(n, b, y, x)) }

// plane0 returns the first pixel of a plane.
func (t *tensor) plane0(n, b int) *float32 { return t.at(n, b, 0, 0) }

// clear zeroes the elements between two offsets.
func (t *tensor) clear(from, to int) { clear(t.data[t.words(from):t.words(to)]) }

// load stores an image [C,H,W], scaled and shifted per channel.
func (t *tensor) load(n int, src, scale, shift []float32) {
	if t.dtype == plan.BFloat16 {
		loadImage[kernel.BF16](t, n, src, scale, shift)
	} else {
		loadImage[float32](t, n, src, scale, shift)
	}
}

func loadImage[E kernel.Element](t *tensor, n int, src, scale, shift []float32) {
	data, pixels := elements[E](t), t.pixels()
	for c := range roundUp(t.c, t.block) {
		at := t.offset(n, c/t.block, 0, 0) + c%t.block
		if c >= t.c {
			for y := range t.h {
				for x := range t.w {
					data[at+y*t.row()+x*t.block] = 0
				}
			}
			continue
		}
		plane, a, b := src[c*pixels:(c+1)*pixels], scale[c], shift[c]
		for y := range t.h {
			out := data[at+y*t.row():]
			for x, v := range plane[y*t.w : (y+1)*t.w] {
				out[x*t.block] = kernel.To[E](v*a + b)
			}
		}
	}
}

// store writes an image as [C,H,W].
func (t *tensor) store(n int, dst []float32) {
	switch {
	case t.dtype == plan.BFloat16:
		storeImage[kernel.BF16](t, n, dst)
	case t.pixels() == 1 && t.halo == 0 && t.block == kernel.Block:
		copy(dst, t.values(n))
	default:
		storeImage[float32](t, n, dst)
	}
}

func storeImage[E kernel.Element](t *tensor, n int, dst []float32) {
	data, pixels := elements[E](t), t.pixels()
	for c := range t.c {
		at := t.offset(n, c/t.block, 0, 0) + c%t.block
		for y := range t.h {
			in := data[at+y*t.row():]
			row := dst[c*pixels+y*t.w:][:t.w]
			for x := range row {
				row[x] = kernel.From(in[x*t.block])
			}
		}
	}
}

// roundUp rounds up to a multiple of n.
func roundUp(v, n int) int { return (v + n - 1) / n * n }

// width returns the number of output channels that kernels compute from channel k: 32, or 16 for
// the last of an odd number of blocks.
func width(k, channels int) int {
	if roundUp(channels, kernel.Block)-k >= 2*kernel.Block {
		return 2 * kernel.Block
	}
	return kernel.Block
}
