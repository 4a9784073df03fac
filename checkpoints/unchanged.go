package checkpoints

import (
	"io/fs"
	"os"
)

// Unchanged reports whether two os.Stat results, nil if there is no file, are of the same state of
// the same file.
func Unchanged(was, is fs.FileInfo) bool {
	if was == nil || is == nil {
		return was == nil && is == nil
	}
	return os.SameFile(was, is) && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime())
}
