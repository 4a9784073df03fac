package ui

import (
	"context"
	"testing"

	"hfcui/engine"
	"hfcui/ui/picture"
)

func benchmarkPaint(b *testing.B, w, h, cols, rows int) {
	lab := newFakeLab()
	lab.w, lab.h = w, h
	k := look{cols: cols, rows: rows, kinds: [slots]bool{true, true, true, true}, cell: cellSize{w: 9, h: 18}, protocol: picture.Sixel, dark: true}
	v, err := lab.View(context.Background(), engine.ViewRequest{R: 10})
	if err != nil {
		b.Fatal(err)
	}
	var p painter
	b.ReportAllocs()
	for b.Loop() {
		p.paint(v, k)
	}
}

func BenchmarkPaintSmall(b *testing.B) { benchmarkPaint(b, 32, 32, 36, 18) }
func BenchmarkPaintPhoto(b *testing.B) { benchmarkPaint(b, 1000, 750, 36, 18) }
