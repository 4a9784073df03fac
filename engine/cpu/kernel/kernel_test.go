package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// eachSet runs f for all kernels but the portable ones, which the others are held against.
func eachSet(t *testing.T, f func(t *testing.T, s *Set, rng *rand.Rand)) {
	for _, s := range Sets()[:len(Sets())-1] {
		t.Run(s.Name, func(t *testing.T) { f(t, s, rand.New(rand.NewPCG(1, 2))) })
	}
}

// random is n values; one in eight is 0, so that ties and signs at zero come up.
func random(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		if rng.IntN(8) > 0 {
			v[i] = float32(rng.NormFloat64())
		}
	}
	return v
}

// after is p moved by bytes.
func after(p *float32, bytes int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }

func clone(v []float32) []float32 { return append([]float32(nil), v...) }

// near checks that got is want but for rounding of sums of the given size.
func near(t *testing.T, what string, got, want []float32, size float64) {
	t.Helper()
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if !(d <= 1e-6*size*(1+math.Abs(float64(want[i])))) && !(got[i] != got[i] && want[i] != want[i]) {
			t.Fatalf("%s: element %d is %v, not %v", what, i, got[i], want[i])
		}
	}
}

func TestConvolution(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		for range 40 {
			blocks, rows, cols, quads := rng.IntN(4), 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(4)
			const pitch, outputs, most = 23, 60, 7
			n := 1 + rng.IntN(most)
			row, image := pitch*PixelBytes, 16*pitch*PixelBytes
			x, w := random(rng, 4*image/4), random(rng, 4*5*5*16*32)
			y, addend, bias := random(rng, 2*outputs*Block), random(rng, 2*outputs*Block), random(rng, 32)
			shape := NewConvShape(quads, cols, rows, blocks, PixelBytes, row, image, outputs*PixelBytes)
			shape.Rectify = rng.IntN(2)
			tiles := make([]Tile, n)
			place := rng.Perm(outputs)
			for i := range tiles {
				for p := range TilePixels {
					tiles[i].X[p] = int32(rng.IntN(10)*row + rng.IntN(10)*PixelBytes)
					tiles[i].Y[p] = int32(place[i*TilePixels+p] * PixelBytes)
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
				run(&portable, want, &addend[0], &bias[0])
				run(s, got, &addend[0], &bias[0])
				near(t, "with bias and addend", got, want, 100)
				run(&portable, want, nil, nil)
				run(s, got, nil, nil)
				near(t, "alone", got, want, 100)
				run(&portable, want, &want[0], nil)
				run(s, got, &got[0], nil)
				near(t, "in place", got, want, 100)
			}
		}
	})
}

func TestConvolutionGradient(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		for range 40 {
			images, rows, pixels, stride := 1+rng.IntN(3), 1+rng.IntN(5), 1+rng.IntN(9), 1+rng.IntN(3)
			xs := Walk{stride * PixelBytes, 40 * PixelBytes, 300 * PixelBytes}
			ys := Walk{PixelBytes, 12 * PixelBytes, 100 * PixelBytes}
			x, dy, dw := random(rng, 1000*Block), random(rng, 2000*Block), random(rng, 256)
			shape := NewGradShape(images, rows, pixels, xs, ys, 1000*PixelBytes)
			shape.Accumulate = rng.IntN(2)
			want, got := clone(dw), clone(dw)
			portable.Grad32(&x[0], &dy[0], &want[0], &shape)
			s.Grad32(&x[0], &dy[0], &got[0], &shape)
			near(t, "grad32", got, want, 100)
			portable.Grad16(&x[0], &dy[0], &want[0], &shape)
			s.Grad16(&x[0], &dy[0], &got[0], &shape)
			near(t, "grad16", got, want, 40)
		}
	})
}

