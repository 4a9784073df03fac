package lab

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"hfcui/engine/view"
)

// BenchmarkView times what a key press that moves r costs below the screen.
func BenchmarkView(b *testing.B) {
	photo := filepath.Join(b.TempDir(), "photo.png")
	if err := writePhoto(photo, 1000, 750); err != nil {
		b.Fatal(err)
	}
	for name, o := range map[string]Options{"shapes": {}, "photograph 1000x750": {Images: []string{photo}}} {
		b.Run(name, func(b *testing.B) {
			l, err := Open(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			r := 0
			for b.Loop() {
				if _, err := l.View(b.Context(), view.Request{R: float64(2 + r%20)}); err != nil {
					b.Fatal(err)
				}
				r++
			}
		})
	}
}

func writePhoto(path string, w, h int) error {
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			im.Set(x, y, color.RGBA{uint8(x * y / 97), uint8(x + y/3), uint8(y * 5), 255})
		}
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return png.Encode(file, im)
}
