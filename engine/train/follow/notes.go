package follow

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/train"
)

// notesPause is the minimum time between looks at the notes of a run.
const notesPause = time.Second / 2

// notes are those of a run.
type notes struct {
	list   []train.Note
	err    error
	looked time.Time
	file   fs.FileInfo // nil: none
}

// look reads the notes in a run folder if their file has changed, and reports whether it has.
func (n *notes) look(dir string, now time.Time) bool {
	if !n.looked.IsZero() && now.Sub(n.looked) < notesPause {
		return false
	}
	n.looked = now
	file, err := os.Stat(filepath.Join(dir, train.NotesFile))
	if err != nil {
		file = nil
	}
	if checkpoints.Unchanged(n.file, file) {
		return false
	}
	n.file = file
	n.list, n.err = train.ReadNotes(dir)
	return true
}
