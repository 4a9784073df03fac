package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"path/filepath"
	"slices"
	"testing"
)

// withEXIF adds an orientation to a PNG file.
func withEXIF(png []byte, orientation byte) []byte {
	data := append([]byte("eXIfII*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00"), orientation, 0, 0, 0, 0, 0, 0, 0)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, data...), crc32.ChecksumIEEE(data))
	at := bytes.Index(png, []byte("IDAT")) - 4
	return slices.Concat(png[:at], chunk, png[at:])
}

// TestPhotosAreTurned: image files opened singly follow EXIF orientations; those of datasets do not.
func TestPhotosAreTurned(t *testing.T) {
	stored := image.NewGray(image.Rect(0, 0, 3, 2))
	copy(stored.Pix, []byte{0, 51, 102, 153, 204, 255}) // 012 over 345
	for o, want := range [][]int{
		1: {0, 1, 2, 3, 4, 5}, 2: {2, 1, 0, 5, 4, 3}, 3: {5, 4, 3, 2, 1, 0}, 4: {3, 4, 5, 0, 1, 2},
		5: {0, 3, 1, 4, 2, 5}, 6: {3, 0, 4, 1, 5, 2}, 7: {5, 2, 4, 1, 3, 0}, 8: {2, 5, 1, 4, 0, 3},
	} {
		if o == 0 {
			continue
		}
		dir := t.TempDir()
		path := write(t, dir, "class/a.png", withEXIF(pngBytes(t, stored), byte(o)))
		h, w := 2, 3
		if o >= 5 {
			h, w = 3, 2
		}
		check := func(what string, im *Image, err error) {
			t.Helper()
			if err != nil || im.H != h || im.W != w {
				t.Fatalf("%s of %d: %v", what, o, err)
			}
			for i, k := range want {
				if im.Pix[i] != unit[51*k] {
					t.Errorf("%s of %d: %v, want %v", what, o, im.Pix, want)
					break
				}
			}
		}
		im, got, err := ReadPhoto(path)
		check("ReadPhoto", im, err)
		d := open(t, path)
		im, err = d.Test.Image(0)
		check("Image", im, err)
		im, err = Bounded(d.Test, 0, 10)
		check("Bounded", im, err)
		if im, err = Bounded(d.Test, 0, 2); err != nil || max(im.H, im.W) != 2 || (im.H > im.W) != (h > w) {
			t.Errorf("bounded to 2: %d×%d, %v", im.H, im.W, err)
		}
		if _, ph, pw, err := PhotoSize(path); got != o || Orientation(d.Test, 0) != o || ph != h || pw != w || err != nil {
			t.Errorf("orientation %d and %d, %d×%d, want %d", got, Orientation(d.Test, 0), ph, pw, o)
		}
		if noted := len(d.Notes) == 1; noted != (o > 1) || (TurnedText(o) != "") != (o > 1) {
			t.Errorf("notes %q", d.Notes)
		}
		if set := open(t, dir).Test; image1(t, set, 0).W != 3 || Orientation(set, 0) != 1 {
			t.Error("an image of a dataset is turned")
		}
		set, err := OpenImages([]string{path, path, filepath.Join(dir, "class", "a.png")})
		if err != nil || o > 1 && !slices.Equal(Turned(set), []string{"3 of 3 images are turned as their EXIF orientations say"}) {
			t.Errorf("%q, %v", Turned(set), err)
		}
	}
}
