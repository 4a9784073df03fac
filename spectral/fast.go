package spectral

// fast transforms planes of any size with fast Fourier transforms: real ones along the
// rows, complex ones along the columns of the half spectrum 0 ≤ v ≤ w/2.
//
// Spectra are kept as complex64, column after column: half the memory of complex128, at
// a rounding below that of the float32 pixels, and the transforms along the columns
// find their values side by side. Computing is done in float64. The way back leaves out
// the columns that the mask does not reach.
type fast struct {
	h, w, half int
	workers    *pool
	desks      []desk
	spec       []complex64
	back       []complex64 // one plane, transformed back along its columns

	// The transform under way, for the tasks below.
	x, direct, other  []float32
	plane             []complex64
	box               box
	mask              *mask
	analyse, columns  func(worker, i int)
	synthesise, lines func(worker, i int)
}

// desk is one worker's place.
type desk struct {
	along  rowPair
	down   complexTransform
	column []complex128
	line   [rowBlock][]float64
	coef   [rowBlock][]complex128
}

// rowBlock rows are transformed before their coefficients are scattered to the columns,
// in pieces of a cache line.
const rowBlock = 8

func newFast(h, w int, workers *pool) *fast {
	f := &fast{h: h, w: w, half: w/2 + 1, workers: workers}
	f.desks = make([]desk, workers.threads)
	for i := range f.desks {
		d := &f.desks[i]
		d.along, d.down = newRowPair(w), newComplexTransform(h)
		d.column = make([]complex128, h)
		for k := range d.line {
			d.line[k] = make([]float64, w)
			d.coef[k] = make([]complex128, f.half)
		}
	}
	f.back = make([]complex64, h*f.half)
	f.analyse, f.columns = f.analyseRows, f.analyseColumn
	f.synthesise, f.lines = f.synthesiseColumn, f.synthesiseRows
	return f
}

func (f *fast) resize(planes int) { f.spec = grow(f.spec, planes*f.h*f.half) }

func (f *fast) spectrum(p int) []complex64 { return f.spec[p*f.h*f.half:][:f.h*f.half] }

func (f *fast) forward(p int, x []float32, need box) {
	f.x, f.plane, f.box = x, f.spectrum(p), need
	f.workers.each((f.h+rowBlock-1)/rowBlock, f.analyse)
	f.workers.each(need.v1-need.v0, f.columns)
	f.x, f.plane = nil, nil
}

// analyseRows transforms one block of rows and scatters its coefficients.
func (f *fast) analyseRows(worker, block int) {
	d := &f.desks[worker]
	y0 := block * rowBlock
	rows := min(rowBlock, f.h-y0)
	for k := range rows {
		line := d.line[k]
		for j, value := range f.x[(y0+k)*f.w:][:len(line)] {
			line[j] = float64(value)
		}
	}
	for k := 0; k < rows; k += 2 {
		if k+1 < rows {
			d.along.forward(d.coef[k], d.coef[k+1], d.line[k], d.line[k+1])
		} else {
			d.along.forward(d.coef[k], nil, d.line[k], nil)
		}
	}
	for v := f.box.v0; v < f.box.v1; v++ {
		column := f.plane[v*f.h+y0:][:rows]
		for k := range column {
			column[k] = complex64(d.coef[k][v])
		}
	}
}

func (f *fast) analyseColumn(worker, i int) {
	d := &f.desks[worker]
	column := f.plane[(f.box.v0+i)*f.h:][:f.h]
	for u, value := range column {
		d.column[u] = complex128(value)
	}
	d.down.Coefficients(d.column, d.column)
	for u, value := range d.column {
		column[u] = complex64(value)
	}
}

func (f *fast) inverse(direct, other, x []float32, p int, m *mask) {
	if direct == nil && other == nil {
		return
	}
	f.direct, f.other, f.x = direct, other, x
	f.plane, f.mask, f.box = f.spectrum(p), m, m.box
	f.workers.each(f.box.v1-f.box.v0, f.synthesise)
	f.workers.each((f.h+rowBlock-1)/rowBlock, f.lines)
	f.direct, f.other, f.x, f.plane, f.mask = nil, nil, nil, nil, nil
}

// synthesiseColumn transforms one masked column back. The transforms are unnormalised:
// the factor 1/(h·w) is applied here.
func (f *fast) synthesiseColumn(worker, i int) {
	h, v := f.h, f.box.v0+i
	column := f.desks[worker].column
	clear(column)
	if lo, hi := f.mask.span(v, h); lo < hi {
		norm := 1 / float64(h*f.w)
		spec := f.plane[v*h:][:h]
		widen(column[lo:hi], spec[lo:hi], norm)
		lo, hi = h-hi+1, min(h-lo+1, h) // the negative frequencies
		widen(column[lo:hi], spec[lo:hi], norm)
		f.desks[worker].down.Sequence(column, column)
	}
	for y, value := range column {
		f.back[v*h+y] = complex64(value)
	}
}

// widen sets dst to src times a factor.
func widen(dst []complex128, src []complex64, factor float64) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = complex(float64(real(src[i]))*factor, float64(imag(src[i]))*factor)
	}
}

// synthesiseRows gathers one block of rows from the columns and transforms it back.
func (f *fast) synthesiseRows(worker, block int) {
	d := &f.desks[worker]
	y0 := block * rowBlock
	rows := min(rowBlock, f.h-y0)
	for k := range rows {
		clear(d.coef[k][:f.box.v0])
		clear(d.coef[k][f.box.v1:])
	}
	for v := f.box.v0; v < f.box.v1; v++ {
		for k, value := range f.back[v*f.h+y0:][:rows] {
			d.coef[k][v] = complex128(value)
		}
	}
	for k := 0; k < rows; k += 2 {
		if k+1 < rows {
			d.along.inverse(d.line[k], d.line[k+1], d.coef[k], d.coef[k+1])
		} else {
			d.along.inverse(d.line[k], nil, d.coef[k], nil)
		}
	}
	for k := range rows {
		f.store((y0+k)*f.w, d.line[k])
	}
}

// store writes a row of the component and of its complement.
func (f *fast) store(at int, line []float64) {
	switch {
	case f.other == nil:
		direct := f.direct[at:][:len(line)]
		for j, value := range line {
			direct[j] = float32(value)
		}
	case f.direct == nil:
		other, x := f.other[at:][:len(line)], f.x[at:][:len(line)]
		for j, value := range line {
			other[j] = x[j] - float32(value)
		}
	default:
		direct, other := f.direct[at:][:len(line)], f.other[at:][:len(line)]
		x := f.x[at:][:len(line)]
		for j, value := range line {
			direct[j] = float32(value)
			other[j] = x[j] - float32(value)
		}
	}
}

func (f *fast) squares(dst []float64, p, v int) {
	for u, value := range f.spectrum(p)[v*f.h:][:f.h] {
		re, im := float64(real(value)), float64(imag(value))
		dst[u] = re*re + im*im
	}
}
