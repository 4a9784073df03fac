package kernel

// eachPixel calls f with the byte offset of every pixel of rows of pixels.
func eachPixel(pixels, rows, stride int, f func(i int)) {
	for r := range rows {
		for p := range pixels {
			f(r*stride + p*PixelBytes)
		}
	}
}

func add(a, b, y *float32, pixels, rows, stride int) {
	eachPixel(pixels, rows, stride, func(i int) {
		a, b, y := at(a, i), at(b, i), at(y, i)
		for k := range y {
			y[k] = a[k] + b[k]
		}
	})
}

func relu(x, y *float32, pixels, rows, stride int) {
	eachPixel(pixels, rows, stride, func(i int) {
		v := *at(x, i)
		rectify(&v)
		*at(y, i) = v
	})
}

func reluGrad(y, dy, dx *float32, pixels, rows, stride int) {
	eachPixel(pixels, rows, stride, func(i int) { *at(dx, i) = masked(at(dy, i), at(y, i)) })
}

// masked is v where y > 0, else 0.
func masked(v, y *pixel) (out pixel) {
	for k := range v {
		if y[k] > 0 {
			out[k] = v[k]
		}
	}
	return out
}

func fill(values, y *float32, pixels, rows, stride int) {
	v := *at(values, 0)
	eachPixel(pixels, rows, stride, func(i int) { *at(y, i) = v })
}

func scale(x, y, factor *float32, pixels, rows, stride int) {
	f := *at(factor, 0)
	eachPixel(pixels, rows, stride, func(i int) {
		x, y := at(x, i), at(y, i)
		for k := range y {
			y[k] = x[k] * f[k]
		}
	})
}

func sum(x, out *float32, pixels, rows, stride int) {
	var total pixel
	eachPixel(pixels, rows, stride, func(i int) {
		for k, v := range at(x, i) {
			total[k] += v
		}
	})
	*at(out, 0) = total
}
