package spectral

import (
	"math"
	"slices"
)

// bluestein is a Fourier transform of any length n as a convolution with a chirp (Bluestein
// 1970): from jk = (j²+k²-(j-k)²)/2 follows
//
//	X[k] = c[k] · Σ x[j]·c[j] · conj(c[k-j]),  c[k] = exp(-πi·k²/n)
//
// The convolution uses transforms of a length of at least 2n-1 that has small prime factors.
type bluestein struct {
	chirp  []complex128 // c
	filter []complex128 // conjugate of the transform of conj(c), wrapped
	fft    mixedRadix
	a, b   []quad
}

func newBluestein(n int, a *arithmetic) *bluestein {
	m := smoothLength(2*n - 1)
	t := &bluestein{
		chirp:  make([]complex128, n),
		filter: make([]complex128, m),
		fft:    newMixedRadix(m, factors(m), a),
		a:      make([]quad, m),
		b:      make([]quad, m),
	}
	for k := range n {
		// k² is reduced first: the sine of a large angle loses precision.
		sin, cos := math.Sincos(math.Pi * float64(k*k%(2*n)) / float64(n))
		t.chirp[k] = complex(cos, -sin)
		wrapped := complex(cos/float64(m), sin/float64(m))
		t.a[k][0] = wrapped
		t.a[(m-k)%m][0] = wrapped
	}
	for i, z := range t.fft.transform(t.a, t.b) {
		t.filter[i] = complex(real(z[0]), -imag(z[0]))
	}
	return t
}

// smoothLength returns the smallest number ≥ n without prime factors above 5.
func smoothLength(n int) int {
	for ; ; n++ {
		if radices := factors(n); len(radices) == 0 || slices.Max(radices) <= 5 {
			return n
		}
	}
}

// transform convolves using the forward transform in both directions: the inverse of z is the
// conjugate of the transform of its conjugate, up to scale.
func (t *bluestein) transform(x, y []quad) []quad {
	for j, c := range t.chirp {
		for l := range lanes {
			t.a[j][l] = cmul(real(x[j][l]), imag(x[j][l]), c)
		}
	}
	clear(t.a[len(t.chirp):])
	z := t.fft.transform(t.a, t.b)
	for i, f := range t.filter {
		for l := range lanes {
			z[i][l] = cmul(real(z[i][l]), -imag(z[i][l]), f)
		}
	}
	other := t.b
	if &z[0] == &t.b[0] {
		other = t.a
	}
	z = t.fft.transform(z, other)
	for k, c := range t.chirp {
		for l := range lanes {
			x[k][l] = cmul(real(z[k][l]), -imag(z[k][l]), c)
		}
	}
	return x
}
