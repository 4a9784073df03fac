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
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/bands"
)

// The files of a run folder.
const (
	ConfigFile = "config.json"
	EventsFile = "events.jsonl"
	ModelFile  = "model.safetensors"
	LabelsFile = "labels.json" // the labels trained on, in the data's order, where they are not its own
)

// Event is one line of a run's events.jsonl.
type Event struct {
	Type  string    `json:"type"` // epoch
	Time  time.Time `json:"time"`
	Epoch int       `json:"epoch"` // epochs done
	Step  int       `json:"step"`  // steps done
	// Loss is the mean cross-entropy of the epoch's steps, Train how many of their images
	// were classified right when they were trained on, Test the accuracy after them.
	// With mixup images have no one class to be right about: there is no Train.
	Loss            float64      `json:"loss"`
	Train           *bands.Score `json:"train,omitempty"`
	Test            *bands.Score `json:"test,omitempty"`
	LearningRate    float64      `json:"learning_rate"` // of the last step
	ImagesPerSecond float64      `json:"images_per_s"`
	Seconds         float64      `json:"seconds"` // since the run began
}

// folder is a run folder being written.
type folder struct {
	dir    string
	made   bool // by newFolder
	events *os.File
}

// newFolder makes a run folder. One that holds a run already, or a file of one, is refused:
// nothing of it is overwritten.
func newFolder(dir string, c Config) (f *folder, err error) {
	if dir == "" {
		return nil, errors.New("a run needs a folder: name one with --run")
	}
	for _, name := range []string{EventsFile, ModelFile, ConfigFile, LabelsFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil, fmt.Errorf("%s holds a run already (%s): name another folder with --run, or remove it", dir, name)
		}
	}
	_, err = os.Stat(dir)
	f = &folder{dir: dir, made: os.IsNotExist(err)}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, folderError(dir, err)
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, err
	}
	write := func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	}
	if err := checkpoints.WriteAtomic(filepath.Join(dir, ConfigFile), write); err != nil {
		f.discard()
		return nil, err
	}
	f.events, err = os.OpenFile(filepath.Join(dir, EventsFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		f.discard()
		return nil, folderError(dir, err)
	}
	return f, nil
}

// folderError says what to do when the run folder does not take what is written to it.
func folderError(dir string, err error) error {
	return fmt.Errorf("run folder %s: %w: name one that may be written, with space left, with --run", dir, cause(err))
}

// cause is err without the system call and the path.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// discard takes back what newFolder made, so that the folder can be used for another try.
// It is for runs that ended before they had a model or an event.
func (f *folder) discard() {
	os.Remove(filepath.Join(f.dir, ConfigFile))
	os.Remove(filepath.Join(f.dir, LabelsFile))
	if f.events != nil {
		os.Remove(f.events.Name())
	}
	if f.made {
		os.Remove(f.dir) // unless something else is in it by now
	}
}

// append adds an event, whole, in one write.
func (f *folder) append(e Event) error {
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(e); err != nil {
		return err
	}
	if _, err := f.events.Write(line.Bytes()); err != nil {
		return folderError(f.dir, err)
	}
	return nil
}

func (f *folder) close() error { return f.events.Close() }
