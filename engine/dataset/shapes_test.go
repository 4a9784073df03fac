package dataset

import (
	"testing"
)

func BenchmarkShapes(b *testing.B) {
	s := Shapes(ShapesOptions{}).Train
	dst := make([]float32, 3072)
	at := []int{0}
	b.ReportAllocs()
	for b.Loop() {
		at[0] = (at[0] + 1) % s.Len()
		if err := s.ReadBatch(dst, nil, at); err != nil {
			b.Fatal(err)
		}
	}
}
