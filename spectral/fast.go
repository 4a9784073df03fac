package spectral

// fast transforms planes of any size by fast Fourier transforms, first along the rows, two
// real rows as one complex sequence, then along the columns of the half spectrum 0 ≤ v ≤ w/2.
// The inverse skips the columns that the mask drops.
//
// Transforms are computed in float64. Spectra are stored as complex64, which halves the memory
// at a rounding error below that of the float32 pixels, in blocks of as many columns as are
// transformed at once: F(u,v) is at ((v/lanes)·h + u)·lanes + v%lanes.
type fast struct {
	h, w       int
	blocks     int // of columns
	arithmetic *arithmetic
	workers    *pool
	workspaces []workspace
	spec       []complex64
	back       []complex64 // one plane after the inverse transform of its columns

	// The current transform, for the tasks below.
	x, direct, other            []float32
	plane                       []complex64
	box                         box
	mask                        *mask
	analyzeRows, analyzeColumns func(worker, i int)
	composeColumns, composeRows func(worker, i int)
}

// workspace is the scratch memory of one worker.
type workspace struct {
	along, down sequences
	x, y        []quad
	spare       []float32 // for a skipped block of rows
}

// rowBlock is the number of rows transformed at once.
const rowBlock = 2 * lanes

func newFast(h, w int, workers *pool, a *arithmetic) *fast {
	f := &fast{h: h, w: w, blocks: (w/2 + lanes) / lanes, arithmetic: a, workers: workers}
	f.workspaces = make([]workspace, workers.threads)
	for i := range f.workspaces {
		n := max(h, w)
		f.workspaces[i] = workspace{newSequences(w, a), newSequences(h, a), make([]quad, n), make([]quad, n), make([]float32, rowBlock*w)}
	}
	f.back = make([]complex64, f.size())
	f.analyzeRows, f.analyzeColumns = f.analyzeRowBlock, f.analyzeColumnBlock
	f.composeColumns, f.composeRows = f.composeColumnBlock, f.composeRowBlock
	return f
}

// size is the number of coefficients stored per plane.
func (f *fast) size() int { return f.blocks * f.h * lanes }

func (f *fast) resize(planes int) { f.spec = grow(f.spec, planes*f.size()) }

func (f *fast) spectrum(p int) []complex64 { return f.spec[p*f.size():][:f.size()] }

// columns returns one block of columns of a plane.
func (f *fast) columns(plane []complex64, block int) []complex64 {
	return plane[block*f.h*lanes:][:f.h*lanes]
}

func (f *fast) rowBlocks() int { return (f.h + rowBlock - 1) / rowBlock }

func (f *fast) forward(p int, x []float32, need box) {
	f.x, f.plane, f.box = x, f.spectrum(p), need
	first, last := need.v0/lanes, (need.v1-1)/lanes
	f.workers.each(f.rowBlocks(), f.analyzeRows)
	f.workers.each(last-first+1, f.analyzeColumns)
	f.x, f.plane = nil, nil
}

// analyzeRowBlock transforms a block of rows and separates the pairs: if a and b are the rows
// of z = a+ib, A(v) = (Z(v)+conj Z(-v))/2 and B(v) = (Z(v)-conj Z(-v))/2i.
func (f *fast) analyzeRowBlock(worker, block int) {
	d, w := &f.workspaces[worker], f.w
	y0 := block * rowBlock
	rows := min(rowBlock, f.h-y0)
	x := d.x[:w]
	if rows == rowBlock && w >= rowBlock && f.arithmetic.gather != nil {
		f.arithmetic.gather(&x[0][0], &f.x[y0*w], w)
	} else {
		gatherRows(x, f.x[y0*w:], rows)
	}
	z := d.along.transform(x, d.y[:w])
	for v := f.box.v0; v < f.box.v1; v++ {
		here, mirror := &z[v], &z[(w-v)%w]
		out := f.columns(f.plane, v/lanes)[y0*lanes:][:rows*lanes]
		at := v % lanes
		for l := range lanes {
			p, q := here[l], mirror[l]
			if at < len(out) {
				out[at] = complex(float32(real(p)+real(q))/2, float32(imag(p)-imag(q))/2)
			}
			at += lanes
			if at < len(out) {
				out[at] = complex(float32(imag(p)+imag(q))/2, float32(real(q)-real(p))/2)
			}
			at += lanes
		}
	}
}

func (f *fast) analyzeColumnBlock(worker, i int) {
	d := &f.workspaces[worker]
	columns := f.columns(f.plane, f.box.v0/lanes+i)
	x := d.x[:f.h]
	for u := range x {
		in := (*[lanes]complex64)(columns[u*lanes:])
		for l := range lanes {
			x[u][l] = complex128(in[l])
		}
	}
	store(columns, d.down.transform(x, d.y[:f.h]))
}

// store rounds columns to complex64.
func store(columns []complex64, z []quad) {
	for u := range z {
		out := (*[lanes]complex64)(columns[u*lanes:])
		for l := range lanes {
			out[l] = complex64(z[u][l])
		}
	}
}

