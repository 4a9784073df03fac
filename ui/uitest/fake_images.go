package uitest

import (
	"math"
	"math/rand/v2"
	"sync"
)

var memory sync.Map

// remembered is what compute returns, computed once for all tests; nobody may change it.
func remembered[K comparable, V any](key K, compute func() V) V {
	if v, ok := memory.Load(key); ok {
		return v.(V)
	}
	v := compute()
	memory.Store(key, v)
	return v
}

// pixels draws a shape on a gradient with a faint texture.
func (l *FakeLab) pixels(i int) []float32 {
	return remembered(pixelsKey{i, l.W, l.H, l.Label(i)}, func() []float32 { return l.drawPixels(i) })
}

type pixelsKey struct{ i, w, h, label int }

func (l *FakeLab) drawPixels(i int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(i), 7))
	pix := make([]float32, 3*l.W*l.H)
	var from, to, fill [3]float64
	for c := range 3 {
		from[c], to[c], fill[c] = 0.2+0.5*rng.Float64(), 0.2+0.5*rng.Float64(), rng.Float64()
	}
	class, cx, cy, size, turn := max(l.Label(i), 0), 0.4+0.2*rng.Float64(), 0.4+0.2*rng.Float64(), 0.25+0.1*rng.Float64(), rng.Float64()*6
	for y := range l.H {
		for x := range l.W {
			u, v := (float64(x)+0.5)/float64(l.W)-cx, (float64(y)+0.5)/float64(l.H)-cy
			rad, ang := math.Hypot(u, v), math.Atan2(v, u)+turn
			edge := size
			switch k := class; {
			case k == 0:
			case k == 4:
				if rad < size*0.55 {
					edge = 0
				}
			default:
				edge = size * (0.75 + 0.25*math.Cos(float64(k+2)*ang))
			}
			in := 1 / (1 + math.Exp((rad-edge)*60))
			tex := 0.05 * math.Sin(float64(x)*(1.8+0.1*float64(class))+float64(y)*2.1)
			for c := range 3 {
				g := from[c] + (to[c]-from[c])*(u+v+0.8)/2
				pix[c*l.W*l.H+y*l.W+x] = float32(min(max(g+(fill[c]-g)*in+tex+0.01*rng.NormFloat64(), 0), 1))
			}
		}
	}
	return pix
}

// lowPass keeps coefficients nearer than r: by the definition for small images, by
// blurring for large ones.
func (l *FakeLab) lowPass(i int, r float64) []float32 {
	key := lowPassKey{pixelsKey{i, l.W, l.H, l.Label(i)}, r}
	return remembered(key, func() []float32 { return lowPass(l.pixels(i), l.W, l.H, r) })
}

type lowPassKey struct {
	pixelsKey
	r float64
}

func lowPass(pix []float32, w, h int, r float64) []float32 {
	out := make([]float32, len(pix))
	if w*h > 64*64 {
		n := int(float64(w) / (4*r + 1))
		for i := range pix {
			x, plane := i%w, i/w*w
			var sum float32
			for k := -n; k <= n; k++ {
				sum += pix[plane+min(max(x+k, 0), w-1)]
			}
			out[i] = sum / float32(2*n+1)
		}
		return out
	}
	for c := range 3 {
		f := transform(pix[c*w*h:(c+1)*w*h], w, h)
		for y := range h {
			for x := range w {
				dx, dy := min(x, w-x), min(y, h-y)
				if math.Hypot(float64(dx), float64(dy)) >= r {
					f[y*w+x] = 0
				}
			}
		}
		g := dft(dft(f, w, h, 1, false), w, h, 1, true)
		for i := range g {
			out[c*w*h+i] = float32(real(g[i])) / float32(w*h)
		}
	}
	return out
}

func transform(pix []float32, w, h int) []complex128 {
	f := make([]complex128, w*h)
	for i, v := range pix {
		f[i] = complex(float64(v), 0)
	}
	return dft(dft(f, w, h, -1, false), w, h, -1, true)
}

// dft transforms rows or columns by the definition.
func dft(f []complex128, w, h int, sign float64, columns bool) []complex128 {
	out := make([]complex128, len(f))
	n, lines, step, next := w, h, 1, w
	if columns {
		n, lines, step, next = h, w, w, 1
	}
	turn := make([]complex128, n)
	for k := range turn {
		s, c := math.Sincos(sign * 2 * math.Pi * float64(k) / float64(n))
		turn[k] = complex(c, s)
	}
	for line := range lines {
		for k := range n {
			var sum complex128
			for x := range n {
				sum += f[line*next+x*step] * turn[k*x%n]
			}
			out[line*next+k*step] = sum
		}
	}
	return out
}

func (l *FakeLab) spectrum(i int) []float32 {
	key := spectrumKey(pixelsKey{i, l.W, l.H, l.Label(i)})
	return remembered(key, func() []float32 { return l.transformed(i) })
}

type spectrumKey pixelsKey

func (l *FakeLab) transformed(i int) []float32 {
	out := make([]float32, l.W*l.H)
	if l.W*l.H > 64*64 {
		for k := range out {
			out[k] = float32(1 / (1 + 0.02*math.Hypot(float64(k%l.W-l.W/2), float64(k/l.W-l.H/2))))
		}
		return out
	}
	f := transform(l.pixels(i)[:l.W*l.H], l.W, l.H)
	most := 0.0
	for k := range f {
		most = max(most, math.Log1p(math.Hypot(real(f[k]), imag(f[k]))))
	}
	for y := range l.H {
		for x := range l.W {
			c := f[(y+l.H-l.H/2)%l.H*l.W+(x+l.W-l.W/2)%l.W]
			out[y*l.W+x] = float32(math.Log1p(math.Hypot(real(c), imag(c))) / most)
		}
	}
	return out
}
