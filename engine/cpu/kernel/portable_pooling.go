package kernel

func stepMax(x, y *float32, n, step int) {
	for i := range n {
		x, y := at(x, i*step), at(y, i*PixelBytes)
		for k := range y {
			y[k] = max(x[k], y[k])
		}
	}
}

func stepAdd(x, y *float32, n, step int) {
	for i := range n {
		x, y := at(x, i*step), at(y, i*PixelBytes)
		for k := range y {
			y[k] += x[k]
		}
	}
}

func stepSpread(dy, dx *float32, n, step int) {
	for i := range n {
		dy, dx := at(dy, i*PixelBytes), at(dx, i*step)
		for k := range dx {
			dx[k] += dy[k]
		}
	}
}

func stepMaxGrad(x, y, left, dx *float32, n, step int) {
	for i := range n {
		x, dx := at(x, i*step), at(dx, i*step)
		y, left := at(y, i*PixelBytes), at(left, i*PixelBytes)
		for k := range left {
			if x[k] == y[k] {
				dx[k] += left[k]
				left[k] = 0
			}
		}
	}
}
