package spectral

import "math"

// The passes below compute, for every p < m and q < s,
//
//	y[q+s·(r·p+k)] = exp(-2πi·p·k/(r·m)) · Σ x[q+s·(p+m·j)]·exp(-2πi·j·k/r)
//
// for k = 0 … r-1, the sum over j < r. Real and imaginary parts are handled separately, since
// the compiler then keeps them in registers.

// cmul returns (re + i·im)·w.
func cmul(re, im float64, w complex128) complex128 {
	return complex(re*real(w)-im*imag(w), re*imag(w)+im*real(w))
}

func (t *pass) two(y, x []quad) {
	for p := range t.m {
		w := t.twiddle[p]
		for q := range t.s {
			a, b := &x[q+t.s*p], &x[q+t.s*(p+t.m)]
			y0, y1 := &y[q+t.s*2*p], &y[q+t.s*(2*p+1)]
			for l := range lanes {
				y0[l] = a[l] + b[l]
				d := a[l] - b[l]
				y1[l] = cmul(real(d), imag(d), w)
			}
		}
	}
}

func (t *pass) three(y, x []quad) {
	sin := math.Sqrt(3) / 2
	for p := range t.m {
		w1, w2 := t.twiddle[2*p], t.twiddle[2*p+1]
		for q := range t.s {
			a, b, c := &x[q+t.s*p], &x[q+t.s*(p+t.m)], &x[q+t.s*(p+2*t.m)]
			y0, y1, y2 := &y[q+t.s*3*p], &y[q+t.s*(3*p+1)], &y[q+t.s*(3*p+2)]
			for l := range lanes {
				sum, d := b[l]+c[l], b[l]-c[l]
				y0[l] = a[l] + sum
				re, im := real(a[l])-real(sum)/2, imag(a[l])-imag(sum)/2
				dr, di := sin*imag(d), -sin*real(d)
				y1[l] = cmul(re+dr, im+di, w1)
				y2[l] = cmul(re-dr, im-di, w2)
			}
		}
	}
}

func (t *pass) four(y, x []quad) {
	for p := range t.m {
		w1, w2, w3 := t.twiddle[3*p], t.twiddle[3*p+1], t.twiddle[3*p+2]
		for q := range t.s {
			i, o := q+t.s*p, q+t.s*4*p
			a, b, c, d := &x[i], &x[i+t.s*t.m], &x[i+t.s*2*t.m], &x[i+t.s*3*t.m]
			y0, y1, y2, y3 := &y[o], &y[o+t.s], &y[o+2*t.s], &y[o+3*t.s]
			for l := range lanes {
				ac, bd := a[l]+c[l], b[l]+d[l]
				e, f := a[l]-c[l], b[l]-d[l]
				y0[l] = ac + bd
				y1[l] = cmul(real(e)+imag(f), imag(e)-real(f), w1)
				y2[l] = cmul(real(ac)-real(bd), imag(ac)-imag(bd), w2)
				y3[l] = cmul(real(e)-imag(f), imag(e)+real(f), w3)
			}
		}
	}
}

func (t *pass) five(y, x []quad) {
	s1, c1 := math.Sincos(2 * math.Pi / 5)
	s2, c2 := math.Sincos(4 * math.Pi / 5)
	for p := range t.m {
		w := (*[4]complex128)(t.twiddle[4*p:])
		for q := range t.s {
			i, o := q+t.s*p, q+t.s*5*p
			a, b, c, d, e := &x[i], &x[i+t.s*t.m], &x[i+t.s*2*t.m], &x[i+t.s*3*t.m], &x[i+t.s*4*t.m]
			y0, y1, y2, y3, y4 := &y[o], &y[o+t.s], &y[o+2*t.s], &y[o+3*t.s], &y[o+4*t.s]
			for l := range lanes {
				be, cd := b[l]+e[l], c[l]+d[l]
				f, g := b[l]-e[l], c[l]-d[l]
				y0[l] = a[l] + be + cd
				re := real(a[l]) + c1*real(be) + c2*real(cd)
				im := imag(a[l]) + c1*imag(be) + c2*imag(cd)
				dr, di := s1*imag(f)+s2*imag(g), -s1*real(f)-s2*real(g)
				y1[l] = cmul(re+dr, im+di, w[0])
				y4[l] = cmul(re-dr, im-di, w[3])
				re = real(a[l]) + c2*real(be) + c1*real(cd)
				im = imag(a[l]) + c2*imag(be) + c1*imag(cd)
				dr, di = s2*imag(f)-s1*imag(g), s1*real(g)-s2*real(f)
				y2[l] = cmul(re+dr, im+di, w[1])
				y3[l] = cmul(re-dr, im-di, w[2])
			}
		}
	}
}

// odd is the pass for any odd radix. Sums and differences of elements j and r-j halve the
// multiplications.
func (t *pass) odd(y, x []quad) {
	half := (t.r - 1) / 2
	sums, differences := t.scratch[:half], t.scratch[half:]
	for p := range t.m {
		twiddle := t.twiddle[p*(t.r-1):][:t.r-1]
		for q := range t.s {
			i, o := q+t.s*p, q+t.s*t.r*p
			first, total := x[i], x[i]
			for j := range half {
				a, b := &x[i+t.s*t.m*(j+1)], &x[i+t.s*t.m*(t.r-1-j)]
				for l := range lanes {
					sums[j][l], differences[j][l] = a[l]+b[l], a[l]-b[l]
					total[l] += sums[j][l]
				}
			}
			y[o] = total
			for k := 1; k <= half; k++ {
				even, odd := t.bin(first, sums, differences, k)
				low, high := &y[o+t.s*k], &y[o+t.s*(t.r-k)]
				for l := range lanes {
					re, im := real(even[l]), imag(even[l])
					dr, di := imag(odd[l]), -real(odd[l])
					low[l] = cmul(re+dr, im+di, twiddle[k-1])
					high[l] = cmul(re-dr, im-di, twiddle[t.r-k-1])
				}
			}
		}
	}
}

// bin returns the cosine and sine sums of one output.
func (t *pass) bin(first quad, sums, differences []quad, k int) (even, odd quad) {
	even = first
	at := 0
	for j := range sums {
		at += k
		if at >= t.r {
			at -= t.r
		}
		cos, sin := real(t.roots[at]), -imag(t.roots[at])
		s, d := &sums[j], &differences[j]
		for l := range lanes {
			even[l] += complex(cos*real(s[l]), cos*imag(s[l]))
			odd[l] += complex(sin*real(d[l]), sin*imag(d[l]))
		}
	}
	return even, odd
}
