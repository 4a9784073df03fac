package op_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"hfcui/engine/op"
)

func apply(t *testing.T, o op.Op, in ...*gorgonia.Node) *gorgonia.Node {
	t.Helper()
	n, err := op.Apply(o, in...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// let sets the value of a leaf.
func let(t *testing.T, n *gorgonia.Node, x op.Tensor) {
	t.Helper()
	var v any = float32(0)
	if len(x.Shape) == 0 {
		v = x.Data[0]
	} else {
		v = tensor.New(tensor.WithShape(x.Shape...), tensor.WithBacking(x.Data))
	}
	if err := gorgonia.Let(n, v); err != nil {
		t.Fatal(err)
	}
}

func param(t *testing.T, g *gorgonia.ExprGraph, name string, shape ...int) *gorgonia.Node {
	t.Helper()
	n, err := op.Param(g, name, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAttributes: every attribute is part of the hash, else different operations would share a
// node.
func TestAttributes(t *testing.T) {
	g := gorgonia.NewGraph()
	x, w := param(t, g, "x", 1, 2, 8, 8), param(t, g, "w", 2, 2, 1, 1)
	m := param(t, g, "m", 4, 4)
	nodes := gorgonia.Nodes{
		apply(t, op.Conv{Stride: 1}, x, w),
		apply(t, op.Conv{Stride: 2}, x, w),
		apply(t, op.Conv{Stride: 2, Pad: 1}, x, w),
		apply(t, op.MaxPool{Size: 2, Stride: 2}, x),
		apply(t, op.AvgPool{Size: 2, Stride: 2}, x),
		apply(t, op.MaxPool{Size: 3, Stride: 2}, x),
		apply(t, op.InputNormalize{Mean: []float32{0, 1}, Std: []float32{1, 1}}, x),
		apply(t, op.InputNormalize{Mean: []float32{0, 1.0000001}, Std: []float32{1, 1}}, x),
		apply(t, op.PadChannels{Before: 1, After: 2}, x),
		apply(t, op.PadChannels{Before: 2, After: 1}, x),
		apply(t, op.Dropout{Rate: 0.5}, m, m),
		apply(t, op.Dropout{Rate: 0.25}, m, m),
		apply(t, op.Row{Index: 0}, m),
		apply(t, op.Row{Index: 1}, m),
	}
	for i, a := range nodes {
		for _, b := range nodes[:i] {
			if a == b {
				t.Errorf("%v and %v are one node", a, b)
			}
		}
	}
	if apply(t, op.Conv{Stride: 1}, x, w) != nodes[0] {
		t.Error("equal operations do not share a node")
	}
}

// TestMerged: Gorgonia merges nodes of equal 32-bit hash. The hashes of these two leaves collide;
// an operation on the second must be an error.
func TestMerged(t *testing.T) {
	g := gorgonia.NewGraph()
	a, b := param(t, g, "w539618", 2, 2), param(t, g, "w1276936", 2, 2)
	if a.Hashcode() != b.Hashcode() {
		t.Fatal("the hashes no longer collide: find other names")
	}
	apply(t, op.ReLU{}, a)
	if _, err := op.Apply(op.ReLU{}, b); err == nil || !strings.Contains(err.Error(), "collide") {
		t.Errorf("error %v for merged nodes", err)
	}
}

// TestLeaves: names are unique.
func TestLeaves(t *testing.T) {
	g := gorgonia.NewGraph()
	param(t, g, "w", 2, 2)
	if _, err := op.Param(g, "w", 2, 2); err == nil {
		t.Error("accepted two parameters with the same name")
	}
	if _, err := op.Param(g, "", 2, 2); err == nil {
		t.Error("accepted a parameter without a name")
	}
	if _, err := op.Param(g, "input w", 2, 2); err == nil {
		t.Error("accepted a parameter with an input's name")
	}
	n, err := op.Input(g, "w", 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if name, ok := op.InputName(n); !ok || name != "w" {
		t.Errorf("name of the input is %q", name)
	}
}

// TestMisfits: invalid shapes are errors that name the mismatch.
func TestMisfits(t *testing.T) {
	for _, c := range []struct {
		op     op.Op
		shapes [][]int
		says   string
	}{
		{op.Conv{Stride: 1}, [][]int{{1, 2, 8, 8}, {4, 3, 3, 3}}, "has 2 channels"},
		{op.Conv{Stride: 1}, [][]int{{1, 2, 8, 2}, {4, 2, 3, 3}}, "exceed an axis of 2"},
		{op.Conv{Stride: 0}, [][]int{{1, 2, 8, 8}, {4, 2, 3, 3}}, "stride 0"},
		{op.Conv{Stride: 1}, [][]int{{1, 2, 8, 8}}, "takes 2 inputs"},
		{op.Conv{Stride: 1}, [][]int{{1, 2, 8}, {4, 2, 3, 3}}, "expected 4 dimensions"},
		{op.ConvInputGrad{Stride: 1, Shape: [4]int{1, 2, 8, 8}}, [][]int{{4, 2, 3, 3}, {1, 4, 8, 8}}, "expected"},
		{op.ConvWeightGrad{Stride: 1, Shape: [4]int{4, 2, 3, 3}}, [][]int{{1, 2, 8, 8}, {1, 4, 8, 8}}, "expected"},
		{op.ChannelBias{}, [][]int{{1, 2, 8, 8}, {3}}, "3 values for 2 channels"},
		{op.BatchNorm{}, [][]int{{1, 2, 8, 8}, {2, 3}, {2}, {2}}, "statistics"},
		{op.BatchNormReduce{}, [][]int{{1, 2, 8, 8}, {2, 2}, {1, 2, 8, 7}}, "expected"},
		{op.BatchNormInputGrad{}, [][]int{{1, 2, 8, 8}, {2, 2}, {2}, {1, 2}, {1, 2, 8, 8}}, "expected"},
		{op.BatchNormScaleGrad{}, [][]int{{2, 2}, {1}, {1, 2, 8, 8}}, "1 values"},
		{op.Add{}, [][]int{{2, 3}, {3, 2}}, "expected"},
		{op.Add{}, [][]int{{2, 3}, {6}}, "expected 2 dimensions"},
		{op.MaxPool{Size: 2, Stride: 2, Pad: 2}, [][]int{{1, 2, 8, 8}}, "more than half"},
		{op.AvgPool{Size: 9, Stride: 1}, [][]int{{1, 2, 8, 8}}, "exceed an axis"},
		{op.Linear{}, [][]int{{2, 3}, {4, 3}, {3}}, "do not match"},
		{op.SoftmaxCrossEntropy{}, [][]int{{2, 3}, {2, 4}}, "expected"},
		{op.DLR{}, [][]int{{2, 3}, {2, 4}}, "expected"},
		{op.DLR{}, [][]int{{2, 2}, {2, 2}}, "expected"},
		{op.InputNormalize{Mean: []float32{1}, Std: []float32{1}}, [][]int{{1, 2, 8, 8}}, "for 2 channels"},
		{op.PadChannels{Before: -1}, [][]int{{1, 2, 3, 3}}, "invalid padding"},
		{op.CutChannels{Before: 1, After: 1}, [][]int{{1, 2, 3, 3}}, "cannot remove"},
		{op.Dropout{}, [][]int{{2, 3}, {2, 2}}, "expected"},
		{op.Row{Index: 2}, [][]int{{2, 3}}, "out of range"},
		{op.Unflatten{Shape: [4]int{1, 2, 3, 4}}, [][]int{{1, 23}}, "expected"},
	} {
		_, err := op.Check(c.op, c.shapes)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s of %v: error %v does not contain %q", op.Name(c.op), c.shapes, err, c.says)
		}
	}
}

// TestApplyMisfit: invalid shapes in a graph are errors, not panics.
func TestApplyMisfit(t *testing.T) {
	g := gorgonia.NewGraph()
	x, w := param(t, g, "x", 1, 2, 8, 8), param(t, g, "w", 4, 3, 3, 3)
	if _, err := op.Apply(op.Conv{Stride: 1}, x, w); err == nil {
		t.Error("accepted a convolution with the wrong number of channels")
	}
	if _, err := op.Apply(op.Flatten{}, param(t, g, "m", 2, 2)); err == nil {
		t.Error("accepted flattening a matrix")
	}
	if _, err := op.Apply(op.Conv{Stride: 1}, x); err == nil {
		t.Error("accepted a convolution without weights")
	}
}

// TestNarrow: a tap that lies entirely in the padding does not affect later ones.
func TestNarrow(t *testing.T) {
	x := op.Tensor{Shape: []int{1, 1, 2, 1}, Data: []float32{2, 3}}
	w := op.Tensor{Shape: []int{1, 1, 3, 3}, Data: []float32{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}}
	y := op.Tensor{Shape: x.Shape, Data: make([]float32, 2)}
	op.Conv{Stride: 1, Pad: 1}.Do(y, []op.Tensor{x, w})
	if y.Data[0] != 2e4+3e7 || y.Data[1] != 20+3e4 {
		t.Errorf("%v", y.Data)
	}
}

// TestExtremes: softmax and its loss stay finite for logits whose exponential overflows, and NaN
// propagates.
func TestExtremes(t *testing.T) {
	logits := op.Tensor{Shape: []int{2, 3}, Data: []float32{1000, 0, -1000, -90, -91, -92}}
	target := op.Tensor{Shape: []int{2, 3}, Data: []float32{1, 0, 0, 0, 0.5, 0.5}}
	loss := op.Tensor{Data: make([]float32, 1)}
	op.SoftmaxCrossEntropy{}.Do(loss, []op.Tensor{logits, target})
	// The second row: 1.5 + log(1 + e⁻¹ + e⁻²), the first 0.
	if want := (1.5 + math.Log(1+math.Exp(-1)+math.Exp(-2))) / 2; math.Abs(float64(loss.Data[0])-want) > 1e-5 {
		t.Errorf("loss %g, want %g", loss.Data[0], want)
	}
	nan := float32(math.NaN())
	x := op.Tensor{Shape: []int{1, 1, 1, 2}, Data: []float32{nan, 1}}
	y := op.Tensor{Shape: x.Shape, Data: make([]float32, 2)}
	op.ReLU{}.Do(y, []op.Tensor{x})
	if y.Data[0] == y.Data[0] {
		t.Error("ReLU hides NaN")
	}
	y = op.Tensor{Shape: []int{1, 1, 1, 1}, Data: make([]float32, 1)}
	op.MaxPool{Size: 1, Stride: 2}.Do(y, []op.Tensor{x})
	if y.Data[0] == y.Data[0] {
		t.Error("MaxPool hides NaN")
	}
}
