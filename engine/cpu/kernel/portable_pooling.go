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

func stepSpread[E Element](dy, dx *float32, n, step int) {
	var buffer pixel
	for i := range n {
		v := *load[E](dx, i*step, &buffer)
		for k, w := range load[E](dy, i*pixelBytes[E](), &buffer) {
			v[k] += w
		}
		store[E](dx, i*step, &v)
	}
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
