package export

import (
	"math"
	"strconv"

	"hfcui/engine/measure"
	"hfcui/engine/train"
)

// Run is a run to export.
type Run struct {
	Name   string        `json:"run"`
	State  string        `json:"state"` // waiting, running, paused, silent or ended
	Config *train.Config `json:"config,omitempty"`
	Notes  []train.Note  `json:"notes,omitempty"`
	Events []train.Event `json:"events"`
}

// Scalar is a metric of an event.
type Scalar struct {
	// Tag names the metric: step/ or epoch/ and loss, train, test, learning_rate, images_per_s,
	// cpu_cores, memory_bytes or roughness; bands/ and whole, low/R or high/R.
	Tag   string
	Value float64
	Score *measure.Score // if Value is an accuracy
}

// Scalars lists the metrics of an event, except unknown ones and accuracies on no images.
func Scalars(e train.Event) []Scalar {
	var s scalars
	switch e := e.(type) {
	case *train.StepEvent:
		s.number("step/loss", e.Loss)
		s.score("step/train", e.Train)
		s.number("step/learning_rate", e.LearningRate)
		s.number("step/images_per_s", e.ImagesPerSecond)
		if e.Cores > 0 {
			s.number("step/cpu_cores", e.Cores)
		}
		if e.Memory > 0 {
			s.number("step/memory_bytes", float64(e.Memory))
		}
	case *train.EpochEvent:
		s.number("epoch/loss", e.Loss)
		s.score("epoch/train", e.Train)
		s.score("epoch/test", e.Test)
		s.number("epoch/learning_rate", e.LearningRate)
		s.number("epoch/images_per_s", e.ImagesPerSecond)
		if e.Roughness > 0 {
			s.number("epoch/roughness", e.Roughness)
		}
	case *train.BandsEvent:
		s.score("bands/whole", &e.Whole)
		for _, b := range e.Bands {
			s.score("bands/"+b.Part+"/"+strconv.FormatFloat(b.R, 'g', -1, 64), &measure.Score{Correct: b.Correct, N: b.N})
		}
	}
	return s
}

type scalars []Scalar

func (s *scalars) number(tag string, v float64) {
	if !math.IsNaN(v) {
		*s = append(*s, Scalar{Tag: tag, Value: v})
	}
}

func (s *scalars) score(tag string, score *measure.Score) {
	if score != nil && score.N > 0 {
		*s = append(*s, Scalar{tag, score.Accuracy(), score})
	}
}
