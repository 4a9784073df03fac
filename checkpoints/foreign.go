package checkpoints

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
)

// Python or shell commands that export a supported file.
const (
	exportTorch = `torch.onnx.export(m.eval(), torch.rand(1, 3, 32, 32), "model.onnx")`
	exportKeras = "python -m tf2onnx.convert --keras FILE --output model.onnx"
	exportTF    = "python -m tf2onnx.convert --saved-model FOLDER --output model.onnx"
	exportNPZ   = "load the arrays into their PyTorch model and torch.save(m.state_dict(), \"model.pt\"), or " + exportTorch
)

// foreign returns an error text for a file of an unsupported format: the likely format, and how to
// convert it. head is the start of the file.
func foreign(path string, head []byte) string {
	text := bytes.ToLower(bytes.TrimSpace(head))
	has := func(prefix string) bool { return bytes.HasPrefix(head, []byte(prefix)) }
	name := filepath.Base(path)
	switch {
	case len(head) == 0:
		return "is empty; copy or download the model again"
	case bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return "is a Git LFS pointer, not the model; run `git lfs pull`"
	case bytes.HasPrefix(text, []byte("<")):
		return "is a web page, not a model; download the file itself (from Google Drive with `gdown`)"
	case has("\x89HDF"):
		return "is an HDF5 (Keras) file; convert it: " + exportKeras
	case has("GGUF"):
		return "is a GGUF file, a format of language models; use ONNX or a PyTorch state dict"
	case len(head) >= 8 && string(head[4:8]) == "TFL3":
		return "is a TensorFlow Lite model; convert it: python -m tf2onnx.convert --tflite FILE --output model.onnx"
	case strings.HasSuffix(name, ".index") || strings.Contains(name, ".data-000"):
		return "is a part of a TensorFlow 1 checkpoint; convert it: python -m tf2onnx.convert --checkpoint NAME.meta --inputs INPUT:0 --outputs LOGITS:0 --output model.onnx"
	case name == "saved_model.pb" || strings.HasSuffix(name, ".pb"):
		return "is a TensorFlow graph; convert it: " + exportTF
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return "is a tar archive; unpack it (tar xf FILE) and open the model inside"
	case has("\x1f\x8b"), has("BZh"), has("\xfd7zXZ"), has("7z\xbc\xaf"), has("\x28\xb5\x2f\xfd"), has("Rar!"):
		return "is compressed; unpack it and open the model inside"
	case strings.HasSuffix(name, ".msgpack"):
		return "is a Flax (JAX) checkpoint; convert it: " + exportNPZ
	case len(head) >= 8 && binary.LittleEndian.Uint64(head) <= maxHeader:
		return "is truncated or not a model; use a safetensors file, a PyTorch state dict (.pt, .pth) or ONNX"
	}
	return "is not a supported model file; use a safetensors file, a PyTorch state dict (.pt, .pth) or ONNX"
}

// foreignFolder is foreign for a folder.
func foreignFolder(path string) string {
	if _, err := os.Stat(filepath.Join(path, "saved_model.pb")); err == nil {
		return "is a TensorFlow SavedModel; convert it: " + exportTF
	}
	return "is a folder, not a model; specify a .safetensors or .pt file"
}

// foreignZip is foreign for a zip archive without torch.save's pickle.
func foreignZip(files map[string]*zip.File) string {
	arrays := len(files) > 0
	for name := range files {
		arrays = arrays && strings.HasSuffix(name, ".npy")
		switch {
		case name == "model.weights.h5":
			return "is a Keras model; convert it: " + exportKeras
		case strings.Contains(name, "/.data/"), strings.HasPrefix(name, ".data/"):
			return "is a torch.package; load the model with torch.package.PackageImporter(FILE) and " + exportTorch
		}
	}
	if arrays {
		return "is a NumPy archive (.npz) of arrays without a network; " + exportNPZ
	}
	return "is a zip archive but not by torch.save; unpack it and open the model inside"
}
