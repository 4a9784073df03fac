// Package kernel holds the inner loops of the CPU device: generated assembly for AVX-512
// and for AVX2 with FMA, and the same functions in portable Go.
//
// Tensors are float32 in blocks of sixteen channels: a pixel is sixteen consecutive
// channels, 64 bytes, and pixels of a row are next to each other. Other kernels do the same
// for tensors of BF16, whose pixels are 32 bytes: see Set.BF16. Sizes and distances are
// in elements where they count something and in bytes where they step through memory. The
// functions check nothing: whoever calls them knows the memory to be there.
//
// Set says what every kernel computes. Assembly comes in groups, a file for each and for
// each instruction set: base (convolutions, element-wise, norms, pooling) and bf16, the
// same for BF16 but for convolutions, which are bf16conv; winograd and winogradgrad,
// F(4×4, 3×3) in float32; winograd2 and winograd2grad, F(2×2, 3×3) in BF16; depthwise
// (convolutions) and activation, which sets for AVX-512 have from AVX2; softmax, update (the optimizers' formulas), interleave and transpose (changes of layout); and peak, which
// measures the processor. What portable*.go compute is what the assembly has to.
package kernel

//go:generate go run -C ../gen . -isa avx512 -kernels base -out ../kernel/base_avx512_amd64.s -stubs ../kernel/base_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels base -out ../kernel/base_avx2_amd64.s -stubs ../kernel/base_avx2_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx512 -kernels bf16conv -out ../kernel/bf16conv_avx512_amd64.s -stubs ../kernel/bf16conv_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx512 -kernels bf16 -out ../kernel/bf16_avx512_amd64.s -stubs ../kernel/bf16_avx512_amd64.go -pkg kernel

const (
	// Block is the number of channels of a pixel.
	Block = 16
	// PixelBytes is what a pixel takes.
	PixelBytes = 4 * Block
	// TilePixels is the number of output pixels of a convolution's tile.
	TilePixels = 8
)

// Tile tells where the pixels of a convolution's tile lie: byte offsets of the eight
// pixels' first inputs and of their outputs. Where there are fewer than eight, the last one
// is repeated to the end.
type Tile struct{ X, Y [TilePixels]int32 }

// ConvShape is what stays the same between calls of a convolution kernel. Bytes between
// channel blocks, rows and columns of taps are kept as what is to be added after each loop:
// see NewConvShape.
type ConvShape struct {
	Quads         int // groups of four input channels read from each block, 1 to 4
	Cols, Rows    int // taps
	Blocks        int // input-channel blocks; with none, y is bias plus addend
	ColAdvance    int
	RowAdvance    int
	BlockAdvance  int
	OutBlockBytes int // from a block of y, and of addend, to the next
	Later         int // bytes of tiles to the one whose inputs are asked for ahead of time
	Middle        int // from a pixel's first tap to its middle one, which is what is asked for
	Rectify       int // not 0: negative results become 0
}

// NewConvShape gives the shape of a convolution whose taps are col bytes apart in a row,
// whose rows of taps are row bytes apart and whose input blocks are block bytes apart.
func NewConvShape(quads, cols, rows, blocks, col, row, block, outBlock int) ConvShape {
	return ConvShape{
		Quads: quads, Cols: cols, Rows: rows, Blocks: blocks,
		ColAdvance:    col - quads*16,
		RowAdvance:    row - cols*col,
		BlockAdvance:  block - rows*row,
		OutBlockBytes: outBlock,
		Middle:        rows/2*row + cols/2*col,
	}
}

// NewConvShapeBF16 does so for tensors of BF16.
func NewConvShapeBF16(quads, cols, rows, blocks, col, row, block, outBlock int) ConvShape {
	s := NewConvShape(quads, cols, rows, blocks, col, row, block, outBlock)
	s.ColAdvance = col - quads*8
	return s
}

