package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestWinograd2(t *testing.T) {
	eachBF16(t, func(t *testing.T, s, portable *Set, rng *rand.Rand) {
		for range 20 {
			const pitch = 11
			n := 1 + rng.IntN(Winograd2Together)
			tiles := make([]int32, n)
			for i, p := range rng.Perm(25)[:n] {
				if rng.IntN(2) == 0 {
					p = i // neighbors
				}
				tiles[i] = int32((p/5*2*pitch + p%5*2) * halfPixel)
			}
			x, v := randomBF16(rng, (pitch+1)*pitch*Block), randomBF16(rng, 16*9*Block)
			shape := Winograd2Shape{Row: pitch * halfPixel, Point: 9 * halfPixel, Rectify: rng.IntN(2)}
			want, got := clone(v), clone(v)
			portable.Winograd2.Input(&x[0], &want[0], &tiles[0], n, &shape)
			s.Winograd2.Input(&x[0], &got[0], &tiles[0], n, &shape)
			nearBF16(t, "input", got, want, 0)

			m, bias := random(rng, 16*9*Block), random(rng, Block)
			shape.Point = 9 * PixelBytes
			y, addend := randomBF16(rng, pitch*pitch*Block), &randomBF16(rng, pitch*pitch*Block)[0]
			if rng.IntN(2) == 0 {
				addend = nil
			}
			want, got = clone(y), clone(y)
			portable.Winograd2.Output(&m[0], &want[0], addend, &bias[0], &tiles[0], n, &shape)
			s.Winograd2.Output(&m[0], &got[0], addend, &bias[0], &tiles[0], n, &shape)
			nearBF16(t, "output", got, want, 10)

			blocks, groups := 1+rng.IntN(3), 1+rng.IntN(3)
			product := Winograd2Product{
				Blocks: blocks, VPoint: groups*blocks*8*halfPixel + 64, UPoint: blocks*1024 + 64,
				MBlock: groups*8*PixelBytes + 128, MPoint: 2*groups*8*PixelBytes + 192,
			}
			v, u := randomBF16(rng, 16*product.VPoint/2), randomBF16(rng, 16*product.UPoint/2)
			m = random(rng, 16*product.MPoint/4)
			want, got = clone(m), clone(m)
			portable.Winograd2.Product(&v[0], &u[0], &want[0], groups, &product)
			s.Winograd2.Product(&v[0], &u[0], &got[0], groups, &product)
			near(t, "product", got, want, 100)

			pairs := 1 + rng.IntN(3)
			weights := Winograd2Weights{Channel: 4 * 9, Pair: 128, Point: 512, Scale: rng.IntN(2) * PixelBytes}
			for k := range weights.Lanes {
				weights.Lanes[k] = int32(4 * 9 * 6 * k)
			}
			for i, tap := range rng.Perm(9) {
				weights.Taps[i] = int32(4 * tap)
			}
			src, scale := random(rng, 9*6*Block), random(rng, 6*Block)
			u = randomBF16(rng, 16*512/2)
			want, got = clone(u), clone(u)
			portable.Winograd2.Weights(&src[0], &want[0], &scale[0], pairs, &weights)
			s.Winograd2.Weights(&src[0], &got[0], &scale[0], pairs, &weights)
			nearBF16(t, "weights", got, want, 1)
		}
	})
}

// The transforms and products together are a convolution.
func TestWinograd2Convolves(t *testing.T) {
	for _, s := range setsBF16() {
		t.Run(s.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			x, w := randomBF16(rng, 16*Block), random(rng, Block*Block*9)
			v, u, m := make([]float32, 16*8*8), make([]float32, 16*8*32), make([]float32, 16*8*2*Block)
			y, bias, one, tile := make([]float32, 4*Block/2), random(rng, Block), make([]float32, Block), int32(0)
			for i := range one {
				one[i] = 1
			}
			s.Winograd2.Input(&x[0], &v[0], &tile, 1, &Winograd2Shape{Row: 4 * halfPixel, Point: 8 * halfPixel})
			weights := Winograd2Weights{Channel: 4 * 9, Pair: 2 * PixelBytes, Point: 1024}
			for k := range weights.Lanes {
				weights.Lanes[k] = int32(4 * 9 * Block * k)
			}
			for i := range weights.Taps {
				weights.Taps[i] = int32(4 * i)
			}
			s.Winograd2.Weights(&w[0], &u[0], &one[0], 8, &weights)
			s.Winograd2.Product(&v[0], &u[0], &m[0], 1, &Winograd2Product{Blocks: 1, VPoint: 8 * halfPixel, UPoint: 1024, MBlock: 512, MPoint: 1024})
			s.Winograd2.Output(&m[0], &y[0], nil, &bias[0], &tile, 1, &Winograd2Shape{Row: 2 * halfPixel, Point: 1024})
			xs := widened(x)
			for i, got := range widened(y) {
				p, k := i/Block, i%Block
				sum := float64(bias[k])
				for c := range Block {
					for tap := range 9 {
						sum += float64(xs[((p/2+tap/3)*4+p%2+tap%3)*Block+c]) * float64(w[(k*Block+c)*9+tap])
					}
				}
				if math.Abs(float64(got)-sum) > 0.25 {
					t.Errorf("pixel %d, channel %d: %v, not %v", p, k, got, sum)
				}
			}
		})
	}
}

