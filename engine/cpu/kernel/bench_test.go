package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// plane makes the tiles of a size×size plane of `images` images whose planes have a halo
// of one pixel on two sides, as the CPU device lays them out.
func plane(size, images, image int) []Tile {
	var tiles []Tile
	for i := range images * size * size {
		if i%TilePixels == 0 {
			tiles = append(tiles, Tile{})
		}
		n, y, x := i/(size*size), i/size%size, i%size
		offset := int32(n*image + (y*(size+1)+x)*PixelBytes)
		t := &tiles[len(tiles)-1]
		t.X[i%TilePixels], t.Y[i%TilePixels] = offset, offset
	}
	return tiles
}

type layer struct{ channels, size, images int }

// The 3×3 convolutions of ResNet-20 and ResNet-18, over as many images as are worked on
// together.
var layers = []layer{{16, 32, 1}, {32, 16, 1}, {64, 8, 4}, {64, 32, 1}, {128, 16, 1}, {256, 8, 2}, {512, 4, 8}}

func BenchmarkConvolution(b *testing.B) {
	for _, s := range Sets() {
		for _, l := range layers {
			b.Run(fmt.Sprintf("%s/%d@%d", s.Name, l.channels, l.size), func(b *testing.B) { benchConv(b, s, l) })
		}
	}
}

func benchConv(b *testing.B, s *Set, l layer) {
	rng := rand.New(rand.NewPCG(1, 2))
	pitch := l.size + 1
	block := (pitch*pitch + pitch + 1) * PixelBytes
	blocks := l.channels / Block
	image := block * blocks
	wide, f := 32, s.Conv32
	if l.channels == 16 {
		wide, f = 16, s.Conv16
		if s.Conv16Row != nil {
			f = s.Conv16Row
		}
	}
	tiles := plane(l.size, l.images, image)
	x, y := random(rng, l.images*image/4+1024), make([]float32, l.images*image/4)
	w := random(rng, 9*l.channels*wide)
	shape := NewConvShape(4, 3, 3, 1, PixelBytes, pitch*PixelBytes, block, block)
	for b.Loop() {
		for c := range blocks {
			f(after(&x[0], c*block), &w[c*9*Block*wide], &y[0], &y[0], nil, &tiles[0], len(tiles), &shape)
		}
	}
	flops := float64(b.N) * float64(l.images*l.size*l.size*l.channels*wide*9*2)
	b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkGradient(b *testing.B) {
	for _, s := range Sets() {
		for _, l := range layers {
			b.Run(fmt.Sprintf("%s/%d@%d", s.Name, l.channels, l.size), func(b *testing.B) { benchGrad(b, s, l, 1) })
		}
	}
}

// benchGrad measures gradients where an element of x and of dy is one number, or a pair.
func benchGrad(b *testing.B, s *Set, l layer, numbers int) {
	rng := rand.New(rand.NewPCG(1, 2))
	pitch := l.size + 1
	block := (pitch*pitch + pitch + 1) * PixelBytes
	image := 2 * block
	x, dy := random(rng, l.images*image/4+1024), random(rng, l.images*image/4+1024)
	wide, step, f := 32, 8, s.Grad32
	if l.channels == 16 {
		wide, step, f = 16, 16, s.Grad16
	}
	dw := make([]float32, 9*Block*wide)
	walk := Walk{PixelBytes, pitch * PixelBytes, image}
	shape := NewGradShape(l.images, l.size, l.size, walk, walk, block)
	taps := 1 // of a call
	if s.Grad32Row != nil {
		taps, step, f = 3, step/2, s.Grad32Row
		if wide == 16 {
			f = s.Grad16Row
		}
	}
	for b.Loop() {
		for tap := 0; tap < 9; tap += taps {
			for c := 0; c < Block; c += step {
				f(after(&x[c], (tap/3*pitch+tap%3)*PixelBytes), &dy[0], &dw[(tap*Block+c)*wide], &shape)
			}
		}
	}
	flops := float64(b.N) * float64(numbers*l.images*l.size*l.size*Block*wide*9*2)
	b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// Element-wise kernels over a plane that stays in the second-level cache, in bytes read and
// written.
func BenchmarkElementwise(b *testing.B) {
	for _, s := range Sets() {
		benchElementwise(b, s, PixelBytes)
	}
	for _, s := range setsBF16() {
		benchElementwise(b, s, halfPixel)
	}
}

func benchElementwise(b *testing.B, s *Set, pixel int) {
	const size = 32
	rng := rand.New(rand.NewPCG(1, 2))
	plane := func() *float32 {
		v := random(rng, (size+1)*(size+1)*Block)
		if pixel == halfPixel {
			narrow(v, v[:len(v)/2])
		}
		return &v[0]
	}
	x, y, dy, dx, v := plane(), plane(), plane(), plane(), &random(rng, 5*Block)[0]
	stride := (size + 1) * pixel
	for _, k := range []struct {
		name    string
		streams int
		call    func()
	}{
		{"Moments", 1, func() { s.Moments(x, v, dx, size, size, stride) }},
		{"AffineReLU", 2, func() { s.AffineReLU(x, y, v, v, size, size, stride) }},
		{"AffineAddReLU", 3, func() { s.AffineAddReLU(x, dy, y, v, v, size, size, stride) }},
		{"NormSumsReLU", 2, func() { s.NormSumsReLU(x, dy, v, dx, size, size, stride) }},
		{"NormSumsMasked", 4, func() { s.NormSumsMasked(x, y, dy, dy, v, dx, size, size, stride) }},
		{"NormGradReLU", 3, func() { s.NormGradReLU(x, dy, dx, v, size, size, stride) }},
	} {
		b.Run(s.Name+"/"+k.name, func(b *testing.B) {
			for b.Loop() {
				k.call()
			}
			b.ReportMetric(float64(b.N*k.streams*size*size*pixel)/b.Elapsed().Seconds()/1e9, "GB/s")
		})
	}
}
