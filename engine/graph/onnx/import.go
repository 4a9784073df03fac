package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
	"hfcui/engine/printable"
)

// batch stands for the batch size in shape inference: a prime larger than other sizes, so that
// its multiples are recognized.
const batch = 1_000_003

// Options complete what a file leaves open.
type Options struct {
	// Input is [C,H,W] of the images if the file does not fix it; zero: guessed.
	Input [3]int
}

// Network is the content of a file.
type Network struct {
	Graph     *graph.Graph
	Tensors   map[string]*checkpoints.Tensor // those the graph reads
	Mean, Std []float32                      // input normalization at the start of the graph, or nil
	Metadata  map[string]string

	// Set by Import only.
	Opset    int
	Producer string
	Guessed  bool // whether Graph.Input is a guess
}

// importer converts a file's nodes to a graph.
type importer struct {
	proto     *protoModel
	open      func(name string) (Data, error)
	shapes    *graph.Shapes
	graph     *graph.Graph
	constants map[string]*constant // by name in the file
	values    map[string]value     // by name in the file
	readers   map[string]int
	tensors   map[string]*constant // by name in the graph
	taken     map[string]int       // names of tensors, for uniqueName
	norms     map[string]int       // names of batch norms, for uniqueName
	folded    int                  // elements computed
	fixed     int                  // the batch size the file was exported with, 0 for any
	normal    normalization
	plain     map[string]value // the array a result is a reshape of
	guessed   bool             // whether the images' size is guessed
	node      *protoNode
	counts    map[string]int // number of nodes by operator
}

// value is an array that depends on the images.
type value struct {
	name  string // in the graph
	shape []int
}

// Import converts the bytes of an ONNX file to a network. open opens files with external data;
// nil: external data is an error.
func Import(data []byte, open func(name string) (Data, error), o Options) (*Network, error) {
	proto, err := readModel(data)
	if err != nil {
		return nil, err
	}
	im := &importer{
		proto: proto, open: open, graph: &graph.Graph{}, constants: make(map[string]*constant), values: make(map[string]value),
		readers: make(map[string]int), tensors: make(map[string]*constant), taken: make(map[string]int), norms: make(map[string]int), plain: make(map[string]value), counts: make(map[string]int),
	}
	if err := im.begin(o); err != nil {
		return nil, err
	}
	for _, n := range proto.nodes {
		if err := im.add(n); err != nil {
			return nil, fmt.Errorf("operator %s at node %s: %w", describeOp(n), describeNode(n), err)
		}
	}
	return im.finish()
}

// describeOp and describeNode name a node in errors; its untrusted names are made printable.
func describeOp(n *protoNode) string {
	name := n.op
	if n.domain != "" && n.domain != "ai.onnx" {
		name = n.domain + "." + name
	}
	return fmt.Sprintf("%.60s", name)
}

func describeNode(n *protoNode) string {
	if n.name != "" {
		return fmt.Sprintf("%.80s", n.name)
	}
	return fmt.Sprintf("%.80q", printable.Line(n.out[0]))
}

// Supported opsets.
const (
	oldest = 7
	newest = 24
)

// begin registers constants and the input.
func (im *importer) begin(o Options) error {
	p := im.proto
	if p.opset < oldest || p.opset > newest {
		return fmt.Errorf("opset %d is not supported (%d to %d are): export with opset_version=17", p.opset, oldest, newest)
	}
	if err := im.declare(p.protoGraph); err != nil {
		return err
	}
	var inputs []protoValue
	for _, v := range p.inputs { // older files list initializers among the inputs
		if im.constants[v.name] == nil {
			inputs = append(inputs, v)
		}
	}
	if len(inputs) != 1 || len(p.outputs) == 0 {
		return fmt.Errorf("%d inputs and %d outputs: hfcui explores classifiers with one image input", len(inputs), len(p.outputs))
	}
	im.count(&p.protoGraph)
	return im.beginInput(inputs[0], o)
}

// declare registers a graph's tensors as constants.
func (im *importer) declare(g protoGraph) error {
	for name, t := range g.tensors {
		if _, ok := typeBytes[t.kind]; !ok {
			return fmt.Errorf("tensor %.60q has unsupported data type %d: export the model in float32, not quantized", printable.Line(name), t.kind)
		}
		im.constants[name] = &constant{shape: t.dims, integer: !floating(t.kind), source: t, from: name}
	}
	return nil
}

// count counts the readers of each result, including those in branches.
func (im *importer) count(g *protoGraph) {
	for _, n := range g.nodes {
		for _, name := range n.in {
			im.readers[name]++
		}
		for _, a := range n.attrs {
			if a.graph != nil {
				im.count(a.graph)
			}
		}
	}
	for _, v := range g.outputs {
		im.readers[v.name]++
	}
}

