package spectral

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"
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

// BenchmarkLoad transforms one color image forward.
func BenchmarkLoad(b *testing.B) {
	benchmark(b, 3, 1, func(b *testing.B, h, w int, x []float32) {
		s := NewSplitter(h, w)
		for b.Loop() {
			s.Load(x)
		}
	})
}

// BenchmarkSplit splits a loaded color image at changing radii.
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

// BenchmarkSpectrum draws the spectrum of a loaded color image and sums its energy.
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

// BenchmarkBatch splits 128 small color images on one core. Besides images/s it reports the
// throughput of the matrix products in GFLOP/s, the memory traffic in GB/s, and the time of only
// writing the components as a share: with many radii, writing is the bottleneck.
func BenchmarkBatch(b *testing.B) {
	const images = 128
	for _, a := range arithmetics() {
		for _, side := range []int{28, 32} {
			for _, count := range []int{1, 4, 23} {
				b.Run(fmt.Sprintf("%s/%dx%dx3/radii=%d", a.name, side, side, count), func(b *testing.B) {
					x := pixels(3*images, side, side)
					var radii []float64
					for i := range count {
						radii = append(radii, float64(i+1)*MaxRadius(side, side)/float64(count+1))
					}
					low, high := parts(count, len(x)), parts(count, len(x))
					batch := newBatch(side, side, 1, func() transform { return newDense(side, side, a) })
					floor := writing(batch, low, high, x)
					for b.Loop() {
						batch.Split(low, high, x, radii)
					}
					seconds := b.Elapsed().Seconds() / float64(b.N)
					b.ReportMetric(images/seconds, "images/s")
					b.ReportMetric(3*images*products(side, radii)/seconds/1e9, "GFLOP/s")
					b.ReportMetric(float64(4*len(x)*(1+2*count))/seconds/1e9, "GB/s")
					b.ReportMetric(floor.Seconds()/seconds, "of-writing")
				})
			}
		}
	}
}

// writing returns the time of writing components that need no transform.
func writing(batch *Batch, low, high [][]float32, x []float32) time.Duration {
	radii := make([]float64, len(low))
	for i := range radii {
		radii[i] = MaxRadius(batch.h, batch.w)
	}
	best := time.Duration(math.MaxInt64)
	for range 5 {
		started := time.Now()
		batch.Split(low, high, x, radii)
		best = min(best, time.Since(started))
	}
	return best
}

// products counts the floating-point operations of a square plane's matrix products.
func products(side int, radii []float64) float64 {
	n := float64(halves(side))
	total := 2 * 4 * n * n * 2 * n // forward: two products for each combination of parities
	for _, r := range radii {
		var m mask
		m.set(side, side, r)
		from, to := reach(side, m.box.u0, m.box.u1)
		k := float64(to - from)
		total += 2 * 4 * (n*k*k + n*n*k)
	}
	return total
}

// BenchmarkBatchLarger splits images beyond the size limit of the matrices on all cores.
func BenchmarkBatchLarger(b *testing.B) {
	const images = 16
	for _, side := range []int{64, 224} {
		b.Run(fmt.Sprintf("%dx%dx3", side, side), func(b *testing.B) {
			x := pixels(3*images, side, side)
			radii := []float64{4, 8, 12, 16}
			low, high := parts(len(radii), len(x)), parts(len(radii), len(x))
			batch := NewBatch(side, side, runtime.GOMAXPROCS(0))
			for b.Loop() {
				batch.Split(low, high, x, radii)
			}
			b.ReportMetric(float64(images*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
