package spectral

import (
	"math"
	"math/cmplx"
)

// lanes is the number of sequences transformed at once, so that a twiddle factor is read once
// for all of them and the innermost loops have constant length.
const lanes = 4

// quad is one element of each of four sequences.
type quad [lanes]complex128

// sequences is a discrete Fourier transform of four sequences of one length n,
// X[k] = Σ x[j]·exp(-2πi·jk/n).
type sequences interface {
	// transform works on x, with y as scratch space, each n long, and returns whichever
	// of the two holds the result.
	transform(x, y []quad) []quad
}

// largestRadix is the largest prime factor of a length that is handled by a pass of that
// radix. The time of a pass grows with its radix; Bluestein's algorithm takes as long as two
// transforms of twice the length, whatever the length.
const largestRadix = 31

func newSequences(n int, a *arithmetic) sequences {
	radices := factors(n)
	if len(radices) > 0 && radices[len(radices)-1] > largestRadix {
		return newBluestein(n, a)
	}
	return newMixedRadix(n, radices, a)
}

// factors returns the prime factors of n in ascending order, with pairs of twos merged into
// fours in front.
func factors(n int) []int {
	var radices []int
	for ; n%4 == 0; n /= 4 {
		radices = append(radices, 4)
	}
	for p := 2; p*p <= n; p++ {
		for ; n%p == 0; n /= p {
			radices = append(radices, p)
		}
	}
	if n > 1 {
		radices = append(radices, n)
	}
	return radices
}

// mixedRadix is Stockham's self-sorting fast Fourier transform: every pass reads one array and
// writes the other, in an order that needs no reordering at the end (Van Loan: Computational
// Frameworks for the Fast Fourier Transform, 1992, section 1.7).
type mixedRadix []pass

// pass splits s interleaved transforms of length r·m into r·s of length m.
type pass struct {
	r, m, s int
	twiddle []complex128 // exp(-2πi·p·k/(r·m)) at p·(r-1)+k-1
	roots   []complex128 // exp(-2πi·k/r), for odd radices without a dedicated function
	scratch []quad
	native  func(y, x, twiddle *complex128, m, s int) // nil: the methods below
}

func newMixedRadix(n int, radices []int, a *arithmetic) mixedRadix {
	var passes mixedRadix
	s := 1
	for _, r := range radices {
		m := n / (s * r)
		p := pass{r: r, m: m, s: s, twiddle: make([]complex128, 0, m*(r-1))}
		for j := range m {
			for k := 1; k < r; k++ {
				p.twiddle = append(p.twiddle, root(j*k, r*m))
			}
		}
		if r < len(a.passes) {
			p.native = a.passes[r]
		}
		if r > 5 && p.native == nil {
			for k := range r {
				p.roots = append(p.roots, root(k, r))
			}
			p.scratch = make([]quad, r-1)
		}
		passes = append(passes, p)
		s *= r
	}
	return passes
}

// root returns exp(-2πi·k/n).
func root(k, n int) complex128 { return cmplx.Rect(1, -2*math.Pi*float64(k%n)/float64(n)) }

func (t mixedRadix) transform(x, y []quad) []quad {
	for i := range t {
		t[i].run(y, x)
		x, y = y, x
	}
	return x
}

func (t *pass) run(y, x []quad) {
	switch {
	case t.native != nil:
		t.native(&y[0][0], &x[0][0], &t.twiddle[0], t.m, t.s)
	case t.r == 2:
		t.two(y, x)
	case t.r == 3:
		t.three(y, x)
	case t.r == 4:
		t.four(y, x)
	case t.r == 5:
		t.five(y, x)
	default:
		t.odd(y, x)
	}
}
