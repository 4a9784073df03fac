package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// decoded is an image in memory: CHW.
type decoded struct {
	c, h, w int
	pix     []float32
}

func decode(from io.ReadSeeker) (d decoded, err error) {
	r, err := Decode(from)
	if err != nil {
		return d, err
	}
	d = decoded{r.C, r.H, r.W, make([]float32, r.C*r.H*r.W)}
	to := make([][]float32, r.C)
	for y := range r.H {
		for p := range to {
			to[p] = d.pix[(p*r.H+y)*r.W:][:r.W]
		}
		r.Read(y, to)
	}
	return d, nil
}

func decodeBytes(t *testing.T, data []byte) decoded {
	t.Helper()
	d, err := decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// samples are the files in testdata; their pixels are in testdata/reference, as PPM or PGM.
func samples(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.*")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d samples, %v", len(names), err)
	}
	return names
}

// TestReference compares with Pillow 9.4 (libjpeg-turbo 2.1.5, libwebp 1.2.4, libtiff 4.5), whose
// transparent images are composited over black, and, for RLE4, moves and alpha of BMP, frames placed on a canvas
// and alpha of PNG files, with what the files were made from.
func TestReference(t *testing.T) {
	for _, name := range samples(t) {
		within := 1. // rounding to 8 bits
		if strings.HasSuffix(name, ".jpg") {
			within = 3
		}
		reference := "testdata/reference/" + filepath.Base(name) + ".ppm"
		if _, err := os.Stat(reference); err != nil {
			reference = strings.TrimSuffix(reference, ".ppm") + ".pgm"
		}
		got, want := decodeBytes(t, readFile(t, name)), decodeBytes(t, readFile(t, reference))
		if got.h != want.h || got.w != want.w || want.c == 3 && got.c == 1 {
			t.Errorf("%s: %d×%d×%d, want %d×%d×%d", name, got.c, got.h, got.w, want.c, want.h, want.w)
			continue
		}
		worst, n := 0., got.h*got.w
		for i, v := range got.pix {
			if want.c == 1 {
				i %= n
			}
			worst = max(worst, math.Abs(float64(v-want.pix[i])))
		}
		if worst*255 > within+1e-3 {
			t.Errorf("%s differs by %.2f/255", name, worst*255)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c, err := ReadConfig(f)
		if err != nil || c.C != got.c || c.H != got.h || c.W != got.w {
			t.Errorf("%s: config %v, %v", name, c, err)
		}
		want6 := 1
		if strings.Contains(name, "exif6") {
			want6 = 6
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if o := Orientation(f); o != want6 {
			t.Errorf("%s: orientation %d", name, o)
		}
	}
}

// TestPNM: text and binary, 1, 8 and 16 bits, other whites, comments.
func TestPNM(t *testing.T) {
	for _, c := range []struct {
		file string
		c    int
		want []float32 // CHW
	}{
		{"P1\n# comment\n3 1\n1 0\n#another\n1", 1, []float32{0, 1, 0}},
		{"P1 3 2 101010", 1, []float32{0, 1, 0, 1, 0, 1}},
		{"P2\n2 1 # w and h\n255\n51 255", 1, []float32{.2, 1}},
		{"P2 1 1 65535 13107\n", 1, []float32{.2}},
		{"P3\n1 2\n5\n1 2 3\n5 0 9\n", 3, []float32{.2, 1, .4, 0, .6, 1}}, // 9 is clipped
		{"P4 9 2\n\x7f\x80\xff\x00", 1, []float32{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
		{"P5 2 1 255\n\x33\x0a", 1, []float32{.2, 10 / 255.}},
		{"P5 1 1 4095\n\x03\x33", 1, []float32{.2}},
		{"P6#c\n1 1\n100\n\x14\x28\x64", 3, []float32{.2, .4, 1}},
	} {
		got := decodeBytes(t, []byte(c.file))
		if got.c != c.c || len(got.pix) != len(c.want) {
			t.Errorf("%q: %d×%d×%d", c.file, got.c, got.h, got.w)
			continue
		}
		for i, v := range got.pix {
			if math.Abs(float64(v-c.want[i])) > 1e-6 {
				t.Errorf("%q: %v, want %v", c.file, got.pix, c.want)
				break
			}
		}
	}
}

// TestRefused: what cannot be decoded is said in one line.
func TestRefused(t *testing.T) {
	jpeg := readFile(t, "testdata/420.jpg")
	frame := bytes.Index(jpeg, []byte{0xff, 0xc0})
	with := func(offset int, b ...byte) []byte {
		changed := bytes.Clone(jpeg)
		copy(changed[frame+offset:], b)
		return changed
	}
	planar := readFile(t, "testdata/lzw.tif")
	for i := range len(planar) - 12 {
		if bytes.Equal(planar[i:i+8], []byte{0x1c, 1, 3, 0, 1, 0, 0, 0}) {
			planar[i+8] = 2
		}
	}
	for says, data := range map[string][]byte{
		"the file is empty":              nil,
		"unknown format":                 []byte("<html>404"),
		"ends in its header":             jpeg[:40],
		"arithmetic coding":              with(1, 0xc9),
		"lossless or hierarchical":       with(1, 0xc3),
		"12 bits per channel":            with(4, 12),
		"is empty":                       with(5, 0, 0),
		"larger than 64 megapixels":      with(5, 0xff, 0xdc, 0xff, 0xdc),
		"subsampling":                    with(11, 0x31),
		"cannot be decoded":              jpeg[:len(jpeg)-60],
		"separate planes":                planar,
		"white is 0":                     []byte("P5 1 1 0\n1"),
		"'x' is not part of a number":    []byte("P2 1 1 255 x"),
		"nine digits":                    []byte("P5 12345678901 1 255\n"),
		"header of 1000 bytes":           append([]byte("BM"), append(make([]byte, 12), 0xe8, 3, 0, 0, 0)...),
		"the WebP file has no image":     []byte("RIFF\x04\x00\x00\x00WEBP"),
		"frame bounds larger than image": append(readFile(t, "testdata/placed.gif")[:6], append([]byte{9, 0, 9, 0}, readFile(t, "testdata/placed.gif")[10:]...)...),
	} {
		_, err := decode(bytes.NewReader(data))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", says, err)
		}
	}
}

// TestMemory: a small file that says it is large costs little.
func TestMemory(t *testing.T) {
	bmp := append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"), make([]byte, 36)...)
	binary.LittleEndian.PutUint32(bmp[18:], 8000)
	binary.LittleEndian.PutUint32(bmp[22:], 8000)
	bmp[26], bmp[28] = 1, 24
	rle := bytes.Clone(bmp)
	rle[28], rle[30] = 8, 1
	for name, data := range map[string][]byte{
		"BMP": bmp, "RLE": rle, "P6": []byte("P6 8000 8000 65535\n12345"), "P3": []byte("P3 8000 8000 255\n1 2 3"), "P1": []byte("P1 8000 8000\n1"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 1<<20 {
			t.Errorf("%s: %v; %d bytes allocated", name, err, used)
		}
	}
}

// FuzzDecode: any file is decoded or refused, without panics, hangs or memory beyond its size.
func FuzzDecode(f *testing.F) {
	for _, name := range samples(f) {
		f.Add(readFile(f, name))
	}
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00\x12\x16\xf1M"))
	f.Add([]byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\xff\xff\x00\xff\xff\x00"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	f.Add([]byte("BM" + strings.Repeat("\xff", 60)))
	f.Add([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x00"))
	f.Add([]byte("P1 3 2 101010"))
	f.Add([]byte("P3\n#\n1 2\n5\n1 2 3\n5 0 9\n"))
	f.Add([]byte("P5 1 1 4095\n\x03\x33"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadConfig(bytes.NewReader(data))
		if err == nil && c.H*c.W > 1<<18 {
			return // allowed, but too slow to try many of
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		d, err := decode(bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 128<<20 {
			t.Fatalf("%d bytes allocated", used)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Fatalf("took %v", took)
		}
		if o := Orientation(bytes.NewReader(data)); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q", err)
			}
			return
		}
		if d.c != c.C || d.h != c.H || d.w != c.W {
			t.Fatalf("%s of %d×%d×%d, config says %v", c.Format, d.c, d.h, d.w, c)
		}
		for _, v := range d.pix {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("pixel %v", v)
			}
		}
	})
}

func ExampleOrientation() {
	f, err := os.Open("testdata/exif6.jpg")
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Println(Orientation(f))
	// Output: 6
}
