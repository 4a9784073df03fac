package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestExponentials(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set, rng *rand.Rand) {
		const n = 64
		inf := float32(math.Inf(1))
		for _, spread := range []float32{1e-3, 1, 30, 200} {
			x, shift := random(rng, n), 5*spread
			for i := range x {
				x[i] = min(x[i]*spread, shift)
			}
			x[3], x[4], x[5], x[6], x[7] = shift, float32(math.NaN()), -inf, shift-87, shift-87.5
			want, got := make([]float32, n), make([]float32, n)
			portable.Exponentials(&x[0], &want[0], &shift, n)
			s.Exponentials(&x[0], &got[0], &shift, n)
			for i := range want {
				if same := got[i] == want[i] || got[i] != got[i] && want[i] != want[i]; !same && !(math.Abs(float64(got[i]/want[i])-1) < 3e-7) {
					t.Errorf("exp(%v − %v) is %v, not %v", x[i], shift, got[i], want[i])
				}
			}
			if got[3] != 1 {
				t.Errorf("exp(0) is %v", got[3])
			}
		}
	})
}

func BenchmarkExponentials(b *testing.B) {
	const n = 1024
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, shift := random(rng, n), make([]float32, n), float32(5)
	for _, s := range Sets() {
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				s.Exponentials(&x[0], &y[0], &shift, n)
			}
			b.ReportMetric(float64(b.N*2*4*n)/b.Elapsed().Seconds()/1e9, "GB/s")
		})
	}
}
