package kernel

import (
	"runtime"
	"sync"
	"testing"
)

//go:generate go run -C ../gen . -isa avx512 -kernels peak -out ../kernel/peak_avx512_amd64.s -stubs ../kernel/peak_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels peak -out ../kernel/peak_avx2_amd64.s -stubs ../kernel/peak_avx2_amd64.go -pkg kernel

// everywhere runs f on all cores at once.
func everywhere(f func()) {
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(f)
	}
	all.Wait()
}

// BenchmarkPeak tells what all cores together can multiply and add at most: the floor under
// convolutions.
func BenchmarkPeak(b *testing.B) {
	const n, sums = 1 << 20, 12
	for _, p := range peaks() {
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				everywhere(func() { p.multiply(n) })
			}
			operations := float64(2*p.products*sums*n*runtime.GOMAXPROCS(0)) * float64(b.N)
			b.ReportMetric(operations/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkBandwidth tells what all cores together can move: y = a + b with arrays far
// larger than the caches, the floor under everything element-wise.
func BenchmarkBandwidth(b *testing.B) {
	const pixels = 1 << 20 // 64 MB
	s := Sets()[0]
	arrays := make([][3][]float32, runtime.GOMAXPROCS(0))
	for i := range arrays {
		for j := range arrays[i] {
			arrays[i][j] = make([]float32, pixels*Block)
			for k := range arrays[i][j] {
				arrays[i][j][k] = 1
			}
		}
	}
	b.SetBytes(int64(len(arrays)) * 3 * pixels * PixelBytes)
	for b.Loop() {
		var all sync.WaitGroup
		for i := range arrays {
			all.Go(func() { s.Add(&arrays[i][0][0], &arrays[i][1][0], &arrays[i][2][0], pixels, 1, 0) })
		}
		all.Wait()
	}
}
