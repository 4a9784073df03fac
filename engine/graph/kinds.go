package graph

import (
	"fmt"
	"slices"

	"hfcui/engine/op"
)

// kind is an operator: its number of inputs and its implementation.
type kind struct {
	least, most int
	build       func(in *interpreter, n *Node) (Value, error)
}

// kindOf returns the operator of that name, which may be any of op.Functions.
func kindOf(name string) (kind, bool) {
	if k, ok := kinds[name]; ok {
		return k, true
	}
	_, ok := op.Functions[name]
	return kind{1, 1, (*interpreter).function}, ok
}

var kinds map[string]kind

func init() { // avoids an initialization cycle
	kinds = map[string]kind{
		"conv":          {2, 3, (*interpreter).conv},           // x, weight, bias; Stride, Dilation, Pad, Groups
		"linear":        {3, 3, (*interpreter).linear},         // x […,I], weight [O,I], bias [O]
		"batchnorm":     {5, 5, (*interpreter).batchNorm},      // x, P.weight, P.bias, P.running_mean, P.running_var; Epsilon
		"relu":          {1, 1, (*interpreter).relu},           // x
		"add":           {2, 2, (*interpreter).binary},         // a, b, with broadcasting
		"sub":           {2, 2, (*interpreter).binary},         // a, b
		"mul":           {2, 2, (*interpreter).binary},         // a, b
		"div":           {2, 2, (*interpreter).binary},         // a, b
		"maxpool":       {1, 1, (*interpreter).maxPool},        // x; Size, Stride, Dilation, Pad
		"avgpool":       {1, 1, (*interpreter).avgPool},        // x; Size, Stride, Pad, Counted
		"globalavgpool": {1, 1, (*interpreter).globalAvgPool},  // x [N,C,H,W] to [N,C]
		"globalmaxpool": {1, 1, (*interpreter).globalMaxPool},  // x [N,C,H,W] to [N,C,1,1]
		"sum":           {1, 1, (*interpreter).sum},            // x; Axes, kept with size 1
		"concat":        {1, maxInputs, (*interpreter).concat}, // …; Axis
		"slice":         {1, 1, (*interpreter).slice},          // x; Axis, Start, Count
		"pad":           {1, 1, (*interpreter).pad},            // x; Axis, Before, After, A
		"gather":        {1, 1, (*interpreter).gather},         // x; Axis, Index
		"blend":         {1, 1, (*interpreter).blend},          // x; Axis, Index, High, Weight
		"reshape":       {1, 1, (*interpreter).reshaped},       // x; Shape
		"broadcast":     {1, 1, (*interpreter).broadcast},      // x; Shape
		"transpose":     {1, 1, (*interpreter).transpose},      // x; Axes
		"softmax":       {1, 1, (*interpreter).softmax},        // x; Axis
		"standardize":   {1, 1, (*interpreter).standardize},    // x; Axis, the first of the normalized axes; Epsilon
	}
}

func (in *interpreter) function(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	return in.apply(op.Map{Func: n.Op, A: n.A, B: n.B}, x)
}

func (in *interpreter) relu(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	return in.apply(op.ReLU{}, x)
}

// plain reports whether a window has square stride and dilation and symmetric padding.
func plain(w op.Window) bool {
	return w.Stride[0] == w.Stride[1] && w.Dilation == [2]int{1, 1} && w.Pad == [4]int{w.Pad[0], w.Pad[0], w.Pad[0], w.Pad[0]}
}

func (n *Node) window() op.Window {
	return op.Window{Stride: n.Stride, Dilation: n.Dilation, Pad: n.Pad}
}

func (in *interpreter) conv(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	w, err := in.tensor(n, 1, Weight)
	if err != nil {
		return x, err
	}
	window := n.window()
	o := op.Op(op.GeneralConv{Window: window, Groups: n.Groups})
	if plain(window) && n.Groups == 1 {
		o = op.Conv{Stride: n.Stride[0], Pad: n.Pad[0]}
	}
	y, err := in.apply(o, x, w)
	if err != nil || len(n.In) < 3 {
		return y, err
	}
	bias, err := in.tensor(n, 2, Bias)
	if err != nil {
		return y, err
	}
	return in.apply(op.ChannelBias{}, y, bias)
}

