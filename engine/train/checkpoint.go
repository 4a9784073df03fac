package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"hfcui/checkpoints"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// position is the position of a run. With the weights and the optimizer's state it determines the
// rest of the run: random numbers depend on the seed and the step only.
type position struct {
	Step    int     `json:"step"`    // steps done
	Pending bool    `json:"pending"` // Step ends an epoch, which has not been evaluated yet
	Events  int64   `json:"events"`  // bytes of events.jsonl up to it
	Seconds float64 `json:"seconds"` // spent
	Images  int     `json:"images"`  // in the training set
	Epoch   tally   `json:"epoch"`   // of the epoch's steps
	// Tested is the partial test accuracy of the pending epoch: on the first images.
	Tested measure.Score `json:"tested"`
	Recent tally         `json:"recent"` // of the steps since the last StepEvent
}

// tally sums up steps.
type tally struct {
	Steps   int     `json:"steps"`
	Loss    float64 `json:"loss"`
	Correct int     `json:"correct"`
	N       int     `json:"n"`
	Seconds float64 `json:"seconds"`
}

func (t *tally) add(u tally) {
	t.Steps += u.Steps
	t.Loss += u.Loss
	t.Correct += u.Correct
	t.N += u.N
	t.Seconds += u.Seconds
}

func (t tally) loss() float64 { return t.Loss / float64(t.Steps) }

// score returns nil if no image counts.
func (t tally) score() *measure.Score {
	if t.N == 0 {
		return nil
	}
	return &measure.Score{Correct: t.Correct, N: t.N}
}

// speed returns the training throughput in images/s.
func (t tally) speed(batch int) float64 {
	return float64(t.Steps*batch) / max(t.Seconds, 1e-9)
}

// Metadata keys of a state file.
const (
	keyPosition = "hfcui.position"
	keyConfig   = "hfcui.config"
)

// Prefixes of its tensors' names.
const (
	prefixModel     = "model."
	prefixOptimizer = "optimizer."
)

// snapshot is a copy of the state of a run at a position.
type snapshot struct {
	position  position
	model     *model.Model
	optimizer map[string][]float32
}

// take copies the run's state, reusing memory.
func (s *snapshot) take(p position, m *model.Model, optimizer map[string][]float32) {
	s.position = p
	if s.model == nil {
		s.model = m.Clone()
		s.optimizer = make(map[string][]float32, len(optimizer))
	}
	for name, w := range m.Weights {
		copy(s.model.Weights[name].Data, w.Data)
	}
	for name, v := range optimizer {
		s.optimizer[name] = append(s.optimizer[name][:0], v...)
	}
}

// finite returns an error if a weight is not finite.
func (s *snapshot) finite() error {
	for _, p := range s.model.Net.Params {
		for _, v := range s.model.Weights[p.Name].Data {
			if v-v != 0 {
				return &DivergedError{Step: s.position.Step, What: p.Name + " has a weight that is not finite"}
			}
		}
	}
	return nil
}

// write writes state.safetensors, from which a run resumes, and then model.safetensors, for other
// readers. The first also has the weights, so that both are valid whenever the process ends,
// although they are not replaced together.
func (s *snapshot) write(dir string, c Config) error {
	f := &checkpoints.File{Tensors: make(map[string]*checkpoints.Tensor)}
	for _, p := range s.model.Net.Params {
		f.Tensors[prefixModel+p.Name] = s.model.Weights[p.Name]
		f.Order = append(f.Order, prefixModel+p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.optimizer)) {
		v := s.optimizer[name]
		f.Tensors[prefixOptimizer+name] = &checkpoints.Tensor{Shape: []int{len(v)}, Data: v}
	}
	at, err := json.Marshal(s.position)
	if err != nil {
		return err
	}
	config, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f.Metadata = map[string]string{keyPosition: string(at), keyConfig: string(config)}
	if err := checkpoints.WriteSafetensors(filepath.Join(dir, StateFile), f); err != nil {
		return err
	}
	return s.model.Save(filepath.Join(dir, ModelFile))
}

// restore reads state.safetensors into a model and an optimizer's state. It reports false if there
// is no such file.
func restore(dir string, c Config, m *model.Model, optimizer map[string][]float32) (position, bool, error) {
	path := filepath.Join(dir, StateFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return position{}, false, nil
	}
	f, err := checkpoints.Open(path)
	if err != nil {
		return position{}, false, err
	}
	at, err := readState(f, c, m, optimizer)
	if err != nil {
		return at, false, fmt.Errorf("%s: %w: use another folder with --run", path, err)
	}
	return at, true, nil
}

func readState(f *checkpoints.File, c Config, m *model.Model, optimizer map[string][]float32) (position, error) {
	var at position
	var config Config
	if err := json.Unmarshal([]byte(f.Metadata[keyPosition]), &at); err != nil || at.Step < 0 || at.Events < 0 {
		return at, errors.New("not the state of a run")
	}
	if err := json.Unmarshal([]byte(f.Metadata[keyConfig]), &config); err != nil || len(differences(config, c)) > 0 {
		return at, fmt.Errorf("it belongs to a run with another %s", ConfigFile)
	}
	places := make(map[string][]float32)
	for _, p := range m.Net.Params {
		places[prefixModel+p.Name] = m.Weights[p.Name].Data
	}
	for name, v := range optimizer {
		places[prefixOptimizer+name] = v
	}
	for name, place := range places {
		t := f.Tensors[name]
		if t == nil || len(t.Data) != len(place) {
			return at, fmt.Errorf("%s is missing or has another shape than in this network and optimizer", name)
		}
	}
	for name, place := range places {
		copy(place, f.Tensors[name].Data)
	}
	return at, nil
}

// DivergedError is the error of a run whose loss or weights are no longer finite.
type DivergedError struct {
	Step int // counted from 1
	What string
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("training diverged at step %d: %s; try a smaller --lr", e.Step, e.What)
}
