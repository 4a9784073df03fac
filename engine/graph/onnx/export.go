package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hfcui/engine/graph"
)

// exports convert the graph's operators; out is the result's name in the file. Elementwise
// functions are in the table functions, unless opset 17 lacks them.
var exports = map[string]func(e *exporter, n *graph.Node, out string) error{
	"conv":          exportConv,
	"linear":        exportLinear,
	"batchnorm":     exportBatchNorm,
	"add":           exportAs("Add"),
	"sub":           exportAs("Sub"),
	"mul":           exportAs("Mul"),
	"div":           exportAs("Div"),
	"maxpool":       exportMaxPool,
	"avgpool":       exportAvgPool,
	"globalavgpool": exportGlobalAvgPool,
	"globalmaxpool": exportAs("GlobalMaxPool"),
	"sum":           exportSum,
	"concat":        exportConcat,
	"slice":         exportSlice,
	"pad":           exportPad,
	"gather":        exportGather,
	"blend":         exportBlend,
	"reshape":       exportReshape,
	"broadcast":     exportBroadcast,
	"transpose":     exportTranspose,
	"softmax":       exportSoftmax,
	"standardize":   exportStandardize,
	"affine":        exportAffine,
	"clip":          exportClip,
	"pow":           exportPow,
	"silu":          exportSiLU,
	"mish":          exportMish,
	"gelu":          exportGELU,
	"gelutanh":      exportGELU,
}

// in returns the names of a node's inputs in the file.
func (e *exporter) in(n *graph.Node) []string {
	names := make([]string, len(n.In))
	for i, name := range n.In {
		names[i] = e.name[name]
	}
	return names
}

// then adds a node and returns the generated name of its result.
func (e *exporter) then(op string, in []string, attrs ...attribute) string {
	out := e.free(in[0] + "_" + op)
	e.op("", op, in, out, attrs...)
	return out
}

// exportAs converts to an ONNX operator without attributes.
func exportAs(op string) func(*exporter, *graph.Node, string) error {
	return func(e *exporter, n *graph.Node, out string) error {
		e.op(n.Name, op, e.in(n), out)
		return nil
	}
}

// exportFunction converts an elementwise function, with its constants as attributes.
func exportFunction(e *exporter, n *graph.Node, out string) error {
	for op, f := range functions {
		if f.name != n.Op {
			continue
		}
		var attrs []attribute
		for _, p := range []struct {
			parameter
			value float64
		}{{f.a, n.A}, {f.b, n.B}} {
			if p.attr != "" {
				attrs = append(attrs, attribute{p.attr, p.value})
			}
		}
		e.op(n.Name, op, e.in(n), out, attrs...)
		return nil
	}
	return errors.New("ONNX has no such operator")
}

// window returns the attributes of a window's geometry.
func window(n *graph.Node, pad [4]int) []attribute {
	return []attribute{{"dilations", n.Dilation[:]}, {"pads", pad[:]}, {"strides", n.Stride[:]}}
}

func exportConv(e *exporter, n *graph.Node, out string) error {
	kernel := e.shape[n.In[1]][2:]
	attrs := append(window(n, n.Pad), attribute{"group", n.Groups}, attribute{"kernel_shape", kernel})
	e.op(n.Name, "Conv", e.in(n), out, attrs...)
	return nil
}

// exportLinear writes Gemm for matrices and MatMul for arrays of more dimensions.
func exportLinear(e *exporter, n *graph.Node, out string) error {
	in := e.in(n)
	if len(e.shape[n.In[0]]) == 2 {
		e.op(n.Name, "Gemm", in, out, attribute{"transB", 1})
		return nil
	}
	weight := e.then("Transpose", in[1:2], attribute{"perm", []int{1, 0}})
	product := e.free(out + "_MatMul")
	e.op(n.Name, "MatMul", []string{in[0], weight}, product)
	e.op("", "Add", []string{product, in[2]}, out)
	return nil
}

func exportBatchNorm(e *exporter, n *graph.Node, out string) error {
	e.op(n.Name, "BatchNormalization", e.in(n), out, attribute{"epsilon", n.Epsilon})
	return nil
}

// padded pads height and width of x by (top, left, bottom, right).
func (e *exporter) padded(x string, by [4]int, fill float64) string {
	if by == [4]int{} {
		return x
	}
	pads := e.ints(0, 0, by[0], by[1], 0, 0, by[2], by[3])
	return e.then("Pad", []string{x, pads, e.scalar(fill)})
}

