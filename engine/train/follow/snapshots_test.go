package follow

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hfcui/checkpoints"
)

func weights(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.safetensors")
	f := &checkpoints.File{Tensors: map[string]*checkpoints.Tensor{"w": {Shape: []int{3}, Data: []float32{1, 2, 3}}}}
	if err := checkpoints.WriteSafetensors(path, f); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestSnapshots puts files into a folder: whole, in two parts, again, and broken.
func TestSnapshots(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "late")
	var got []string
	now := time.Now()
	w := snapshots{dir: dir, seen: make(map[string]*seen)}
	look := func(what string, want ...string) {
		t.Helper()
		got = nil
		if err := w.look(t.Context(), now, func(s Snapshot) {
			name := filepath.Base(s.Path)
			if s.Err != nil {
				name += "!"
			}
			got = append(got, name)
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
		now = now.Add(time.Second)
	}
	text := weights(t)
	put := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	look("no folder")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	put("epoch10.safetensors", text)
	put("epoch9.safetensors", text)
	put("notes.txt", text)
	put(".hidden.pt", text)
	put("empty.pt", nil)
	look("just written")
	look("whole", "epoch9.safetensors", "epoch10.safetensors")
	look("given")
	put("epoch11.safetensors", text[:len(text)-4])
	look("a part")
	look("still a part")
	put("epoch11.safetensors", text)
	look("the rest")
	look("whole now", "epoch11.safetensors")
	put("broken.pt", []byte("no pickle at all"))
	for range 3 {
		look("broken")
	}
	look("broken for good", "broken.pt!")
	look("said once")
	if err := os.Chtimes(filepath.Join(dir, "epoch9.safetensors"), now, now); err != nil {
		t.Fatal(err)
	}
	look("replaced")
	look("replaced, whole", "epoch9.safetensors")
}

func TestSnapshotsEnd(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.safetensors"), weights(t), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := Snapshots(ctx, dir, Options{Every: time.Millisecond}, func(s Snapshot) {
		if s.Err != nil || s.Number != -1 || len(s.File.Tensors) != 1 {
			t.Errorf("%+v", s)
		}
		cancel()
	})
	if err != nil {
		t.Error(err)
	}
}
