package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestInterleave(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		for range 100 {
			channels, pixels := 1+rng.IntN(4), InterleavePixels+rng.IntN(50)
			plane := pixels + rng.IntN(9)
			x, scale, shift := random(rng, channels*plane), random(rng, 4), random(rng, 4)
			got, want := random(rng, 4*pixels+5), make([]float32, 4*pixels+5)
			copy(want, got)
			for p := range pixels {
				for c := range 4 {
					want[4*p+c] = 0
					if c < channels {
						want[4*p+c] = x[c*plane+p]*scale[c] + shift[c]
					}
				}
			}
			s.Interleave(&x[0], &got[0], &scale[0], &shift[0], channels, pixels, 4*plane)
			near(t, "pixels", got, want, 2)
		}
	})
}
