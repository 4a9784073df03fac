package kernel

func moments[E Element](x, shift, out *float32, pixels, rows, stride int) {
	var buffer, sum, square pixel
	origin := *at(shift, 0)
	eachPixel[E](pixels, rows, stride, func(i int) {
		for k, v := range load[E](x, i, &buffer) {
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

func affine[E Element](x, y, scale, shift *float32, pixels, rows, stride int) {
	var buffer pixel
	a, b := *at(scale, 0), *at(shift, 0)
	eachPixel[E](pixels, rows, stride, func(i int) {
		v := normalized(load[E](x, i, &buffer), &a, &b)
		store[E](y, i, &v)
	})
}

func affineReLU[E Element](x, y, scale, shift *float32, pixels, rows, stride int) {
	var buffer pixel
	a, b := *at(scale, 0), *at(shift, 0)
	eachPixel[E](pixels, rows, stride, func(i int) {
		v := normalized(load[E](x, i, &buffer), &a, &b)
		rectify(&v)
		store[E](y, i, &v)
	})
}

func affineAddReLU[E Element](x, r, y, scale, shift *float32, pixels, rows, stride int) {
	var buffer pixel
	a, b := *at(scale, 0), *at(shift, 0)
	eachPixel[E](pixels, rows, stride, func(i int) {
		v := normalized(load[E](x, i, &buffer), &a, &b)
		for k, add := range load[E](r, i, &buffer) {
			v[k] += add
		}
		rectify(&v)
		store[E](y, i, &v)
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

func normSums[E Element](x, dy, mean, out *float32, pixels, rows, stride int) {
	var p products
	var bufferX, buffer pixel
	m := *at(mean, 0)
	eachPixel[E](pixels, rows, stride, func(i int) {
		p.add(load[E](dy, i, &buffer), load[E](x, i, &bufferX), &m)
	})
	p.store(out)
}

func normSumsReLU[E Element](x, dy, coefficients, out *float32, pixels, rows, stride int) {
	var p products
	var bufferX, buffer pixel
	m, a, b := *at(coefficients, 0), *at(coefficients, PixelBytes), *at(coefficients, 2*PixelBytes)
	eachPixel[E](pixels, rows, stride, func(i int) {
		x := load[E](x, i, &bufferX)
		y := normalized(x, &a, &b)
		v := masked(load[E](dy, i, &buffer), &y)
		p.add(&v, x, &m)
	})
	p.store(out)
}

func normSumsMasked[E Element](x, y, dy, dr, mean, out *float32, pixels, rows, stride int) {
	var p products
	var bufferX, bufferY, buffer pixel
	m := *at(mean, 0)
	eachPixel[E](pixels, rows, stride, func(i int) {
		v := masked(load[E](dy, i, &buffer), load[E](y, i, &bufferY))
		store[E](dr, i, &v)
		p.add(&v, load[E](x, i, &bufferX), &m)
	})
	p.store(out)
}

func normGrad[E Element](x, dy, dx, coefficients *float32, pixels, rows, stride int) {
	var bufferX, buffer pixel
	k0, k1, k2 := *at(coefficients, 0), *at(coefficients, PixelBytes), *at(coefficients, 2*PixelBytes)
	eachPixel[E](pixels, rows, stride, func(i int) {
		v := normalizedGrad(load[E](dy, i, &buffer), load[E](x, i, &bufferX), &k0, &k1, &k2)
		store[E](dx, i, &v)
	})
}

func normGradReLU[E Element](x, dy, dx, coefficients *float32, pixels, rows, stride int) {
	var bufferX, buffer pixel
	k0, k1, k2 := *at(coefficients, 0), *at(coefficients, PixelBytes), *at(coefficients, 2*PixelBytes)
	a, b := *at(coefficients, 3*PixelBytes), *at(coefficients, 4*PixelBytes)
	eachPixel[E](pixels, rows, stride, func(i int) {
		x := load[E](x, i, &bufferX)
		y := normalized(x, &a, &b)
		v := masked(load[E](dy, i, &buffer), &y)
		v = normalizedGrad(&v, x, &k0, &k1, &k2)
		store[E](dx, i, &v)
	})
}

// normalizedGrad is dy·k0 + x·k1 + k2.
func normalizedGrad(dy, x, k0, k1, k2 *pixel) (dx pixel) {
	for k := range dx {
		dx[k] = dy[k]*k0[k] + x[k]*k1[k] + k2[k]
	}
	return dx
}
