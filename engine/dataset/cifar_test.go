package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hfcui/engine/printable"
)

func writeCIFAR(t testing.TB, dir string) {
	t.Helper()
	write(t, dir, "test_batch.bin", cifarBytes(3, 9))
	write(t, dir, "data_batch_1.bin", cifarBytes(0, 1, 2))
	write(t, dir, "data_batch_2.bin", cifarBytes(5))
	write(t, dir, "batches.meta.txt", []byte("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"))
}

// checkPattern checks that image i of a set is image k of cifarBytes.
func checkPattern(t *testing.T, s Set, i, k int) {
	t.Helper()
	im := image1(t, s, i)
	if im.C != 3 || im.H != 32 || im.W != 32 {
		t.Fatalf("image is %d×%d×%d", im.C, im.H, im.W)
	}
	for p, v := range im.Pix {
		if want := float32(byte(7*p+31*k)) / 255; v != want {
			t.Fatalf("%s image %d pixel %d is %v, want %v", s.Split(), i, p, v, want)
		}
	}
}

func TestCIFARBinary(t *testing.T) {
	for _, sub := range []string{"", "cifar-10-batches-bin"} {
		dir := t.TempDir()
		writeCIFAR(t, filepath.Join(dir, sub))
		d := open(t, dir)
		if d.Name != "cifar10" || d.Layout != CIFARBinary || !slices.Equal(d.Splits(), []string{"train", "test"}) {
			t.Fatalf("opened as %q, %q, %v", d.Name, d.Layout, d.Splits())
		}
		if d.Train.Len() != 4 || d.Test.Len() != 2 {
			t.Fatalf("%d train and %d test images, want 4 and 2", d.Train.Len(), d.Test.Len())
		}
		for i, want := range []int{0, 1, 2, 5} {
			if got := d.Train.Label(i); got != want {
				t.Errorf("label %d is %d, want %d", i, got, want)
			}
		}
		checkPattern(t, d.Train, 2, 2)
		checkPattern(t, d.Train, 3, 0)
		checkPattern(t, d.Test, 1, 1)
		if d.Test.Classes()[9] != "truck" || d.Test.Title(1) != "test 1" {
			t.Errorf("classes %v, title %q", d.Test.Classes(), d.Test.Title(1))
		}
	}
}

func TestReadBatch(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR(t, dir)
	s := open(t, dir).Train
	dst, labels := make([]float32, 3*cifarPixels), make([]int, 3)
	if err := s.ReadBatch(dst, labels, []int{3, 0, 2}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(labels, []int{5, 0, 2}) {
		t.Errorf("labels %v", labels)
	}
	for k, i := range []int{3, 0, 2} {
		if !slices.Equal(dst[k*cifarPixels:(k+1)*cifarPixels], image1(t, s, i).Pix) {
			t.Errorf("image %d of the batch is not image %d", k, i)
		}
	}
	indices := []int{1, 1, 0}
	if n := testing.AllocsPerRun(10, func() { s.ReadBatch(dst, labels, indices) }); n > 0 && !raceEnabled {
		t.Errorf("ReadBatch allocates %v times", n)
	}
}

func TestCIFARErrors(t *testing.T) {
	good := cifarBytes(1, 2, 3)
	bad := slices.Clone(good)
	bad[2*int(cifar10.record())] = 10
	for name, c := range map[string]struct {
		data []byte
		says []string
	}{
		"empty":     {nil, []string{"empty file", "hfcui data get"}},
		"truncated": {good[:len(good)-5], []string{"9214 bytes", "after record 1", "download it again"}},
		"longer":    {append(slices.Clone(good), 0), []string{"9220 bytes"}},
		"label":     {bad, []string{"record 2", "label 10", "not in 0…9"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeCIFAR(t, dir)
			write(t, dir, "data_batch_1.bin", c.data)
			wantError(t, dir, append(c.says, "data_batch_1.bin")...)
		})
	}
	t.Run("no test batch", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, "data_batch_1.bin", good)
		wantError(t, dir, "test_batch.bin")
	})
	t.Run("folder for a file", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, "test_batch.bin/x", nil)
		write(t, dir, "data_batch_1.bin", good)
		wantError(t, dir, "test_batch.bin", "not a file")
	})
	t.Run("classes", func(t *testing.T) {
		dir := t.TempDir()
		writeCIFAR(t, dir)
		write(t, dir, "batches.meta.txt", []byte("cat\n"))
		wantError(t, dir, "batches.meta.txt", "1 class names")
	})
}

func TestCIFARShrinksWhileOpen(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR(t, dir)
	d := open(t, dir)
	if err := os.Truncate(filepath.Join(dir, "test_batch.bin"), 4000); err != nil {
		t.Fatal(err)
	}
	_, err := d.Test.Image(1)
	checkLine(t, err, "test_batch.bin", "image 1")
}

func FuzzCIFAR(f *testing.F) {
	f.Add(cifarBytes(1, 9))
	f.Add(cifarBytes(10))
	f.Add(cifarBytes(1)[:3000])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := cifar10.batch(bytes.NewReader(data), int64(len(data)), "file")
		if err != nil {
			checkLine(t, err, "file")
			return
		}
		readAll(t, b)
	})
}

// readAll makes a set of a batch and reads all of it.
func readAll(t *testing.T, b batch) {
	r := newRecords("fuzz", "test", 3, 32, 32, cifarNames)
	r.add("file", b)
	for i := range r.Len() {
		image1(t, r, i)
		if label := r.Label(i); label < 0 || label > 9 {
			t.Fatalf("label %d", label)
		}
		if title := r.Title(i); title == "" || title != printable.Line(title) {
			t.Fatalf("title %q", title)
		}
	}
}
