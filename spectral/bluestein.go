package spectral

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// bluestein is a Fourier transform of any length n as a convolution with a chirp
// (Bluestein 1970): from jk = (j²+k²-(j-k)²)/2 follows
//
//	F[k] = c[k] · Σ x[j]·c[j] · conj(c[k-j]),  c[k] = exp(-πi·k²/n)
//
// and the convolution is done by transforms of a good length of 2n-1 or more.
type bluestein struct {
	chirp  []complex128 // c
	filter []complex128 // transform of conj(c), wrapped, over the good length
	buf    []complex128
	fft    *fourier.CmplxFFT
}

func newBluestein(n int) *bluestein {
	m := goodLength(2*n - 1)
	b := &bluestein{
		chirp:  make([]complex128, n),
		filter: make([]complex128, m),
		buf:    make([]complex128, m),
		fft:    fourier.NewCmplxFFT(m),
	}
	for k := range n {
		// k² is reduced first: the angle of a large number is imprecise.
		sin, cos := math.Sincos(math.Pi * float64(k*k%(2*n)) / float64(n))
		b.chirp[k] = complex(cos, -sin)
		wrapped := complex(cos/float64(m), sin/float64(m))
		b.filter[k] = wrapped
		b.filter[(m-k)%m] = wrapped
	}
	b.fft.Coefficients(b.filter, b.filter)
	return b
}

// goodLength returns the smallest 2ᵃ·3ᵇ·5ᶜ with b, c ≤ 1 that is n or more.
func goodLength(n int) int {
	best := 1
	for best < n {
		best *= 2
	}
	for _, odd := range []int{3, 5, 15} {
		m := odd
		for m < n {
			m *= 2
		}
		best = min(best, m)
	}
	return best
}

// Coefficients sets dst to the transform of seq and returns it.
func (b *bluestein) Coefficients(dst, seq []complex128) []complex128 {
	for j, c := range b.chirp {
		b.buf[j] = seq[j] * c
	}
	b.convolve()
	for k, c := range b.chirp {
		dst[k] = b.buf[k] * c
	}
	return dst
}

// Sequence sets dst to the inverse transform of coeff, times n, and returns it. It is
// the conjugate of the transform of the conjugate.
func (b *bluestein) Sequence(dst, coeff []complex128) []complex128 {
	for j, c := range b.chirp {
		z := coeff[j]
		b.buf[j] = complex(real(z), -imag(z)) * c
	}
	b.convolve()
	for k, c := range b.chirp {
		z := b.buf[k] * c
		dst[k] = complex(real(z), -imag(z))
	}
	return dst
}

// convolve convolves the first n elements of the buffer with the chirp's conjugate.
func (b *bluestein) convolve() {
	clear(b.buf[len(b.chirp):])
	b.fft.Coefficients(b.buf, b.buf)
	for i, f := range b.filter {
		b.buf[i] *= f
	}
	b.fft.Sequence(b.buf, b.buf)
}