// GradShape is what stays the same between calls of a kernel for the gradient with respect
// to weights: how to walk over the pixels of x and of dy. See NewGradShape.
type GradShape struct {
	Images, Rows, Pixels          int
	XPixel, XRowAdvance, XAdvance int
	YPixel, YRowAdvance, YAdvance int
	YBlockBytes                   int // from a block of dy to the next
	XAhead, YAhead                int // from a pixel to what is asked for ahead of time
	Accumulate                    int // not 0: dw is added to
}

// Walk is bytes from a pixel to the next, from a row to the next, from an image to the
// next.
type Walk struct{ Pixel, Row, Image int }

// NewGradShape gives the shape of a sum over images of rows of pixels.
func NewGradShape(images, rows, pixels int, x, y Walk, yBlock int) GradShape {
	return GradShape{
		Images: images, Rows: rows, Pixels: pixels,
		XPixel: x.Pixel, XRowAdvance: x.Row - pixels*x.Pixel, XAdvance: x.Image - rows*x.Row,
		YPixel: y.Pixel, YRowAdvance: y.Row - pixels*y.Pixel, YAdvance: y.Image - rows*y.Row,
		YBlockBytes: yBlock,
	}
}

// Set is all kernels for one instruction set.
//
// The element-wise ones go over rows of pixels, stride bytes from row to row, in all
// their tensors; pixels and rows are at least 1. Their results may overwrite their
// arguments. Per-channel arguments point at sixteen values; several of them lie one after
// the other.
type Set struct {
	Name string

	// BF16 is the same for tensors of BF16: a pixel is 32 bytes. What belongs to channels,
	// and all sums, are float32 there, too. Convolutions see pairs of numbers where others
	// see floats: w has pairs of input channels, [block][tap row][tap column][c/2][k][2],
	// and x and dy of the Grad kernels are what Pair makes of two images.
	BF16 *Set

	// Conv32 and Conv16 compute n tiles of 32 or 16 output channels:
	//
	//	y[p,k] = bias[k] + addend[p,k] + Σ x[p + tap, c]·w[block][tap row][tap column][c][k]
	//
	// x and y are where the tiles' offsets count from; addend is laid out like y and may
	// be y, also to sum over input blocks in several calls. bias and addend may be nil.
	// The tiles are followed in memory by those that shape.Later leads to.
	Conv32, Conv16 func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape)

	// Grad32 and Grad16 sum the products of 8 or 16 consecutive floats of x and 32 or 16
	// channels of dy over pixels: dw[i][k] = Σ x[p][i]·dy[p][k].
	Grad32, Grad16 func(x, dy, dw *float32, shape *GradShape)

	// Conv16Row is Conv16 for whole blocks of input channels, three columns of taps and
	// tiles whose pixels are neighbors in a row of x. Grad32Row and Grad16Row sum for three
	// taps at once, with 4 or 8 floats of x: dw[tap][i][k], a tap 16 i long, where pixels
	// are neighbors and a row of dy has an even number. Sets without them have nil.
	Conv16Row            func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape)
	Grad32Row, Grad16Row func(x, dy, dw *float32, shape *GradShape)

	// Pair puts pixels of two images side by side, y[p][c] = a[p][c], b[p][c]; only sets
	// for BF16 have it. It may read one pixel more.
	Pair func(a, b, y *float32, pixels int)
	// PackPairs gives weights as Conv32 and Conv16 of sets for BF16 take them: the float32 of
	// channel c for output k, lanes[k] bytes after channel·c bytes after src, become
	// y[c/2][k][c%2], step bytes from pair to pair.
	PackPairs func(src, y *float32, lanes *int32, pairs, channel, step int)
	// Winograd2 and Winograd2Grad are other ways to the same; only sets for BF16 have them.
	Winograd2     Winograd2
	Winograd2Grad Winograd2Grad

	// WinogradInput transforms n tiles of 6×6 pixels to 36 pixels each: see winograd.go.
	WinogradInput func(x, v *float32, tiles *int32, n int, shape *WinogradShape)
	// Winograd is the other steps of a convolution: see there.
	Winograd Winograd
	// WinogradGrad is the steps of a gradient with respect to weights: see there.
	WinogradGrad WinogradGrad

	Update      Updates
	Activations Activations

	// Depthwise multiplies every one of sixteen channels by weights of its own:
	//
	//	y[p,k] = limited(bias[k] + Σ x[p + tap, k]·w[tap row][tap column][k])
	//
	// between the shape's limits; NaN stays. Only sets for float32 have it.
	Depthwise func(x, w, y, bias *float32, shape *DepthwiseShape)

	// Exponentials is y = exp(x − shift) for n numbers that are not larger than shift, n a
	// multiple of Block above 0. What is less than e⁻⁸⁷ is 0.
	Exponentials func(x, y, shift *float32, n int)

	// Interleave makes pixels of four channels of up to four planes, `plane` bytes apart:
	// y[p][c] = x[c][p]·scale[c] + shift[c], and 0 for channels there are none of. There are
	// at least InterleavePixels pixels. The portable set has none.
	Interleave func(x, y, scale, shift *float32, channels, pixels, plane int)

	// Transpose turns sixteen rows of sixteen numbers into columns: row i is at byte offset
	// rows[i] from `from`; columns are written to `to`, stride bytes from one to the next.
	Transpose func(from, to *float32, rows *int32, stride int)

	// Add is y = a + b.
	Add func(a, b, y *float32, pixels, rows, stride int)
	// ReLU is y = max(x, 0), NaN where x is.
	ReLU func(x, y *float32, pixels, rows, stride int)
	// ReLUGrad is dx = dy where y > 0, else 0.
	ReLUGrad func(y, dy, dx *float32, pixels, rows, stride int)
	// Fill is y = values.
	Fill func(values, y *float32, pixels, rows, stride int)
	// Scale is y = x·factor.
	Scale func(x, y, factor *float32, pixels, rows, stride int)
	// Sum is out = Σ x.
	Sum func(x, out *float32, pixels, rows, stride int)

	// Moments is out = Σ (x − shift), Σ (x − shift)².
	Moments func(x, shift, out *float32, pixels, rows, stride int)
	// Affine is y = x·scale + shift.
	Affine func(x, y, scale, shift *float32, pixels, rows, stride int)
	// AffineReLU is y = max(x·scale + shift, 0).
	AffineReLU func(x, y, scale, shift *float32, pixels, rows, stride int)
	// AffineAddReLU is y = max(x·scale + shift + r, 0).
	AffineAddReLU func(x, r, y, scale, shift *float32, pixels, rows, stride int)

	// NormSums is out = Σ dy, Σ dy·(x − mean).
	NormSums func(x, dy, mean, out *float32, pixels, rows, stride int)
	// NormSumsReLU is the same where dy counts only where AffineReLU was positive;
	// coefficients are mean, scale, shift.
	NormSumsReLU func(x, dy, coefficients, out *float32, pixels, rows, stride int)
	// NormSumsMasked is the same where dy counts only where y > 0; dr is dy there, else 0.
	NormSumsMasked func(x, y, dy, dr, mean, out *float32, pixels, rows, stride int)
	// NormGrad is dx = dy·k₀ + x·k₁ + k₂ with coefficients k.
	NormGrad func(x, dy, dx, coefficients *float32, pixels, rows, stride int)
	// NormGradReLU is the same where dy counts only where AffineReLU was positive; k₃, k₄
	// are its scale and shift.
	NormGradReLU func(x, dy, dx, coefficients *float32, pixels, rows, stride int)

	// The Step functions go over n pixels, next to each other in y, dy and left, step
	// bytes apart in x and dx.

	// StepMax is y = max(x, y), NaN where one of them is.
	StepMax func(x, y *float32, n, step int)
	// StepSpread is dx = dx + dy.
	StepSpread func(dy, dx *float32, n, step int)
	// StepMaxGrad adds left to dx where x = y, and sets left to 0 there.
	StepMaxGrad func(x, y, left, dx *float32, n, step int)
}