func TestRows(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		if s.Conv16Row == nil {
			t.Skip("has none")
		}
		const pitch, n = 20, 3
		for range 40 {
			blocks, rows := 1+rng.IntN(3), 1+rng.IntN(5)
			row, image := pitch*PixelBytes, 16*pitch*PixelBytes
			x, w, y, bias := random(rng, 4*image/4), random(rng, 3*5*3*16*16), random(rng, n*pitch*Block), random(rng, Block)
			shape := NewConvShape(4, 3, rows, blocks, PixelBytes, row, image, 0)
			shape.Rectify = rng.IntN(2)
			var tiles [n]Tile
			for i := range tiles {
				from, to := int32(rng.IntN(10)*row+rng.IntN(10)*PixelBytes), int32((i*pitch+rng.IntN(12))*PixelBytes)
				for p := range int32(TilePixels) {
					tiles[i].X[p], tiles[i].Y[p] = from+p*PixelBytes, to+p*PixelBytes
				}
			}
			want, got := clone(y), clone(y)
			portable.Conv16(&x[0], &w[0], &want[0], nil, &bias[0], &tiles[0], n, &shape)
			s.Conv16Row(&x[0], &w[0], &got[0], nil, &bias[0], &tiles[0], n, &shape)
			near(t, "with bias", got, want, 100)
			portable.Conv16(&x[0], &w[0], &want[0], &want[0], nil, &tiles[0], n, &shape)
			s.Conv16Row(&x[0], &w[0], &got[0], &got[0], nil, &tiles[0], n, &shape)
			near(t, "in place", got, want, 100)
		}
		for range 40 {
			images, rows, pixels := 1+rng.IntN(3), 1+rng.IntN(5), 2*(1+rng.IntN(4))
			xs := Walk{PixelBytes, 40 * PixelBytes, 300 * PixelBytes}
			ys := Walk{PixelBytes, 12 * PixelBytes, 100 * PixelBytes}
			x, dy, dw := random(rng, 1000*Block), random(rng, 2000*Block), random(rng, 3*Block*2*Block)
			shape := NewGradShape(images, rows, pixels, xs, ys, 1000*PixelBytes)
			shape.Accumulate = rng.IntN(2)
			want, got := clone(dw), clone(dw)
			for i := range 6 {
				portable.Grad32(&x[i*8], &dy[0], &want[i*8*32], &shape)
			}
			for i := 0; i < Block; i += 4 {
				s.Grad32Row(&x[i], &dy[0], &got[i*32], &shape)
			}
			near(t, "grad32", got, want, 100)
			want, got = clone(dw), clone(dw)
			for tap := range 3 {
				portable.Grad16(&x[tap*Block], &dy[0], &want[tap*Block*Block], &shape)
			}
			for i := 0; i < Block; i += 8 {
				s.Grad16Row(&x[i], &dy[0], &got[i*Block], &shape)
			}
			near(t, "grad16", got, want, 40)
		}
	})
}

// elementwise calls a kernel of a set on tensors a, b, c and d, of which the last two are
// written to, with per-channel values v and rows of pixels.
type elementwise struct {
	name string
	call func(s *Set, a, b, c, d, v *float32, pixels, rows, stride int)
}

var elementwises = []elementwise{
	{"Add", func(s *Set, a, b, c, _, _ *float32, n, rows, stride int) { s.Add(a, b, c, n, rows, stride) }},
	{"ReLU", func(s *Set, a, _, c, _, _ *float32, n, rows, stride int) { s.ReLU(a, c, n, rows, stride) }},
	{"ReLUGrad", func(s *Set, a, b, c, _, _ *float32, n, rows, stride int) { s.ReLUGrad(a, b, c, n, rows, stride) }},
	{"Fill", func(s *Set, _, _, c, _, v *float32, n, rows, stride int) { s.Fill(v, c, n, rows, stride) }},
	{"Scale", func(s *Set, a, _, c, _, v *float32, n, rows, stride int) { s.Scale(a, c, v, n, rows, stride) }},
	{"Sum", func(s *Set, a, _, c, _, _ *float32, n, rows, stride int) { s.Sum(a, c, n, rows, stride) }},
	{"Moments", func(s *Set, a, _, c, _, v *float32, n, rows, stride int) { s.Moments(a, v, c, n, rows, stride) }},
	{"Affine", func(s *Set, a, _, c, _, v *float32, n, rows, stride int) {
		s.Affine(a, c, v, after(v, PixelBytes), n, rows, stride)
	}},
	{"AffineReLU", func(s *Set, a, _, c, _, v *float32, n, rows, stride int) {
		s.AffineReLU(a, c, v, after(v, PixelBytes), n, rows, stride)
	}},
	{"AffineAddReLU", func(s *Set, a, b, c, _, v *float32, n, rows, stride int) {
		s.AffineAddReLU(a, b, c, v, after(v, PixelBytes), n, rows, stride)
	}},
	{"NormSums", func(s *Set, a, b, c, _, v *float32, n, rows, stride int) { s.NormSums(a, b, v, c, n, rows, stride) }},
	{"NormSumsReLU", func(s *Set, a, b, c, _, v *float32, n, rows, stride int) {
		s.NormSumsReLU(a, b, v, c, n, rows, stride)
	}},
	{"NormSumsMasked", func(s *Set, a, b, c, d, v *float32, n, rows, stride int) {
		s.NormSumsMasked(a, b, after(a, PixelBytes), d, v, c, n, rows, stride)
	}},
	{"NormGrad", func(s *Set, a, b, c, _, v *float32, n, rows, stride int) { s.NormGrad(a, b, c, v, n, rows, stride) }},
	{"NormGradReLU", func(s *Set, a, b, c, _, v *float32, n, rows, stride int) {
		s.NormGradReLU(a, b, c, v, n, rows, stride)
	}},
	{"NormGrad in place", func(s *Set, a, _, c, _, v *float32, n, rows, stride int) {
		s.NormGrad(a, c, c, v, n, rows, stride)
	}},
	{"StepMax", func(s *Set, a, _, c, _, _ *float32, n, rows, stride int) { s.StepMax(a, c, n, rows*PixelBytes) }},
	{"StepSpread", func(s *Set, a, _, c, _, _ *float32, n, rows, stride int) { s.StepSpread(a, c, n, rows*PixelBytes) }},
	{"StepMaxGrad", func(s *Set, a, b, c, d, _ *float32, n, rows, stride int) {
		s.StepMaxGrad(a, b, c, d, n, rows*PixelBytes)
	}},
}

