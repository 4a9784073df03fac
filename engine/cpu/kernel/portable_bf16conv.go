package kernel

import "unsafe"

// The convolutions of a set for BF16, in Go. What is multiplied is exact in float32, what
// is summed is float32, and results are rounded once, when they are stored.

// halves is a pixel of BF16 in memory.
type halves = [Block]BF16

// pairs is sixteen pairs of BF16: of input channels, sixteen output channels of weights, or
// of pixels of two images.
type pairs = [Block][2]BF16

//go:norace
//go:nocheckptr
func halvesAt(p *float32, bytes int) *halves { return (*halves)(unsafe.Add(unsafe.Pointer(p), bytes)) }

//go:norace
//go:nocheckptr
func pairsAt(p *float32, bytes int) *pairs { return (*pairs)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// pairAt is the pair `bytes` after p.
//
//go:norace
//go:nocheckptr
func pairAt(p *float32, bytes int) [2]BF16 { return *(*[2]BF16)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// convBF16 is conv for BF16.
//
//go:norace
//go:nocheckptr
func convBF16(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape, blocks int) {
	for _, t := range unsafe.Slice(tiles, n) {
		var sums [2][TilePixels]pixel
		for b := range blocks {
			for p := range TilePixels {
				sum := &sums[b][p]
				if bias != nil {
					*sum = *at(bias, b*PixelBytes)
				}
				if addend != nil {
					for k, v := range halvesAt(addend, int(t.Y[p])+b*shape.OutBlockBytes) {
						sum[k] += Widen(v)
					}
				}
				convPixelBF16(sum, x, w, int(t.X[p]), b*PixelBytes, shape, blocks*PixelBytes)
				if shape.Rectify != 0 {
					rectify(sum)
				}
			}
		}
		for b := range blocks {
			for p := range TilePixels {
				out := halvesAt(y, int(t.Y[p])+b*shape.OutBlockBytes)
				for k, v := range sums[b][p] {
					out[k] = Narrow(v)
				}
			}
		}
	}
}

// convPixelBF16 is convPixel for BF16: pair bytes are from a pair of input channels to the
// next in w.
//
//go:norace
//go:nocheckptr
func convPixelBF16(sum *pixel, x, w *float32, xi, wi int, shape *ConvShape, pair int) {
	for range shape.Blocks {
		for range shape.Rows {
			for range shape.Cols {
				for range 2 * shape.Quads {
					addPairs(sum, pairAt(x, xi), pairsAt(w, wi))
					xi, wi = xi+4, wi+pair
				}
				xi += shape.ColAdvance
			}
			xi += shape.RowAdvance
		}
		xi += shape.BlockAdvance
	}
}

// addPairs adds the products of a pair and sixteen others.
//
//go:norace
//go:nocheckptr
func addPairs(sum *pixel, a [2]BF16, b *pairs) {
	first, second := Widen(a[0]), Widen(a[1])
	for k := range sum {
		sum[k] += first*Widen(b[k][0]) + second*Widen(b[k][1])
	}
}

// gradBF16 is grad for pairs of BF16.
//
//go:norace
//go:nocheckptr
func gradBF16(x, dy, dw *float32, shape *GradShape, inputs, blocks int) {
	for i := range inputs {
		for b := range blocks {
			var sum pixel
			out := at(dw, (i*blocks+b)*PixelBytes)
			if shape.Accumulate != 0 {
				sum = *out
			}
			xi, yi := 4*i, b*shape.YBlockBytes
			for range shape.Images {
				for range shape.Rows {
					for range shape.Pixels {
						addPairs(&sum, pairAt(x, xi), pairsAt(dy, yi))
						xi, yi = xi+shape.XPixel, yi+shape.YPixel
					}
					xi, yi = xi+shape.XRowAdvance, yi+shape.YRowAdvance
				}
				xi, yi = xi+shape.XAdvance, yi+shape.YAdvance
			}
			*out = sum
		}
	}
}

// pair puts pixels of a and b side by side.
//
//go:norace
//go:nocheckptr
func pair(a, b, y *float32, pixels int) {
	for p := range pixels {
		va, vb := halvesAt(a, p*PixelBytes/2), halvesAt(b, p*PixelBytes/2)
		for c, out := 0, pairsAt(y, p*PixelBytes); c < Block; c++ {
			out[c] = [2]BF16{va[c], vb[c]}
		}
	}
}

// packPairs rounds weights to pairs of input channels.
//
//go:norace
//go:nocheckptr
func packPairs(src, y *float32, lanes *int32, pairs, channel, step int) {
	for p := range pairs {
		out := pairsAt(y, p*step)
		for k, lane := range unsafe.Slice(lanes, Block) {
			at := 2*p*channel + int(lane)
			out[k] = [2]BF16{Narrow(value(src, at)), Narrow(value(src, at+channel))}
		}
	}
}
