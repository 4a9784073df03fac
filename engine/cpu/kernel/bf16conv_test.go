package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// eachBF16 runs f for all sets of BF16 but the portable one, which the others are held
// against.
func eachBF16(t *testing.T, f func(t *testing.T, s, portable *Set, rng *rand.Rand)) {
	sets := setsBF16()
	for _, s := range sets[:len(sets)-1] {
		t.Run(s.Name, func(t *testing.T) { f(t, s, sets[len(sets)-1], rand.New(rand.NewPCG(1, 2))) })
	}
}

// randomBF16 is memory for n BF16, which have random values.
func randomBF16(rng *rand.Rand, n int) []float32 {
	v := make([]float32, (n+1)/2)
	narrow(v, random(rng, n))
	return v
}

// narrow stores v as BF16 in memory.
func narrow(memory, v []float32) {
	out := halvesOf(memory)
	for i, f := range v {
		out[i] = Narrow(f)
	}
}

func halvesOf(memory []float32) []BF16 {
	return unsafe.Slice((*BF16)(unsafe.Pointer(&memory[0])), 2*len(memory))
}

// widened is the BF16 in memory.
func widened(memory []float32) []float32 {
	v := make([]float32, 2*len(memory))
	for i, h := range halvesOf(memory) {
		v[i] = Widen(h)
	}
	return v
}

// nearBF16 checks that got is want but for rounding to BF16: sums that differ a little may
// be rounded to either side.
func nearBF16(t *testing.T, what string, got, want []float32, size float64) {
	t.Helper()
	a, b := widened(got), widened(want)
	for i := range b {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if !(d <= 1e-6*size+math.Abs(float64(b[i]))/128) && !(a[i] != a[i] && b[i] != b[i]) {
			t.Fatalf("%s: element %d is %v, not %v", what, i, a[i], b[i])
		}
	}
}

// setsBF16 is the sets of BF16 of this processor, the portable one last.
func setsBF16() []*Set {
	var sets []*Set
	for _, s := range Sets() {
		if !slices.Contains(sets, s.BF16) {
			sets = append(sets, s.BF16)
		}
	}
	return sets
}

const halfPixel = PixelBytes / 2

func TestConvolutionBF16(t *testing.T) {
	eachBF16(t, func(t *testing.T, s, portable *Set, rng *rand.Rand) {
		for range 40 {
			blocks, rows, cols, quads := rng.IntN(4), 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(4)
			const pitch, outputs, n = 23, 60, 3
			row, image := pitch*halfPixel, 16*pitch*halfPixel
			x, w := randomBF16(rng, 4*image/2), randomBF16(rng, 4*5*5*16*32)
			y, addend, bias := randomBF16(rng, 2*outputs*Block), randomBF16(rng, 2*outputs*Block), random(rng, 32)
			shape := NewConvShapeBF16(quads, cols, rows, blocks, halfPixel, row, image, outputs*halfPixel)
			shape.Rectify = rng.IntN(2)
			var tiles [n]Tile
			place := rng.Perm(outputs)
			for i := range tiles {
				for p := range TilePixels {
					tiles[i].X[p] = int32(rng.IntN(10)*row + rng.IntN(10)*halfPixel)
					tiles[i].Y[p] = int32(place[i*TilePixels+p] * halfPixel)
				}
			}
			last := &tiles[n-1]
			for p := 1 + rng.IntN(TilePixels); p < TilePixels; p++ {
				last.X[p], last.Y[p] = last.X[p-1], last.Y[p-1]
			}
			for _, wide := range []bool{true, false} {
				run := func(s *Set, out []float32, addend, bias *float32) {
					f := s.Conv16
					if wide {
						f = s.Conv32
					}
					f(&x[0], &w[0], &out[0], addend, bias, &tiles[0], n, &shape)
				}
				want, got := clone(y), clone(y)
				run(portable, want, &addend[0], &bias[0])
				run(s, got, &addend[0], &bias[0])
				nearBF16(t, "with bias and addend", got, want, 100)
				run(portable, want, nil, nil)
				run(s, got, nil, nil)
				nearBF16(t, "alone", got, want, 100)
				want = clone(got)
				run(portable, want, &want[0], nil)
				run(s, got, &got[0], nil)
				nearBF16(t, "in place", got, want, 100)
			}
		}
	})
}

