package model

import (
	"encoding/json"
	"io"
	"maps"

	"hfcui/checkpoints"
)

// keySmoothing lists the smoothings of a saved model's kernels: a JSON array of Smoothings, each
// with its layer, in the order of application.
const keySmoothing = "hfcui.smoothing"

// WithSmoothing returns a copy with smoothed kernels that shares all other weights. Its metadata
// records this and earlier smoothings.
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

// Smoothings returns the smoothings recorded in the model's file. Invalid entries are skipped.
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

// SaveNew writes the model as safetensors; if the file exists the error is fs.ErrExist.
func (m *Model) SaveNew(path string) error {
	return checkpoints.WriteNew(path, func(w io.Writer) error { return checkpoints.EncodeSafetensors(w, m.file()) })
}
