package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
	"hfcui/engine/op"
)

// everything returns a network with every operator.
func everything(t *testing.T) *Network {
	t.Helper()
	g := &graph.Graph{Name: "everything", Input: [3]int{3, 8, 8}}
	tensors := make(map[string]*checkpoints.Tensor)
	add := func(n graph.Node, in ...string) string {
		n.In, n.Out = in, fmt.Sprint(len(g.Nodes))
		g.Nodes = append(g.Nodes, n)
		return n.Out
	}
	tensor := func(name string, shape ...int) string {
		w := make([]float32, op.Size(shape))
		for i := range w {
			w[i] = float32(math.Sin(float64(i+len(name)))) / 2
			if strings.HasSuffix(name, "_var") {
				w[i] += 1
			}
		}
		tensors[name] = &checkpoints.Tensor{Shape: shape, Data: w}
		return name
	}
	one, three := [2]int{1, 1}, [2]int{3, 3}
	around := [4]int{1, 1, 1, 1}
	x := add(graph.Node{Op: "conv", Name: "a", Stride: one, Dilation: one, Pad: around, Groups: 1}, "input", tensor("a.weight", 6, 3, 3, 3), tensor("a.bias", 6))
	x = add(graph.Node{Op: "batchnorm", Epsilon: 1e-3}, x, tensor("n.weight", 6), tensor("n.bias", 6), tensor("n.running_mean", 6), tensor("n.running_var", 6))
	x = add(graph.Node{Op: "sigmoid"}, add(graph.Node{Op: "relu"}, x)) // positive, so that every function is defined
	sum := add(graph.Node{Op: "conv", Stride: one, Dilation: [2]int{1, 2}, Pad: [4]int{1, 2, 1, 2}, Groups: 2}, x, tensor("b.weight", 6, 3, 3, 3))
	for _, f := range slices.Sorted(maps.Keys(op.Functions)) {
		n := graph.Node{Op: f}
		switch f {
		case "affine":
			n.A, n.B = 0.5, 0.25
		case "clip":
			n.A, n.B = 0.25, 6
		case "leakyrelu", "elu", "thresholdrelu":
			n.A = 0.1
		case "selu", "hardsigmoid":
			n.A, n.B = 0.2, 0.5
		case "pow":
			n.A = -0.75
		}
		sum = add(graph.Node{Op: "add"}, sum, add(n, x))
	}
	pools := []graph.Node{
		{Op: "maxpool", Size: three, Stride: one, Dilation: one, Pad: around},
		{Op: "maxpool", Size: [2]int{2, 2}, Stride: one, Dilation: one, Pad: [4]int{0, 0, 1, 1}},
		{Op: "avgpool", Size: three, Stride: one, Dilation: one, Pad: around, Counted: around},
		{Op: "avgpool", Size: three, Stride: one, Dilation: one, Pad: around},
		{Op: "avgpool", Size: three, Stride: one, Dilation: one, Pad: around, Counted: [4]int{1, 1, 0, 0}},
		{Op: "avgpool", Size: [2]int{5, 1}, Stride: one, Dilation: one, Pad: [4]int{2, 0, 2, 0}, Counted: [4]int{2, 0, 2, 0}},
	}
	for _, p := range pools {
		sum = add(graph.Node{Op: "sub"}, sum, add(p, x))
	}
	gathered := add(graph.Node{Op: "gather", Axis: 1, Index: []int{5, 0, 3, 1}}, sum)
	sum = add(graph.Node{Op: "concat", Axis: 1}, add(graph.Node{Op: "slice", Axis: 1, Start: 2, Count: 2}, sum), gathered)
	sum = add(graph.Node{Op: "blend", Axis: 2, Index: []int{0, 0, 1, 2, 5, 6, 7, 7}, High: []int{1, 1, 2, 3, 6, 7, 7, 7}, Weight: []float32{0, 0.25, 0.5, 0.75, 0, 0.5, 0, 1}}, sum)
	sum = add(graph.Node{Op: "standardize", Axis: 2, Epsilon: 1e-5}, sum)
	swapped := add(graph.Node{Op: "transpose", Axes: []int{0, 2, 3, 1}}, add(graph.Node{Op: "pad", Axis: 1, Before: 1, After: 2, A: 0.5}, sum))
	rows := add(graph.Node{Op: "standardize", Axis: 3, Epsilon: 1e-6}, swapped)
	rows = add(graph.Node{Op: "linear", Name: "l"}, rows, tensor("l.weight", 6, 9), tensor("l.bias", 6))
	rows = add(graph.Node{Op: "softmax", Axis: 3}, rows)
	y := add(graph.Node{Op: "mul"}, add(graph.Node{Op: "transpose", Axes: []int{0, 3, 1, 2}}, rows), tensor("gain.weight", 6, 1, 1))
	y = add(graph.Node{Op: "div"}, y, add(graph.Node{Op: "affine", A: 1, B: 2}, add(graph.Node{Op: "globalmaxpool"}, x)))
	y = add(graph.Node{Op: "mul"}, y, add(graph.Node{Op: "broadcast", Shape: []int{-1, 6, 8, 8}}, add(graph.Node{Op: "sum", Axes: []int{3}}, x)))
	token := add(graph.Node{Op: "broadcast", Shape: []int{-1, 6, 1, 8}}, tensor("token.weight", 1, 6, 1, 8))
	y = add(graph.Node{Op: "concat", Axis: 2}, y, token)
	flat := add(graph.Node{Op: "reshape", Shape: []int{-1, 6 * 9 * 8}}, y)
	y = add(graph.Node{Op: "linear", Name: "m"}, flat, tensor("m.weight", 6, 6*9*8), tensor("m.bias", 6))
	y = add(graph.Node{Op: "add"}, y, add(graph.Node{Op: "globalavgpool"}, x))
	g.Output = add(graph.Node{Op: "linear", Name: "fc"}, y, tensor("fc.weight", 4, 6), tensor("fc.bias", 4))
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	return &Network{Graph: g, Tensors: tensors, Mean: []float32{0.485, 0.456, 0.406}, Std: []float32{0.229, 0.224, 0.225}, Metadata: map[string]string{"author": "me"}, Opset: 17, Producer: "hfcui"}
}

