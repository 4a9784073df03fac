package spectral

// portable is the arithmetic in Go, which runs everywhere and says what the others mean.
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

// multiplyColumns keeps everything where keep is nil. Columns without anything are left
// out.
func multiplyColumns(c, p *folded, t *table, keep *kept, from, to int) {
	first, last := 0, half
	if keep != nil {
		var masked folded
		first, last = masked.keep(p, keep)
		p = &masked
	}
	*c = folded{}
	var factors [half]float32
	for q := range c {
		parity, i := q/half, q%half
		for k := from; k < to; k++ {
			factors[k-from] = t[parity][k][i]
		}
		for at := 0; at < 2*half; at += half {
			combine(c[q][at+first:at+last], factors[:to-from], func(k int) []float32 {
				return p[parity*half+from+k][at+first:]
			})
		}
	}
}

// keep copies what is kept of p, and returns which numbers of even and odd parts along rows
// that reaches.
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
			at := parity * half
			combine(c[q][at:at+half], p[q][at+from:at+to], func(k int) []float32 { return t[parity][from+k][:] })
		}
	}
}

// combine adds the sum of rows times factors to dst. Four rows are added at a time, so
// that dst is read and written once for four multiplications.
func combine(dst, factors []float32, row func(k int) []float32) {
	k := 0
	for ; k+4 <= len(factors); k += 4 {
		f0, f1, f2, f3 := factors[k], factors[k+1], factors[k+2], factors[k+3]
		r0, r1, r2, r3 := row(k)[:len(dst)], row(k + 1)[:len(dst)], row(k + 2)[:len(dst)], row(k + 3)[:len(dst)]
		for j := range dst {
			dst[j] += f0*r0[j] + f1*r1[j] + f2*r2[j] + f3*r3[j]
		}
	}
	for ; k < len(factors); k++ {
		f, r := factors[k], row(k)[:len(dst)]
		for j := range dst {
			dst[j] += f * r[j]
		}
	}
}
