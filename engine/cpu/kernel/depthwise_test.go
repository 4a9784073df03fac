package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestDepthwise(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		const pitch = 40
		x := random(rng, 60*pitch*Block)
		for range 60 {
			stride, spread, step := 1+rng.IntN(3), 1+rng.IntN(2), 1+rng.IntN(2)
			shape := DepthwiseShape{
				Pixels: 1 + rng.IntN(9), Rows: 1 + rng.IntN(4), Cols: 1 + rng.IntN(5), TapRows: 1 + rng.IntN(5),
				XPixel: stride * PixelBytes, XRow: stride * pitch * PixelBytes, YPixel: step * PixelBytes, YRow: step * 20 * PixelBytes,
				Col: spread * PixelBytes, TapRow: spread * pitch * PixelBytes, Limits: Unlimited,
			}
			if rng.IntN(2) == 0 {
				shape.Limits = [2]float32{0, 1}
			}
			w, bias, y := random(rng, 25*Block), random(rng, Block), random(rng, 200*Block)
			bias[3] = float32(math.NaN())
			want, got := clone(y), clone(y)
			portable.Depthwise(&x[0], &w[0], &want[0], &bias[0], &shape)
			s.Depthwise(&x[0], &w[0], &got[0], &bias[0], &shape)
			near(t, "depthwise", got, want, 30)
		}
	})
}

func BenchmarkDepthwise(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range Sets() {
		b.Run(s.Name, func(b *testing.B) {
			const size, pitch = 28, 29
			x, y, w := random(rng, 30*pitch*Block+Block), make([]float32, size*pitch*Block), random(rng, 9*Block)
			shape := DepthwiseShape{
				Pixels: size, Rows: size, Cols: 3, TapRows: 3, XPixel: PixelBytes, XRow: pitch * PixelBytes,
				YPixel: PixelBytes, YRow: pitch * PixelBytes, Col: PixelBytes, TapRow: pitch * PixelBytes, Limits: Unlimited,
			}
			for b.Loop() {
				s.Depthwise(&x[0], &w[0], &y[0], &w[0], &shape)
			}
			b.ReportMetric(float64(b.N)*size*size*9*2*Block/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