func TestElementwise(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		for _, e := range elementwises {
			t.Run(e.name, func(t *testing.T) {
				for range 30 {
					pixels, rows := 1+rng.IntN(11), 1+rng.IntN(5)
					stride := (pixels + rng.IntN(3)) * PixelBytes
					size := (13*6 + 2) * Block
					a, b, c, d, v := random(rng, size), random(rng, size), random(rng, size), random(rng, size), random(rng, 5*Block)
					copy(b, a[:size/2]) // maxima that are equal
					wantC, wantD, gotC, gotD := clone(c), clone(d), clone(c), clone(d)
					e.call(&portable, &a[0], &b[0], &wantC[0], &wantD[0], &v[0], pixels, rows, stride)
					e.call(s, &a[0], &b[0], &gotC[0], &gotD[0], &v[0], pixels, rows, stride)
					near(t, "first result", gotC, wantC, 5)
					near(t, "second result", gotD, wantD, 5)
				}
			})
		}
	})
}

// A network that has gone to NaN must say so.
func TestNaNStays(t *testing.T) {
	nan := float32(math.NaN())
	for _, s := range Sets() {
		x, one, zero := make([]float32, Block), make([]float32, Block), make([]float32, Block)
		for k := range x {
			x[k], one[k] = nan, 1
		}
		for name, f := range map[string]func(y *float32){
			"ReLU":          func(y *float32) { s.ReLU(&x[0], y, 1, 1, PixelBytes) },
			"AffineReLU":    func(y *float32) { s.AffineReLU(&x[0], y, &one[0], &zero[0], 1, 1, PixelBytes) },
			"AffineAddReLU": func(y *float32) { s.AffineAddReLU(&x[0], &one[0], y, &one[0], &zero[0], 1, 1, PixelBytes) },
			"StepMax":       func(y *float32) { s.StepMax(&x[0], y, 1, PixelBytes) },
			"Winograd.Output": func(y *float32) {
				m, pixels := make([]float32, WinogradPoints*Block), make([]float32, WinogradTile*WinogradTile*Block)
				for i := range m {
					m[i] = nan
				}
				s.Winograd.Output(&m[0], &pixels[0], nil, &zero[0], new(int32), 1, &WinogradShape{WinogradTile * PixelBytes, PixelBytes, 1})
				copy(at(y, 0)[:], pixels)
			},
			"StepMax of y": func(y *float32) {
				copy(at(y, 0)[:], x)
				s.StepMax(&one[0], y, 1, PixelBytes)
			},
			"Conv16": func(y *float32) {
				w := make([]float32, 4*Block)
				shape := NewConvShape(1, 1, 1, 1, 0, 0, 0, 0)
				shape.Rectify = 1
				s.Conv16(&x[0], &w[0], y, nil, nil, &Tile{}, 1, &shape)
			},
		} {
			y := make([]float32, Block)
			f(&y[0])
			for k, v := range y {
				if v == v {
					t.Errorf("%s, %s: channel %d is %v", s.Name, name, k, v)
				}
			}
		}
	}
}

func TestSelect(t *testing.T) {
	for _, want := range Sets() {
		if s, err := Select(want.Name); s != want || err != nil {
			t.Errorf("Select(%q) = %v, %v", want.Name, s, err)
		}
		t.Setenv(Environment, want.Name)
		if s, err := Select(""); s != want || err != nil {
			t.Errorf("with %s=%s: %v, %v", Environment, want.Name, s, err)
		}
	}
	t.Setenv(Environment, "mmx")
	if _, err := Select(""); err == nil {
		t.Error("unknown kernels are accepted")
	}
}
