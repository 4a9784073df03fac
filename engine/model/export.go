package model

import (
	"fmt"
	"io"
	"maps"

	"hfcui/checkpoints"
	"hfcui/engine/graph/onnx"
)

// SaveONNX writes the model as ONNX, atomically: for pixels in [0,1], with the input
// normalization as the graph's first nodes. If normalized, the graph expects normalized images,
// and mean and std are in the metadata only, where Open finds them.
func (m *Model) SaveONNX(path string, normalized bool) error {
	g, err := m.Net.Describe()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	n := &onnx.Network{Graph: g, Tensors: m.Weights, Metadata: maps.Clone(m.metadata())}
	for _, key := range []string{keyNet, keyInput, keyGraph} { // redundant in ONNX
		delete(n.Metadata, key)
	}
	switch {
	case m.Mean == nil && m.Normalized != Assumed:
		n.Metadata[keyNormalized] = normalizedNot
	case m.Mean != nil && !normalized:
		n.Mean, n.Std = m.Mean, m.Std
		n.Metadata[keyNormalized] = fmt.Sprintf("the graph takes pixels in [0,1] and starts with (x - mean) / std: mean %s, std %s", n.Metadata[keyMean], n.Metadata[keyStd])
		delete(n.Metadata, keyMean)
		delete(n.Metadata, keyStd)
	}
	return checkpoints.WriteAtomic(path, func(w io.Writer) error { return onnx.Write(w, n) })
}