// branch inlines the branch of an If with a constant condition, which exporters write where a
// shape was unknown.
func (im *importer) branch(n *protoNode) error {
	if len(n.in) != 1 || im.constants[n.in[0]] == nil {
		return unsupported(n.op)
	}
	condition, err := im.numbersOf(im.constants[n.in[0]])
	if err != nil {
		return err
	}
	name := "else_branch"
	if len(condition) > 0 && condition[0] != 0 {
		name = "then_branch"
	}
	a := n.attrs[name]
	if a == nil || a.graph == nil || len(a.graph.outputs) != len(n.out) {
		return fmt.Errorf("no %s", name)
	}
	if err := im.declare(*a.graph); err != nil {
		return err
	}
	for _, inner := range a.graph.nodes {
		if err := im.add(inner); err != nil {
			return fmt.Errorf("in %s, operator %s at node %s: %w", name, describeOp(inner), describeNode(inner), err)
		}
	}
	for i, o := range a.graph.outputs {
		if c := im.constants[o.name]; c != nil {
			im.constants[n.out[i]] = c
		} else if v, ok := im.values[o.name]; ok {
			im.values[n.out[i]] = v
		} else {
			return fmt.Errorf("%s does not define %.60q", name, printable.Line(o.name))
		}
	}
	return nil
}

// beginInput determines the images' size and the layout, channels first or last.
func (im *importer) beginInput(in protoValue, o Options) error {
	if len(in.dims) != 4 {
		return fmt.Errorf("the input has %d dimensions: hfcui explores networks for images [N,C,H,W]", len(in.dims))
	}
	dims := slices.Clone(in.dims)
	last := dims[3] == 1 || dims[3] == 3
	last = last && dims[1] != 1 && dims[1] != 3
	if last {
		dims[1], dims[2], dims[3] = dims[3], dims[1], dims[2]
	}
	if im.fixed = dims[0]; im.fixed <= 0 {
		im.fixed = 0
	}
	size := [3]int(dims[1:])
	guess := im.guess()
	for i, d := range size {
		switch {
		case d > 0 && o.Input[i] > 0 && d != o.Input[i]:
			return fmt.Errorf("the input size is fixed at %dx%dx%d, not %dx%dx%d: export with dynamic axes for height and width",
				size[0], size[1], size[2], o.Input[0], o.Input[1], o.Input[2])
		case d <= 0 && o.Input[i] > 0:
			size[i] = o.Input[i]
		case d <= 0:
			size[i] = guess[i]
			im.guessed = im.guessed || i > 0
		}
	}
	im.graph.Input = size
	im.shapes = graph.NewShapes(batch, size)
	im.values[in.name] = value{graph.InputName, []int{batch, size[0], size[1], size[2]}}
	im.normal.begin(in.name, im.readers[in.name] == 1 && !last, size[0])
	if last {
		v, err := im.emit(graph.Node{Op: "transpose", In: []string{graph.InputName}, Axes: []int{0, 2, 3, 1}})
		if err != nil {
			return err
		}
		im.values[in.name] = v
	}
	return nil
}

// guess returns a common image size, inferred from the first convolution.
func (im *importer) guess() [3]int {
	for _, n := range im.proto.nodes {
		if n.op != "Conv" || len(n.in) < 2 || im.constants[n.in[1]] == nil {
			continue
		}
		shape := im.constants[n.in[1]].shape
		if len(shape) != 4 {
			break
		}
		side := 32
		if strides := n.attrs["strides"]; strides != nil && len(strides.ints) > 0 && strides.ints[0] > 1 {
			side = 224
		}
		if shape[1] == 1 && side == 32 {
			side = 28
		}
		return [3]int{shape[1], side, side}
	}
	return [3]int{3, 224, 224}
}

// add converts a node.
func (im *importer) add(n *protoNode) error {
	im.node = n
	if n.domain != "" && n.domain != "ai.onnx" {
		return errors.New("not a standard ONNX operator: export the model without runtime-specific optimizations")
	}
	switch n.op {
	case "Constant":
		return im.constantNode(n)
	case "If":
		return im.branch(n)
	}
	known := true
	for _, name := range n.in {
		switch {
		case name == "":
		case im.constants[name] != nil:
		case im.values[name].name == "":
			return fmt.Errorf("input %.60q is not defined by an earlier node", printable.Line(name))
		default:
			known = false
		}
	}
	if known {
		results, err := im.fold(n)
		if err != nil {
			return err
		}
		for i, c := range results {
			if i < len(n.out) {
				im.constants[n.out[i]] = c
			}
		}
		return nil
	}
	convert := operators[n.op]
	if convert == nil {
		return unsupported(n.op)
	}
	if im.normal.take(im, n) {
		return nil
	}
	im.counts[n.op]++
	return convert(im, n)
}

