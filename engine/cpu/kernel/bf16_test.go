package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestNarrow(t *testing.T) {
	for _, c := range []struct {
		v    float32
		want BF16
	}{
		{1, 0x3f80}, {-2, 0xc000}, {0, 0}, {float32(math.Copysign(0, -1)), 0x8000},
		{1 + 1.0/256, 0x3f80}, {1 + 3.0/256, 0x3f82}, // halfway: to the even one
		{1 + 1.0/256 + 1.0/(1<<23), 0x3f81}, {1 + 3.0/256 - 1.0/(1<<23), 0x3f81},
		{float32(math.Inf(1)), 0x7f80}, {math.MaxFloat32, 0x7f80}, {-math.MaxFloat32, 0xff80},
		{math.Float32frombits(0x00800000), 0x0080}, {math.Float32frombits(0x007fffff), 0}, {math.Float32frombits(0x807fffff), 0x8000},
	} {
		if got := Narrow(c.v); got != c.want {
			t.Errorf("%v becomes %#x, not %#x", c.v, got, c.want)
		}
	}
	for _, bits := range []uint32{0x7f800001, 0xffffffff, 0x7fc00000} {
		if got := Widen(Narrow(math.Float32frombits(bits))); got == got {
			t.Errorf("the NaN %#x becomes %v", bits, got)
		}
	}
	for b := range 1 << 16 {
		v := Widen(BF16(b))
		if back := Narrow(v); v == v && back != BF16(b) && b&0x7f80 != 0 {
			t.Fatalf("%#x becomes %v and that %#x", b, v, back)
		}
	}
}

// What every set makes of any float32 is Narrow of it.
func TestStoresRoundAlike(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range setsBF16() {
		for range 2000 {
			var values [Block]float32
			var got [Block / 2]float32
			for k := range values {
				values[k] = math.Float32frombits(rng.Uint32())
				if rng.IntN(2) == 0 { // close to halfway between two
					values[k] = math.Float32frombits(rng.Uint32()&0xffff0000 + 0x7fff + rng.Uint32N(3))
				}
			}
			s.Fill(&values[0], &got[0], 1, 1, 0)
			for k, b := range halvesOf(got[:]) {
				if want := Narrow(values[k]); b != want {
					t.Fatalf("%s: %v (%#x) becomes %#x, not %#x", s.Name, values[k], math.Float32bits(values[k]), b, want)
				}
			}
		}
	}
}

// sums tells that a kernel's first result are sums, float32 in every set.
func (e *elementwise) sums() bool {
	return e.name == "Sum" || e.name == "Moments" || strings.HasPrefix(e.name, "NormSums")
}

// fused tells that a kernel multiplies and adds, which some processors round once and
// others twice before the result is rounded to BF16.
func (e *elementwise) fused() bool {
	return strings.HasPrefix(e.name, "Affine") || strings.HasPrefix(e.name, "NormGrad")
}

func TestElementwiseBF16(t *testing.T) {
	eachBF16(t, func(t *testing.T, s, portable *Set, rng *rand.Rand) {
		for _, e := range elementwises {
			t.Run(e.name, func(t *testing.T) {
				for range 30 {
					pixels, rows := 1+rng.IntN(11), 1+rng.IntN(5)
					stride := (pixels + rng.IntN(3)) * halfPixel
					size := (13*12 + 4) * Block
					a, b, c, d, v := randomBF16(rng, size), randomBF16(rng, size), randomBF16(rng, size), randomBF16(rng, size), random(rng, 5*Block)
					copy(b, a[:size/4]) // maxima that are equal
					wantC, wantD, gotC, gotD := clone(c), clone(d), clone(c), clone(d)
					e.call(portable, &a[0], &b[0], &wantC[0], &wantD[0], &v[0], pixels, rows, stride)
					e.call(s, &a[0], &b[0], &gotC[0], &gotD[0], &v[0], pixels, rows, stride)
					switch {
					case e.sums():
						near(t, "sums", gotC[:2*Block], wantC[:2*Block], 5)
					case e.fused():
						nearBF16(t, "first result", gotC, wantC, 5)
					case !slices.Equal(halvesOf(gotC), halvesOf(wantC)):
						t.Error("the first result is not the same, bit for bit")
					}
					if !slices.Equal(halvesOf(gotD), halvesOf(wantD)) {
						t.Error("the second result is not the same, bit for bit")
					}
				}
			})
		}
	})
}

