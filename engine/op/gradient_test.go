package op_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
)

// differentiable lists every operation with a gradient, with input shapes to test, including odd
// ones.
var differentiable = []struct {
	op     op.Differentiable
	shapes [][]int
}{
	{op.Conv{Stride: 1, Pad: 1}, [][]int{{2, 3, 5, 4}, {2, 3, 3, 3}}},
	{op.Conv{Stride: 2, Pad: 0}, [][]int{{1, 2, 5, 6}, {3, 2, 1, 1}}},
	{op.Conv{Stride: 2, Pad: 3}, [][]int{{1, 1, 7, 6}, {2, 1, 7, 7}}},
	{op.Conv{Stride: 3, Pad: 2}, [][]int{{2, 2, 1, 8}, {1, 2, 3, 5}}},
	{op.Conv{Stride: 1, Pad: 4}, [][]int{{1, 1, 2, 2}, {1, 1, 3, 3}}},
	{op.ChannelBias{}, [][]int{{2, 3, 2, 4}, {3}}},
	{op.BatchNorm{Epsilon: 1e-2}, [][]int{{2, 3, 4, 3}, {2, 3}, {3}, {3}}},
	{op.ReLU{}, [][]int{{2, 3, 2, 2}}},
	{op.ReLU{}, [][]int{{3, 7}}},
	{op.Add{}, [][]int{{2, 3}, {2, 3}}},
	{op.MaxPool{Size: 2, Stride: 2}, [][]int{{1, 2, 5, 4}}},
	{op.MaxPool{Size: 3, Stride: 2, Pad: 1}, [][]int{{1, 2, 6, 7}}},
	{op.AvgPool{Size: 2, Stride: 2}, [][]int{{1, 2, 5, 4}}},
	{op.AvgPool{Size: 3, Stride: 1, Pad: 1}, [][]int{{1, 2, 3, 4}}},
	{op.GlobalAvgPool{}, [][]int{{2, 3, 3, 5}}},
	{op.Flatten{}, [][]int{{2, 3, 2, 2}}},
	{op.PadChannels{Before: 2, After: 1}, [][]int{{2, 3, 2, 3}}},
	{op.CutChannels{Before: 1, After: 2}, [][]int{{2, 5, 2, 3}}},
	{op.Dropout{Rate: 0.25}, [][]int{{3, 5}, {3, 5}}},
	{op.Linear{}, [][]int{{3, 5}, {4, 5}, {4}}},
	{op.SoftmaxCrossEntropy{}, [][]int{{3, 4}, {3, 4}}},
	{op.SoftmaxCrossEntropy{Sum: true}, [][]int{{3, 4}, {3, 4}}},
	{op.DLR{}, [][]int{{9, 3}, {9, 3}}},
	{op.DLR{}, [][]int{{9, 6}, {9, 6}}},
	{op.GeneralConv{op.Window{[2]int{1, 2}, [2]int{2, 1}, [4]int{1, 0, 2, 1}}, 1}, [][]int{{2, 3, 6, 5}, {2, 3, 3, 2}}},
	{op.GeneralConv{op.Window{[2]int{2, 2}, [2]int{1, 1}, [4]int{1, 1, 0, 0}}, 4}, [][]int{{2, 4, 5, 6}, {4, 1, 3, 3}}},
	{op.GeneralConv{op.Window{[2]int{1, 1}, [2]int{1, 3}, [4]int{0, 4, 0, 4}}, 2}, [][]int{{1, 4, 3, 4}, {6, 2, 1, 3}}},
	{op.GeneralMaxPool{op.Window{[2]int{2, 1}, [2]int{1, 1}, [4]int{0, 1, 1, 0}}, [2]int{3, 2}}, [][]int{{1, 2, 6, 5}}},
	{op.GeneralMaxPool{op.Window{[2]int{1, 1}, [2]int{2, 1}, [4]int{0, 0, 0, 0}}, [2]int{2, 2}}, [][]int{{2, 1, 4, 4}}},
	{op.GeneralAvgPool{op.Window{[2]int{2, 2}, [2]int{1, 1}, [4]int{1, 1, 2, 2}}, [2]int{3, 3}, [4]int{1, 1, 1, 1}}, [][]int{{1, 2, 6, 5}}},
	{op.GeneralAvgPool{op.Window{[2]int{1, 2}, [2]int{1, 1}, [4]int{1, 0, 1, 0}}, [2]int{3, 2}, [4]int{}}, [][]int{{1, 2, 3, 4}}},
	{op.Binary{"add"}, [][]int{{2, 3, 2, 2}, {1, 3, 1, 1}}},
	{op.Binary{"sub"}, [][]int{{2, 1, 4}, {2, 3, 1}}},
	{op.Binary{"mul"}, [][]int{{2, 3, 2, 2}, {2, 3, 1, 1}}},
	{op.Binary{"mul"}, [][]int{{1, 4}, {3, 4}}},
	{op.SumTo{[]int{2, 1, 3, 1}}, [][]int{{2, 3, 3, 2}}},
	{op.Broadcast{[]int{2, 3, 4}}, [][]int{{1, 3, 1}}},
	{op.Reshape{[]int{3, 2, 4}}, [][]int{{2, 3, 2, 2}}},
	{op.Transpose{[]int{0, 2, 3, 1}}, [][]int{{2, 3, 2, 4}}},
	{op.Slice{1, 1, 2}, [][]int{{2, 4, 3}}},
	{op.Pad{2, 1, 2, 0.5}, [][]int{{2, 2, 3}}},
	{op.Concat{1, 3}, [][]int{{2, 1, 3}, {2, 3, 3}, {2, 2, 3}}},
	{op.Gather{2, []int{2, 0, 0, 1}}, [][]int{{2, 2, 3}}},
	{op.Blend{1, []int{0, 0, 1}, []int{0, 1, 2}, []float32{0.5, 0.25, 0.75}}, [][]int{{2, 3, 2}}},
	{op.Standardize{1e-3}, [][]int{{3, 7}}},
	{op.Softmax{}, [][]int{{3, 5}}},
	{op.InputNormalize{Mean: []float32{0.5, 0.1}, Std: []float32{0.25, 2}}, [][]int{{2, 2, 3, 2}}},
}

