package spectral

import "math"

// dense transforms small planes with real DFT matrices: the spectrum of x is R·x·Rᵀ and
// the way back is Rᵀ·s·R, where the rows of the orthonormal R are sampled cosines and
// sines in the order 1, cos 1, sin 1, cos 2, sin 2, … (the last alone for even lengths).
//
// A real coefficient pair belongs to one absolute frequency, so a mask that is even in u
// and in v acts on R's coefficients as it does on the complex ones. The order makes the
// frequencies below a radius the leading rows and columns, those beyond it the trailing
// ones, and the products of the way back no larger than the mask's box.
type dense struct {
	h, w       int
	rows, cols *basis // of length w, along a row; of length h, along a column
	spec       []float32
	kept       []float32 // coefficients of the mask's box, zero where the mask is
	half       []float32 // a plane transformed along one axis
	plane      []float32 // a component nobody asked for but its complement
}

// basis is the real DFT matrix of one length.
type basis struct {
	forward  []float32 // n×n, a row per coefficient
	backward []float32 // its transpose, which is its inverse
}

func newBasis(n int) *basis {
	b := &basis{make([]float32, n*n), make([]float32, n*n)}
	for q := range n {
		f := (q + 1) / 2
		norm := math.Sqrt(float64(multiplicity(f, n)) / float64(n))
		for x := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(f*x%n) / float64(n))
			value := cos
			if q > 0 && q%2 == 0 {
				value = sin
			}
			b.forward[q*n+x] = float32(norm * value)
			b.backward[x*n+q] = float32(norm * value)
		}
	}
	return b
}

func newDense(h, w int) *dense {
	d := &dense{h: h, w: w, rows: newBasis(w)}
	d.cols = d.rows
	if h != w {
		d.cols = newBasis(h)
	}
	scratch := make([]float32, 3*h*w)
	d.kept, d.half, d.plane = scratch[:h*w], scratch[h*w:2*h*w], scratch[2*h*w:]
	return d
}

func (d *dense) resize(planes int) { d.spec = grow(d.spec, planes*d.h*d.w) }

func (d *dense) forward(p int, x []float32, need box) {
	h, w := d.h, d.w
	spec := d.spec[p*h*w:][:h*w]
	// Only the box's upper bounds save work: lower bounds come with radii so large
	// that there is little to save.
	ku, kv := firstBin(need.u1, h), firstBin(need.v1, w)
	gemm(d.half, x, d.rows.backward, h, kv, w, w, w, w)
	gemm(spec, d.cols.forward, d.half, ku, kv, h, w, h, w)
}

func (d *dense) inverse(direct, other, x []float32, p int, m *mask) {
	h, w := d.h, d.w
	spec := d.spec[p*h*w:][:h*w]
	u0, u1 := firstBin(m.box.u0, h), firstBin(m.box.u1, h)
	v0, v1 := firstBin(m.box.v0, w), firstBin(m.box.v1, w)
	ku, kv := u1-u0, v1-v0
	for f, q := m.box.u0, u0; f < m.box.u1; f++ {
		lo, hi := m.span(f, w)
		lo, hi = firstBin(lo, w), firstBin(hi, w)
		for range multiplicity(f, h) {
			row := d.kept[(q-u0)*kv:][:kv]
			clear(row[:lo-v0])
			copy(row[lo-v0:hi-v0], spec[q*w+lo:q*w+hi])
			clear(row[hi-v0:])
			q++
		}
	}
	if direct == nil {
		direct = d.plane
	}
	gemm(d.half, d.kept, d.rows.forward[v0*w:], ku, w, kv, w, kv, w)
	gemm(direct, d.cols.backward[u0:], d.half, h, w, ku, w, h, w)
	if other != nil {
		subtract(other, x, direct)
	}
}

// squares goes from real coefficients to complex ones. With a the sum of x times the
// cosines of u and v, b the sines, c sine and cosine, s cosine and sine, all without
// their norms, F(±u,v) = a∓b - i(s±c).
func (d *dense) squares(dst []float64, p, v int) {
	h, w := d.h, d.w
	spec := d.spec[p*h*w:][:h*w]
	at := func(q, k int) float64 { return float64(spec[q*w+k]) }
	j, pairV := firstBin(v, w), multiplicity(v, w) == 2
	for u := 0; u <= h/2; u++ {
		i, pairU := firstBin(u, h), multiplicity(u, h) == 2
		var b, c, s float64
		a := at(i, j)
		if pairV {
			s = at(i, j+1)
		}
		if pairU {
			c = at(i+1, j)
		}
		if pairU && pairV {
			b = at(i+1, j+1)
		}
		norm := float64(h*w) / float64(multiplicity(u, h)*multiplicity(v, w))
		dst[u] = ((a-b)*(a-b) + (c+s)*(c+s)) * norm
		if pairU {
			dst[h-u] = ((a+b)*(a+b) + (s-c)*(s-c)) * norm
		}
	}
}

// subtract sets dst to a - b.
func subtract(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// grow returns s with length n, reallocated only when its capacity does not suffice.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