// splitPadding splits a pooling window's padding into a part smaller than the window, as ONNX
// requires, and the rest.
func splitPadding(n *graph.Node) (pad, rest [4]int) {
	for i, p := range n.Pad {
		pad[i] = min(p, n.Size[i%2]-1)
		rest[i] = p - pad[i]
	}
	return pad, rest
}

func exportMaxPool(e *exporter, n *graph.Node, out string) error {
	pad, rest := splitPadding(n)
	x := e.padded(e.in(n)[0], rest, -math.MaxFloat32)
	e.op(n.Name, "MaxPool", []string{x}, out, append(window(n, pad), attribute{"kernel_shape", n.Size[:]})...)
	return nil
}

// exportAvgPool pads with zeros first if only part of the padding is counted.
func exportAvgPool(e *exporter, n *graph.Node, out string) error {
	x, pad, counts := e.in(n)[0], n.Pad, 0
	small, rest := splitPadding(n)
	switch {
	case rest == [4]int{} && n.Counted == n.Pad:
		counts = 1
	case rest == [4]int{} && n.Counted == [4]int{}:
	default:
		for i, c := range n.Counted {
			if pad[i] -= c; pad[i] > small[i] {
				return fmt.Errorf("uncounted padding %v is not smaller than the window %v", pad, n.Size)
			}
		}
		x = e.padded(x, n.Counted, 0)
	}
	attrs := []attribute{{"count_include_pad", counts}, {"kernel_shape", n.Size[:]}, {"pads", pad[:]}, {"strides", n.Stride[:]}}
	e.op(n.Name, "AveragePool", []string{x}, out, attrs...)
	return nil
}

func exportGlobalAvgPool(e *exporter, n *graph.Node, out string) error {
	pooled := e.free(out + "_GlobalAveragePool")
	e.op(n.Name, "GlobalAveragePool", e.in(n), pooled)
	e.op("", "Flatten", []string{pooled}, out)
	return nil
}

func exportSum(e *exporter, n *graph.Node, out string) error {
	if len(n.Axes) == 0 {
		return exportAs("Identity")(e, n, out)
	}
	e.op(n.Name, "ReduceSum", append(e.in(n), e.ints(n.Axes...)), out)
	return nil
}

func exportConcat(e *exporter, n *graph.Node, out string) error {
	e.op(n.Name, "Concat", e.in(n), out, attribute{"axis", n.Axis})
	return nil
}

func exportSlice(e *exporter, n *graph.Node, out string) error {
	e.op(n.Name, "Slice", append(e.in(n), e.ints(n.Start), e.ints(n.Start+n.Count), e.ints(n.Axis)), out)
	return nil
}

func exportPad(e *exporter, n *graph.Node, out string) error {
	rank := len(e.shape[n.In[0]])
	pads := make([]int, 2*rank)
	pads[n.Axis], pads[rank+n.Axis] = n.Before, n.After
	e.op(n.Name, "Pad", append(e.in(n), e.ints(pads...), e.scalar(n.A)), out)
	return nil
}

func exportGather(e *exporter, n *graph.Node, out string) error {
	e.op(n.Name, "Gather", append(e.in(n), e.ints(n.Index...)), out, attribute{"axis", n.Axis})
	return nil
}

// exportBlend writes low + weight·(high − low).
func exportBlend(e *exporter, n *graph.Node, out string) error {
	x, axis := e.in(n)[0], attribute{"axis", n.Axis}
	low := e.then("Gather", []string{x, e.ints(n.Index...)}, axis)
	high := e.then("Gather", []string{x, e.ints(n.High...)}, axis)
	dims := slices.Repeat([]int{1}, len(e.shape[n.In[0]])-n.Axis)
	dims[0] = len(n.Weight)
	more := e.then("Mul", []string{e.then("Sub", []string{high, low}), e.floats(dims, n.Weight...)})
	e.op(n.Name, "Add", []string{low, more}, out)
	return nil
}

// exportReshape writes −1 for the axis with the batch; there is one at most.
func exportReshape(e *exporter, n *graph.Node, out string) error {
	shape := slices.Clone(n.Shape)
	for i, d := range shape {
		shape[i] = max(d, -1)
	}
	e.op(n.Name, "Reshape", append(e.in(n), e.ints(shape...)), out)
	return nil
}

