package dataset

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

func writeIDX(t testing.TB, dir, dot, end string) {
	t.Helper()
	pack := func(b []byte) []byte {
		if end == ".gz" {
			return gzipped(t, b)
		}
		return b
	}
	images, labels := idxBytes(5, 4, 7, 0, 9)
	write(t, dir, "train-images"+dot+"idx3-ubyte"+end, pack(images))
	write(t, dir, "train-labels"+dot+"idx1-ubyte"+end, pack(labels))
	images, labels = idxBytes(5, 4, 2)
	write(t, dir, "t10k-images"+dot+"idx3-ubyte"+end, pack(images))
	write(t, dir, "t10k-labels"+dot+"idx1-ubyte"+end, pack(labels))
}

func TestIDX(t *testing.T) {
	for _, dot := range []string{"-", "."} {
		for _, end := range []string{"", ".gz"} {
			for _, sub := range []string{"", "raw", "MNIST/raw"} {
				dir := filepath.Join(t.TempDir(), "digits")
				writeIDX(t, filepath.Join(dir, sub), dot, end)
				d := open(t, dir)
				if d.Name != map[bool]string{true: "mnist", false: "digits"}[sub == "MNIST/raw"] || d.Layout != IDX || d.Train.Len() != 3 || d.Test.Len() != 1 {
					t.Fatalf("%q, %q, %d and %d images", d.Name, d.Layout, d.Train.Len(), d.Test.Len())
				}
				if c, h, w := d.Train.Shape(); c != 1 || h != 5 || w != 4 {
					t.Fatalf("shape %d×%d×%d", c, h, w)
				}
				im := image1(t, d.Train, 2)
				for p, v := range im.Pix {
					if want := float32(byte(3*(40+p))) / 255; v != want {
						t.Fatalf("pixel %d is %v, want %v", p, v, want)
					}
				}
				if d.Train.Label(2) != 9 || d.Test.Label(0) != 2 || d.Test.Classes()[2] != "2" {
					t.Errorf("labels %d, %d, class %q", d.Train.Label(2), d.Test.Label(0), d.Test.Classes()[2])
				}
			}
		}
	}
}

func TestIDXFashion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "FashionMNIST")
	writeIDX(t, filepath.Join(dir, "raw"), "-", "")
	if d := open(t, dir); d.Name != "fashion-mnist" || d.Test.Classes()[9] != "Ankle boot" {
		t.Errorf("opened as %q with %v", d.Name, d.Test.Classes())
	}
}

func TestIDXErrors(t *testing.T) {
	images, labels := idxBytes(5, 4, 7, 0, 9)
	huge := slices.Clone(images)
	copy(huge[4:], "\xff\xff\xff\xff\x00\x00\xff\xff\x00\x00\xff\xff")
	zero := slices.Clone(images)
	copy(zero[8:], "\x00\x00\x00\x00")
	badLabel := slices.Clone(labels)
	badLabel[9] = 26
	bomb := gzipped(t, make([]byte, 1<<20))
	for name, c := range map[string]struct {
		file string
		data []byte
		says []string
	}{
		"empty":        {"train-images-idx3-ubyte", nil, []string{"too short"}},
		"magic":        {"train-images-idx3-ubyte", append([]byte("\x89PNG"), images...), []string{"89 50 4e 47", "00 00 08 03"}},
		"truncated":    {"train-images-idx3-ubyte", images[:len(images)-1], []string{"record 2", "59 follow"}},
		"longer":       {"train-images-idx3-ubyte", append(slices.Clone(images), 1), []string{"61 follow"}},
		"huge":         {"train-images-idx3-ubyte", huge, []string{"dimension 0"}},
		"zero":         {"train-images-idx3-ubyte", zero, []string{"dimension 1 is 0"}},
		"label":        {"train-labels-idx1-ubyte", badLabel, []string{"record 1", "label 26"}},
		"label counts": {"t10k-labels-idx1-ubyte", labels, []string{"1 images", "3 labels"}},
		"not gzip":     {"t10k-labels.idx1-ubyte.gz", labels, nil},
		"bomb":         {"t10k-labels-idx1-ubyte.gz", bomb, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeIDX(t, dir, "-", "")
			if len(c.says) > 0 {
				write(t, dir, c.file, c.data)
				wantError(t, dir, append(c.says, c.file, "download")...)
				return
			}
			// These are read only if there is no plain file.
			other := t.TempDir()
			write(t, other, "t10k-images-idx3-ubyte", images)
			write(t, other, c.file, c.data)
			wantError(t, other, c.file, "download it again")
		})
	}
	t.Run("labels missing", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, "t10k-images-idx3-ubyte", images)
		wantError(t, dir, "t10k-labels-idx1-ubyte", "hfcui data get mnist")
	})
}

// TestIDXBomb: compressed files that do not match their headers are rejected in bounded memory.
func TestIDXBomb(t *testing.T) {
	images, _ := idxBytes(5, 4, 7, 0, 9)
	header := func(n, side uint32) []byte {
		b := []byte{0, 0, 8, 3}
		for _, v := range []uint32{n, side, side} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return b
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"more than announced": {append(slices.Clone(images), make([]byte, 16<<20)...), "are packed"},
		"more than packed":    {header(200, 1024), "more than"},
		"cut short":           {images[:len(images)-1], "75 are packed"},
		"no header":           {images[:9], "too short"},
		"zeros":               {make([]byte, 16<<20), "starts with"},
	} {
		path := write(t, t.TempDir(), "t10k-images-idx3-ubyte.gz", gzipped(t, c.data))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := new(Data).readIDX(path, idxBytes8, 3)
		runtime.ReadMemStats(&after)
		checkLine(t, err, c.says, "t10k-images-idx3-ubyte.gz")
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes allocated", name, used)
		}
	}
}

func FuzzIDX(f *testing.F) {
	images, labels := idxBytes(5, 4, 7, 0, 9)
	f.Add(images, 3)
	f.Add(labels, 1)
	f.Add([]byte("\x00\x00\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 3)
	f.Add([]byte("\x00\x00\x08\x03\x80\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x02"), 3)
	f.Add(images[:17], 3)
	f.Fuzz(func(t *testing.T, data []byte, dims int) {
		if dims != 1 {
			dims = 3
		}
		c, shape, err := parseIDX(bytes.NewReader(data), int64(len(data)), idxBytes8, dims, "file")
		if err != nil {
			checkLine(t, err, "file")
			return
		}
		size := 1
		for _, n := range shape {
			size *= n
		}
		if size != len(data)-4-4*dims || c.count*int(c.stride) != size {
			t.Fatalf("shape %v for %d bytes", shape, len(data))
		}
	})
}
