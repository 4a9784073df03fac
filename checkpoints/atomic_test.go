package checkpoints

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func content(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// holds checks the content of path, and that its folder has no other file.
func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%s holds %v (%v), want one file", filepath.Dir(path), entries, err)
	}
}

func TestWriteAtomic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"first", "second", strings.Repeat("long", 100_000), ""} {
		if err := WriteAtomic(path, content(text)); err != nil {
			t.Fatal(err)
		}
		holds(t, path, text)
	}
}

// TestWriteFails: if the callback fails halfway, by error or by panic, only the old file is left.
func TestWriteFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := WriteAtomic(path, content("old")); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no more")
	half := func(w io.Writer) {
		if _, err := w.Write(make([]byte, 3*chunk)); err != nil {
			t.Error(err)
		}
	}
	if err := WriteAtomic(path, func(w io.Writer) error { half(w); return failure }); !errors.Is(err, failure) || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	holds(t, path, "old")
	func() {
		defer func() { recover() }()
		WriteAtomic(path, func(w io.Writer) error { half(w); panic("stop") })
		t.Error("the panic was swallowed")
	}()
	holds(t, path, "old")
}

// TestKilledWhileWriting kills a process in the middle of a write.
func TestKilledWhileWriting(t *testing.T) {
	const variable = "CHECKPOINTS_TEST_KILLED"
	if path := os.Getenv(variable); path != "" {
		WriteAtomic(path, func(w io.Writer) error {
			w.Write(make([]byte, 3*chunk))
			p, err := os.FindProcess(os.Getpid())
			if err == nil {
				p.Kill()
			}
			select {}
		})
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := WriteAtomic(path, content("old")); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(os.Args[0], "-test.run=^TestKilledWhileWriting$")
	command.Env = append(os.Environ(), variable+"="+path)
	if err := command.Run(); err == nil {
		t.Fatal("the process was not killed")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("content %q (%v)", got, err)
	}
}

func TestWriteKeepsMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := WriteAtomic(path, content("new")); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if mode(path) != mode(plain) {
		t.Errorf("a new file has mode %v, others %v", mode(path), mode(plain))
	}
	for _, want := range []fs.FileMode{0o600, 0o640, 0o755} {
		if err := os.Chmod(path, want); err != nil {
			t.Fatal(err)
		}
		if err := WriteAtomic(path, content("again")); err != nil || mode(path) != want {
			t.Errorf("mode %v changed to %v (%v)", want, mode(path), err)
		}
	}
}

func TestWriteThroughLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "a", "target"), filepath.Join(dir, "link")
	if err := os.Mkdir(filepath.Dir(target), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := WriteAtomic(target, content("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if err := WriteAtomic(link, content("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, target, "new")
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link changed to %v (%v)", info, err)
	}
}

func TestWriteRefusesPlace(t *testing.T) {
	dir := t.TempDir()
	places := map[string]string{dir: "is a folder", filepath.Join(dir, "none", "file"): "check that the folder exists"}
	if runtime.GOOS == "linux" {
		places[os.DevNull] = "is not a regular file"
	}
	if runtime.GOOS != "windows" && os.Geteuid() != 0 {
		locked := filepath.Join(dir, "locked")
		if err := os.WriteFile(locked, nil, 0o444); err != nil {
			t.Fatal(err)
		}
		places[locked] = "permission denied"
	}
	for path, want := range places {
		err := WriteAtomic(path, func(io.Writer) error { t.Error("write was called"); return nil })
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestRemoveTemporary(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".hfcui-0123abcd.tmp", ".hfcui-0123abcd.tmp2", "model.tmp", "hfcui-0123abcd.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	RemoveTemporary(dir)
	RemoveTemporary(filepath.Join(dir, "nosuch"))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 || entries[0].Name() != ".hfcui-0123abcd.tmp2" {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// TestFullDiskNamesTheFile: the error names the target, not the temporary file.
func TestFullDiskNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	err := WriteAtomic(path, func(io.Writer) error {
		temps, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".hfcui-*.tmp"))
		return fmt.Errorf("pixels: %w", &fs.PathError{Op: "write", Path: temps[0], Err: errors.New("no space left on device")})
	})
	if want := path + ": no space left on device; free some space or choose another place"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
