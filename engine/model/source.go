package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/graph/onnx"
	"hfcui/engine/nets"
	"hfcui/engine/printable"
)

// Open reads a model file in any format of package checkpoints, or ONNX, whose network becomes
// metadata as in a file saved by this package.
func Open(path string) (*checkpoints.File, error) { return openFor(path, [3]int{}) }

// openFor is Open with the image size for ONNX files with dynamic dimensions.
func openFor(path string, input [3]int) (*checkpoints.File, error) {
	if !isONNX(path) {
		return checkpoints.Open(path)
	}
	n, err := onnx.Read(path, onnx.Options{Input: input})
	if err != nil {
		return nil, err
	}
	f := &checkpoints.File{Tensors: n.Tensors, Metadata: make(map[string]string)}
	for key, value := range n.Metadata {
		switch {
		case strings.HasPrefix(key, "hfcui.") && !fromONNX[key], key == keyNormalized && value != normalizedNot:
		case n.Mean != nil && (key == keyMean || key == keyStd):
			return nil, fmt.Errorf("%s: both the graph and metadata %s normalize the input: remove one", path, key)
		default:
			f.Metadata[printable.Line(key)] = printable.Line(value)
		}
	}
	text, err := n.Graph.JSON()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.Metadata[keyGraph] = string(text)
	f.Metadata[KeySource] = fmt.Sprintf("ONNX, opset %d, by %s", n.Opset, cmp.Or(n.Producer, "an unnamed producer"))
	if n.Guessed {
		size := fmt.Sprintf("%dx%dx%d", n.Graph.Input[0], n.Graph.Input[1], n.Graph.Input[2])
		f.Metadata[keyAssume] = jsonText([]nets.Assumption{{Key: nets.InputSize, Value: size, Meaning: "input size (C×H×W)",
			Evidence: "dynamic in the file; typical for its first convolution"}})
	}
	if n.Mean != nil {
		for key, values := range map[string][]float32{keyMean: n.Mean, keyStd: n.Std} {
			b, err := json.Marshal(values)
			if err != nil {
				return nil, fmt.Errorf("%s: input normalization %v is not finite", path, values)
			}
			f.Metadata[key] = string(b)
		}
	}
	return f, nil
}

// fromONNX are the metadata keys read from an ONNX file; its graph determines the others.
var fromONNX = map[string]bool{keyClasses: true, keyMean: true, keyStd: true, keyAssume: true, keyNormalized: true}

// isONNX detects an ONNX file by its first bytes, or by its name if they are ambiguous.
func isONNX(path string) bool {
	info, err := os.Stat(path)                                                             // before opening: a named pipe would block there
	if err != nil || !info.Mode().IsRegular() || filepath.Base(path) == "saved_model.pb" { // TensorFlow's
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 16)
	n, _ := io.ReadFull(f, head)
	return onnx.Looks(head[:n]) || strings.HasSuffix(strings.ToLower(path), ".onnx") && n > 8 && head[8] != '{'
}
