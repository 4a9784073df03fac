package checkpoints

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// same compares two files: order, shapes and, bitwise, elements.
func same(t *testing.T, got, want *File) {
	t.Helper()
	if !slices.Equal(got.Order, want.Order) {
		t.Errorf("tensors %q, want %q", got.Order, want.Order)
	}
	if len(got.Tensors) != len(want.Tensors) {
		t.Errorf("%d tensors, want %d", len(got.Tensors), len(want.Tensors))
	}
	for name, w := range want.Tensors {
		g := got.Tensors[name]
		if g == nil {
			t.Errorf("missing tensor %q", name)
			continue
		}
		equal := slices.EqualFunc(g.Data, w.Data, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
		if !slices.Equal(g.Shape, w.Shape) || !equal {
			t.Errorf("%s is %v %v, want %v %v", name, g.Shape, g.Data, w.Shape, w.Data)
		}
	}
}

// TestOpenPyTorch compares files written by PyTorch (testdata/make.py) with PyTorch's values.
func TestOpenPyTorch(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d files (%v)", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Open(strings.TrimSuffix(path, ".pt") + ".expected.safetensors")
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
		})
	}
}

// TestTensorsShareNothing: tied weights are copies, so that training one does not change the other.
func TestTensorsShareNothing(t *testing.T) {
	f, err := Open("testdata/views.pt")
	if err != nil {
		t.Fatal(err)
	}
	f.Tensors["tied"].Data[0] = -1
	if f.Tensors["tied_too"].Data[0] != 0 {
		t.Error("tied and tied_too share their data")
	}
}

func TestRefusedPyTorch(t *testing.T) {
	for name, want := range map[string]string{
		"tensor.pt": "contains no state dict", "no_tensors.pt": "contains no named tensors, only epoch, model;",
		"complex.pt": "has elements of unsupported type ComplexFloat;", "sparse.pt": "stored as a sparse_tensor;", "script.pt": "is a TorchScript program",
	} {
		path := filepath.Join("testdata/refused", name)
		refuse(t, path, want)
	}
}

// refuse checks that Open returns a one-line error with the file, want and what to do.
func refuse(t *testing.T, path, want string) {
	t.Helper()
	f, err := Open(path)
	if err == nil {
		t.Errorf("%s was read: %v", path, f.Order)
		return
	}
	text := err.Error()
	if !strings.HasPrefix(text, path+": ") || !strings.Contains(text, want) || !strings.Contains(text, "; ") {
		t.Errorf("%s: error %q, want one with %q and what to do", path, text, want)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(text) > len(path)+400 {
		t.Errorf("%s: error is not one short line: %q", path, text)
	}
}

// TestOpenByContent: formats are detected whatever the file's suffix.
func TestOpenByContent(t *testing.T) {
	for _, name := range []string{"zip.pt", "legacy.pt", "zip.expected.safetensors"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "model.bin")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err != nil {
			t.Error(err)
		}
	}
}

// TestCutShort: files truncated at any byte are errors.
func TestCutShort(t *testing.T) {
	for _, name := range []string{"zip.pt", "legacy.pt", "views_legacy.pt", "zip_protocol4.pt", "golden.safetensors"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		read := ReadPyTorch
		if strings.HasSuffix(name, ".safetensors") {
			read = ReadSafetensors
		}
		for n := range data {
			if _, err := read(bytes.NewReader(data[:n]), int64(n), name); err == nil {
				t.Errorf("%s truncated to %d of %d bytes was read", name, n, len(data))
			}
			read(bytes.NewReader(data[:n]), int64(len(data)), name) // shrunk after Stat: no panic
		}
	}
}

// TestDamagedZip: the checksum detects each flipped bit of a tensor.
func TestDamagedZip(t *testing.T) {
	data, err := os.ReadFile("testdata/zip.pt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Open("testdata/zip.pt")
	if err != nil {
		t.Fatal(err)
	}
	var number [4]byte
	writeFloats(sliceWriter(number[:]), want.Tensors["fc.weight"].Data[:1], make([]byte, 4))
	at := bytes.Index(data, number[:])
	for bit := range 32 {
		damaged := bytes.Clone(data)
		damaged[at+bit/8] ^= 1 << (bit % 8)
		if _, err := ReadPyTorch(bytes.NewReader(damaged), int64(len(damaged)), "zip.pt"); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("bit %d: %v", bit, err)
		}
	}
}

type sliceWriter []byte

func (w sliceWriter) Write(p []byte) (int, error) { return copy(w, p), nil }
