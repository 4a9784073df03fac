package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestWinogradInput(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		const pitch = 13
		for range 20 {
			n := 1 + rng.IntN(9)
			shape := WinogradShape{Row: pitch * PixelBytes, Point: (n + rng.IntN(3)) * PixelBytes}
			x, tiles := random(rng, pitch*pitch*Block), make([]int32, n)
			for i := range tiles {
				tiles[i] = int32((rng.IntN(pitch-5)*pitch + rng.IntN(pitch-5)) * PixelBytes)
			}
			want := random(rng, WinogradPoints*shape.Point/4)
			got := clone(want)
			portable.WinogradInput(&x[0], &want[0], &tiles[0], n, &shape)
			s.WinogradInput(&x[0], &got[0], &tiles[0], n, &shape)
			near(t, "points", got, want, 100)
		}
	})
}
