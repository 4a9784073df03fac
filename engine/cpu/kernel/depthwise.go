package kernel

import "math"

//go:generate go run -C ../gen . -isa avx2 -kernels depthwise -out ../kernel/depthwise_avx2_amd64.s -stubs ../kernel/depthwise_avx2_amd64.go -pkg kernel

// DepthwiseShape is how a depthwise convolution walks over a plane: distances in bytes.
type DepthwiseShape struct {
	Pixels, Rows  int // of outputs, at least 1
	Cols, TapRows int // of taps, at least 1
	XPixel, XRow  int // from an output's inputs to those of the next in its row, and of the next row
	YPixel, YRow  int // from an output to the next
	Col, TapRow   int // from a tap to the next
	Limits        [2]float32
}

// Unlimited are the limits of results that have none.
var Unlimited = [2]float32{float32(math.Inf(-1)), float32(math.Inf(1))}

// depthwise computes one pixel at a time.
//
//go:norace
//go:nocheckptr
func depthwise(x, w, y, bias *float32, s *DepthwiseShape) {
	for row := range s.Rows {
		for p := range s.Pixels {
			sum := *at(bias, 0)
			xi, wi := row*s.XRow+p*s.XPixel, 0
			for r := range s.TapRows {
				for c := range s.Cols {
					x, w := at(x, xi+r*s.TapRow+c*s.Col), at(w, wi)
					for k := range sum {
						sum[k] += x[k] * w[k]
					}
					wi += PixelBytes
				}
			}
			for k, v := range sum {
				sum[k] = limited(v, s.Limits[0], s.Limits[1])
			}
			*at(y, row*s.YRow+p*s.YPixel) = sum
		}
	}
}
