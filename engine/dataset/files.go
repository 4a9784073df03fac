package dataset

import (
	"errors"
	"fmt"
	"hfcui/checkpoints"
	"io"
	"io/fs"
	"os"
)

// openRegular opens a regular file and returns its size. Folders, pipes and devices, whose reads
// may block forever, are rejected.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, fileError(path, err, "check the name")
	}
	if info.IsDir() {
		return nil, 0, fmt.Errorf("%s: a folder, not a file: use a file in it", path)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: not a regular file: copy it to one first", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fileError(path, err, checkpoints.Remedy(err))
	}
	return f, info.Size(), nil
}

// fileError returns an error with path, cause and what to do, without the system call's name.
func fileError(path string, err error, do string) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w: %s", path, err, do)
}

// readSmall reads a file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > limit {
		return nil, fmt.Errorf("%s: %d bytes exceed the limit of %d: download it again", path, size, limit)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fileError(path, err, "download it again")
	}
	return data, nil
}
