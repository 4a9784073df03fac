package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

func pngBytes(t testing.TB, src image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, src); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// dot is a w×h RGBA image of one color.
func dot(w, h int, c color.Color) image.Image {
	im := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			im.Set(x, y, c)
		}
	}
	return im
}

// pngHeader is a PNG that says it is w×h and ends there.
func pngHeader(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	b = binary.BigEndian.AppendUint32(b, w)
	b = binary.BigEndian.AppendUint32(b, h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

func TestReadImage(t *testing.T) {
	dir := t.TempDir()
	gray := image.NewGray(image.Rect(0, 0, 2, 1))
	gray.Pix[1] = 51
	gray16 := image.NewGray16(image.Rect(0, 0, 2, 1))
	gray16.SetGray16(1, 0, color.Gray16{Y: 0x1234})
	deep := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	deep.SetNRGBA64(0, 0, color.NRGBA64{R: 0x1234, G: 0xffff, B: 1, A: 0xffff})
	palette := image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.NRGBA{51, 102, 153, 255}})
	var asGIF, asBMP, asJPEG bytes.Buffer
	if err := gif.Encode(&asGIF, palette, nil); err != nil {
		t.Fatal(err)
	}
	if err := bmp.Encode(&asBMP, dot(1, 1, color.NRGBA{51, 102, 153, 255})); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&asJPEG, dot(9, 7, color.NRGBA{51, 102, 153, 255}), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data    []byte
		c, h, w int
		last    []float64 // the last pixel
		within  float64
	}{
		"rgb.png":     {pngBytes(t, dot(3, 2, color.NRGBA{51, 102, 153, 255})), 3, 2, 3, []float64{.2, .4, .6}, 1e-6},
		"alpha.png":   {pngBytes(t, dot(3, 2, color.NRGBA{255, 255, 0, 51})), 3, 2, 3, []float64{.2, .2, 0}, 1e-6},
		"gray.png":    {pngBytes(t, gray), 1, 1, 2, []float64{.2}, 1e-6},
		"gray16.png":  {pngBytes(t, gray16), 1, 1, 2, []float64{0x1234 / 65535.}, 1e-6},
		"deep.png":    {pngBytes(t, deep), 3, 1, 1, []float64{0x1234 / 65535., 1, 1 / 65535.}, 1e-6},
		"palette.png": {pngBytes(t, palette), 3, 1, 1, []float64{.2, .4, .6}, 1e-6},
		"a.gif":       {asGIF.Bytes(), 3, 1, 1, []float64{.2, .4, .6}, 1e-6},
		"a.bmp":       {asBMP.Bytes(), 3, 1, 1, []float64{.2, .4, .6}, 1e-6},
		"a.jpg":       {asJPEG.Bytes(), 3, 7, 9, []float64{.2, .4, .6}, .01},
		"wrong.jpg":   {asBMP.Bytes(), 3, 1, 1, []float64{.2, .4, .6}, 1e-6}, // content decides
	} {
		im, err := ReadImage(write(t, dir, name, c.data))
		if err != nil {
			t.Error(err)
			continue
		}
		if im.C != c.c || im.H != c.h || im.W != c.w {
			t.Errorf("%s: %d×%d×%d, want %d×%d×%d", name, im.C, im.H, im.W, c.c, c.h, c.w)
			continue
		}
		for p, want := range c.last {
			if got := im.Pix[(p+1)*c.h*c.w-1]; math.Abs(float64(got)-want) > c.within {
				t.Errorf("%s: channel %d is %v, want %v", name, p, got, want)
			}
		}
	}
}

