package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hfcui/checkpoints"
)

// The files of a run folder.
const (
	ConfigFile = "config.json"
	EventsFile = "events.jsonl"
	ModelFile  = "model.safetensors"
	StartFile  = "start.safetensors" // a copy of Config.Model, which a run is taken up with
	LabelsFile = "labels.json"       // the labels trained on, in the dataset's order, if they differ from its own
	StateFile  = "state.safetensors" // everything needed to resume

	CheckpointsFolder = "checkpoints" // of the models that Config.Keep keeps
)

// folder is a run folder being written. Its events file is locked until it is closed or the process
// ends.
type folder struct {
	dir    string
	made   bool // by openFolder
	fresh  bool // it had no run before
	broken bool // an event could not be written
	events *os.File
}

// openFolder opens and locks a run folder, creating it if needed. It rejects folders with a run of
// another configuration or with other files; nothing is overwritten.
func openFolder(dir string, c Config) (f *folder, err error) {
	if dir == "" {
		return nil, errors.New("no run folder: set one with --run")
	}
	_, err = os.Stat(dir)
	f = &folder{dir: dir, made: os.IsNotExist(err)}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, folderError(dir, err)
	}
	began, err := f.takeEvents()
	if err != nil {
		return nil, err
	}
	checkpoints.RemoveTemporary(dir) // the folder is locked
	if err := f.takeConfig(c); err != nil {
		if began { // by this call, and rejected
			os.Remove(f.events.Name())
		}
		f.close()
		if f.made {
			os.Remove(dir)
		}
		return nil, err
	}
	return f, nil
}

// Active reports whether another process is training in a run folder.
func Active(dir string) bool {
	events, err := checkpoints.OpenRegular(filepath.Join(dir, EventsFile))
	if err != nil {
		return false
	}
	defer events.Close()
	taken, err := lock(events)
	return err == nil && taken
}

// takeEvents opens and locks events.jsonl. It reports whether the file is new.
func (f *folder) takeEvents() (began bool, err error) {
	path := filepath.Join(f.dir, EventsFile)
	for {
		_, err = os.Lstat(path)
		began = os.IsNotExist(err)
		if f.events, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644); err != nil {
			return false, folderError(f.dir, err)
		}
		taken, err := lock(f.events)
		switch {
		case err != nil:
			f.close()
			return false, folderError(f.dir, err)
		case taken:
			f.close()
			return false, fmt.Errorf("%s is in use: another hfcui is training there: wait for it, or use another folder with --run", f.dir)
		case f.there(path):
			return began, nil
		}
		f.close() // another process has deleted the file between open and lock
	}
}

// there reports whether path is still the open events file.
func (f *folder) there(path string) bool {
	now, err := os.Stat(path)
	if err != nil {
		return false
	}
	opened, err := f.events.Stat()
	return err == nil && os.SameFile(now, opened)
}

// takeConfig writes config.json, or compares c with the existing one.
func (f *folder) takeConfig(c Config) error {
	saved, err := ReadConfig(f.dir)
	if err == nil {
		return f.sameConfig(saved, c)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range []string{ModelFile, StateFile, EventsFile} {
		if info, err := os.Stat(filepath.Join(f.dir, name)); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s has %s but no %s, so the run cannot be resumed: use another folder with --run", f.dir, name, ConfigFile)
		}
	}
	f.fresh = true
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return checkpoints.WriteAtomic(filepath.Join(f.dir, ConfigFile), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

func (f *folder) sameConfig(saved, c Config) error {
	if changed := differences(saved, c); len(changed) > 0 {
		return fmt.Errorf("%s has a run with %s: resume with the flags it was started with, or use another folder with --run", f.dir, listed(changed))
	}
	return nil
}

// folderError reports a failed write to the run folder and what to do.
func folderError(dir string, err error) error {
	return fmt.Errorf("run folder %s: %w: use a writable one with free space with --run", dir, cause(err))
}

// cause returns err without the system call and the path.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// discard deletes what openFolder created, so that the folder can be reused, if a fresh run ended
// before its first step.
func (f *folder) discard() {
	os.Remove(filepath.Join(f.dir, ConfigFile))
	os.Remove(filepath.Join(f.dir, LabelsFile))
	os.Remove(filepath.Join(f.dir, StartFile))
	err := os.Remove(f.events.Name())
	f.close()
	if err != nil { // Windows does not delete open files
		os.Remove(f.events.Name())
	}
	if f.made {
		os.Remove(f.dir) // unless it is no longer empty
	}
}

// append adds an event. If that fails the folder counts as broken.
func (f *folder) append(e Event) error {
	err := f.write(e)
	f.broken = f.broken || err != nil
	return err
}

// write writes an event in one write. If that fails, a partial write is truncated.
func (f *folder) write(e Event) error {
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(e); err != nil {
		return err
	}
	if n, err := f.events.Write(line.Bytes()); err != nil {
		if info, statErr := f.events.Stat(); statErr == nil && n > 0 {
			f.events.Truncate(info.Size() - int64(n))
		}
		return folderError(f.dir, err)
	}
	return nil
}

// size returns the size of the events file in bytes.
func (f *folder) size() (int64, error) {
	info, err := f.events.Stat()
	if err != nil {
		return 0, folderError(f.dir, err)
	}
	return info.Size(), nil
}

// cut truncates the events file to size bytes.
func (f *folder) cut(size int64) error {
	has, err := f.size()
	switch {
	case err != nil:
		return err
	case has < size:
		return fmt.Errorf("%s has %d bytes, but had %d when the checkpoint was written: restore the file, or use another folder with --run",
			filepath.Join(f.dir, EventsFile), has, size)
	case has == size:
		return nil
	}
	if err := f.events.Truncate(size); err != nil {
		return folderError(f.dir, err)
	}
	return nil
}

func (f *folder) close() { f.events.Close() }
