package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestActivations(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for range 20 {
			pixels, rows := 1+rng.IntN(9), 1+rng.IntN(3)
			stride := (pixels + rng.IntN(3)) * PixelBytes
			x := random(rng, rows*stride/4+Block)
			for i := range x {
				x[i] *= 8
			}
			copy(x, []float32{nan, inf, -inf, -87.5, 88, -120, 120, float32(math.Copysign(0, -1))})
			k := []float32{-0.5, 6}
			call := func(f func(x, y, k *float32, pixels, rows, stride int)) func(x, y *float32, pixels, rows, stride int) {
				return func(x, y *float32, pixels, rows, stride int) { f(x, y, &k[0], pixels, rows, stride) }
			}
			a, b := s.Activations, portable.Activations
			for name, f := range map[string][2]func(x, y *float32, pixels, rows, stride int){
				"clip": {call(a.Clip), call(b.Clip)}, "hard sigmoid": {call(a.HardSigmoid), call(b.HardSigmoid)},
				"hard swish": {call(a.HardSwish), call(b.HardSwish)}, "sigmoid": {a.Sigmoid, b.Sigmoid}, "silu": {a.SiLU, b.SiLU},
			} {
				want, got := clone(x), clone(x)
				f[0](&got[0], &got[0], pixels, rows, stride)
				f[1](&want[0], &want[0], pixels, rows, stride)
				for i, v := range want {
					if v == got[i] { // infinities
						want[i], got[i] = 0, 0
					}
				}
				near(t, name, got, want, 2)
			}
		}
	})
}