// unsupported returns an error that states what to do about an unknown operator.
func unsupported(name string) error {
	switch {
	case strings.Contains(name, "Quantize") || strings.HasSuffix(name, "Integer") || strings.HasPrefix(name, "QLinear"):
		return errors.New("quantized operator: export the model in float32")
	case name == "If" || name == "Loop" || name == "Scan":
		return errors.New("control flow is not supported: simplify the model with onnxsim")
	case name == "LSTM" || name == "GRU" || name == "RNN" || name == "Attention":
		return errors.New("not an operator of a CNN: hfcui explores CNNs")
	}
	return errors.New("unsupported operator: simplify the model with onnxsim, or export with opset_version=17")
}

// constantNode registers the value of a Constant.
func (im *importer) constantNode(n *protoNode) error {
	for name, a := range n.attrs {
		var c *constant
		switch name {
		case "value":
			if a.t == nil {
				return errTorn
			}
			if _, ok := typeBytes[a.t.kind]; !ok {
				return errors.New("unsupported data type")
			}
			c = &constant{shape: a.t.dims, integer: !floating(a.t.kind), source: a.t}
		case "value_float":
			c = &constant{numbers: []float64{a.f}}
		case "value_int":
			c = &constant{integer: true, numbers: []float64{float64(a.i)}}
		case "value_floats":
			c = &constant{shape: []int{len(a.floats)}, numbers: slices.Clone(a.floats)}
		case "value_ints":
			c = &constant{shape: []int{len(a.ints)}, integer: true, numbers: make([]float64, len(a.ints))}
			for i, v := range a.ints {
				c.numbers[i] = float64(v)
			}
		default:
			continue
		}
		c.from = n.out[0]
		im.constants[n.out[0]] = c
		return nil
	}
	return errors.New("no supported value")
}

// emit adds a node to the graph.
func (im *importer) emit(n graph.Node) (value, error) {
	n.Out = fmt.Sprint(len(im.graph.Nodes))
	if im.node != nil {
		n.Name = fmt.Sprintf("%.200s", im.node.name)
	}
	if n.Op == "affine" || n.Op == "clip" || n.Op == "pow" || n.Op == "pad" { // round to float32
		n.A, n.B = float64(float32(n.A)), float64(float32(n.B))
	}
	shape, err := im.shapes.Add(&n)
	if err != nil {
		return value{}, err
	}
	im.graph.Nodes = append(im.graph.Nodes, n)
	if len(im.graph.Nodes) > maxNodes {
		return value{}, fmt.Errorf("the network has more than %d operations", maxNodes)
	}
	return value{n.Out, shape}, nil
}

// put stores a node's result.
func (im *importer) put(n *protoNode, v value, err error) error {
	if err == nil {
		im.values[n.out[0]] = v
	}
	return err
}

// x returns input i of a node as an array of the graph; a constant becomes a tensor.
func (im *importer) x(n *protoNode, i int) (value, error) {
	if i >= len(n.in) || n.in[i] == "" {
		return value{}, fmt.Errorf("input %d is missing", i)
	}
	if v, ok := im.values[n.in[i]]; ok {
		return v, nil
	}
	c := im.constants[n.in[i]]
	if len(c.shape) == 0 {
		c = c.reshaped([]int{1})
	}
	name, err := im.register(c, im.tensorName(c, "constant"))
	return value{name, c.shape}, err
}

// c returns input i of a node as a constant; nil if omitted.
func (im *importer) c(n *protoNode, i int) (*constant, error) {
	if i >= len(n.in) || n.in[i] == "" {
		return nil, nil
	}
	if c := im.constants[n.in[i]]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("input %d depends on the images, but must be constant: simplify the model with onnxsim", i)
}

// intsOf returns the integers of an attribute or, in later opsets, an input; nil if omitted.
func (im *importer) intsOf(n *protoNode, attr string, input int) ([]int, error) {
	if a := n.attrs[attr]; a != nil {
		out := make([]int, len(a.ints))
		for i, v := range a.ints {
			out[i] = int(min(max(v, -1<<52), 1<<52))
		}
		return out, nil
	}
	if input < 0 {
		return nil, nil
	}
	c, err := im.c(n, input)
	if c == nil || err != nil {
		return nil, err
	}
	return im.ints(c)
}

// intAttr returns the value of an integer attribute.
func (n *protoNode) intAttr(name string, otherwise int64) int64 {
	if a := n.attrs[name]; a != nil {
		return a.i
	}
	return otherwise
}

func (n *protoNode) floatAttr(name string, otherwise float64) float64 {
	if a := n.attrs[name]; a != nil {
		return a.f
	}
	return otherwise
}

func (n *protoNode) stringAttr(name, otherwise string) string {
	if a := n.attrs[name]; a != nil {
		return a.s
	}
	return otherwise
}
