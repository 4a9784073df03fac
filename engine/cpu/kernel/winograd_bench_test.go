package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The steps of a convolution through Winograd, in the cache, for as many tiles as the CPU
// device works on together: products in GFLOP/s of their own, transforms in numbers of a
// tile's and a block's.
func BenchmarkWinograd(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range Sets() {
		for _, l := range []struct{ channels, tiles int }{{16, 16}, {16, 64}, {32, 32}, {64, 32}, {128, 16}, {256, 128}, {512, 128}} {
			wide, f := 32, s.Winograd.Multiply32
			if l.channels == 16 {
				wide, f = 16, s.Winograd.Multiply16
			}
			blocks := l.channels / Block
			shape := WinogradMultiplyShape{
				Points: WinogradPoints, Blocks: blocks, VBlock: 8 * PixelBytes, VTiles: blocks * 8 * PixelBytes,
				VPoint: (blocks*l.tiles + 1) * PixelBytes, UPoint: l.channels*wide*4 + PixelBytes,
				MBlock: l.tiles * PixelBytes, MPoint: (wide/Block*l.tiles + 1) * PixelBytes,
			}
			v, u := random(rng, WinogradPoints*shape.VPoint/4), random(rng, WinogradPoints*shape.UPoint/4)
			m := make([]float32, WinogradPoints*shape.MPoint/4)
			b.Run(fmt.Sprintf("%s/multiply/%dx%d", s.Name, l.channels, l.tiles), func(b *testing.B) {
				for b.Loop() {
					f(&v[0], &u[0], &m[0], l.tiles, &shape)
				}
				flops := float64(b.N) * float64(WinogradPoints*l.tiles*l.channels*wide*2)
				b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
		const size, tiles = 33, 64
		x, y, offsets := random(rng, (size+1)*(size+1)*Block), make([]float32, (size+1)*(size+1)*Block), make([]int32, tiles)
		for i := range offsets {
			offsets[i] = int32((i/8*size + i%8) * 4 * PixelBytes)
		}
		shape := WinogradShape{Row: size * PixelBytes, Point: (tiles + 1) * PixelBytes}
		v := random(rng, WinogradPoints*shape.Point/4)
		for name, f := range map[string]func(){
			"input":  func() { s.WinogradInput(&x[0], &v[0], &offsets[0], tiles, &shape) },
			"output": func() { s.Winograd.Output(&v[0], &y[0], nil, &x[0], &offsets[0], tiles, &shape) },
		} {
			b.Run(s.Name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*tiles), "ns/tile")
			})
		}
		const channels = 512
		weights := WinogradWeightShape{Lanes: Block, Lane: 4 * 9 * channels, Tap: 4, Input: 4 * 9, Channel: 128, Point: channels*128 + PixelBytes}
		w, u, scale := random(rng, Block*9*channels), make([]float32, WinogradPoints*weights.Point/4), random(rng, Block)
		for _, direction := range []string{"forward", "backward"} {
			b.Run(s.Name+"/weights/"+direction, func(b *testing.B) {
				for b.Loop() {
					s.Winograd.Weights(&w[0], &u[0], &scale[0], channels/16, &weights)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*channels/16), "ns/kernels")
			})
			weights.Lane, weights.Input = 4*9, 4*9*Block
		}
	}
}
