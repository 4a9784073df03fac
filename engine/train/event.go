package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
)

// Event is one line of a run's events.jsonl: a *StepEvent, *EpochEvent, *BandsEvent,
// *CheckpointEvent, *PauseEvent, *ResumeEvent or *EndEvent.
//
// What a run's events say of steps, epochs, bands and the end is determined by its Config,
// but for times and speeds, however often the run was interrupted; checkpoints and pauses
// come when they come. A run that is taken up again goes back to its checkpoint, and the events after
// it are cut off the file before new ones are appended.
type Event interface {
	At() *Stamp
}

// Stamp is what every event has.
type Stamp struct {
	Type    string    `json:"type"` // step, epoch, bands, checkpoint, pause, resume or end
	Time    time.Time `json:"time"`
	Seconds float64   `json:"seconds"` // since the run began, without the time it was interrupted or paused
	Step    int       `json:"step"`    // steps done
	Epoch   int       `json:"epoch"`   // epochs begun: that of the last step, counted from 1
}

// At is the event's own Stamp.
func (s *Stamp) At() *Stamp { return s }

// StepEvent tells of the steps since the StepEvent before it, or since the epoch began.
type StepEvent struct {
	Stamp
	Steps int     `json:"steps"` // of the whole run
	Loss  float64 `json:"loss"`  // mean cross-entropy
	// Train is how many images were classified right when they were trained on; nil where
	// images have no one class to be right about, as with mixup.
	Train           *measure.Score `json:"train,omitempty"`
	LearningRate    float64        `json:"learning_rate"` // of the last step
	ImagesPerSecond float64        `json:"images_per_s"`
}

// EpochEvent tells of a whole epoch.
type EpochEvent struct {
	Stamp
	Loss            float64        `json:"loss"`            // mean cross-entropy of its steps
	Train           *measure.Score `json:"train,omitempty"` // as in a StepEvent
	Test            *measure.Score `json:"test,omitempty"`  // after it; nil without test images
	LearningRate    float64        `json:"learning_rate"`   // of the last step
	ImagesPerSecond float64        `json:"images_per_s"`    // trained on, evaluation not counted
	// Roughness is that of the first convolution's kernels after it, as spectral has it; 0
	// where it is not known.
	Roughness float64 `json:"roughness,omitempty"`
}

// BandsEvent tells how accurate the model is on low and high parts of images.
type BandsEvent struct {
	Stamp
	Split     string        `json:"split"`     // test, or train: the images trained on, with the labels trained on
	N         int           `json:"n"`         // images measured
	Normalize string        `json:"normalize"` // of low and high parts: none, max or std
	BN        string        `json:"bn"`        // batch-norm statistics: running or batch
	Whole     measure.Score `json:"whole"`
	Bands     []bands.Band  `json:"bands"` // low, then high, for every radius
}

// CheckpointEvent tells that everything up to its Step is in state.safetensors and
// model.safetensors.
type CheckpointEvent struct {
	Stamp
	Resumed bool `json:"resumed,omitempty"` // the run was taken up here
}

// PauseEvent tells that the run stands still because somebody wants it to; a ResumeEvent
// follows. A run that was killed in a pause has none.
type PauseEvent struct{ Stamp }

// ResumeEvent tells that a paused run goes on, if only to the end of a step for a checkpoint.
type ResumeEvent struct{ Stamp }

// EndEvent is the last event. A run that was stopped or failed can be taken up again; then
// its EndEvent goes.
type EndEvent struct {
	Stamp
	Reason  string `json:"reason"`            // Finished, Diverged, Stopped or Failed
	Error   string `json:"error,omitempty"`   // what went wrong
	Weights string `json:"weights,omitempty"` // SHA-256 of the finished run's model.safetensors, in hexadecimal
}

// The reasons for which runs end.
const (
	Finished = "finished" // every epoch was trained
	Diverged = "diverged" // the loss or a weight was no finite number any more
	Stopped  = "stopped"  // somebody wanted it to
	Failed   = "failed"   // something else went wrong
)

// newEvent returns an empty event of a type, or nil where there is no such type.
func newEvent(kind string) Event {
	switch kind {
	case "step":
		return new(StepEvent)
	case "epoch":
		return new(EpochEvent)
	case "bands":
		return new(BandsEvent)
	case "checkpoint":
		return new(CheckpointEvent)
	case "pause":
		return new(PauseEvent)
	case "resume":
		return new(ResumeEvent)
	case "end":
		return new(EndEvent)
	}
	return nil
}

// Decode reads one line of events.jsonl. Keys it does not know are ignored.
func Decode(line []byte) (Event, error) {
	kind := leadingType(line)
	if kind == "" {
		var head struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return nil, fmt.Errorf("no event: %w", err)
		}
		kind = head.Type
	}
	e := newEvent(kind)
	if e == nil {
		return nil, fmt.Errorf("no event: type %.20q", kind)
	}
	if err := json.Unmarshal(line, e); err != nil {
		return nil, fmt.Errorf("no event: %w", err)
	}
	return e, nil
}

// leadingType is the type of a line that begins as ours do, so that it need not be parsed
// twice; else "".
func leadingType(line []byte) string {
	rest, ok := bytes.CutPrefix(line, []byte(`{"type":"`))
	if !ok {
		return ""
	}
	kind, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok || len(kind) > 20 {
		return ""
	}
	return string(kind)
}
