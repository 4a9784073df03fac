package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestWinogradTransforms(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		const pitch = 13
		for range 20 {
			n := 1 + rng.IntN(9)
			shape := WinogradShape{Row: pitch * PixelBytes, Point: (n + rng.IntN(3)) * PixelBytes, Rectify: rng.IntN(2)}
			x, tiles := random(rng, pitch*pitch*Block), make([]int32, n)
			for i := range tiles {
				tiles[i] = int32((rng.IntN(pitch-5)*pitch + rng.IntN(pitch-5)) * PixelBytes)
			}
			want := random(rng, WinogradPoints*shape.Point/4)
			got := clone(want)
			portable.WinogradInput(&x[0], &want[0], &tiles[0], n, &shape)
			s.WinogradInput(&x[0], &got[0], &tiles[0], n, &shape)
			near(t, "points", got, want, 100)

			bias, addend := random(rng, Block), random(rng, len(x))
			y := clone(x)
			z := clone(x)
			portable.Winograd.Output(&want[0], &y[0], nil, &bias[0], &tiles[0], n, &shape)
			s.Winograd.Output(&want[0], &z[0], nil, &bias[0], &tiles[0], n, &shape)
			near(t, "outputs", z, y, 1000)
			portable.Winograd.Output(&want[0], &y[0], &addend[0], &bias[0], &tiles[0], n, &shape)
			s.Winograd.Output(&want[0], &z[0], &addend[0], &bias[0], &tiles[0], n, &shape)
			near(t, "outputs with addend", z, y, 1000)
		}
	})
}

func TestWinogradMultiply(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		for range 20 {
			n, blocks, points := 8*(1+rng.IntN(5)), 1+rng.IntN(3), 1+rng.IntN(4)
			shape := WinogradMultiplyShape{
				Points: points, Blocks: blocks,
				VBlock: (8 + rng.IntN(3)) * PixelBytes, MBlock: (n + rng.IntN(3)) * PixelBytes,
				UPoint: (blocks*Block*2 + rng.IntN(3)) * PixelBytes,
			}
			shape.VTiles, shape.MPoint = blocks*shape.VBlock, 2*shape.MBlock
			shape.VPoint = n / 8 * shape.VTiles
			v, u := random(rng, points*shape.VPoint/4), random(rng, points*shape.UPoint/4)
			want := random(rng, points*shape.MPoint/4)
			got := clone(want)
			portable.Winograd.Multiply32(&v[0], &u[0], &want[0], n, &shape)
			s.Winograd.Multiply32(&v[0], &u[0], &got[0], n, &shape)
			near(t, "32 channels", got, want, 100)
			portable.Winograd.Multiply16(&v[0], &u[0], &want[0], n, &shape)
			s.Winograd.Multiply16(&v[0], &u[0], &got[0], n, &shape)
			near(t, "16 channels", got, want, 100)
		}
	})
}

func TestWinogradWeights(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		for range 20 {
			n := 1 + rng.IntN(20)
			shape := WinogradWeightShape{
				Lanes: 1 + rng.IntN(Block), Lane: 4 * 9 * 20, Tap: 4, Input: 4 * 9,
				Scale: rng.IntN(2) * PixelBytes, Channel: 2 * PixelBytes,
			}
			shape.Point = n*shape.Channel + PixelBytes
			w, scale := random(rng, 16*9*20), random(rng, n*Block)
			first := &w[0]
			if rng.IntN(2) == 0 { // flipped and transposed
				shape.Lane, shape.Input, shape.Tap = 4*9, 4*9*16, -4
				w = random(rng, 20*9*16)
				first = &w[8]
			}
			want := random(rng, WinogradPoints*shape.Point/4)
			got := clone(want)
			portable.Winograd.Weights(first, &want[0], &scale[0], n, &shape)
			s.Winograd.Weights(first, &got[0], &scale[0], n, &shape)
			near(t, "weights", got, want, 10)
		}
	})
}
