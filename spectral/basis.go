package spectral

import "math"

// half is the longest that the even or the odd part of an axis can be.
const half = smallSide / 2

// The order of what has an even and an odd part.
const (
	even = iota
	odd
)

// basis is the real Fourier transform of one length n, taken apart by symmetry. The bins of
// frequency f span the cosine and the sine of any phase; here they are those about the
// axis' middle,
//
//	cos(2πf(x+½)/n) and sin(2πf(x+½)/n)
//
// of which the first do not see the odd part of a sequence, x(j) - x(n-1-j), and the second
// not the even part: both transforms are half as long. Even part number i belongs to the
// frequency i, odd part number i to the frequency i+1.
type basis struct {
	forward, backward table
	edges             edges
}

// table is two matrices, for even and odd parts. What n does not reach is 0.
type table [2][half][half]float32

// edges tells which of the sixteen pixels from the left edge on, and of the sixteen up to
// the right edge, are on that side of the middle: -1 for those that are, else 0.
type edges [2][half]int32

// halves is how many pixels of an axis are before the middle, the middle one counted.
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
				if middle { // it is counted twice in the even part
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

// frequency is that of number i of the even or odd part of an axis of n bins, and whether
// there is one.
func frequency(n, parity, i int) (f int, ok bool) {
	f = i + parity
	return f, f <= n/2 && (parity == odd || i < halves(n))
}

// reach returns the range of numbers, of both parts, whose frequencies may be from lo up
// to hi.
func reach(n, lo, hi int) (from, to int) { return max(lo-1, 0), min(hi, halves(n)) }
