package checkpoints

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// WriteAtomic atomically replaces path by the output of write: even after a crash, readers see the
// old file or the complete new one. The content is written and synced to a temporary file next to
// path, which is then renamed. On error the old file stays and the temporary file is removed.
//
// An existing file keeps its permission bits, and a read-only one is not replaced; a new one gets
// the umask's default. If path is a symbolic link, its target is replaced.
func WriteAtomic(path string, write func(io.Writer) error) error {
	target, mode, err := writeTarget(path)
	if err != nil {
		return pathError(path, err, "choose another place to write to")
	}
	temp, err := writeTemp(path, target, mode, write)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // no-op after the rename
	if err := rename(temp, target); err != nil {
		return fmt.Errorf("%s: cannot be replaced: %w; check its permissions", path, errors.Unwrap(err))
	}
	syncFolder(filepath.Dir(target))
	return nil
}

// writeTemp writes and syncs a temporary file next to target and returns its name. On error or
// panic no file is left. Errors name path.
func writeTemp(path, target string, mode fs.FileMode, write func(io.Writer) error) (name string, err error) {
	temp, err := createTemp(target)
	if err != nil {
		return "", pathError(path, err, "check that the folder exists and may be written")
	}
	whole := false
	defer func() {
		if !whole {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	buffered := bufio.NewWriterSize(temp, chunk)
	if err := write(buffered); err != nil {
		if p := (*fs.PathError)(nil); errors.As(err, &p) && p.Path == temp.Name() {
			return "", pathError(path, err, "free some space or choose another place")
		}
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if err := finish(temp, buffered, mode); err != nil {
		return "", pathError(path, err, "free some space or choose another place")
	}
	whole = true
	return temp.Name(), nil
}

// writeTarget returns the file to replace and its permission bits; 0 if it does not exist.
func writeTarget(path string) (target string, mode fs.FileMode, err error) {
	if target, err = filepath.EvalSymlinks(path); errors.Is(err, fs.ErrNotExist) {
		return path, 0, nil
	}
	if err != nil {
		return "", 0, err
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return "", 0, err
	case info.IsDir():
		return "", 0, errors.New("is a folder")
	case !info.Mode().IsRegular():
		return "", 0, errors.New("is not a regular file") // a rename would replace the device or pipe
	}
	f, err := os.OpenFile(target, os.O_WRONLY, 0) // a rename would replace even a write-protected file
	if err != nil {
		return "", 0, err
	}
	return target, info.Mode().Perm(), f.Close()
}

// RemoveTemporary removes temporary files of killed processes from a folder. No other process may
// be writing there.
func RemoveTemporary(dir string) {
	entries, _ := os.ReadDir(dir) // best effort
	for _, e := range entries {
		if ok, _ := filepath.Match(".hfcui-????????.tmp", e.Name()); ok && e.Type().IsRegular() {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// createTemp creates a temporary file next to target, with the umask's permissions, unlike
// os.CreateTemp.
func createTemp(target string) (*os.File, error) {
	for range 100 {
		name := fmt.Sprintf(".hfcui-%08x.tmp", rand.Uint32())
		f, err := os.OpenFile(filepath.Join(filepath.Dir(target), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, errors.New("no free name for a temporary file")
}

func finish(temp *os.File, buffered *bufio.Writer, mode fs.FileMode) error {
	if err := buffered.Flush(); err != nil {
		return err
	}
	if mode != 0 {
		if err := temp.Chmod(mode); err != nil && runtime.GOOS != "windows" {
			return err
		}
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	return temp.Close()
}

// rename replaces target. On Windows that fails while another process reads target, so it is
// retried for half a second.
func rename(temp, target string) error {
	err := os.Rename(temp, target)
	for try := 0; err != nil && runtime.GOOS == "windows" && try < 50; try++ {
		time.Sleep(10 * time.Millisecond)
		err = os.Rename(temp, target)
	}
	return err
}

// syncFolder makes a rename durable. Where folders cannot be synced (Windows, some network file
// systems) the rename is still atomic, so errors are ignored.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		f.Sync()
		f.Close()
	}
}