func TestWinograd2Grad(t *testing.T) {
	eachBF16(t, func(t *testing.T, s, portable *Set, rng *rand.Rand) {
		for range 20 {
			const pitch = 11
			n := 1 + rng.IntN(8)
			tiles := make([]int32, n)
			for i, p := range rng.Perm(25)[:n] {
				tiles[i] = int32((p/5*2*pitch + p%5*2) * halfPixel)
			}
			a, b, v := randomBF16(rng, pitch*pitch*Block), randomBF16(rng, pitch*pitch*Block), randomBF16(rng, 2*16*9*Block)
			shape := Winograd2Shape{Row: pitch * halfPixel, Point: 9 * PixelBytes}
			want, got := clone(v), clone(v)
			portable.Winograd2Grad.Pairs(&a[0], &b[0], &want[0], &tiles[0], n, &shape)
			s.Winograd2Grad.Pairs(&a[0], &b[0], &got[0], &tiles[0], n, &shape)
			nearBF16(t, "pairs", got, want, 0)
			want, got = clone(v), clone(v)
			portable.Winograd2Grad.Gradient(&a[0], &b[0], &want[0], &tiles[0], n, &shape)
			s.Winograd2Grad.Gradient(&a[0], &b[0], &got[0], &tiles[0], n, &shape)
			nearBF16(t, "gradient", got, want, 0)
			u, dw := random(rng, 16*9*Block), random(rng, 9*10*Block)
			want, got = clone(dw), clone(dw)
			portable.Winograd2Grad.Taps(&u[0], &want[0], n, 9*PixelBytes, 10*PixelBytes)
			s.Winograd2Grad.Taps(&u[0], &got[0], n, 9*PixelBytes, 10*PixelBytes)
			near(t, "taps", got, want, 1)
		}
	})
}

func BenchmarkWinograd2(b *testing.B) {
	s := setsBF16()[0]
	rng := rand.New(rand.NewPCG(1, 2))
	for _, channels := range []int{64, 128, 256, 512} {
		const groups = 4
		blocks := channels / Block
		p := Winograd2Product{Blocks: blocks, VPoint: groups*blocks*256 + 64, UPoint: blocks*1024 + 64, MBlock: groups * 512, MPoint: groups*1024 + 64}
		v, u, m := randomBF16(rng, 8*p.VPoint), randomBF16(rng, 8*p.UPoint), make([]float32, 4*p.MPoint)
		b.Run(fmt.Sprint("Product/", channels), func(b *testing.B) {
			for b.Loop() {
				s.Winograd2.Product(&v[0], &u[0], &m[0], groups, &p)
			}
			b.ReportMetric(float64(b.N*16*groups*8*channels*32*2)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
	x, v, m, y, bias := randomBF16(rng, 33*33*Block), make([]float32, 16*9*Block), make([]float32, 16*9*Block), make([]float32, 33*33*Block), make([]float32, Block)
	var tiles []int32
	for i := range 8 {
		tiles = append(tiles, int32(i*2*halfPixel))
	}
	b.Run("Input", func(b *testing.B) {
		for b.Loop() {
			s.Winograd2.Input(&x[0], &v[0], &tiles[0], 8, &Winograd2Shape{Row: 33 * halfPixel, Point: 9 * halfPixel})
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(8*b.N), "ns/tile")
	})
	b.Run("Output", func(b *testing.B) {
		for b.Loop() {
			s.Winograd2.Output(&m[0], &y[0], nil, &bias[0], &tiles[0], 8, &Winograd2Shape{Row: 33 * halfPixel, Point: 9 * PixelBytes})
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(8*b.N), "ns/tile")
	})
	pairs := Winograd2Shape{Row: 33 * halfPixel, Point: 9 * PixelBytes}
	b.Run("Pairs", func(b *testing.B) {
		for b.Loop() {
			s.Winograd2Grad.Pairs(&x[0], &x[0], &m[0], &tiles[0], 8, &pairs)
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(8*b.N), "ns/pair")
	})
	b.Run("Gradient", func(b *testing.B) {
		for b.Loop() {
			s.Winograd2Grad.Gradient(&x[0], &x[0], &m[0], &tiles[0], 8, &pairs)
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(8*b.N), "ns/pair")
	})
	src, u := random(rng, 32*32*9), make([]float32, 16*1024)
	shape := Winograd2Weights{Channel: 4 * 9, Pair: 128, Point: 1088}
	for k := range shape.Lanes {
		shape.Lanes[k] = int32(4 * 9 * 32 * k)
	}
	for i := range shape.Taps {
		shape.Taps[i] = int32(4 * i)
	}
	b.Run("Weights", func(b *testing.B) {
		for b.Loop() {
			s.Winograd2.Weights(&src[0], &u[0], &bias[0], 8, &shape)
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(8*b.N), "ns/pair")
	})
}
