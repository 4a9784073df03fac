package spectral

import (
	"fmt"
	"runtime"
	"testing"
)

var benchSizes = [][2]int{{28, 28}, {32, 32}, {64, 64}, {224, 224}, {512, 512}, {750, 1000}, {1013, 1009}}

func benchmark(b *testing.B, planes, images int, call func(b *testing.B, h, w int, x []float32)) {
	for _, size := range benchSizes {
		h, w := size[0], size[1]
		b.Run(fmt.Sprintf("%dx%dx%d", w, h, planes), func(b *testing.B) {
			call(b, h, w, pixels(planes, h, w))
			b.ReportMetric(float64(images*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// BenchmarkLoad transforms one colour image forward.
func BenchmarkLoad(b *testing.B) {
	benchmark(b, 3, 1, func(b *testing.B, h, w int, x []float32) {
		s := NewSplitter(h, w)
		for b.Loop() {
			s.Load(x)
		}
	})
}

// BenchmarkSplit splits a loaded colour image at ever new radii.
func BenchmarkSplit(b *testing.B) {
	for _, share := range []float64{0.2, 0.5, 0.9} {
		b.Run(fmt.Sprint("r=", share), func(b *testing.B) {
			benchmark(b, 3, 1, func(b *testing.B, h, w int, x []float32) {
				s := NewSplitter(h, w)
				s.Load(x)
				low, high := make([]float32, len(x)), make([]float32, len(x))
				for b.Loop() {
					s.Split(low, high, share*MaxRadius(h, w))
				}
			})
		})
	}
}

// BenchmarkSpectrum draws the spectrum of a loaded colour image and sums its energy.
func BenchmarkSpectrum(b *testing.B) {
	benchmark(b, 3, 1, func(b *testing.B, h, w int, x []float32) {
		s := NewSplitter(h, w)
		s.Load(x)
		dst := make([]float32, h*w)
		for b.Loop() {
			s.power.known = false
			s.LogSpectrum(dst)
			s.Energy(MaxRadius(h, w) / 3)
		}
	})
}

// BenchmarkBatch splits 64 small colour images at 23 radii on all processors.
func BenchmarkBatch(b *testing.B) {
	const images = 64
	for _, size := range [][2]int{{28, 28}, {32, 32}, {64, 64}} {
		h, w := size[0], size[1]
		b.Run(fmt.Sprintf("%dx%dx3", w, h), func(b *testing.B) {
			x := pixels(3*images, h, w)
			var radii []float64
			for r := 1.0; r <= 23; r++ {
				radii = append(radii, r)
			}
			low, high := parts(len(radii), len(x)), parts(len(radii), len(x))
			batch := NewBatch(h, w, runtime.GOMAXPROCS(0))
			for b.Loop() {
				batch.Split(low, high, x, radii)
			}
			b.ReportMetric(float64(images*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