// linear applies a linear layer along the last axis.
func (in *interpreter) linear(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	w, err := in.tensor(n, 1, Weight)
	if err != nil {
		return x, err
	}
	bias, err := in.tensor(n, 2, Bias)
	if err != nil {
		return x, err
	}
	rank := len(x.Shape)
	if rank < 2 || len(w.Shape) != 2 {
		return x, fmt.Errorf("%v cannot be multiplied by weights %v", x.Shape, w.Shape)
	}
	rows, err := in.reshape(x, []int{op.Size(x.Shape[:rank-1]), x.Shape[rank-1]})
	if err == nil && n == in.last && rank == 2 {
		rows, err = in.b.Classify(rows)
	}
	if err != nil {
		return x, err
	}
	y, err := in.apply(op.Linear{}, rows, w, bias)
	if err != nil {
		return x, err
	}
	return in.reshape(y, append(slices.Clone(x.Shape[:rank-1]), w.Shape[0]))
}

// normSuffixes are the suffixes of a batch norm's tensors, in the order of its inputs.
var normSuffixes = [4]string{".weight", ".bias", ".running_mean", ".running_var"}

// batchNorm normalizes per index of the second axis of x.
func (in *interpreter) batchNorm(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	prefix := n.In[1][:max(0, len(n.In[1])-len(normSuffixes[0]))]
	for i, suffix := range normSuffixes {
		if n.In[i+1] != prefix+suffix {
			return x, fmt.Errorf("its tensors are %q; expected %s%s", n.In[1:], prefix, suffix)
		}
	}
	if len(x.Shape) < 2 || x.fixed {
		return x, fmt.Errorf("%v has no channels", x.Shape)
	}
	planes := x
	if len(x.Shape) != 4 {
		if planes, err = in.reshape(x, []int{x.Shape[0], x.Shape[1], op.Size(x.Shape[2:]), 1}); err != nil {
			return x, err
		}
	}
	y, err := in.b.Norm(prefix, n.Epsilon, planes)
	if err != nil {
		return x, err
	}
	return in.reshape(y, x.Shape)
}

// binary applies an elementwise operation with broadcasting; one operand may be a tensor.
func (in *interpreter) binary(n *Node) (Value, error) {
	a, err := in.value(n, 0)
	if err != nil {
		return a, err
	}
	b, err := in.value(n, 1)
	if err != nil {
		return b, err
	}
	if n.Op == "add" && slices.Equal(a.Shape, b.Shape) && !a.fixed && !b.fixed {
		return in.apply(op.Add{}, a, b)
	}
	rank := max(len(a.Shape), len(b.Shape))
	for _, v := range []*Value{&a, &b} {
		if *v, err = in.reshape(*v, append(slices.Repeat([]int{1}, rank-len(v.Shape)), v.Shape...)); err != nil {
			return a, err
		}
	}
	return in.apply(op.Binary{Func: n.Op}, a, b)
}

func (in *interpreter) maxPool(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	w := n.window()
	if plain(w) && n.Size[0] == n.Size[1] && n.Pad[0] <= n.Size[0]/2 {
		return in.apply(op.MaxPool{Size: n.Size[0], Stride: n.Stride[0], Pad: n.Pad[0]}, x)
	}
	return in.apply(op.GeneralMaxPool{Window: w, Size: n.Size}, x)
}

func (in *interpreter) avgPool(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	w := n.window()
	if plain(w) && n.Size[0] == n.Size[1] && n.Pad[0] <= n.Size[0]/2 && n.Counted == n.Pad {
		return in.apply(op.AvgPool{Size: n.Size[0], Stride: n.Stride[0], Pad: n.Pad[0]}, x)
	}
	for i, c := range n.Counted {
		if c < 0 || c > n.Pad[i] {
			return x, fmt.Errorf("padding %v cannot be counted as %v", n.Pad, n.Counted)
		}
	}
	return in.apply(op.GeneralAvgPool{Window: w, Size: n.Size, Counted: n.Counted}, x)
}

func (in *interpreter) globalAvgPool(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	return in.apply(op.GlobalAvgPool{}, x)
}

func (in *interpreter) globalMaxPool(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	if len(x.Shape) != 4 {
		return x, fmt.Errorf("%v is not [N,C,H,W]", x.Shape)
	}
	one := [2]int{1, 1}
	return in.apply(op.GeneralMaxPool{Window: op.Window{Stride: one, Dilation: one}, Size: [2]int(x.Shape[2:])}, x)
}

