package checkpoints_test

import (
	"fmt"
	"os"
	"path/filepath"

	"hfcui/checkpoints"
)

// Write tensors as safetensors and read them back.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	err = checkpoints.WriteSafetensors(path, &checkpoints.File{
		Order:    []string{"fc.weight", "fc.bias"},
		Tensors:  map[string]*checkpoints.Tensor{"fc.weight": {Shape: []int{2, 3}, Data: make([]float32, 6)}, "fc.bias": {Shape: []int{2}, Data: []float32{1, -1}}},
		Metadata: map[string]string{"hfcui.classes": `["cat","dog"]`},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := checkpoints.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range file.Order {
		fmt.Println(name, file.Tensors[name].Shape)
	}
	fmt.Println(file.Metadata["hfcui.classes"], file.Tensors["fc.bias"].Data)
	// Output:
	// fc.weight [2 3]
	// fc.bias [2]
	// ["cat","dog"] [1 -1]
}

// Embedded models are opened by name.
func ExampleEmbedded() {
	file, ok := checkpoints.Embedded("demo")
	fmt.Println(ok, file.Metadata["hfcui.net"], file.Tensors["conv1.weight"].Shape)
	// Output:
	// true resnet20 [16 3 3 3]
}
