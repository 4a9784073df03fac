package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
)

// Event is one line of a run's events.jsonl: a *StepEvent, *EpochEvent, *BandsEvent,
// *CheckpointEvent, *PauseEvent, *ResumeEvent or *EndEvent.
//
// Except for times, throughput and use of the machine, the events of steps, epochs, bands and the end are determined by
// the Config, however often the run is interrupted; those of checkpoints and pauses are not. A run
// that resumes goes back to its checkpoint and truncates the file to the events before it.
type Event interface {
	At() *Stamp
}

// Stamp has the fields common to all events.
type Stamp struct {
	Type    string    `json:"type"` // step, epoch, bands, checkpoint, pause, resume or end
	Time    time.Time `json:"time"`
	Seconds float64   `json:"seconds"` // since the start, without interruptions and pauses
	Step    int       `json:"step"`    // steps done
	Epoch   int       `json:"epoch"`   // epoch of the last step, counted from 1
}

// At returns the event's Stamp.
func (s *Stamp) At() *Stamp { return s }

// StepEvent summarizes the steps since the last StepEvent, or since the start of the epoch.
type StepEvent struct {
	Stamp
	Steps int     `json:"steps"` // of the run
	Loss  float64 `json:"loss"`  // mean cross-entropy; NaN if unknown, as are the learning rate and the throughput
	// Train is training accuracy; nil without hard labels, as with mixup.
	Train           *measure.Score `json:"train,omitempty"`
	LearningRate    float64        `json:"learning_rate"` // of the last step
	ImagesPerSecond float64        `json:"images_per_s"`
	// Cores is the mean number of cores that the process used since the last StepEvent of this
	// process, Memory its resident memory in bytes; 0 where unknown.
	Cores  float64 `json:"cpu_cores,omitempty"`
	Memory int64   `json:"memory_bytes,omitempty"`
}

// EpochEvent summarizes an epoch.
type EpochEvent struct {
	Stamp
	Loss            float64        `json:"loss"`            // mean cross-entropy of its steps; NaN as in a StepEvent
	Train           *measure.Score `json:"train,omitempty"` // as in a StepEvent
	Test            *measure.Score `json:"test,omitempty"`  // after it; nil without test images
	LearningRate    float64        `json:"learning_rate"`   // of the last step
	ImagesPerSecond float64        `json:"images_per_s"`    // training throughput, without evaluation
	// Roughness is the kernel roughness of the first convolution after the epoch, see package
	// spectral; 0 if unknown.
	Roughness float64 `json:"roughness,omitempty"`
	// Checkpoint is the file with the model after the epoch, relative to the run folder, if
	// Config.Keep keeps it; otherwise "".
	Checkpoint string `json:"checkpoint,omitempty"`
}

// BandsEvent is the accuracy on low- and high-pass images.
type BandsEvent struct {
	Stamp
	Split     string        `json:"split"`     // test, or train: with the labels trained on
	N         int           `json:"n"`         // evaluation images
	Normalize string        `json:"normalize"` // of low- and high-pass images: none, max or std
	BN        string        `json:"bn"`        // batch-norm statistics: running or batch
	Whole     measure.Score `json:"whole"`
	Bands     []bands.Band  `json:"bands"` // low, then high, for each radius
}

// CheckpointEvent marks that everything up to its Step is in state.safetensors and model.safetensors.
type CheckpointEvent struct {
	Stamp
	Resumed bool `json:"resumed,omitempty"` // the run resumed here
}

// PauseEvent marks a pause; a ResumeEvent follows unless the process is killed.
type PauseEvent struct{ Stamp }

// ResumeEvent marks that a paused run continues, possibly only to the end of a step for a checkpoint.
type ResumeEvent struct{ Stamp }

// EndEvent is the last event. If a stopped or failed run resumes, its EndEvent is removed.
type EndEvent struct {
	Stamp
	Reason  string `json:"reason"`            // Finished, Diverged, Stopped or Failed
	Error   string `json:"error,omitempty"`   // cause
	Weights string `json:"weights,omitempty"` // hexadecimal SHA-256 of the finished run's model.safetensors
}

// The reasons for which runs end.
const (
	Finished = "finished" // trained to the last epoch
	Diverged = "diverged" // the loss or a weight became infinite or NaN
	Stopped  = "stopped"  // by the user
	Failed   = "failed"   // by another error
)

// known returns a number for JSON: nil, i.e. null, where it is NaN.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// MarshalJSON writes numbers that are not known as null.
func (e *StepEvent) MarshalJSON() ([]byte, error) {
	type fields StepEvent
	if !math.IsNaN(e.Loss + e.LearningRate + e.ImagesPerSecond) {
		return json.Marshal((*fields)(e))
	}
	return json.Marshal(struct {
		*fields
		Loss            *float64 `json:"loss"`
		LearningRate    *float64 `json:"learning_rate"`
		ImagesPerSecond *float64 `json:"images_per_s"`
	}{(*fields)(e), known(e.Loss), known(e.LearningRate), known(e.ImagesPerSecond)})
}

// MarshalJSON writes numbers that are not known as null.
func (e *EpochEvent) MarshalJSON() ([]byte, error) {
	type fields EpochEvent
	if !math.IsNaN(e.Loss + e.LearningRate + e.ImagesPerSecond) {
		return json.Marshal((*fields)(e))
	}
	return json.Marshal(struct {
		*fields
		Loss            *float64 `json:"loss"`
		LearningRate    *float64 `json:"learning_rate"`
		ImagesPerSecond *float64 `json:"images_per_s"`
	}{(*fields)(e), known(e.Loss), known(e.LearningRate), known(e.ImagesPerSecond)})
}

// newEvent returns an event of a type whose numbers are unknown; nil if there is no such type.
func newEvent(kind string) Event {
	switch kind {
	case "step":
		return &StepEvent{Loss: math.NaN(), LearningRate: math.NaN(), ImagesPerSecond: math.NaN()}
	case "epoch":
		return &EpochEvent{Loss: math.NaN(), LearningRate: math.NaN(), ImagesPerSecond: math.NaN()}
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

// Decode parses a line of events.jsonl. Unknown keys are ignored.
func Decode(line []byte) (Event, error) {
	if e, ok := decodeStep(line); ok {
		return e, nil
	}
	kind := leadingType(line)
	if kind == "" {
		var head struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return nil, fmt.Errorf("not an event: %w", err)
		}
		kind = head.Type
	}
	e := newEvent(kind)
	if e == nil {
		return nil, fmt.Errorf("not an event: type %.20q", kind)
	}
	if err := json.Unmarshal(line, e); err != nil {
		return nil, fmt.Errorf("not an event: %w", err)
	}
	return e, nil
}

// leadingType returns the type of a line whose first key is the type, without parsing it twice;
// otherwise "".
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