// TestGradients compares every gradient with finite differences of Σ dy·y.
func TestGradients(t *testing.T) {
	for _, c := range differentiable {
		t.Run(op.Name(c.op), func(t *testing.T) {
			f := newFunction(t, c.op, c.shapes)
			grads := f.gradients(t)
			for i, wrt := range c.op.Wrt() {
				if wrt {
					f.compare(t, i, grads[i])
				}
			}
		})
	}
}

// TestBatchNormGradient differentiates through the statistics as well.
func TestBatchNormGradient(t *testing.T) {
	o := op.BatchNorm{Epsilon: 1e-2}
	f := newFunction(t, o, [][]int{{2, 3, 4, 3}, {2, 3}, {3}, {3}})
	f.batch = true
	for i, grad := range f.gradients(t) {
		if i != 1 {
			f.compare(t, i, grad)
		}
	}
}

// function is Σ dy·op(in) with random dy and in.
type function struct {
	op    op.Differentiable
	in    []op.Tensor
	dy    op.Tensor
	batch bool // input 1 is BatchStats of input 0
}

func newFunction(t *testing.T, o op.Differentiable, shapes [][]int) *function {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(shape []int) op.Tensor {
		x := op.Tensor{Shape: shape, Data: make([]float32, op.Size(shape))}
		for i := range x.Data {
			// Farther from each other and from 0 than the step of the differences.
			x.Data[i] = (float32(i) - float32(len(x.Data))/2 + 0.37) / float32(len(x.Data)) * 2
		}
		rng.Shuffle(len(x.Data), func(i, j int) { x.Data[i], x.Data[j] = x.Data[j], x.Data[i] })
		return x
	}
	f := &function{op: o}
	for _, s := range shapes {
		f.in = append(f.in, random(s))
	}
	if _, ok := o.(op.BatchNorm); ok {
		for i, v := range f.in[1].Data { // variances are positive
			f.in[1].Data[i] = max(v, -v) + 0.1
		}
	}
	y, err := op.Check(o, shapes)
	if err != nil {
		t.Fatal(err)
	}
	f.dy = random(y)
	return f
}

