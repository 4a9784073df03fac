package kernel

import "unsafe"

// portable is the kernels in Go, for processors the assembly is not for.
var portable = portableSet()

func portableSet() Set {
	s := pixelwise[float32]("portable")
	s.Conv32 = func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv(x, w, y, addend, bias, tiles, n, shape, 2)
	}
	s.Conv16 = func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv(x, w, y, addend, bias, tiles, n, shape, 1)
	}
	s.Grad32 = func(x, dy, dw *float32, shape *GradShape) { grad(x, dy, dw, shape, 8, 2) }
	s.Grad16 = func(x, dy, dw *float32, shape *GradShape) { grad(x, dy, dw, shape, 16, 1) }
	s.Exponentials, s.Depthwise = exponentials, depthwise
	s.WinogradInput, s.Winograd, s.WinogradGrad = winogradInput, portableWinograd, portableWinogradGrad
	s.Transpose = transpose
	s.BF16 = &portableBF16
	return s
}

// PortableBF16 is the name of the portable kernels for BF16.
const PortableBF16 = "portable bf16"

// portableBF16 is the same for BF16.
var portableBF16 = portableBF16Set()

func portableBF16Set() Set {
	s := pixelwise[BF16](PortableBF16)
	s.Conv32 = func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		convBF16(x, w, y, addend, bias, tiles, n, shape, 2)
	}
	s.Conv16 = func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		convBF16(x, w, y, addend, bias, tiles, n, shape, 1)
	}
	s.Grad32 = func(x, dy, dw *float32, shape *GradShape) { gradBF16(x, dy, dw, shape, 8, 2) }
	s.Grad16 = func(x, dy, dw *float32, shape *GradShape) { gradBF16(x, dy, dw, shape, 16, 1) }
	s.Pair, s.PackPairs = pair, packPairs
	s.Winograd2, s.Winograd2Grad = portableWinograd2, portableWinograd2Grad
	return s
}

// pixelwise is a set of what goes over tensors of E pixel by pixel.
func pixelwise[E Element](name string) Set {
	return Set{
		Name: name,
		Add:  add[E], ReLU: relu[E], ReLUGrad: reluGrad[E], Fill: fill[E], Scale: scale[E], Sum: sum[E],
		Moments: moments[E], Affine: affine[E], AffineReLU: affineReLU[E], AffineAddReLU: affineAddReLU[E],
		NormSums: normSums[E], NormSumsReLU: normSumsReLU[E], NormSumsMasked: normSumsMasked[E],
		NormGrad: normGrad[E], NormGradReLU: normGradReLU[E],
		StepMax: stepMax[E], StepSpread: stepSpread[E], StepMaxGrad: stepMaxGrad[E],
		Activations: portableActivations[E](),
	}
}

// The functions below are kept from the race detector and its pointer checks, which would
// make them forty times slower: they see only what they are given.

// pixel is a block of channels.
type pixel = [Block]float32

// pixelBytes is what one takes in a tensor.
func pixelBytes[E Element]() int { return Block * int(unsafe.Sizeof(E(0))) }

// load is the pixel stored `bytes` after p: there, or widened in buffer.
//
//go:norace
//go:nocheckptr
func load[E Element](p *float32, bytes int, buffer *pixel) *pixel {
	if pixelBytes[E]() == PixelBytes {
		return at(p, bytes)
	}
	for k, b := range (*[Block]BF16)(unsafe.Add(unsafe.Pointer(p), bytes)) {
		buffer[k] = Widen(b)
	}
	return buffer
}

// store stores v `bytes` after p.
//
//go:norace
//go:nocheckptr
func store[E Element](p *float32, bytes int, v *pixel) {
	if pixelBytes[E]() == PixelBytes {
		*at(p, bytes) = *v
		return
	}
	to := (*[Block]BF16)(unsafe.Add(unsafe.Pointer(p), bytes))
	for k, f := range v {
		to[k] = Narrow(f)
	}
}

