package checkpoints

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteNew is WriteAtomic for a file that is not there yet: the name is taken in one step, provided that it is
// still free then. Where it is not, the error is fs.ErrExist and what is there stays.
func WriteNew(path string, write func(io.Writer) error) error {
	const advice = "name a file that is not there yet"
	if _, err := os.Lstat(path); err == nil {
		return pathError(path, fs.ErrExist, advice)
	}
	temp, err := writeTemp(path, path, 0, write)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // after renameNew there is nothing to remove
	// A hard link fails where the name is taken; a rename would replace it. File systems without links get the
	// name reserved first.
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

// renameNew gives a file a name that is still free. If that fails nothing has the name.
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