// TestWrite: a network with every operator survives a round trip.
func TestWrite(t *testing.T) {
	want := everything(t)
	used := make(map[string]bool)
	for _, n := range want.Graph.Nodes {
		used[n.Op] = true
	}
	for name := range exports {
		if !used[name] {
			t.Errorf("operator %s is not covered", name)
		}
	}
	var file bytes.Buffer
	if err := Write(&file, want); err != nil {
		t.Fatal(err)
	}
	got, err := Import(file.Bytes(), nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range min(len(got.Graph.Nodes), len(want.Graph.Nodes)) {
		if !reflect.DeepEqual(got.Graph.Nodes[i], want.Graph.Nodes[i]) {
			t.Fatalf("node %d is %+v, want %+v", i, got.Graph.Nodes[i], want.Graph.Nodes[i])
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestWriteRefused: operators that ONNX lacks and failing writers are errors.
func TestWriteRefused(t *testing.T) {
	n := everything(t)
	n.Graph.Nodes[0].In[1] = "missing.weight"
	if err := Write(io.Discard, n); err == nil || !strings.Contains(err.Error(), "missing.weight") {
		t.Errorf("error %v", err)
	}
	n = everything(t)
	n.Mean = n.Mean[:1]
	if err := Write(io.Discard, n); err == nil || !strings.Contains(err.Error(), "channels") {
		t.Errorf("error %v", err)
	}
	want := errors.New("no space")
	if err := Write(failing{want}, everything(t)); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
