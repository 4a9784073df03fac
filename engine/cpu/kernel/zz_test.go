package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := Sets()[0]
	for _, l := range layers {
		pitch := l.size + 1
		img := pitch * pitch * 16
		f, wide := s.Conv32, 32
		g, step := s.Grad32, 8
		if l.channels == 16 {
			f, wide = s.Conv16, 16
			g, step = s.Grad16, 16
		}
		im := img * wide / 16
		tiles := plane(l.size, l.images, im*4)
		w := random(rng, 9*16*32)
		shape := NewConvShape(4, 3, 3, 1, PixelBytes, pitch*PixelBytes, img*4, img*4)
		walk := Walk{PixelBytes, pitch * PixelBytes, im * 4}
		gs := NewGradShape(l.images, l.size, l.size, walk, walk, img*4)
		dw := make([]float32, 9*16*32)
		for _, n := range []int{l.images, 18000000 / im / 4 / l.images * l.images} {
			x, y := random(rng, n*im+2000), random(rng, n*im+2000)
			best := func(name string, f func(i int)) {
				m := time.Hour
				for range 25 {
					t0 := time.Now()
					for i := 0; i < n; i += l.images {
						f(i)
					}
					m = min(m, time.Since(t0))
				}
				fmt.Println(l, "images", n, name, float64(l.size*l.size*16*wide*18*n)/float64(m), "GFLOP/s")
			}
			best("conv", func(i int) { f(&x[i*im], &w[0], &y[i*im+34*16], nil, nil, &tiles[0], len(tiles), &shape) })
			best("grad", func(i int) {
				for tap := range 9 {
					for c := 0; c < Block; c += step {
						g(after(&x[i*im+c], (tap/3*pitch+tap%3)*PixelBytes), &y[i*im], &dw[(tap*Block+c)*wide], &gs)
					}
				}
			})
		}
	}
}
