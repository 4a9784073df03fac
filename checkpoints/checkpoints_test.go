package checkpoints

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct{ content, want string }{
		"empty":      {"", "is empty"},
		"lfs":        {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"},
		"html":       {"\n<!DOCTYPE html><html>", "is a web page"},
		"keras.h5":   {"\x89HDF\r\n\x1a\n", "HDF5"},
		"tar.pth":    {strings.Repeat("\x00", 257) + "ustar" + strings.Repeat("\x00", 250), "tar archive"},
		"short":      {"\x40\x00\x00\x00\x00\x00\x00\x00", "truncated or not a model"},
		"text":       {"Hello, this is a text.", "not a supported model file"},
		"pickle.pkl": {"\x80\x02K\x01.", "contains no state dict"},
		"magic.pt":   {legacyMagicText + ".", "is truncated"},
		"magic2.pt":  {legacyMagicText + ".I1002\n.", "unknown version"},
		"magic3.pt":  {legacyMagicText + ".I1001\n.(lp0\n.", "byte order"},
		"endian.pt":  {legacyMagicText + ".I1001\n.(S'little_endian'\nI00\nd.", "big-endian"},
		"list.pt":    {legacyMagicText + ".I1001\n.(d.(d.N.", "no list of storages"},
		"keys.pt":    {legacyMagicText + ".I1001\n.(d.(d.(S'0'\nl.", "unused"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		refuse(t, path, test.want)
	}
	refuse(t, dir, "is a folder")
	missing := filepath.Join(dir, "missing.pt")
	refuse(t, missing, "check the path")
	if _, err := Open(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	if _, err := os.Stat("/dev/zero"); err == nil {
		refuse(t, "/dev/zero", "is not a regular file")
	}
}

// TestEmbedded: every embedded model is readable and small.
func TestEmbedded(t *testing.T) {
	for _, name := range EmbeddedNames() {
		f, ok := Embedded(name)
		if !ok || len(f.Tensors) == 0 {
			t.Errorf("embedded model %q cannot be read", name)
		}
		info, err := fs.Stat(models, "models/"+name+modelSuffix)
		if err != nil || info.Size() > 1_500_000 {
			t.Errorf("embedded model %q: more than 1.5 MB (%v)", name, err)
		}
	}
	for _, name := range []string{"", "nosuch", "../models/demo", "README.md", ".", `..\models\demo`} {
		if _, ok := Embedded(name); ok {
			t.Errorf("found an embedded model %q", name)
		}
	}
}
