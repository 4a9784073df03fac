package kernel

func stepMax[E Element](x, y *float32, n, step int) {
	var bufferX, bufferY, out pixel
	for i := range n {
		x, old := load[E](x, i*step, &bufferX), load[E](y, i*pixelBytes[E](), &bufferY)
		for k := range out {
			out[k] = max(x[k], old[k])
		}
		store[E](y, i*pixelBytes[E](), &out)
	}
}

func stepAdd[E Element](x, y *float32, n, step int) {
	for i := range n {
		addPixel[E](x, i*step, y, i*pixelBytes[E]())
	}
}

func stepSpread[E Element](dy, dx *float32, n, step int) {
	for i := range n {
		addPixel[E](dy, i*pixelBytes[E](), dx, i*step)
	}
}

// addPixel is y += x, both at offsets in bytes.
func addPixel[E Element](x *float32, xi int, y *float32, yi int) {
	var buffer pixel
	v := *load[E](y, yi, &buffer)
	for k, w := range load[E](x, xi, &buffer) {
		v[k] += w
	}
	store[E](y, yi, &v)
}

func stepMaxGrad[E Element](x, y, left, dx *float32, n, step int) {
	var bufferX, bufferY, buffer pixel
	for i := range n {
		p := i * pixelBytes[E]()
		rest := *load[E](left, p, &buffer)
		out := *load[E](dx, i*step, &buffer)
		x, y := load[E](x, i*step, &bufferX), load[E](y, p, &bufferY)
		for k := range x {
			if x[k] == y[k] {
				out[k] += rest[k]
				rest[k] = 0
			}
		}
		store[E](left, p, &rest)
		store[E](dx, i*step, &out)
	}
}
