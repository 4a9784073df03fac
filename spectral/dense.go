package spectral

// dense transforms small planes by real Fourier matrices. A plane is folded along both axes
// into its even and odd parts (see basis), which become coefficients of the cosines and sines
// by products with matrices of at most 16×16: S = A·X·Bᵀ for each of the four combinations,
// and X = Aᵀ·S·B for the inverse.
//
// A pair of coefficients belongs to one absolute frequency, so a mask that is even in u and in
// v acts on them as it does on the complex ones. Both parts are ordered by frequency: what the
// mask keeps is a range of each, and the inverse's products are no larger than that.
type dense struct {
	h, w       int
	arithmetic *arithmetic
	rows, cols *basis // of length w, along a row; of length h, along a column
	spec       []folded
	part, next folded    // intermediate results
	plane      []float32 // for a skipped component
}

// folded is a plane, or its spectrum, by parity: sixteen rows of the columns' even part, then
// sixteen of their odd part; in each row sixteen values of the even part along the row, then
// sixteen of the odd part.
type folded [2 * half][2 * half]float32

func newDense(h, w int, a *arithmetic) *dense {
	d := &dense{h: h, w: w, arithmetic: a, rows: newBasis(w), plane: make([]float32, h*w)}
	d.cols = d.rows
	if h != w {
		d.cols = newBasis(h)
	}
	return d
}

func (d *dense) resize(planes int) { d.spec = grow(d.spec, planes) }

func (d *dense) forward(p int, x []float32, _ box) {
	a := d.arithmetic
	a.fold(&d.part, x, d.h, d.w, &d.rows.edges)
	a.columns(&d.next, &d.part, &d.cols.forward, 0, halves(d.h))
	a.rows(&d.spec[p], &d.next, &d.rows.forward, 0, halves(d.w))
}

func (d *dense) inverse(direct, other, x []float32, p int, m *mask) {
	if direct == nil {
		direct = d.plane
	}
	if other == nil {
		other = d.plane
	}
	a := d.arithmetic
	from, to := reach(d.h, m.box.u0, m.box.u1)
	a.keptColumns(&d.part, &d.spec[p], &d.cols.backward, m.kept, from, to)
	from, to = reach(d.w, m.box.v0, m.box.v1)
	a.rows(&d.next, &d.part, &d.rows.backward, from, to)
	a.unfold(direct, other, x, &d.next, d.h, d.w, &d.rows.edges)
}

// kept is a bit mask: all ones where the mask keeps a coefficient of a folded spectrum, else
// 0.
type kept [2 * half][2 * half]uint32

// keep sets k to what m keeps.
func (k *kept) keep(m *mask) {
	*k = kept{}
	for q := range k {
		u, ok := frequency(m.h, q/half, q%half)
		if !ok {
			continue
		}
		lo, hi := m.span(u, m.w)
		for j := range k[q] {
			if v, ok := frequency(m.w, j/half, j%half); ok && lo <= v && v < hi {
				k[q][j] = ^uint32(0)
			}
		}
	}
}

// squares converts real coefficients to complex ones. With a the sum of x times the cosines of
// u and v, b the sines, c sine and cosine, s cosine and sine, all without their norms, F(±u,v)
// = a∓b - i(s±c) up to a phase, since the origin is the middle of the plane.
func (d *dense) squares(dst []float64, p, v int) {
	h, w := d.h, d.w
	at := func(parityU, u, parityV int) float64 {
		i, j := u-parityU, v-parityV
		if i < 0 || i >= half || j < 0 || j >= half {
			return 0
		}
		return float64(d.spec[p][parityU*half+i][parityV*half+j])
	}
	for u := 0; u <= h/2; u++ {
		a, b := at(even, u, even), at(odd, u, odd)
		c, s := at(odd, u, even), at(even, u, odd)
		norm := float64(h*w) / float64(multiplicity(u, h)*multiplicity(v, w))
		dst[u] = ((a-b)*(a-b) + (c+s)*(c+s)) * norm
		if multiplicity(u, h) == 2 {
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

// grow returns s with length n, reallocated only if its capacity does not suffice.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