// TestReadImageAs: downscaling while decoding is bitwise equal to downscaling afterwards, without a
// full-size float32 copy.
func TestReadImageAs(t *testing.T) {
	dir := t.TempDir()
	color := image.NewNRGBA(image.Rect(0, 0, 1300, 900))
	gray := image.NewGray(image.Rect(0, 0, 37, 50))
	for i := range color.Pix {
		color.Pix[i] = uint8(i*i>>7 + i)
	}
	for i := range gray.Pix {
		gray.Pix[i] = uint8(i * i)
	}
	for _, path := range []string{write(t, dir, "color.png", pngBytes(t, color)), write(t, dir, "gray.png", pngBytes(t, gray))} {
		im, err := ReadImage(path)
		if err != nil {
			t.Fatal(err)
		}
		c, h, w, err := ImageSize(path)
		if err != nil || c != im.C || h != im.H || w != im.W {
			t.Errorf("%s: size %d×%d×%d, %v", path, c, h, w, err)
		}
		for _, size := range [][3]int{{3, 32, 32}, {1, 28, 28}, {3, 70, 20}, {im.C, im.H, im.W}, {1, im.H, im.W}, {3, 1, 99}} {
			got, err := readImageAs(path, size[0], size[1], size[2])
			if err != nil {
				t.Fatal(err)
			}
			if want := im.Resize(size[0], size[1], size[2]); !slices.Equal(got.Pix, want.Pix) {
				t.Errorf("%s at %v differs", path, size)
			}
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readImageAs(filepath.Join(dir, "color.png"), 3, 32, 32); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 6*1300*900 {
		t.Errorf("%d bytes allocated for %d pixels", used, 1300*900)
	}
}

func TestReadImageErrors(t *testing.T) {
	dir := t.TempDir()
	good := pngBytes(t, dot(40, 30, color.NRGBA{9, 8, 7, 255}))
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"empty.png":     {nil, "not a readable image"},
		"text.png":      {[]byte("hello"), "not a readable image"},
		"truncated.png": {good[:len(good)-30], "cannot be decoded"},
		"huge.png":      {pngHeader(60000, 60000), "60000×60000 pixels is larger than 64 megapixels"},
		"huger.png":     {pngHeader(1<<31-1, 1<<31-1), "readable"},
		"promise.png":   {pngHeader(6000, 6000), "cannot be decoded"},
		"bomb.webp":     {[]byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x3f\x00\xff\x3f\x00"), "larger than 64 megapixels"},
	} {
		_, err := ReadImage(write(t, dir, name, c.data))
		checkLine(t, err, name, c.says)
	}
	_, err := ReadImage(filepath.Join(dir, "missing.png"))
	checkLine(t, err, "missing.png")
	_, err = ReadImage(dir)
	checkLine(t, err, "not a file")
}

// Refusing an image that is too large must not cost the memory it would take.
func TestHugeImageIsCheap(t *testing.T) {
	path := write(t, t.TempDir(), "huge.png", pngHeader(50000, 50000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := ReadImage(path); err == nil {
		t.Fatal("read")
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes allocated", used)
	}
}

func TestClassFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pets\x1b[31m")
	red, blue := pngBytes(t, dot(4, 2, color.NRGBA{255, 0, 0, 255})), pngBytes(t, dot(3, 3, color.NRGBA{0, 0, 255, 255}))
	write(t, dir, "dog/b.png", blue)
	write(t, dir, "dog/a.PNG", red)
	write(t, dir, "dog/notes.txt", nil)
	write(t, dir, "cat\n/x.png", red)
	write(t, dir, "dog/.hidden.png", red)
	write(t, dir, ".git/x.png", red)
	write(t, dir, "empty/readme", nil)
	d := open(t, dir)
	if d.Layout != ClassFolders || d.Train != nil || d.Test.Len() != 3 || d.Name != "pets[31m" {
		t.Fatalf("%q: %q with %d images", d.Name, d.Layout, d.Test.Len())
	}
	if !slices.Equal(d.Test.Classes(), []string{"cat", "dog"}) {
		t.Errorf("classes %q", d.Test.Classes())
	}
	for i, want := range []struct {
		title    string
		label, w int
	}{{"x.png", 0, 4}, {"a.PNG", 1, 4}, {"b.png", 1, 3}} {
		if d.Test.Title(i) != want.title || d.Test.Label(i) != want.label || image1(t, d.Test, i).W != want.w {
			t.Errorf("image %d is %q of class %d", i, d.Test.Title(i), d.Test.Label(i))
		}
	}
	if err := d.Test.ReadBatch(nil, nil, nil); err == nil {
		t.Error("a batch of images of different sizes was read")
	}
	if c, h, w := d.Test.Shape(); c+h+w != 0 {
		t.Error("images of different sizes have a shape")
	}
}

func TestTrainAndTestFolders(t *testing.T) {
	for _, test := range []string{"test", "val"} {
		dir := t.TempDir()
		p := pngBytes(t, dot(2, 2, color.White))
		write(t, dir, "train/b/1.png", p)
		write(t, dir, "train/c/1.png", p)
		write(t, dir, test+"/a/1.png", p)
		write(t, dir, test+"/b/1.png", p)
		d := open(t, dir)
		if !slices.Equal(d.Splits(), []string{"train", "test"}) || !slices.Equal(d.Train.Classes(), []string{"a", "b", "c"}) || !slices.Equal(d.Test.Classes(), d.Train.Classes()) {
			t.Fatalf("splits %v, classes %v and %v", d.Splits(), d.Train.Classes(), d.Test.Classes())
		}
		if d.Train.Label(0) != 1 || d.Train.Label(1) != 2 || d.Test.Label(1) != 1 {
			t.Error("labels of the splits do not agree")
		}
	}
}

func TestImageFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.jpg", []byte("broken"))
	write(t, dir, "a.png", pngBytes(t, dot(5, 4, color.White)))
	d := open(t, dir)
	if d.Layout != Images || d.Test.Len() != 2 || d.Test.Classes() != nil || d.Test.Label(1) != -1 {
		t.Fatalf("%q with %d images of %v", d.Layout, d.Test.Len(), d.Test.Classes())
	}
	image1(t, d.Test, 0)
	_, err := d.Test.Image(1)
	checkLine(t, err, "b.jpg", "not a readable image")

	one := open(t, filepath.Join(dir, "a.png"))
	if one.Test.Len() != 1 || one.Name != "a.png" {
		t.Errorf("a single file opens as %q with %d images", one.Name, one.Test.Len())
	}
	if _, err := OpenImages([]string{filepath.Join(dir, "a.png"), filepath.Join(dir, "b.jpg")}); err == nil {
		t.Error("a broken image was taken")
	}
	if _, err := OpenImages(nil); err == nil {
		t.Error("no images were taken")
	}
}

func TestFolderErrors(t *testing.T) {
	dir := t.TempDir()
	wantError(t, dir, "no dataset found")
	wantError(t, filepath.Join(dir, "nothing"), "nothing", "no such folder", "cifar10")
	write(t, dir, "train/0/1.png", nil)
	if d := open(t, dir); d.Train != nil || d.Test.Len() != 1 || !strings.Contains(strings.Join(d.Notes, ";"), "those of train") {
		t.Error(d.Notes)
	}
	wantError(t, write(t, dir, "data.zip", []byte("PK")), "data.zip", "a dataset is a folder")
}

func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	dir, elsewhere := t.TempDir(), t.TempDir()
	write(t, elsewhere, "1.png", pngBytes(t, dot(2, 2, color.White)))
	write(t, dir, "real/1.png", pngBytes(t, dot(2, 2, color.White)))
	for name, to := range map[string]string{"linked": elsewhere, "circle": "circle", "up": ".", "real/loop.png": "loop.png", "real/gone.png": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, dir)
	if !slices.Equal(d.Test.Classes(), []string{"linked", "real"}) || d.Test.Len() != 4 {
		t.Fatalf("%d images of %v", d.Test.Len(), d.Test.Classes())
	}
	bad := 0
	for i := range d.Test.Len() {
		if _, err := d.Test.Image(i); err != nil {
			checkLine(t, err, ".png")
			bad++
		}
	}
	if bad != 2 {
		t.Errorf("%d images do not open, want 2", bad)
	}
}

func TestUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("nothing is unreadable here")
	}
	dir := t.TempDir()
	path := write(t, dir, "a/1.png", pngBytes(t, dot(2, 2, color.White)))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, dir).Test.Image(0)
	checkLine(t, err, "1.png", "permission denied")
	if err := os.Chmod(filepath.Join(dir, "a"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "a"), 0o755)
	wantError(t, dir, "permission denied")
}
