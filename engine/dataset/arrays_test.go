package dataset

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The files of testdata/arrays, written by NumPy, SciPy, Python's tarfile and parquet-go, have 6 images of
// 5 rows and 4 columns. Pixel (i, y, x, c) is (31i + 7y + 3x + 11c) mod 256, the label of image i is i mod 3.
const fixtures = "testdata/arrays"

func checkFixture(t *testing.T, d *Data, channels int) {
	t.Helper()
	s := d.Test
	if s.Len() != 6 {
		t.Fatalf("%d images", s.Len())
	}
	for i := range s.Len() {
		im := image1(t, s, i)
		if im.C != channels || im.H != 5 || im.W != 4 {
			t.Fatalf("image %d is %d×%d×%d", i, im.C, im.H, im.W)
		}
		for p, v := range im.Pix {
			c, y, x := p/20, p/4%5, p%4
			if want := float32(byte(31*i+7*y+3*x+11*c)) / 255; v < want-1e-7 || v > want+1e-7 {
				t.Fatalf("image %d channel %d row %d column %d is %v, want %v", i, c, y, x, v, want)
			}
		}
	}
}

func TestArrayFiles(t *testing.T) {
	for name, c := range map[string]struct {
		channels int
		classes  string // of labels 0, 1, 2; "": unlabeled
		says     string
	}{
		"images.npy":       {3, "", "(n, height, width, channels) of uint8"},
		"fortran.npy":      {3, "", "(n, height, width, channels) of uint8"},
		"big_endian.npy":   {1, "", "(n, height, width) of float32 in [0,1]"},
		"stored.npz":       {3, "0 1 2", "uint8"},
		"deflated.npz":     {3, "ape bee cat", "(n, channels, height, width) of float16 in [0,255]"},
		"text.npz":         {1, "dog ape elk", "int16 in [0,255]"},
		"packed.mat":       {3, "0 1 2", "(height, width, channels, n)"},
		"plain.mat":        {3, "0 1 2", "(height, width, channels, n)"},
		"shard-000000.tar": {3, "0 1 2", ""},
		"named.tar.gz":     {3, "dog ape elk", ""},
		"snappy.parquet":   {3, "ape bee cat", ""},
		"zstd.parquet":     {3, "ape bee cat", ""},
		"gzip.parquet":     {3, "ape bee cat", ""},
	} {
		t.Run(name, func(t *testing.T) {
			// In a folder of its own, and as a file.
			dir := t.TempDir()
			data, err := os.ReadFile(filepath.Join(fixtures, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{dir, write(t, dir, name, data)} {
				d := open(t, path)
				checkFixture(t, d, c.channels)
				if !strings.Contains(strings.Join(d.Notes, "; "), c.says) {
					t.Errorf("notes %q do not say %q", d.Notes, c.says)
				}
				if c.classes == "" {
					if d.Test.Classes() != nil || d.Test.Label(0) != -1 {
						t.Errorf("labels of an array without labels: %v", d.Test.Classes())
					}
					continue
				}
				for i := range 6 {
					if got, want := d.Test.Classes()[d.Test.Label(i)], strings.Fields(c.classes)[i%3]; got != want {
						t.Errorf("label of image %d is %q, want %q", i, got, want)
					}
				}
			}
		})
	}
}

// fuzzFile opens a file with any bytes: it is refused in one line, or images can be read or are refused,
// in memory bounded by the file's size.
func fuzzFile(f *testing.F, ext string) {
	seeds, err := filepath.Glob(filepath.Join(fixtures, "*"+ext))
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "images"+ext)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := Open(context.Background(), path, Options{})
		if err != nil {
			checkLine(t, err, "images")
		} else {
			readSome(t, d)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20+uint64(len(data)) {
			t.Fatalf("%d MiB allocated for %d bytes", used>>20, len(data))
		}
	})
}

// readSome reads images of all splits and closes the data.
func readSome(t *testing.T, d *Data) {
	defer d.Close()
	for _, split := range d.Splits() {
		s := d.Set(split)
		for _, i := range slices.Compact([]int{0, s.Len() / 2, s.Len() - 1}) {
			if label := s.Label(i); label >= len(s.Classes()) {
				t.Fatalf("label %d of %d classes", label, len(s.Classes()))
			}
			if e, ok := s.(*encoded); ok { // decoders of images are fuzzed by themselves
				e.read(i, func(from io.ReadSeeker) error {
					_, err := io.Copy(io.Discard, from)
					return err
				})
				continue
			}
			if _, err := s.Image(i); err != nil {
				checkLine(t, err)
			}
		}
	}
}

func FuzzNPY(f *testing.F)     { fuzzFile(f, ".npy") }
func FuzzNPZ(f *testing.F)     { fuzzFile(f, ".npz") }
func FuzzMAT(f *testing.F)     { fuzzFile(f, ".mat") }
func FuzzParquet(f *testing.F) { fuzzFile(f, ".parquet") }
func FuzzTar(f *testing.F)     { fuzzFile(f, ".tar") }
func FuzzTarGz(f *testing.F)   { fuzzFile(f, ".tar.gz") }
