package follow

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/train"
)

// Pipes in place of a run's files are errors: to open one would wait for its other end for ever.
func TestPipesAreNoRuns(t *testing.T) {
	for _, name := range []string{train.EventsFile, train.ConfigFile, train.NotesFile} {
		dir := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o644); err != nil {
			t.Skip(err)
		}
		_, config := train.ReadConfig(dir)
		_, notes := train.ReadNotes(dir)
		if _, _, _, err := (&tail{path: filepath.Join(dir, train.EventsFile)}).next(); !errors.Is(errors.Join(config, notes, err), checkpoints.ErrNotRegular) {
			t.Errorf("%s: %v", name, errors.Join(config, notes, err))
		}
	}
}