func (in *interpreter) sum(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	shape := slices.Clone(x.Shape)
	for _, a := range n.Axes {
		if a < 0 || a >= len(shape) {
			return x, fmt.Errorf("%v has no axis %d", x.Shape, a)
		}
		shape[a] = 1
	}
	return in.apply(op.SumTo{Shape: shape}, x)
}

func (in *interpreter) concat(n *Node) (Value, error) {
	parts := make([]Value, len(n.In))
	for i := range n.In {
		v, err := in.value(n, i)
		if err != nil {
			return v, err
		}
		parts[i] = v
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return in.apply(op.Concat{Axis: n.Axis, Parts: len(parts)}, parts...)
}

func (in *interpreter) slice(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	if o := (op.CutChannels{Before: n.Start}); len(x.Shape) == 4 && n.Axis == 1 && !x.fixed && n.Start >= 0 && n.Count > 0 {
		o.After = x.Shape[1] - n.Start - n.Count
		return in.apply(o, x)
	}
	return in.apply(op.Slice{Axis: n.Axis, Start: n.Start, Count: n.Count}, x)
}

func (in *interpreter) pad(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	if len(x.Shape) == 4 && n.Axis == 1 && n.A == 0 && !x.fixed {
		return in.apply(op.PadChannels{Before: n.Before, After: n.After}, x)
	}
	return in.apply(op.Pad{Axis: n.Axis, Before: n.Before, After: n.After, Value: float32(n.A)}, x)
}

func (in *interpreter) gather(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	return in.apply(op.Gather{Axis: n.Axis, Index: n.Index}, x)
}

func (in *interpreter) blend(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	return in.apply(op.Blend{Axis: n.Axis, Low: n.Index, High: n.High, Weight: n.Weight}, x)
}

func (in *interpreter) reshaped(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	return in.reshape(x, in.dims(n.Shape))
}

func (in *interpreter) broadcast(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	shape := in.dims(n.Shape)
	if len(shape) < len(x.Shape) || elements(shape) < 0 {
		return x, fmt.Errorf("%v cannot be broadcast to %v", x.Shape, shape)
	}
	if x, err = in.reshape(x, append(slices.Repeat([]int{1}, len(shape)-len(x.Shape)), x.Shape...)); err != nil {
		return x, err
	}
	return in.apply(op.Broadcast{Shape: shape}, x)
}

func (in *interpreter) transpose(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	return in.apply(op.Transpose{Perm: n.Axes}, x)
}

// softmax transposes its axis to the end and back.
func (in *interpreter) softmax(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	last := len(x.Shape) - 1
	if n.Axis < 0 || n.Axis > last {
		return x, fmt.Errorf("%v has no axis %d", x.Shape, n.Axis)
	}
	swap := make([]int, last+1)
	for i := range swap {
		swap[i] = i
	}
	swap[n.Axis], swap[last] = last, n.Axis
	if n.Axis != last {
		if x, err = in.apply(op.Transpose{Perm: swap}, x); err != nil {
			return x, err
		}
	}
	rows, err := in.reshape(x, []int{op.Size(x.Shape[:last]), x.Shape[last]})
	if err != nil {
		return x, err
	}
	y, err := in.apply(op.Softmax{}, rows)
	if err != nil {
		return x, err
	}
	if y, err = in.reshape(y, x.Shape); err != nil || n.Axis == last {
		return y, err
	}
	return in.apply(op.Transpose{Perm: swap}, y)
}

// standardize normalizes jointly over the axes from Axis on.
func (in *interpreter) standardize(n *Node) (Value, error) {
	x, err := in.value(n, 0)
	if err != nil {
		return x, err
	}
	if n.Axis < 1 || n.Axis >= len(x.Shape) {
		return x, fmt.Errorf("%v has no axis %d to standardize over", x.Shape, n.Axis)
	}
	rows, err := in.reshape(x, []int{op.Size(x.Shape[:n.Axis]), op.Size(x.Shape[n.Axis:])})
	if err != nil {
		return x, err
	}
	y, err := in.apply(op.Standardize{Epsilon: n.Epsilon}, rows)
	if err != nil {
		return x, err
	}
	return in.reshape(y, x.Shape)
}