// value computes the function in double precision from single-precision outputs.
func (f *function) value() float64 {
	if f.batch {
		op.BatchStats{}.Do(f.in[1], f.in[:1])
	}
	y := op.Tensor{Shape: f.dy.Shape, Data: make([]float32, len(f.dy.Data))}
	f.op.Do(y, f.in)
	sum := 0.0
	for i, v := range y.Data {
		sum += float64(v) * float64(f.dy.Data[i])
	}
	return sum
}

// gradients returns the function's gradients, computed on Gorgonia's machine.
func (f *function) gradients(t *testing.T) [][]float32 {
	t.Helper()
	g := gorgonia.NewGraph()
	leaf := func(name string, x op.Tensor) *gorgonia.Node {
		n, err := op.Param(g, name, x.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		let(t, n, x)
		return n
	}
	in := make(gorgonia.Nodes, len(f.in))
	for i, x := range f.in {
		if f.batch && i == 1 {
			in[i] = apply(t, op.BatchStats{}, in[0])
			continue
		}
		in[i] = leaf(string(rune('a'+i)), x)
	}
	y := apply(t, f.op, in...)
	grads, err := f.op.Gradients(in, y, leaf("dy", f.dy))
	if err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	values := make([][]float32, len(grads))
	for i, n := range grads {
		if n != nil {
			values[i] = n.Value().Data().([]float32)
		}
	}
	return values
}

// compare compares a gradient with central differences.
func (f *function) compare(t *testing.T, input int, grad []float32) {
	t.Helper()
	const step = 1.0 / 256
	scale := 0.0
	for _, v := range grad {
		scale = max(scale, math.Abs(float64(v)))
	}
	for i := range f.in[input].Data {
		at := &f.in[input].Data[i]
		was := *at
		*at = was + step
		up := f.value()
		*at = was - step
		down := f.value()
		*at = was
		if want := (up - down) / (2 * step); math.Abs(want-float64(grad[i])) > 2e-3*scale {
			t.Errorf("input %d, element %d: gradient %g, central difference %g", input, i, grad[i], want)
			return
		}
	}
}

// TestMaps compares the derivative of every function with central differences, where it exists.
func TestMaps(t *testing.T) {
	constants := map[string][2]float64{
		"affine": {1.5, -0.25}, "clip": {-0.5, 0.6}, "leakyrelu": {0.1}, "elu": {1.2}, "selu": {1.67, 1.05},
		"hardsigmoid": {0.2, 0.5}, "pow": {3}, "thresholdrelu": {0.3},
	}
	for name, f := range op.Functions {
		a, b := constants[name][0], constants[name][1]
		for x := -4.037; x < 4; x += 0.17 {
			const h = 1e-4
			if (name == "log" || name == "sqrt") && x < h {
				continue
			}
			want := (f.F(x+h, a, b) - f.F(x-h, a, b)) / (2 * h)
			if got := f.DF(x, a, b); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("%s: slope %g at %g, central difference %g", name, got, x, want)
			}
		}
	}
}

// TestDivide keeps b away from 0, where the quotient is too nonlinear for finite differences.
func TestDivide(t *testing.T) {
	f := newFunction(t, op.Binary{"div"}, [][]int{{2, 3, 2}, {1, 3, 1}})
	for i := range f.in[1].Data {
		f.in[1].Data[i] += 3
	}
	for i, grad := range f.gradients(t) {
		f.compare(t, i, grad)
	}
}
