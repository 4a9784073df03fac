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

// Open reads a model's file: what package checkpoints reads, and ONNX, whose network becomes
// metadata like that of a file that was saved before.
func Open(path string) (*checkpoints.File, error) { return openFor(path, [3]int{}) }

// openFor is Open for images of a size, which counts where an ONNX file leaves it open.
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
			return nil, fmt.Errorf("%s: its graph normalizes images and its metadata %s says to do so as well: remove one of the two", path, key)
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
		f.Metadata[keyAssume] = jsonText([]nets.Assumption{{Key: nets.InputSize, Value: size, Meaning: "channels, height and width of images",
			Evidence: "the file leaves them open: usual with its first convolution"}})
	}
	if n.Mean != nil {
		for key, values := range map[string][]float32{keyMean: n.Mean, keyStd: n.Std} {
			b, err := json.Marshal(values)
			if err != nil {
				return nil, fmt.Errorf("%s: its input normalization %v is not finite", path, values)
			}
			f.Metadata[key] = string(b)
		}
	}
	return f, nil
}

// fromONNX are the keys of SaveONNX that are taken from an ONNX file; the others its graph tells.
var fromONNX = map[string]bool{keyClasses: true, keyMean: true, keyStd: true, keyAssume: true, keyNormalized: true}

// isONNX tells an ONNX file by its beginning, or, where that is anything, by its name.
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
