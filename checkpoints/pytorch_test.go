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

// same reports how two files differ in order, shapes or, bit for bit, numbers.
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
			t.Errorf("no tensor %q", name)
			continue
		}
		equal := slices.EqualFunc(g.Data, w.Data, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
		if !slices.Equal(g.Shape, w.Shape) || !equal {
			t.Errorf("%s is %v %v, want %v %v", name, g.Shape, g.Data, w.Shape, w.Data)
		}
	}
}

// TestOpenPyTorch reads what PyTorch wrote (testdata/make.py) and finds PyTorch's own numbers.
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

// TestTensorsShareNothing holds tied weights to be copies: training one must not move the other.
func TestTensorsShareNothing(t *testing.T) {
	f, err := Open("testdata/views.pt")
	if err != nil {
		t.Fatal(err)
	}
	f.Tensors["tied"].Data[0] = -1
	if f.Tensors["tied_too"].Data[0] != 0 {
		t.Error("tied and tied_too share their numbers")
	}
}

func TestRefusedPyTorch(t *testing.T) {
	for name, want := range map[string]string{
		"tensor.pt": "holds no state dict", "no_tensors.pt": "holds no tensors by name, only epoch, model;",
		"complex.pt": "has numbers of type ComplexFloat;", "sparse.pt": "stored as a sparse_tensor;", "script.pt": "is a TorchScript program",
	} {
		path := filepath.Join("testdata/refused", name)
		refuse(t, path, want)
	}
}

// refuse holds Open to an error of one line that names the file, says want and what to do.
func refuse(t *testing.T, path, want string) {
	t.Helper()
	f, err := Open(path)
	if err == nil {
		t.Errorf("%s was read: %v", path, f.Order)
		return
	}
	text := err.Error()
	if !strings.HasPrefix(text, path+": ") || !strings.Contains(text, want) || !strings.Contains(text, "; ") {
		t.Errorf("%s: error %q, want one that says %q and what to do", path, text, want)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(text) > len(path)+400 {
		t.Errorf("%s: error is not one short line: %q", path, text)
	}
}

// TestOpenByContent renames files of all three formats: the suffix must not matter.
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

// TestCutShort cuts every file everywhere: each piece is an error.
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
				t.Errorf("%s cut to %d bytes of %d was read", name, n, len(data))
			}
			read(bytes.NewReader(data[:n]), int64(len(data)), name) // shrunk after its size was asked for: no panic
		}
	}
}

// TestDamagedZip flips each bit of a tensor's numbers: the checksum finds it.
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