// at is the sixteen float32 `bytes` after p.
//
//go:norace
//go:nocheckptr
func at(p *float32, bytes int) *pixel { return (*pixel)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// value is the element `bytes` after p.
//
//go:norace
//go:nocheckptr
func value(p *float32, bytes int) float32 { return *(*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// conv computes tiles one pixel and one block of output channels at a time.
func conv(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape, blocks int) {
	for _, t := range unsafe.Slice(tiles, n) {
		// All of a tile is computed before any of it is stored: y may be the addend, and
		// pixels may be repeated.
		var sums [2][TilePixels]pixel
		for b := range blocks {
			for p := range TilePixels {
				sum := &sums[b][p]
				if bias != nil {
					*sum = *at(bias, b*PixelBytes)
				}
				if addend != nil {
					for k, v := range at(addend, int(t.Y[p])+b*shape.OutBlockBytes) {
						sum[k] += v
					}
				}
				convPixel(sum, x, w, int(t.X[p]), b*PixelBytes, shape, blocks*PixelBytes)
				if shape.Rectify != 0 {
					rectify(sum)
				}
			}
		}
		for b := range blocks {
			for p := range TilePixels {
				*at(y, int(t.Y[p])+b*shape.OutBlockBytes) = sums[b][p]
			}
		}
	}
}

// convPixel adds all taps and input channels of one pixel, whose inputs begin xi bytes
// after x and whose weights wi bytes after w, channel bytes from one input channel to the
// next.
//
//go:norace
//go:nocheckptr
func convPixel(sum *pixel, x, w *float32, xi, wi int, shape *ConvShape, channel int) {
	for range shape.Blocks {
		for range shape.Rows {
			for range shape.Cols {
				for range shape.Quads {
					addProducts(sum,
						value(x, xi), value(x, xi+4), value(x, xi+8), value(x, xi+12),
						at(w, wi), at(w, wi+channel), at(w, wi+2*channel), at(w, wi+3*channel))
					xi, wi = xi+16, wi+4*channel
				}
				xi += shape.ColAdvance
			}
			xi += shape.RowAdvance
		}
		xi += shape.BlockAdvance
	}
}

// addProducts adds four numbers times as many blocks of channels.
//
//go:norace
//go:nocheckptr
func addProducts(sum *pixel, a, b, c, d float32, va, vb, vc, vd *pixel) {
	for k := range sum {
		sum[k] += a*va[k] + b*vb[k] + c*vc[k] + d*vd[k]
	}
}

func rectify(v *pixel) {
	for k := range v {
		if v[k] < 0 {
			v[k] = 0
		}
	}
}

// grad sums over pixels for `inputs` floats of x and `blocks` blocks of dy.
func grad(x, dy, dw *float32, shape *GradShape, inputs, blocks int) {
	for i := range inputs {
		for b := range blocks {
			var sum pixel
			out := at(dw, (i*blocks+b)*PixelBytes)
			if shape.Accumulate != 0 {
				sum = *out
			}
			gradInput(&sum, x, dy, i*4, b*shape.YBlockBytes, shape)
			*out = sum
		}
	}
}

// gradInput sums the products of the floats xi bytes after x and the blocks yi bytes after
// dy.
//
//go:norace
//go:nocheckptr
func gradInput(sum *pixel, x, dy *float32, xi, yi int, shape *GradShape) {
	dx, dp := shape.XPixel, shape.YPixel
	for range shape.Images {
		for range shape.Rows {
			gradRow(sum, x, dy, xi, yi, dx, dp, shape.Pixels)
			xi, yi = xi+shape.Pixels*dx+shape.XRowAdvance, yi+shape.Pixels*dp+shape.YRowAdvance
		}
		xi, yi = xi+shape.XAdvance, yi+shape.YAdvance
	}
}

// gradRow sums n products of floats dx bytes apart and blocks dp bytes apart.
//
//go:norace
//go:nocheckptr
func gradRow(sum *pixel, x, dy *float32, xi, yi, dx, dp, n int) {
	for ; n >= 4; n -= 4 {
		addProducts(sum,
			value(x, xi), value(x, xi+dx), value(x, xi+2*dx), value(x, xi+3*dx),
			at(dy, yi), at(dy, yi+dp), at(dy, yi+2*dp), at(dy, yi+3*dp))
		xi, yi = xi+4*dx, yi+4*dp
	}
	for ; n > 0; n-- {
		v := value(x, xi)
		for k, d := range at(dy, yi) {
			sum[k] += v * d
		}
		xi, yi = xi+dx, yi+dp
	}
}
