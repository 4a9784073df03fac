package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
)

// Event is one line of a run's events.jsonl.
type Event struct {
	Type  string    `json:"type"` // epoch
	Time  time.Time `json:"time"`
	Epoch int       `json:"epoch"` // epochs done
	Step  int       `json:"step"`  // steps done
	// Loss is the mean cross-entropy of the epoch's steps, Train how many of their images
	// were classified right when they were trained on, Test the accuracy after them.
	Loss            float64      `json:"loss"`
	Train           bands.Score  `json:"train"`
	Test            *bands.Score `json:"test,omitempty"`
	LearningRate    float64      `json:"learning_rate"` // of the last step
	ImagesPerSecond float64      `json:"images_per_s"`
	Seconds         float64      `json:"seconds"` // since the run began
}

// folder is a run folder being written.
type folder struct {
	dir    string
	events *os.File
}

// newFolder makes a run folder. One that holds a run already is refused: nothing of it
// is overwritten.
func newFolder(dir string, c Config) (*folder, error) {
	if dir == "" {
		return nil, errors.New("a run needs a folder: name one with --run")
	}
	if _, err := os.Stat(filepath.Join(dir, EventsFile)); err == nil {
		return nil, fmt.Errorf("%s holds a run already: name another folder with --run, or remove it", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
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
		return nil, err
	}
	events, err := os.OpenFile(filepath.Join(dir, EventsFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	return &folder{dir: dir, events: events}, nil
}

// append adds an event, whole, in one write.
func (f *folder) append(e Event) error {
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(e); err != nil {
		return err
	}
	if _, err := f.events.Write(line.Bytes()); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	return nil
}

func (f *folder) close() error { return f.events.Close() }
