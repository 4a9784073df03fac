package onnx

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hfcui/checkpoints/memtest"
	"hfcui/engine/graph"
)

func corpus(t testing.TB) [][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.onnx")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	var files [][]byte
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
	}
	return files
}

// FuzzImport imports arbitrary files: the result is a network whose description survives a round
// trip, or a one-line error.
func FuzzImport(f *testing.F) {
	for _, b := range corpus(f) {
		f.Add(b)
	}
	open := func(string) (Data, error) { return nil, errors.New("there are no other files") }
	f.Fuzz(func(t *testing.T, b []byte) {
		var n *Network
		var err error
		memtest.Within(t, len(b), func() { n, err = Import(b, open, Options{}) })
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("error %q is not one line", err)
			}
			return
		}
		text, err := n.Graph.JSON()
		if err != nil {
			t.Fatal(err)
		}
		g, err := graph.Parse(text)
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		s := graph.NewShapes(1, g.Input)
		for name, w := range n.Tensors {
			s.Tensor(name, w.Shape)
		}
		for i := range g.Nodes {
			if _, err := s.Add(&g.Nodes[i]); err != nil {
				t.Log(err) // shapes may fit one batch size and not another
				return
			}
		}
	})
}

// TestTorn imports truncated and corrupted files: they are an error or a network, and memory stays
// bounded.
func TestTorn(t *testing.T) {
	var before, after runtime.MemStats
	for _, b := range corpus(t) {
		runtime.ReadMemStats(&before)
		for cut := 0; cut < len(b); cut += 97 {
			if n, err := Import(b[:cut], nil, Options{}); err == nil {
				t.Errorf("the first %d of %d bytes import as a network of %d nodes", cut, len(b), len(n.Graph.Nodes))
			}
		}
		for at := 0; at < len(b); at += 61 {
			changed := append([]byte(nil), b...)
			changed[at] ^= 0x55
			_, _ = Import(changed, nil, Options{})
		}
		runtime.ReadMemStats(&after)
		if most := after.Sys - min(before.Sys, after.Sys); most > 64<<20 {
			t.Errorf("%d MB of memory for a file of %d bytes", most>>20, len(b))
		}
	}
}

// TestBesideOnly: external data outside the model's folder is rejected.
func TestBesideOnly(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "secret")
	folder := filepath.Join(dir, "model")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(outside, []byte("data"), 0o644), os.Symlink(outside, filepath.Join(folder, "link")),
		os.WriteFile(filepath.Join(folder, "data"), []byte("data"), 0o644)); err != nil {
		t.Fatal(err)
	}
	open := beside(folder)
	for _, name := range []string{"../secret", outside, "link", "", ".", "none"} {
		if f, err := open(name); err == nil {
			f.Close()
			t.Errorf("%q was opened", name)
		}
	}
	f, err := open("data")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Size() != 4 {
		t.Errorf("%d bytes", f.Size())
	}
}
