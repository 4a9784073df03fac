package bands

import (
	"context"
	"testing"
)

// silent is a classifier without cost, which leaves the pipeline around it.
type silent struct{}

func (silent) Batch() int   { return 128 }
func (silent) Classes() int { return 10 }
func (silent) Logits(context.Context, []float32, []float32, int) error {
	return nil
}

// BenchmarkPipeline times a measurement at four radii on one core without the model. It counts
// every image that a model would evaluate.
func BenchmarkPipeline(b *testing.B) {
	src := newNoise(4096, 10)
	src.c, src.h, src.w = 3, 32, 32
	for i := range src.images {
		if i >= 64 {
			src.images[i] = src.images[i-64]
			continue
		}
		src.images[i] = make([]float32, 3*32*32)
		for k := range src.images[i] {
			src.images[i][k] = float32((i+1)*k%251) / 251
		}
	}
	for _, n := range []Normalization{NormalizeNone, NormalizeMax, NormalizeStd} {
		b.Run(n.String(), func(b *testing.B) {
			q := Request{Radii: []float64{4, 8, 12, 16}, Normalize: n, Threads: 1}
			for b.Loop() {
				m, err := NewMeasurement(src, q)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := m.Run(b.Context(), silent{}, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*src.Len()*9)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
