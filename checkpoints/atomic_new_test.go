package checkpoints

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteNewFailsWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.png")
	broken := errors.New("disk full")
	if err := WriteNew(name, func(w io.Writer) error { w.Write([]byte("half")); return broken }); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Fatal("a partial file is left")
	}
	if err := WriteNew(name, func(w io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := WriteNew(name, func(w io.Writer) error { return nil }); !errors.Is(err, os.ErrExist) {
		t.Fatalf("second call: %v", err)
	}
}

// Without hard links the name is reserved first; a failure releases it.
func TestRenameNewLeavesNothingOnFailure(t *testing.T) {
	folder := t.TempDir()
	old, name := filepath.Join(folder, "old"), filepath.Join(folder, "new")
	if err := renameNew(old, name); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("error %v", err)
	}
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the reserved name is left: %v", err)
	}
	for _, f := range []string{old, name} {
		if err := os.WriteFile(f, []byte(f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := renameNew(old, name); !errors.Is(err, os.ErrExist) {
		t.Fatalf("existing name: %v", err)
	}
	if b, _ := os.ReadFile(name); string(b) != name {
		t.Fatal("an existing file is overwritten")
	}
	os.Remove(name)
	if err := renameNew(old, name); err != nil {
		t.Fatal(err)
	}
}