// Results are rounded once, to the nearest: an error of more than half a unit in the last
// place tells that something in between was rounded too, or cut off.
func TestResultsAreRoundedOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 40
	for _, s := range setsBF16() {
		x, r, dy := randomBF16(rng, n*Block), randomBF16(rng, n*Block), randomBF16(rng, n*Block)
		v, y := random(rng, 5*Block), make([]float32, n*halfPixel/4)
		row := func(i int) []float32 { return v[i*Block:][:Block] }
		for name, f := range map[string]struct {
			call  func()
			exact func(k int, x, r, dy float64) float64
		}{
			"Affine": {
				func() { s.Affine(&x[0], &y[0], &row(0)[0], &row(1)[0], n, 1, 0) },
				func(k int, x, _, _ float64) float64 { return x*float64(row(0)[k]) + float64(row(1)[k]) },
			},
			"AffineAddReLU": {
				func() { s.AffineAddReLU(&x[0], &r[0], &y[0], &row(0)[0], &row(1)[0], n, 1, 0) },
				func(k int, x, r, _ float64) float64 { return max(x*float64(row(0)[k])+float64(row(1)[k])+r, 0) },
			},
			"NormGrad": {
				func() { s.NormGrad(&x[0], &dy[0], &y[0], &v[0], n, 1, 0) },
				func(k int, x, _, dy float64) float64 {
					return dy*float64(row(0)[k]) + x*float64(row(1)[k]) + float64(row(2)[k])
				},
			},
		} {
			f.call()
			wx, wr, wdy := widened(x), widened(r), widened(dy)
			for i, got := range widened(y) {
				want := f.exact(i%Block, float64(wx[i]), float64(wr[i]), float64(wdy[i]))
				_, exponent := math.Frexp(want)
				half := math.Ldexp(1, exponent-9)
				if off := math.Abs(float64(got) - want); off > half+1e-6 {
					t.Fatalf("%s, %s: %v for %v, off by %.3g, more than %.3g", s.Name, name, got, want, off, half)
				}
			}
		}
	}
}

func TestNaNStaysBF16(t *testing.T) {
	for _, s := range setsBF16() {
		x, one, half, zero, y := make([]float32, Block/2), make([]float32, Block), make([]float32, Block/2), make([]float32, Block), make([]float32, Block/2)
		for k := range Block {
			halvesOf(x)[k], halvesOf(half)[k], one[k] = 0x7fc0, 0x3f80, 1
		}
		for name, f := range map[string]func(){
			"ReLU":          func() { s.ReLU(&x[0], &y[0], 1, 1, 0) },
			"AffineReLU":    func() { s.AffineReLU(&x[0], &y[0], &one[0], &zero[0], 1, 1, 0) },
			"AffineAddReLU": func() { s.AffineAddReLU(&half[0], &x[0], &y[0], &one[0], &zero[0], 1, 1, 0) },
			"StepMax":       func() { s.StepMax(&x[0], &y[0], 1, halfPixel) },
			"StepMax of y": func() {
				copy(y, x)
				s.StepMax(&half[0], &y[0], 1, halfPixel)
			},
		} {
			clear(y)
			f()
			for k, v := range widened(y) {
				if v == v {
					t.Errorf("%s, %s: channel %d is %v", s.Name, name, k, v)
				}
			}
		}
	}
}