// inverse uses forward transforms: the inverse of z is the conjugate of the transform of its
// conjugate, up to scale.
func (f *fast) inverse(direct, other, x []float32, p int, m *mask) {
	f.direct, f.other, f.x = direct, other, x
	f.plane, f.mask, f.box = f.spectrum(p), m, m.box
	first, last := f.box.v0/lanes, (f.box.v1-1)/lanes
	f.workers.each(last-first+1, f.composeColumns)
	f.workers.each(f.rowBlocks(), f.composeRows)
	f.direct, f.other, f.x, f.plane, f.mask = nil, nil, nil, nil, nil
}

// composeColumnBlock applies the inverse transform to the coefficients that the mask keeps in a
// block of columns and leaves the conjugates. It includes the factor 1/(h·w).
func (f *fast) composeColumnBlock(worker, i int) {
	d, h := &f.workspaces[worker], f.h
	block := f.box.v0/lanes + i
	columns := f.columns(f.plane, block)
	x := d.x[:h]
	clear(x)
	for l := range lanes {
		v := block*lanes + l
		if v < f.box.v0 || v >= f.box.v1 {
			continue
		}
		if lo, hi := f.mask.span(v, h); lo < hi {
			f.conjugate(x, columns, l, lo, hi)
			f.conjugate(x, columns, l, h-hi+1, min(h-lo+1, h)) // the negative frequencies
		}
	}
	store(f.columns(f.back, block), d.down.transform(x, d.y[:h]))
}

// conjugate copies the conjugates of the coefficients from lo up to hi of one column.
func (f *fast) conjugate(x []quad, columns []complex64, l, lo, hi int) {
	norm := 1 / float64(f.h*f.w)
	for u := lo; u < hi; u++ {
		z := columns[u*lanes+l]
		x[u][l] = complex(float64(real(z))*norm, -float64(imag(z))*norm)
	}
}

// composeRowBlock applies the inverse transform to a block of rows, two real rows as one
// sequence.
func (f *fast) composeRowBlock(worker, block int) {
	d, w := &f.workspaces[worker], f.w
	y0 := block * rowBlock
	rows := min(rowBlock, f.h-y0)
	x := d.x[:w]
	clear(x)
	for v := f.box.v0; v < f.box.v1; v++ {
		in := f.columns(f.back, v/lanes)[y0*lanes:][:rows*lanes]
		single := multiplicity(v, w) == 1
		mirror := &x[(w-v)%w]
		for at, l := v%lanes, 0; at < len(in); at, l = at+2*lanes, l+1 {
			a, b := complex128(in[at]), complex128(0)
			if at+lanes < len(in) {
				b = complex128(in[at+lanes])
			}
			if single { // real up to rounding
				mirror[l] = complex(real(a), -real(b))
				continue
			}
			x[v][l] = complex(real(a)+imag(b), imag(a)-real(b))
			mirror[l] = complex(real(a)-imag(b), -imag(a)-real(b))
		}
	}
	z := d.along.transform(x, d.y[:w])
	f.scatter(d, z, y0*w, rows)
}

// scatter writes rows of the component and of its complement, starting at pixel at.
func (f *fast) scatter(d *workspace, z []quad, at, rows int) {
	n := rows * len(z)
	y, rest, x := d.spare, d.spare, f.x[at:at+n]
	if f.direct != nil {
		y = f.direct[at : at+n]
	}
	if f.other != nil {
		rest = f.other[at : at+n]
	}
	if rows == rowBlock && len(z) >= rowBlock && f.arithmetic.scatter != nil {
		f.arithmetic.scatter(&y[0], &rest[0], &x[0], &z[0][0], len(z))
		return
	}
	scatterRows(y, z, rows)
	subtract(rest[:n], x, y)
}

// gatherRows interleaves pairs of rows of x as complex numbers.
func gatherRows(z []quad, x []float32, rows int) {
	if rows < rowBlock {
		clear(z)
	}
	w := len(z)
	for k := 0; k < rows; k += 2 {
		a, l := x[k*w:][:w], k/2
		if k+1 == rows {
			for j, value := range a {
				z[j][l] = complex(float64(value), 0)
			}
			break
		}
		b := x[(k+1)*w:][:w]
		for j, value := range a {
			z[j][l] = complex(float64(value), float64(b[j]))
		}
	}
}

// scatterRows splits the conjugates of complex numbers into pairs of rows.
func scatterRows(y []float32, z []quad, rows int) {
	for k := range rows {
		row, l := y[k*len(z):][:len(z)], k/2
		if k%2 == 1 {
			for j := range row {
				row[j] = float32(-imag(z[j][l]))
			}
			continue
		}
		for j := range row {
			row[j] = float32(real(z[j][l]))
		}
	}
}

func (f *fast) squares(dst []float64, p, v int) {
	columns := f.columns(f.spectrum(p), v/lanes)
	for u := range f.h {
		z := columns[u*lanes+v%lanes]
		re, im := float64(real(z)), float64(imag(z))
		dst[u] = re*re + im*im
	}
}
