package spectral

// portable is the arithmetic in Go, the reference for the others.
var portable = arithmetic{
	name:        "portable",
	fold:        foldPlane,
	columns:     func(c, p *folded, t *table, from, to int) { multiplyColumns(c, p, t, nil, from, to) },
	keptColumns: multiplyColumns,
	rows:        multiplyRows,
	unfold:      unfoldPlane,
}

func foldPlane(p *folded, x []float32, h, w int, _ *edges) {
	for i := range halves(h) {
		top, bottom := x[i*w:][:w], x[(h-1-i)*w:][:w]
		evens, odds := &p[i], &p[half+i]
		for j := range halves(w) {
			left, right := top[j]+bottom[j], top[w-1-j]+bottom[w-1-j]
			evens[j], evens[half+j] = left+right, left-right
			left, right = top[j]-bottom[j], top[w-1-j]-bottom[w-1-j]
			odds[j], odds[half+j] = left+right, left-right
		}
	}
}

func unfoldPlane(y, rest, x []float32, p *folded, h, w int, _ *edges) {
	for i := range halves(h) {
		top, bottom := i*w, (h-1-i)*w
		evens, odds := &p[i], &p[half+i]
		for j := range halves(w) {
			left, right := evens[j]+odds[j], evens[half+j]+odds[half+j]
			y[top+j], y[top+w-1-j] = left+right, left-right
			left, right = evens[j]-odds[j], evens[half+j]-odds[half+j]
			y[bottom+j], y[bottom+w-1-j] = left+right, left-right
		}
		subtract(rest[top:top+w], x[top:], y[top:])
		subtract(rest[bottom:bottom+w], x[bottom:], y[bottom:])
	}
}

// multiplyColumns treats a nil keep as keeping everything. Columns that are masked out
// entirely are skipped.
func multiplyColumns(c, p *folded, t *table, keep *kept, from, to int) {
	first, last := 0, half
	if keep != nil {
		var masked folded
		first, last = masked.keep(p, keep)
		p = &masked
	}
	*c = folded{}
	for at := 0; at < 2*half; at += half {
		for q := range c {
			parity, i := q/half, q%half
			addRows(c[q][at+first:at+last], p[parity*half:][:half], &t[parity], i, from, to, at+first)
		}
	}
}

// addRows adds the sum over k of the table's entry (k,i) times the part of row k of p that
// begins at column j. It adds four rows at a time, so that sums are loaded and stored once for
// four multiplications.
func addRows(sums []float32, p [][2 * half]float32, t *[half][half]float32, i, from, to, j int) {
	k := from
	for ; k+4 <= to; k += 4 {
		f0, f1, f2, f3 := t[k][i], t[k+1][i], t[k+2][i], t[k+3][i]
		r0, r1, r2, r3 := p[k][j:][:len(sums)], p[k+1][j:][:len(sums)], p[k+2][j:][:len(sums)], p[k+3][j:][:len(sums)]
		for j := range sums {
			sums[j] += f0*r0[j] + f1*r1[j] + f2*r2[j] + f3*r3[j]
		}
	}
	for ; k < to; k++ {
		f, r := t[k][i], p[k][j:][:len(sums)]
		for j := range sums {
			sums[j] += f * r[j]
		}
	}
}

// keep copies the coefficients of p that keep selects, and returns their range of indices along
// rows.
func (f *folded) keep(p *folded, keep *kept) (first, last int) {
	first = half
	for q := range p {
		for j, bits := range keep[q] {
			if bits != 0 {
				f[q][j] = p[q][j]
				first, last = min(first, j%half), max(last, j%half+1)
			}
		}
	}
	return first, max(first, last)
}

func multiplyRows(c, p *folded, t *table, from, to int) {
	*c = folded{}
	for q := range p {
		for parity := range t {
			sums := (*[half]float32)(c[q][parity*half:])
			factors := (*[half]float32)(p[q][parity*half:])
			k := from
			for ; k+4 <= to; k += 4 {
				f0, f1, f2, f3 := factors[k], factors[k+1], factors[k+2], factors[k+3]
				r0, r1, r2, r3 := &t[parity][k], &t[parity][k+1], &t[parity][k+2], &t[parity][k+3]
				for j := range sums {
					sums[j] += f0*r0[j] + f1*r1[j] + f2*r2[j] + f3*r3[j]
				}
			}
			for ; k < to; k++ {
				f, r := factors[k], &t[parity][k]
				for j := range sums {
					sums[j] += f * r[j]
				}
			}
		}
	}
}
