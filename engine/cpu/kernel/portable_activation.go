package kernel

import "math"

// eachNumber makes y of x, number by number.
func eachNumber[E Element](x, y *float32, pixels, rows, stride int, f func(v float32) float32) {
	var buffer, out pixel
	eachPixel[E](pixels, rows, stride, func(i int) {
		for k, v := range load[E](x, i, &buffer) {
			out[k] = f(v)
		}
		store[E](y, i, &out)
	})
}

func clip[E Element](x, y, k *float32, pixels, rows, stride int) {
	least, most := value(k, 0), value(k, 4)
	eachNumber[E](x, y, pixels, rows, stride, func(v float32) float32 { return limited(v, least, most) })
}

// limited keeps NaN.
func limited(v, least, most float32) float32 { return min(max(v, least), most) }

func gate(v, slope, shift float32) float32 { return limited(v*slope+shift, 0, 1) }

func hardSigmoid[E Element](x, y, k *float32, pixels, rows, stride int) {
	slope, shift := value(k, 0), value(k, 4)
	eachNumber[E](x, y, pixels, rows, stride, func(v float32) float32 { return gate(v, slope, shift) })
}

func hardSwish[E Element](x, y, k *float32, pixels, rows, stride int) {
	slope, shift := value(k, 0), value(k, 4)
	eachNumber[E](x, y, pixels, rows, stride, func(v float32) float32 { return v * gate(v, slope, shift) })
}

func logistic(v float32) float32 { return float32(1 / (1 + math.Exp(-float64(v)))) }

func sigmoid[E Element](x, y *float32, pixels, rows, stride int) {
	eachNumber[E](x, y, pixels, rows, stride, logistic)
}

func siLU[E Element](x, y *float32, pixels, rows, stride int) {
	eachNumber[E](x, y, pixels, rows, stride, func(v float32) float32 { return v * logistic(v) })
}
