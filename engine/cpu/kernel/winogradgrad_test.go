package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestWinogradGrad(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		for range 40 {
			n, point := 1+rng.IntN(5), (5+rng.IntN(9))*PixelBytes
			shape := WinogradShape{Row: (4 + rng.IntN(9)) * PixelBytes, Point: point}
			dy, d := random(rng, 20*13*Block), random(rng, 36*14*Block)
			tiles := make([]int32, n)
			for i := range tiles {
				tiles[i] = int32(rng.IntN(10)*shape.Row + rng.IntN(10)*PixelBytes)
			}
			want, got := clone(d), clone(d)
			portable.WinogradGrad.Gradient(&dy[0], &want[0], &tiles[0], n, &shape)
			s.WinogradGrad.Gradient(&dy[0], &got[0], &tiles[0], n, &shape)
			near(t, "gradient", got, want, 100)

			u, dw := random(rng, 36*14*Block), random(rng, 9*10*Block)
			tap := (5 + rng.IntN(5)) * PixelBytes
			want, got = clone(dw), clone(dw)
			portable.WinogradGrad.Weights(&u[0], &want[0], n, point, tap)
			s.WinogradGrad.Weights(&u[0], &got[0], n, point, tap)
			near(t, "weights", got, want, 10)
		}
		for range 20 {
			blocks, tiles := 1+rng.IntN(3), 1+rng.IntN(9)
			const block, point = 10 * PixelBytes, 31 * PixelBytes
			lines := make([]int32, 36*blocks*tiles)
			v, d := random(rng, 36*31*Block), random(rng, 36*31*Block)
			ahead := Ahead{&v[0], &d[0], &lines[0], &lines[0]}
			for _, wide := range []int{32, 16} {
				sums := (blocks*wide + rng.IntN(3)) * PixelBytes
				shape := NewProductsShape(blocks, tiles, wide, block, point, block, point, sums)
				shape.Accumulate = rng.IntN(2)
				u := random(rng, 36*sums/4)
				want, got := clone(u), clone(u)
				if wide == 32 {
					portable.WinogradGrad.Products32(&v[0], &d[0], &want[0], &ahead, &shape)
					s.WinogradGrad.Products32(&v[0], &d[0], &got[0], &ahead, &shape)
				} else {
					portable.WinogradGrad.Products16(&v[0], &d[0], &want[0], &ahead, &shape)
					s.WinogradGrad.Products16(&v[0], &d[0], &got[0], &ahead, &shape)
				}
				near(t, fmt.Sprintf("products of %d", wide), got, want, 40)
			}
		}
	})
}

// The steps of a Winograd gradient of 32 tiles: GFLOP/s of the products as they are, tiles
// a microsecond of transforms.
func BenchmarkWinogradGrad(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const tiles = 32
	for _, s := range Sets() {
		for _, channels := range []int{16, 32, 64} {
			b.Run(fmt.Sprintf("%s/products/%d", s.Name, channels), func(b *testing.B) {
				wide, f := 32, s.WinogradGrad.Products32
				if channels == 16 {
					wide, f = 16, s.WinogradGrad.Products16
				}
				blocks := channels / Block
				block := tiles * PixelBytes
				point := blocks*block + 3*PixelBytes
				v, d := random(rng, 36*point/4), random(rng, 36*point/4)
				sums := blocks * wide * PixelBytes * channels / wide
				u := random(rng, 36*sums/4)
				shape := NewProductsShape(blocks, tiles, wide, block, point, block, point, sums)
				shape.Accumulate = 1
				lines := make([]int32, 36*blocks*tiles)
				ahead := Ahead{&v[0], &d[0], &lines[0], &lines[0]}
				for b.Loop() {
					for k := range channels / wide {
						f(&v[0], after(&d[0], 2*k*block), after(&u[0], k*blocks*wide*PixelBytes), &ahead, &shape)
					}
				}
				b.ReportMetric(float64(b.N*36*2*tiles*channels*channels)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
		b.Run(s.Name+"/gradient", func(b *testing.B) {
			shape := WinogradShape{Row: 33 * PixelBytes, Point: (tiles + 3) * PixelBytes}
			dy, d := random(rng, 33*33*Block), random(rng, 36*shape.Point/4)
			at := make([]int32, tiles)
			for i := range at {
				at[i] = int32(i/8*4*shape.Row + i%8*4*PixelBytes)
			}
			for b.Loop() {
				s.WinogradGrad.Gradient(&dy[0], &d[0], &at[0], tiles, &shape)
			}
			b.ReportMetric(float64(b.N*tiles)/b.Elapsed().Seconds()/1e6, "tiles/µs")
		})
		b.Run(s.Name+"/weights", func(b *testing.B) {
			const n = 128
			u, dw := random(rng, 36*(n+3)*Block), random(rng, 9*n*Block)
			for b.Loop() {
				s.WinogradGrad.Weights(&u[0], &dw[0], n, (n+3)*PixelBytes, n*PixelBytes)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds()/1e6, "blocks/µs")
		})
	}
}
