package explore

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/split"
	"hfcui/engine/view"
	"hfcui/spectral"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// What the Explore page exports of a high-pass image is, byte for byte, what the split command
// writes.
func TestHighImageIsThatOfTheCommand(t *testing.T) {
	const w, h, r = 300, 200, 9.5
	for _, im := range []draw.Image{image.NewNRGBA(image.Rect(0, 0, w, h)), image.NewGray(image.Rect(0, 0, w, h))} {
		for y := range h {
			for x := range w {
				v := uint8(128 + 90*math.Sin(float64(x*x)/900)*math.Cos(float64(y)/7))
				im.Set(x, y, color.NRGBA{v, v / 2, uint8(x ^ y), 255})
			}
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "x.png")
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := split.File(t.Context(), split.Request{Image: path, R: r, Dir: dir}); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, "high.png"))
		if err != nil {
			t.Fatal(err)
		}
		x, err := dataset.ReadImage(path)
		if err != nil {
			t.Fatal(err)
		}
		high := dataset.Image{C: x.C, H: x.H, W: x.W, Pix: make([]float32, len(x.Pix))}
		s := spectral.NewSplitter(x.H, x.W)
		s.Load(x.Pix)
		s.Split(nil, high.Pix, r)
		var got bytes.Buffer
		write := session.Enlarged(x.C == 1, func(src *picture.Image) { highImage(src, high, highStretched, 1) }, func(*picture.Image) {})
		if err := write(&got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%d channels: %d bytes, the command's file has %d (%v)", x.C, got.Len(), len(want), err)
		}
	}
}

func benchmarkPaint(b *testing.B, w, h, cols, rows int) {
	l := uitest.NewFakeLab()
	l.W, l.H = w, h
	k := viewSpec{RenderSpec: kit.RenderSpec{Cols: cols, Rows: rows, Cell: kit.CellSize{W: 9, H: 18}, Protocol: picture.Sixel, Dark: true}, kinds: [kit.Slots]bool{true, true, true, true}}
	v, err := l.View(context.Background(), view.Request{R: 10})
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