func TestConvolutionRowBF16(t *testing.T) {
	eachBF16(t, func(t *testing.T, s, portable *Set, rng *rand.Rand) {
		const pitch, n = 20, 3
		for range 40 {
			blocks, rows := 1+rng.IntN(3), 1+rng.IntN(5)
			row, image := pitch*halfPixel, 16*pitch*halfPixel
			x, w := randomBF16(rng, 4*image/2), randomBF16(rng, 3*5*3*16*16)
			y, bias := randomBF16(rng, n*pitch*Block), random(rng, Block)
			shape := NewConvShapeBF16(4, 3, rows, blocks, halfPixel, row, image, 0)
			shape.Rectify = rng.IntN(2)
			var tiles [n]Tile
			for i := range tiles {
				from, to := int32(rng.IntN(10)*row+rng.IntN(10)*halfPixel), int32((i*pitch+rng.IntN(12))*halfPixel)
				for p := range int32(TilePixels) {
					tiles[i].X[p], tiles[i].Y[p] = from+p*halfPixel, to+p*halfPixel
				}
			}
			want, got := clone(y), clone(y)
			portable.Conv16(&x[0], &w[0], &want[0], nil, &bias[0], &tiles[0], n, &shape)
			s.Conv16Row(&x[0], &w[0], &got[0], nil, &bias[0], &tiles[0], n, &shape)
			nearBF16(t, "row", got, want, 100)
		}
	})
}

// The portable convolution is what float64 makes of the same numbers, rounded once.
func TestPortableConvolutionBF16(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const row, n = 12 * halfPixel, 4
	sets := setsBF16()
	portable := sets[len(sets)-1]
	x, w, y := randomBF16(rng, 2*n*12*Block), randomBF16(rng, 2*9*Block*Block), make([]float32, 8*Block/2)
	shape := NewConvShapeBF16(4, 3, 3, 2, halfPixel, row, n*row, 0)
	var tile Tile
	for p := range TilePixels {
		tile.X[p], tile.Y[p] = int32(p*halfPixel), int32(p*halfPixel)
	}
	portable.Conv16(&x[0], &w[0], &y[0], nil, nil, &tile, 1, &shape)
	xs, ws := widened(x), widened(w)
	for i, got := range widened(y) {
		p, k, sum := i/Block, i%Block, 0.0
		for b := range 2 {
			for tap := range 9 {
				for c := range Block {
					at := (b*n+tap/3)*12 + p + tap%3
					sum += float64(xs[at*Block+c]) * float64(ws[((b*9+tap)*8+c/2)*2*Block+2*k+c%2])
				}
			}
		}
		if math.Abs(float64(got)-sum) > 1e-4+math.Abs(sum)/256 {
			t.Fatalf("pixel %d, channel %d: %v, not %v", p, k, got, sum)
		}
	}
}

func TestGradientBF16(t *testing.T) {
	eachBF16(t, func(t *testing.T, s, portable *Set, rng *rand.Rand) {
		for range 40 {
			images, rows, pixels, stride := 1+rng.IntN(3), 1+rng.IntN(5), 2*(1+rng.IntN(4)), 1+rng.IntN(3)
			xs := Walk{stride * PixelBytes, 40 * PixelBytes, 300 * PixelBytes}
			ys := Walk{PixelBytes, 12 * PixelBytes, 100 * PixelBytes}
			x, dy, dw := randomBF16(rng, 2*1000*Block), randomBF16(rng, 2*2000*Block), random(rng, 3*Block*2*Block)
			shape := NewGradShape(images, rows, pixels, xs, ys, 1000*PixelBytes)
			shape.Accumulate = rng.IntN(2)
			want, got := clone(dw), clone(dw)
			portable.Grad32(&x[0], &dy[0], &want[0], &shape)
			s.Grad32(&x[0], &dy[0], &got[0], &shape)
			near(t, "grad32", got, want, 200)
			portable.Grad16(&x[0], &dy[0], &want[0], &shape)
			s.Grad16(&x[0], &dy[0], &got[0], &shape)
			near(t, "grad16", got, want, 200)
			xs.Pixel = PixelBytes
			accumulate := shape.Accumulate
			shape = NewGradShape(images, rows, pixels, xs, ys, 1000*PixelBytes)
			shape.Accumulate = accumulate
			want, got = clone(dw), clone(dw)
			for i := range 6 {
				portable.Grad32(&x[i*8], &dy[0], &want[i*8*32], &shape)
			}
			for i := 0; i < Block; i += 4 {
				s.Grad32Row(&x[i], &dy[0], &got[i*32], &shape)
			}
			near(t, "grad32 row", got, want, 200)
			want, got = clone(dw), clone(dw)
			for tap := range 3 {
				portable.Grad16(&x[tap*Block], &dy[0], &want[tap*Block*Block], &shape)
			}
			for i := 0; i < Block; i += 8 {
				s.Grad16Row(&x[i], &dy[0], &got[i*Block], &shape)
			}
			near(t, "grad16 row", got, want, 200)
		}
	})
}

