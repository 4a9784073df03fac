package preview

import (
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file and the folders to it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func picture(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
}

func TestPreviews(t *testing.T) {
	dir := t.TempDir()
	at := func(path string) string { return filepath.Join(dir, path) }
	picture(t, at("photo.png"))
	picture(t, at("classes/cat/1.png"))
	picture(t, at("classes/dog/1.png"))
	write(t, at("runs/first/config.json"), `{"net":"resnet20","data":"cifar10","epochs":3,"batch":64,"seed":1,"learning_rate":0.1}`)
	write(t, at("runs/first/events.jsonl"), "")
	write(t, at("notes.txt"), "Hello, this is a text.")
	write(t, at("torn.safetensors"), "\x08\x00\x00\x00\x00\x00\x00\x00{")
	if err := os.MkdirAll(at("empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		kind Kind
		text string
	}{
		"demo":                 {Model, "resnet20, 272,474 parameters, input 32×32 RGB\n10 classes: disc, ring"},
		"shapes":               {Data, "10 classes"},
		at("photo.png"):        {Image, "40×30 gray"},
		at("classes"):          {Data, "2 classes: cat, dog"},
		at("runs/first"):       {Runs, "run: resnet20 on cifar10, 3 epochs"},
		at("runs"):             {Runs, "folder of 1 run"},
		at("empty"):            {Folder, "0 entries"},
		dir:                    {Data, "no labels"}, // a folder with an image
		at("notes.txt"):        {None, "not a supported model file"},
		at("torn.safetensors"): {None, "truncated"},
		at("none"):             {None, "no such file or folder"},
	} {
		p := Of(t.Context(), path)
		text := strings.Join(p.Lines, "\n")
		if p.Err != nil {
			text += p.Err.Error()
		}
		if p.Kind != want.kind || !strings.Contains(text, want.text) || (p.Kind == None) != (p.Err != nil) {
			t.Errorf("%s: %q, %v, %v", path, p.Kind, p.Lines, p.Err)
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if p := Of(canceled, "demo"); p.Err == nil {
		t.Error("read although it was canceled")
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{999: "999 B", 1000: "1.0 kB", 1_234_567: "1.2 MB", 5e9: "5.0 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
