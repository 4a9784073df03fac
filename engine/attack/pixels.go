package attack

import "math"

// rounding is half a unit in the last place of float32 just below 1.
const rounding = 1.0 / (1 << 24)

// tiny avoids division by a norm of 0: gradients below it count as zero.
const tiny = 1e-30

// stepSigns takes a step along dx's signs, projected onto the L∞ ball around x and onto [0,1].
func stepSigns(v, dx, x []float32, step, epsilon float32) {
	v, x = v[:len(dx)], x[:len(dx)]
	for i, d := range dx {
		if d > 0 || d < 0 { // nor NaN
			v[i] = projectPixel(v[i]+withSign(step, d), x[i], epsilon)
		}
	}
}

// applyClipped sets v to x+delta, each pixel clipped to x±ε and to [0,1].
func applyClipped(v, delta, x []float32, epsilon float32) {
	for i, d := range delta {
		v[i] = projectPixel(x[i]+d, x[i], epsilon)
	}
}

// clip projects v onto the L∞ ball around x and onto [0,1].
func clip(v, x []float32, epsilon float32) {
	for i := range v {
		v[i] = projectPixel(v[i], x[i], epsilon)
	}
}

// applyScaled sets v to x+delta, scaled as a whole until no pixel changes by more than ε, and
// clipped to [0,1].
func applyScaled(v, delta, x []float32, epsilon float64) {
	factor := float32(min(1, epsilon/max(lengthOf(delta, LInf), tiny)))
	for i, d := range delta {
		v[i] = projectPixel(x[i]+factor*d, x[i], float32(epsilon))
	}
}

// applyL2 sets v to x+delta, scaled to length ε at most and clipped to [0,1]. As x+delta is
// rounded, the result may exceed ε by a few roundings: it is then scaled down further, each
// time by more, as rounding may undo a small change.
func applyL2(v, delta, x []float32, epsilon float64) {
	factor := min(1, epsilon/max(lengthOf(delta, L2), tiny))
	for shrink := 1.0 / (1 << 23); ; shrink *= 2 {
		f := float32(factor)
		for i, d := range delta {
			v[i] = min(max(x[i]+f*d, 0), 1)
		}
		_, length := norms(v, x)
		if !(length > epsilon) { // nor NaN, which no scaling would end
			return
		}
		factor *= max(1-shrink, 0) * epsilon / length
	}
}

// signs replaces the elements of d by their signs.
func signs(d []float32) {
	for i, v := range d {
		if v != 0 {
			d[i] = withSign(1, v)
		}
	}
}

// lengthOf is the norm of d.
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

// zeroGradient reports whether a gradient has no direction: because it is zero, or because it
// has overflowed; then it is set to zero.
func zeroGradient(d []float32) bool {
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

// withSign is v, which is positive, with the sign of d. Signs of gradients are as good as
// random: mispredicted branches would cost more than all the rest.
func withSign(v, d float32) float32 {
	return math.Float32frombits(math.Float32bits(v) | math.Float32bits(d)&(1<<31))
}

// projectPixel clips v to x±epsilon and to [0,1]: it is
//
//	min(max(v, x-epsilon, 0), x+epsilon, 1)
//
// several times as fast. The bits of non-negative floats, taken as integers, have their order,
// and those of negative ones come before.
func projectPixel(v, x, epsilon float32) float32 {
	const one = 0x3f800000
	return math.Float32frombits(uint32(min(max(order(v), order(x-epsilon), 0), order(x+epsilon), one)))
}

func order(v float32) int32 { return int32(math.Float32bits(v)) }
