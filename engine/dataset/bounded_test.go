package dataset

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wide.png")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	picture := image.NewGray(image.Rect(0, 0, 300, 7))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(i * 7)
	}
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
	file.Close()
	set, err := OpenImages([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	small, err := Bounded(set, 0, 100)
	if err != nil || small.W != 100 || small.H != 2 || small.C != 1 {
		t.Fatalf("%+v, %v", small, err)
	}
	whole, err := set.Image(0)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range whole.Resize(1, 2, 100).Pix {
		if small.Pix[i] != v {
			t.Fatal("downscaling while decoding and afterwards differ")
		}
	}
	if same, err := Bounded(set, 0, 300); err != nil || same.W != 300 || same.H != 7 {
		t.Errorf("an image within the bound became %+v, %v", same, err)
	}
	shape := Shapes(ShapesOptions{}).Test
	if im, err := Bounded(shape, 0, 16); err != nil || im.W != 16 || im.H != 16 {
		t.Errorf("%+v, %v", im, err)
	}
}