// exportBroadcast expands by 1 along an axis that has the batch size already, and else reads the
// batch size from the input.
func exportBroadcast(e *exporter, n *graph.Node, out string) error {
	in := e.shape[n.In[0]]
	var parts []string
	for i, d := range n.Shape {
		at := len(in) - len(n.Shape) + i
		switch {
		case d >= 0:
			parts = append(parts, e.ints(d))
		case at >= 0 && in[at] == -d*batch:
			parts = append(parts, e.ints(1))
		case d == -1:
			shape := e.then("Shape", []string{e.name[graph.InputName]})
			parts = append(parts, e.then("Slice", []string{shape, e.ints(0), e.ints(1), e.ints(0)}))
		default:
			return fmt.Errorf("shape %v has an axis of %d × the batch size", n.Shape, -d)
		}
	}
	shape := e.then("Concat", parts, attribute{"axis", 0})
	e.op(n.Name, "Expand", append(e.in(n), shape), out)
	return nil
}

func exportTranspose(e *exporter, n *graph.Node, out string) error {
	e.op(n.Name, "Transpose", e.in(n), out, attribute{"perm", n.Axes})
	return nil
}

func exportSoftmax(e *exporter, n *graph.Node, out string) error {
	e.op(n.Name, "Softmax", e.in(n), out, attribute{"axis", n.Axis})
	return nil
}

// exportStandardize writes LayerNormalization or, over all axes after the second,
// InstanceNormalization, which has fewer scales; with scales 1 and shifts 0.
func exportStandardize(e *exporter, n *graph.Node, out string) error {
	in, shape, epsilon := e.in(n), e.shape[n.In[0]], attribute{"epsilon", n.Epsilon}
	size := func(dims []int) int {
		k := 1
		for _, d := range dims {
			k *= d
		}
		return k
	}
	if n.Axis == 2 {
		one := e.floats(shape[1:2], slices.Repeat([]float32{1}, shape[1])...)
		zero := e.floats(shape[1:2], make([]float32, shape[1])...)
		e.op(n.Name, "InstanceNormalization", append(in, one, zero), out, epsilon)
		return nil
	}
	one := e.floats(shape[n.Axis:], slices.Repeat([]float32{1}, size(shape[n.Axis:]))...)
	e.op(n.Name, "LayerNormalization", append(in, one), out, epsilon, attribute{"axis", n.Axis})
	return nil
}

// exportAffine writes Mul, Add, or both.
func exportAffine(e *exporter, n *graph.Node, out string) error {
	in := e.in(n)
	switch {
	case n.B == 0:
		e.op(n.Name, "Mul", append(in, e.scalar(n.A)), out)
	case n.A == 1:
		e.op(n.Name, "Add", append(in, e.scalar(n.B)), out)
	default:
		product := e.then("Mul", append(in, e.scalar(n.A)))
		e.op(n.Name, "Add", []string{product, e.scalar(n.B)}, out)
	}
	return nil
}

func exportClip(e *exporter, n *graph.Node, out string) error {
	in := append(e.in(n), "", "")
	if n.A > -math.MaxFloat32 {
		in[1] = e.scalar(n.A)
	}
	if n.B < math.MaxFloat32 {
		in[2] = e.scalar(n.B)
	}
	for in[len(in)-1] == "" {
		in = in[:len(in)-1]
	}
	e.op(n.Name, "Clip", in, out)
	return nil
}

func exportPow(e *exporter, n *graph.Node, out string) error {
	e.op(n.Name, "Pow", append(e.in(n), e.scalar(n.A)), out)
	return nil
}

// exportSiLU writes x·sigmoid(x).
func exportSiLU(e *exporter, n *graph.Node, out string) error {
	x := e.in(n)[0]
	e.op(n.Name, "Mul", []string{x, e.then("Sigmoid", []string{x})}, out)
	return nil
}

// exportMish writes x·tanh(softplus(x)).
func exportMish(e *exporter, n *graph.Node, out string) error {
	x := e.in(n)[0]
	e.op(n.Name, "Mul", []string{x, e.then("Tanh", []string{e.then("Softplus", []string{x})})}, out)
	return nil
}

// exportGELU writes x·(1 + erf(x/√2))/2 or its tanh approximation, in PyTorch's order of operations.
func exportGELU(e *exporter, n *graph.Node, out string) error {
	x := e.in(n)[0]
	var inner string
	if n.Op == "gelu" {
		inner = e.then("Erf", []string{e.then("Mul", []string{x, e.scalar(math.Sqrt2 / 2)})})
	} else {
		cube := e.then("Mul", []string{x, e.then("Mul", []string{x, x})})
		sum := e.then("Add", []string{x, e.then("Mul", []string{cube, e.scalar(0.044715)})})
		inner = e.then("Tanh", []string{e.then("Mul", []string{sum, e.scalar(math.Sqrt(2 / math.Pi))})})
	}
	product := e.then("Mul", []string{x, e.then("Add", []string{inner, e.scalar(1)})})
	e.op(n.Name, "Mul", []string{product, e.scalar(0.5)}, out)
	return nil
}
