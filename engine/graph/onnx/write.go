package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"hfcui/engine/graph"
)

// Versions written: opset 17 is read by ONNX releases since 2022, and the first with
// LayerNormalization.
const (
	writtenOpset = 17
	writtenIR    = 8
	producer     = "hfcui"
)

// Names of a written file's input and output.
const (
	inputName  = graph.InputName
	outputName = "logits"
)

// Write writes a network as ONNX: the input "input" [batch,C,H,W], the output "logits"
// [batch,K], for any batch size. If the network has a mean and std, the graph starts with
// (x − mean)/std, so that it takes pixels in [0,1] in any runtime; Read recovers them. The
// network's metadata is written to metadata_props. Weights are streamed.
func Write(w io.Writer, n *Network) error {
	e, err := exported(n)
	if err != nil {
		return err
	}
	return e.write(w, n)
}

// exporter converts a graph to nodes and tensors of an ONNX file.
type exporter struct {
	network *Network
	shapes  *graph.Shapes
	shape   map[string][]int  // of results and tensors, with batch for the batch size
	name    map[string]string // of results in the file
	used    map[string]int    // names of values in the file
	called  map[string]int    // names of nodes

	input, output string       // names in the file
	nodes         bytes.Buffer // encoded, as fields of the graph
	tensors       []exportedTensor
	numbers       map[string]string // names of constant operands by content
}

// exportedTensor is a tensor of the file: int64 if ints is set, else float32.
type exportedTensor struct {
	name   string
	dims   []int
	floats []float32
	ints   []int64
}

// exported converts all nodes.
func exported(n *Network) (*exporter, error) {
	g := n.Graph
	e := &exporter{
		network: n, shapes: graph.NewShapes(batch, g.Input), shape: make(map[string][]int), name: make(map[string]string),
		used: make(map[string]int), called: make(map[string]int), numbers: make(map[string]string),
	}
	e.shape[graph.InputName] = []int{batch, g.Input[0], g.Input[1], g.Input[2]}
	for _, name := range slices.Sorted(maps.Keys(n.Tensors)) {
		t := n.Tensors[name]
		e.used[name], e.shape[name] = 1, t.Shape
		e.shapes.Tensor(name, t.Shape)
	}
	e.input, e.output = e.free(inputName), e.free(outputName)
	e.name[graph.InputName] = e.input
	if err := e.normalize(); err != nil {
		return nil, err
	}
	for i := range g.Nodes {
		if err := e.add(&g.Nodes[i]); err != nil {
			return nil, fmt.Errorf("node %s (%s) cannot be written as ONNX: %w; save the model as .safetensors", g.Nodes[i].Out, g.Nodes[i].Op, err)
		}
	}
	return e, nil
}

// add converts a node.
func (e *exporter) add(n *graph.Node) error {
	shape, err := e.shapes.Add(n)
	if err != nil {
		return err
	}
	e.shape[n.Out] = shape
	for _, name := range n.In {
		if e.name[name] == "" {
			if e.network.Tensors[name] == nil {
				return fmt.Errorf("unknown input %q", name)
			}
			e.weight(name)
		}
	}
	out, last := "", n.Out == e.network.Graph.Output
	if out = e.output; !last || len(shape) > 2 {
		out = e.free(n.Out)
	}
	e.name[n.Out] = out
	f := exports[n.Op]
	if f == nil {
		f = exportFunction
	}
	if err := f(e, n, out); err != nil {
		return err
	}
	if last && out != e.output {
		e.op("", "Flatten", []string{out}, e.output)
	}
	return nil
}

// normalize starts the graph with (x − mean)/std.
func (e *exporter) normalize() error {
	mean, std := e.network.Mean, e.network.Std
	if mean == nil && std == nil {
		return nil
	}
	c := e.network.Graph.Input[0]
	if len(mean) != c || len(std) != c {
		return fmt.Errorf("%d means and %d standard deviations for %d channels", len(mean), len(std), c)
	}
	at := e.name[graph.InputName]
	for _, step := range []struct {
		op, name string
		values   []float32
	}{{"Sub", "mean", mean}, {"Div", "std", std}} {
		constant, out := e.free(step.name), e.free(graph.InputName+"_"+step.name)
		e.tensors = append(e.tensors, exportedTensor{name: constant, dims: []int{1, c, 1, 1}, floats: step.values})
		e.op("", step.op, []string{at, constant}, out)
		at = out
	}
	e.name[graph.InputName] = at
	return nil
}

// free returns an unused name of a value in the file, and reserves it.
func (e *exporter) free(want string) string { return uniqueName(want, e.used) }

// weight adds a tensor of the network.
func (e *exporter) weight(name string) {
	t := e.network.Tensors[name]
	e.name[name] = name
	e.tensors = append(e.tensors, exportedTensor{name: name, dims: t.Shape, floats: t.Data})
}

// floats returns the name of a float32 constant, added on first use.
func (e *exporter) floats(dims []int, values ...float32) string {
	return e.constant(fmt.Sprint("f", dims, values), exportedTensor{dims: dims, floats: values})
}

// ints returns the name of an int64 list, added on first use.
func (e *exporter) ints(values ...int) string {
	t := exportedTensor{dims: []int{len(values)}, ints: make([]int64, len(values))}
	for i, v := range values {
		t.ints[i] = int64(v)
	}
	return e.constant(fmt.Sprint("i", values), t)
}

// scalar returns the name of a float32 scalar, added on first use.
func (e *exporter) scalar(v float64) string { return e.floats(nil, float32(v)) }

func (e *exporter) constant(key string, t exportedTensor) string {
	if name, ok := e.numbers[key]; ok {
		return name
	}
	t.name = e.free(fmt.Sprint("constant", len(e.numbers)))
	e.numbers[key] = t.name
	e.tensors = append(e.tensors, t)
	return t.name
}

// errTooLarge is returned beyond the limit of protobuf messages.
var errTooLarge = errors.New("larger than 2 GB, the limit of ONNX files: save the model as .safetensors")

// write writes the file, streaming the weights.
func (e *exporter) write(w io.Writer, n *Network) error {
	before, behind := e.frame()
	size := e.nodes.Len() + len(before) + len(behind)
	heads := make([][]byte, len(e.tensors))
	for i, t := range e.tensors {
		heads[i] = t.head()
		size += len(heads[i]) + t.bytes()
	}
	if size > maxFile-1<<20 {
		return errTooLarge
	}
	if _, err := w.Write(modelHead(size)); err != nil {
		return err
	}
	for _, b := range [][]byte{e.nodes.Bytes(), before} {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	for i, t := range e.tensors {
		if _, err := w.Write(heads[i]); err != nil {
			return err
		}
		if err := t.data(w); err != nil {
			return err
		}
	}
	for _, b := range [][]byte{behind, modelTail(n.Metadata)} {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
