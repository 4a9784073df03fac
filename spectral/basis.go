package spectral

import "math"

// half is the longest the even or odd part of an axis can be.
const half = smallSide / 2

// The order of even and odd parts.
const (
	even = iota
	odd
)

// basis is the real Fourier transform of one length n, split by symmetry. The bins of
// frequency f span the cosine and the sine of any phase; here they are those about the middle
// of the axis,
//
//	cos(2πf(x+½)/n) and sin(2πf(x+½)/n)
//
// The first are orthogonal to the odd part of a sequence, x(j) - x(n-1-j), and the second to
// its even part, so both transforms are half as long. Index i of the even part belongs to
// frequency i, index i of the odd part to frequency i+1.
type basis struct {
	forward, backward table
	edges             edges
}

// table is two matrices, for even and odd parts, zero beyond what n needs.
type table [2][half][half]float32

// edges masks the sixteen pixels from the left edge on, and the sixteen up to the right edge:
// -1 for those on that side of the middle, else 0.
type edges [2][half]int32

// halves is the number of pixels of an axis up to the middle, including the middle one.
func halves(n int) int { return (n + 1) / 2 }

func newBasis(n int) *basis {
	b := &basis{}
	for x := range halves(n) {
		middle := 2*x+1 == n
		for f := range n/2 + 1 {
			norm := math.Sqrt(float64(multiplicity(f, n)) / float64(n))
			sin, cos := math.Sincos(math.Pi * float64(f*(2*x+1)%(2*n)) / float64(n))
			if f < halves(n) {
				b.backward[even][f][x] = float32(norm * cos)
				if middle { // the even part counts it twice
					cos /= 2
				}
				b.forward[even][x][f] = float32(norm * cos)
			}
			if f > 0 && !middle {
				b.backward[odd][f-1][x] = float32(norm * sin)
				b.forward[odd][x][f-1] = float32(norm * sin)
			}
		}
		b.edges[0][x], b.edges[1][half-1-x] = -1, -1
	}
	return b
}

// frequency returns the frequency of index i of the even or odd part of an axis of n bins; ok
// reports whether there is one.
func frequency(n, parity, i int) (f int, ok bool) {
	f = i + parity
	return f, f <= n/2 && (parity == odd || i < halves(n))
}

// reach returns the range of indices, of both parts, that covers the frequencies from lo up to
// hi.
func reach(n, lo, hi int) (from, to int) { return max(lo-1, 0), min(hi, halves(n)) }
