package spectral

import "gonum.org/v1/gonum/dsp/fourier"

// complexTransform is a discrete Fourier transform of one length, unnormalised both
// ways, as Gonum's CmplxFFT is. dst and the source may be the same.
type complexTransform interface {
	Coefficients(dst, seq []complex128) []complex128
	Sequence(dst, coeff []complex128) []complex128
}

// rowPair transforms two real rows of n at a time, a to fa and b to fb, n/2+1
// coefficients each, and back. b and fb may be nil.
type rowPair interface {
	forward(fa, fb []complex128, a, b []float64)
	inverse(a, b []float64, fa, fb []complex128)
}

// largestFactor is the largest prime factor of a length for which Gonum is used. Its
// time grows with that factor (about 0.8 ns a sample), Bluestein's is that of some five
// transforms of a good length.
const largestFactor = 100

func newComplexTransform(n int) complexTransform {
	if factor(n) > largestFactor {
		return newBluestein(n)
	}
	return fourier.NewCmplxFFT(n)
}

func newRowPair(n int) rowPair {
	if factor(n) > largestFactor {
		return &packedPair{newBluestein(n), make([]complex128, n)}
	}
	return singleRows{fourier.NewFFT(n)}
}

// factor returns the largest prime factor of n.
func factor(n int) int {
	largest := 1
	for p := 2; p*p <= n; p++ {
		for n%p == 0 {
			largest = p
			n /= p
		}
	}
	return max(largest, n)
}

// singleRows transforms one row after the other.
type singleRows struct{ fft *fourier.FFT }

func (s singleRows) forward(fa, fb []complex128, a, b []float64) {
	s.fft.Coefficients(fa, a)
	if b != nil {
		s.fft.Coefficients(fb, b)
	}
}

func (s singleRows) inverse(a, b []float64, fa, fb []complex128) {
	s.fft.Sequence(a, fa)
	if b != nil {
		s.fft.Sequence(b, fb)
	}
}

// packedPair transforms two real rows as the one complex row a+ib.
type packedPair struct {
	fft complexTransform
	row []complex128
}

func (p *packedPair) forward(fa, fb []complex128, a, b []float64) {
	for j, value := range a {
		p.row[j] = complex(value, 0)
	}
	for j, value := range b {
		p.row[j] += complex(0, value)
	}
	p.fft.Coefficients(p.row, p.row)
	n := len(a)
	for v := range fa {
		z, mirror := p.row[v], p.row[(n-v)%n]
		fa[v] = complex(real(z)+real(mirror), imag(z)-imag(mirror)) / 2
		if fb != nil {
			fb[v] = complex(imag(z)+imag(mirror), real(mirror)-real(z)) / 2
		}
	}
}

func (p *packedPair) inverse(a, b []float64, fa, fb []complex128) {
	n := len(a)
	for v, za := range fa {
		var zb complex128
		if fb != nil {
			zb = fb[v]
		}
		if multiplicity(v, n) == 1 {
			p.row[v] = complex(real(za), real(zb))
			continue
		}
		p.row[v] = complex(real(za)-imag(zb), imag(za)+real(zb))
		p.row[n-v] = complex(real(za)+imag(zb), real(zb)-imag(za))
	}
	p.fft.Sequence(p.row, p.row)
	for j, value := range p.row {
		a[j] = real(value)
		if b != nil {
			b[j] = imag(value)
		}
	}
}
