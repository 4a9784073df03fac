package attack

import "math"

// rounding is how far off float32 may be where numbers are below 1.
const rounding = 1.0 / (1 << 24)

// tiny keeps lengths from being divided by 0: shorter gradients are none.
const tiny = 1e-30

// stepSigns goes a step along dx's signs, into the ball of L∞ around x and into [0,1].
func stepSigns(v, dx, x []float32, step, epsilon float32) {
	v, x = v[:len(dx)], x[:len(dx)]
	for i, d := range dx {
		if d != 0 {
			v[i] = project(v[i]+withSign(step, d), x[i], epsilon)
		}
	}
}

// landEach puts v at x+delta, every pixel by ε at most, in [0,1].
func landEach(v, delta, x []float32, epsilon float32) {
	for i, d := range delta {
		v[i] = project(x[i]+d, x[i], epsilon)
	}
}

// clip moves v into the ball of L∞ around x and into [0,1].
func clip(v, x []float32, epsilon float32) {
	for i := range v {
		v[i] = project(v[i], x[i], epsilon)
	}
}

// landWhole puts v at x+delta, shortened as a whole until no pixel changes by more than ε, in
// [0,1].
func landWhole(v, delta, x []float32, epsilon float64) {
	factor := float32(min(1, epsilon/max(lengthOf(delta, LInf), tiny)))
	for i, d := range delta {
		v[i] = project(x[i]+factor*d, x[i], float32(epsilon))
	}
}

// landL2 puts v at x+delta, shortened to ε, in [0,1]. As x+delta is rounded, v may turn out
// to be too far off by a few roundings: then it is shortened again, by more every time, as
// rounding may take back what is little.
func landL2(v, delta, x []float32, epsilon float64) {
	factor := min(1, epsilon/max(lengthOf(delta, L2), tiny))
	for shrink := 1.0 / (1 << 23); ; shrink *= 2 {
		f := float32(factor)
		for i, d := range delta {
			v[i] = min(max(x[i]+f*d, 0), 1)
		}
		_, length := norms(v, x)
		if !(length > epsilon) { // nor NaN, which no shortening would end
			return
		}
		factor *= max(1-shrink, 0) * epsilon / length
	}
}

// signs makes d the signs of its numbers.
func signs(d []float32) {
	for i, v := range d {
		if v != 0 {
			d[i] = withSign(1, v)
		}
	}
}

// lengthOf is d's norm.
func lengthOf(d []float32, n Norm) float64 {
	if n == LInf {
		largest := float32(0)
		for _, v := range d {
			largest = max(largest, v, -v)
		}
		return float64(largest)
	}
	sum := 0.0
	for _, v := range d {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// blind tells whether a gradient says nothing: because all of it is 0, or because it has
// overflowed. It is all 0 then.
func blind(d []float32) bool {
	const infinity = 0x7f800000 // NaN is beyond
	largest := uint32(0)
	for _, v := range d {
		largest = max(largest, math.Float32bits(v)&^(1<<31))
	}
	if largest >= infinity {
		clear(d)
	}
	return largest == 0 || largest >= infinity
}
