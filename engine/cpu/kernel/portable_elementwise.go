package kernel

// eachPixel calls f with the byte offset of every pixel of rows of pixels.
func eachPixel[E Element](pixels, rows, stride int, f func(i int)) {
	for r := range rows {
		for p := range pixels {
			f(r*stride + p*pixelBytes[E]())
		}
	}
}

func add[E Element](a, b, y *float32, pixels, rows, stride int) {
	var bufferA, bufferB, out pixel
	eachPixel[E](pixels, rows, stride, func(i int) {
		a, b := load[E](a, i, &bufferA), load[E](b, i, &bufferB)
		for k := range out {
			out[k] = a[k] + b[k]
		}
		store[E](y, i, &out)
	})
}

func relu[E Element](x, y *float32, pixels, rows, stride int) {
	var buffer pixel
	eachPixel[E](pixels, rows, stride, func(i int) {
		v := *load[E](x, i, &buffer)
		rectify(&v)
		store[E](y, i, &v)
	})
}

func reluGrad[E Element](y, dy, dx *float32, pixels, rows, stride int) {
	var bufferY, buffer pixel
	eachPixel[E](pixels, rows, stride, func(i int) {
		v := masked(load[E](dy, i, &buffer), load[E](y, i, &bufferY))
		store[E](dx, i, &v)
	})
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

func fill[E Element](values, y *float32, pixels, rows, stride int) {
	v := *at(values, 0)
	eachPixel[E](pixels, rows, stride, func(i int) { store[E](y, i, &v) })
}

func scale[E Element](x, y, factor *float32, pixels, rows, stride int) {
	var buffer, out pixel
	f := *at(factor, 0)
	eachPixel[E](pixels, rows, stride, func(i int) {
		x := load[E](x, i, &buffer)
		for k := range out {
			out[k] = x[k] * f[k]
		}
		store[E](y, i, &out)
	})
}

func sum[E Element](x, out *float32, pixels, rows, stride int) {
	var buffer, total pixel
	eachPixel[E](pixels, rows, stride, func(i int) {
		for k, v := range load[E](x, i, &buffer) {
			total[k] += v
		}
	})
	*at(out, 0) = total
}
