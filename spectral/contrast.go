package spectral

import (
	"math"
	"strconv"
)

const (
	contrastQuantile = 0.995
	contrastSample   = 1 << 16 // values sampled, evenly spaced
	contrastNothing  = 1e-5    // smaller values are rounding errors

	// LargestContrast limits the gain of a high-pass image: beyond it the quantization of
	// eight-bit pixels would be visible.
	LargestContrast = 32
)

// Contrast returns the gain, rounded to two digits and at most limit, for displaying x, values
// around 0, as 0.5 + gain·x: 99.5 % of the values then lie in [0,1] and span it, so that a few
// strong edges do not darken the rest. It is 1 if x is only rounding error.
func Contrast(x []float32, limit float64) float64 {
	if len(x) == 0 {
		return 1
	}
	size := quantile(x, contrastQuantile)
	if size < contrastNothing {
		return 1
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(min(0.5/size, limit), 'g', 2, 64), 64)
	return short
}

// quantile returns the q-quantile of the absolute values of an evenly spaced sample of x. Bit
// patterns of positive floats are ordered like the floats, so a histogram of their upper
// halves and one of the lower halves within a bin find it exactly, without sorting.
func quantile(x []float32, q float64) float64 {
	var bins [1 << 15]int32
	stride, n := len(x)/contrastSample+1, 0
	for i := 0; i < len(x); i += stride {
		bins[magnitude(x[i])>>16]++
		n++
	}
	rank := int32(q * float64(n-1))
	upper := uint32(0)
	for ; rank >= bins[upper] && int(upper) < len(bins)-1; upper++ {
		rank -= bins[upper]
	}
	var low [1 << 16]int32
	for i := 0; i < len(x); i += stride {
		if b := magnitude(x[i]); b>>16 == upper {
			low[b&0xffff]++
		}
	}
	lower := uint32(0)
	for ; rank >= low[lower] && int(lower) < len(low)-1; lower++ {
		rank -= low[lower]
	}
	return float64(math.Float32frombits(upper<<16 | lower))
}

func magnitude(v float32) uint32 { return math.Float32bits(v) &^ (1 << 31) }

// Quantize writes gain·x + offset to every stride-th byte of dst, mapping [0,1] to 0 … 255 and
// clipping values outside.
func Quantize(dst []uint8, stride int, x []float32, gain, offset float64) {
	k, o := float32(255*gain), float32(255*offset+0.5)
	for i, v := range x {
		dst[i*stride] = uint8(min(max(k*v+o, 0), 255))
	}
}
