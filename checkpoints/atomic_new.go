package checkpoints

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteNew is WriteAtomic for a new file: if the name is taken, the error is fs.ErrExist and the
// existing file stays.
func WriteNew(path string, write func(io.Writer) error) error {
	const advice = "choose a new file name"
	if _, err := os.Lstat(path); err == nil {
		return pathError(path, fs.ErrExist, advice)
	}
	temp, err := writeTemp(path, path, 0, write)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // no-op after renameNew
	// A hard link fails if the name is taken; a rename would replace it. On file systems without
	// links the name is reserved first.
	if err = os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		err = renameNew(temp, path)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return pathError(path, fs.ErrExist, advice)
	case err != nil:
		return pathError(path, err, "choose another place to write to")
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// renameNew renames a file to an unused name. On error the name stays unused.
func renameNew(old, name string) error {
	reserved, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	reserved.Close()
	if err := rename(old, name); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
