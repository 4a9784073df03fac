package checkpoints

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// ErrNotRegular: a path leads to a folder, a pipe or a device instead of a file.
var ErrNotRegular = errors.New("not a regular file")

// OpenRegular opens a file to read. Anything else is ErrNotRegular: opening a pipe would wait for
// its other end.
func OpenRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	return os.Open(path)
}

// ReadRegular reads a file that OpenRegular opens.
func ReadRegular(path string) ([]byte, error) {
	f, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
