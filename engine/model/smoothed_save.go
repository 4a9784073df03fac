package model

import (
	"encoding/json"
	"io"
	"maps"

	"hfcui/checkpoints"
)

// keySmoothing is what was done to a saved model's kernels: a JSON array of Smoothings, each
// naming its layer, in the order they were done.
const keySmoothing = "hfcui.smoothing"

// WithSmoothing returns the model with kernels smoothed for good; all other weights are
// shared. Saved, its metadata says what was done, and what was before.
func (m *Model) WithSmoothing(s Smoothing) (*Model, error) {
	name, w, err := m.Smoothed(s)
	if err != nil {
		return nil, err
	}
	c := *m
	c.Weights, c.Metadata = maps.Clone(m.Weights), maps.Clone(m.Metadata)
	c.Weights[name] = &checkpoints.Tensor{Shape: m.Weights[name].Shape, Data: w}
	if c.Metadata == nil {
		c.Metadata = map[string]string{}
	}
	s.Layer = name
	done, err := json.Marshal(append(m.Smoothings(), s))
	if err != nil {
		return nil, err
	}
	c.Metadata[keySmoothing] = string(done)
	return &c, nil
}

// Smoothings tells how the model's kernels were smoothed before it was saved, as its file
// says: nil for most. What makes no sense is left out.
func (m *Model) Smoothings() []Smoothing {
	var all, known []Smoothing
	if json.Unmarshal([]byte(m.Metadata[keySmoothing]), &all) != nil {
		return nil
	}
	for _, s := range all {
		if name, err := m.Convolution(s.Layer); err == nil && CheckRho(s.Rho) == nil {
			s.Layer = name
			known = append(known, s)
		}
	}
	return known
}

// SaveNew writes the model as safetensors into a file that is not there yet: else the error
// is fs.ErrExist.
func (m *Model) SaveNew(path string) error {
	return checkpoints.WriteNew(path, func(w io.Writer) error { return checkpoints.EncodeSafetensors(w, m.file()) })
}