func TestPair(t *testing.T) {
	for _, s := range setsBF16() {
		rng := rand.New(rand.NewPCG(1, 2))
		for pixels := 1; pixels < 9; pixels++ {
			a, b, y := randomBF16(rng, 10*Block), randomBF16(rng, 10*Block), make([]float32, 10*Block)
			s.Pair(&a[0], &b[0], &y[0], pixels)
			va, vb := widened(a), widened(b)
			for i, v := range widened(y) {
				want := [2]float32{va[i/2], vb[i/2]}[i%2]
				if i >= 2*pixels*Block {
					want = 0
				}
				if v != want {
					t.Fatalf("%s, %d pixels: element %d is %v, not %v", s.Name, pixels, i, v, want)
				}
			}
		}
	}
}

func TestPackPairs(t *testing.T) {
	for _, s := range setsBF16() {
		rng := rand.New(rand.NewPCG(1, 2))
		src, lanes := random(rng, 16*100+16*7), [Block]int32{}
		for k := range lanes {
			lanes[k] = int32(4 * 100 * k)
		}
		y := make([]float32, 8*2*Block)
		s.PackPairs(&src[3], &y[Block], &lanes[0], 8, 4*7, 2*PixelBytes)
		out := widened(y)
		for c := range 16 {
			for k := range Block {
				if got, want := out[c/2*4*Block+2*Block+2*k+c%2], Widen(Narrow(src[3+100*k+7*c])); got != want {
					t.Fatalf("%s: channel %d, output %d: %v, not %v", s.Name, c, k, got, want)
				}
			}
		}
	}
}

func BenchmarkConvolutionBF16(b *testing.B) {
	for _, l := range layers {
		b.Run(fmt.Sprintf("%d@%d", l.channels, l.size), func(b *testing.B) { benchConvBF16(b, setsBF16()[0], l) })
	}
}

func benchConvBF16(b *testing.B, s *Set, l layer) {
	rng := rand.New(rand.NewPCG(1, 2))
	pitch := l.size + 1
	block := (pitch*pitch + pitch + 1) * halfPixel
	blocks := l.channels / Block
	image := block * blocks
	wide, f := 32, s.Conv32
	if l.channels == 16 {
		wide, f = 16, s.Conv16
		if s.Conv16Row != nil {
			f = s.Conv16Row
		}
	}
	tiles := plane(l.size, l.images, 2*image)
	for i := range tiles {
		for p := range TilePixels {
			tiles[i].X[p], tiles[i].Y[p] = tiles[i].X[p]/2, tiles[i].Y[p]/2
		}
	}
	x, y := randomBF16(rng, l.images*image/2+2048), make([]float32, l.images*image/4)
	w := randomBF16(rng, 9*l.channels*wide)
	shape := NewConvShapeBF16(4, 3, 3, blocks, halfPixel, pitch*halfPixel, block, block)
	for b.Loop() {
		f(&x[0], &w[0], &y[0], nil, nil, &tiles[0], len(tiles), &shape)
	}
	flops := float64(b.N) * float64(l.images*l.size*l.size*l.channels*wide*9*2)
	b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkGradientBF16(b *testing.B) {
	for _, l := range layers {
		b.Run(fmt.Sprintf("%d@%d", l.channels, l.size), func(b *testing.B) { benchGrad(b, setsBF16()[0], l, 2) })
	}
}
