package kernel

func moments(x, shift, out *float32, pixels, rows, stride int) {
	var sum, square pixel
	origin := *at(shift, 0)
	eachPixel(pixels, rows, stride, func(i int) {
		for k, v := range at(x, i) {
			v -= origin[k]
			sum[k] += v
			square[k] += v * v
		}
	})
	*at(out, 0), *at(out, PixelBytes) = sum, square
}

// normalized is x·scale + shift.
func normalized(x, scale, shift *pixel) (y pixel) {
	for k := range y {
		y[k] = x[k]*scale[k] + shift[k]
	}
	return y
}

func affine(x, y, scale, shift *float32, pixels, rows, stride int) {
	a, b := *at(scale, 0), *at(shift, 0)
	eachPixel(pixels, rows, stride, func(i int) { *at(y, i) = normalized(at(x, i), &a, &b) })
}

func affineReLU(x, y, scale, shift *float32, pixels, rows, stride int) {
	a, b := *at(scale, 0), *at(shift, 0)
	eachPixel(pixels, rows, stride, func(i int) {
		v := normalized(at(x, i), &a, &b)
		rectify(&v)
		*at(y, i) = v
	})
}

func affineAddReLU(x, r, y, scale, shift *float32, pixels, rows, stride int) {
	a, b := *at(scale, 0), *at(shift, 0)
	eachPixel(pixels, rows, stride, func(i int) {
		v := normalized(at(x, i), &a, &b)
		for k, add := range at(r, i) {
			v[k] += add
		}
		rectify(&v)
		*at(y, i) = v
	})
}

// products are Σ dy and Σ dy·(x − mean).
type products struct{ sum, product pixel }

func (p *products) add(dy, x, mean *pixel) {
	for k, v := range dy {
		p.sum[k] += v
		p.product[k] += v * (x[k] - mean[k])
	}
}

func (p *products) store(out *float32) { *at(out, 0), *at(out, PixelBytes) = p.sum, p.product }

func normSums(x, dy, mean, out *float32, pixels, rows, stride int) {
	var p products
	m := *at(mean, 0)
	eachPixel(pixels, rows, stride, func(i int) { p.add(at(dy, i), at(x, i), &m) })
	p.store(out)
}

func normSumsReLU(x, dy, coefficients, out *float32, pixels, rows, stride int) {
	var p products
	m, a, b := *at(coefficients, 0), *at(coefficients, PixelBytes), *at(coefficients, 2*PixelBytes)
	eachPixel(pixels, rows, stride, func(i int) {
		y := normalized(at(x, i), &a, &b)
		v := masked(at(dy, i), &y)
		p.add(&v, at(x, i), &m)
	})
	p.store(out)
}

func normSumsMasked(x, y, dy, dr, mean, out *float32, pixels, rows, stride int) {
	var p products
	m := *at(mean, 0)
	eachPixel(pixels, rows, stride, func(i int) {
		v := masked(at(dy, i), at(y, i))
		*at(dr, i) = v
		p.add(&v, at(x, i), &m)
	})
	p.store(out)
}

func normGrad(x, dy, dx, coefficients *float32, pixels, rows, stride int) {
	k0, k1, k2 := *at(coefficients, 0), *at(coefficients, PixelBytes), *at(coefficients, 2*PixelBytes)
	eachPixel(pixels, rows, stride, func(i int) {
		*at(dx, i) = normalizedGrad(at(dy, i), at(x, i), &k0, &k1, &k2)
	})
}

func normGradReLU(x, dy, dx, coefficients *float32, pixels, rows, stride int) {
	k0, k1, k2 := *at(coefficients, 0), *at(coefficients, PixelBytes), *at(coefficients, 2*PixelBytes)
	a, b := *at(coefficients, 3*PixelBytes), *at(coefficients, 4*PixelBytes)
	eachPixel(pixels, rows, stride, func(i int) {
		y := normalized(at(x, i), &a, &b)
		v := masked(at(dy, i), &y)
		*at(dx, i) = normalizedGrad(&v, at(x, i), &k0, &k1, &k2)
	})
}

// normalizedGrad is dy·k0 + x·k1 + k2.
func normalizedGrad(dy, x, k0, k1, k2 *pixel) (dx pixel) {
	for k := range dx {
		dx[k] = dy[k]*k0[k] + x[k]*k1[k] + k2[k]
	}
	return dx
}
