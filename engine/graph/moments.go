package graph

import (
	"math"
	"slices"

	"hfcui/engine/op"
)

// Expectation compares the expected channel means of a batch norm's input, predicted from the
// graph's other tensors, with its running means from training.
type Expectation struct {
	Norm string // prefix of its tensors' names
	// Deviation is (expected mean − running mean) / running standard deviation by channel: about
	// 0.05 to 0.2 if the graph is the one that was trained, more if an activation, pooling
	// layer or sum before it differs. NaN where no mean could be predicted.
	Deviation []float64
	// Running is the mean square of the running means in the same units, i.e. of the deviations if
	// all expected means were zero.
	Running float64
}

// Expectations propagates channel means and variances through the graph, from each batch norm
// to the next ones: its output has mean β and variance γ², activations of normally
// distributed inputs have known moments, and a convolution is linear. It tests assumptions
// about a network that names and shapes of its tensors leave open. read returns a tensor.
//
// peak is the expected maximum over a pooling window in standard deviations: 0.6 for two
// independent values, 1.5 for nine; neighboring pixels are correlated.
func (g *Graph) Expectations(read func(name string) (shape []int, data []float32), peak float64) ([]Expectation, error) {
	f := propagation{shapes: NewShapes(1, g.Input), read: read, peak: peak, at: make(map[string]moments), readers: make(map[string][]*Node)}
	for i := range g.Nodes {
		for _, name := range g.Nodes[i].In {
			f.readers[name] = append(f.readers[name], &g.Nodes[i])
		}
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		for _, name := range n.In {
			if shape, data := read(name); data != nil {
				f.shapes.Tensor(name, shape)
			}
		}
		out, err := f.shapes.Add(n)
		if err != nil {
			return nil, err
		}
		if m := f.propagate(n, out); len(out) > 1 && len(m.mean) == out[1] {
			f.at[n.Out] = m
		}
	}
	return f.found, nil
}

// enough is how many output channels of a layer are evaluated, at least.
const enough = 64

// moments are the means and variances of a value's channels: empty if unknown, with variances NaN
// if only the means are known.
type moments struct{ mean, variance []float64 }

// propagation is the state of Expectations.
type propagation struct {
	shapes *Shapes
	read   func(string) ([]int, []float32)
	peak   float64
	at     map[string]moments
	// readers maps values to the nodes that read them.
	readers map[string][]*Node
	found   []Expectation
}

// propagate returns the moments of a node's result, which has shape out.
func (f *propagation) propagate(n *Node, out []int) moments {
	x := f.at[n.In[0]]
	if n.Op == "batchnorm" {
		return f.batchNorm(n, x)
	}
	if len(x.mean) == 0 && n.Op != "concat" {
		return moments{}
	}
	switch n.Op {
	case "conv":
		return f.conv(n, x, out)
	case "linear":
		return f.linear(n, x)
	case "add", "mul":
		return f.binary(n, x)
	case "maxpool":
		return x.each(func(m, v float64) (float64, float64) { return m + f.peak*math.Sqrt(v), v / 2 })
	case "avgpool": // neighbors are correlated
		return x.each(func(m, v float64) (float64, float64) { return m, v / 2 })
	case "globalavgpool":
		return x.each(func(m, _ float64) (float64, float64) { return m, 0 })
	case "concat":
		return f.concat(n)
	case "pad":
		return padded(n, x)
	case "slice":
		if n.Axis == 1 && n.Start >= 0 && n.Count > 0 && n.Start+n.Count <= len(x.mean) {
			return moments{x.mean[n.Start : n.Start+n.Count], x.variance[n.Start : n.Start+n.Count]}
		}
	case "relu":
		return x.each(rectified)
	case "reshape": // flattening [N,C,1,1] keeps the channels
		if in := f.shapes.in.values[n.In[0]].Shape; elements(in) == elements(out) && len(out) > 1 && in[1] == out[1] {
			return x
		}
	}
	if fn, ok := op.Functions[n.Op]; ok {
		return x.each(func(m, v float64) (float64, float64) {
			return mapped(func(t float64) float64 { return fn.F(t, n.A, n.B) }, m, v)
		})
	}
	return moments{}
}

// each applies a function of mean and variance to every channel.
func (x moments) each(fn func(m, v float64) (float64, float64)) moments {
	out := moments{make([]float64, len(x.mean)), make([]float64, len(x.mean))}
	for c := range x.mean {
		out.mean[c], out.variance[c] = fn(x.mean[c], x.variance[c])
	}
	return out
}

// rectified returns the moments of max(t, 0) for normally distributed t.
func rectified(m, v float64) (mean, variance float64) {
	if v == 0 {
		return max(m, 0), 0
	}
	s := math.Sqrt(v)
	density := math.Exp(-m*m/(2*v)) / math.Sqrt(2*math.Pi)
	below := math.Erfc(-m/(s*math.Sqrt2)) / 2
	mean = m*below + s*density
	return mean, max(0, (m*m+v)*below+m*s*density-mean*mean)
}

// mapped returns the moments of fn(t) for normally distributed t, integrated numerically over
// ±4 standard deviations.
func mapped(fn func(float64) float64, m, v float64) (mean, variance float64) {
	if v == 0 {
		return fn(m), 0
	}
	const steps = 64
	var weight, sum, squares float64
	for i := range steps + 1 {
		z := 8*float64(i)/steps - 4
		w := math.Exp(-z * z / 2)
		y := fn(m + z*math.Sqrt(v))
		weight, sum, squares = weight+w, sum+w*y, squares+w*y*y
	}
	mean = sum / weight
	return mean, max(0, squares/weight-mean*mean)
}

// batchNorm records the deviation of x from the running mean and returns mean β, variance γ².
func (f *propagation) batchNorm(n *Node, x moments) moments {
	var of [4][]float32
	for i := range of {
		if _, of[i] = f.read(n.In[i+1]); len(of[i]) != len(of[0]) {
			return moments{}
		}
	}
	scale, shift, mean, variance := of[0], of[1], of[2], of[3]
	if untrained := !slices.ContainsFunc(mean, func(m float32) bool { return m != 0 }); len(x.mean) == len(scale) && !untrained {
		e := Expectation{n.In[1][:len(n.In[1])-len(normSuffixes[0])], make([]float64, len(mean)), 0}
		for c, m := range x.mean {
			unit := math.Sqrt(float64(variance[c]) + n.Epsilon)
			e.Deviation[c] = (m - float64(mean[c])) / unit
			e.Running += min(float64(mean[c])*float64(mean[c])/(unit*unit), 4) / float64(len(mean))
		}
		f.found = append(f.found, e)
	}
	// The running statistics are the moments of x for its other readers.
	out, in := moments{make([]float64, len(scale)), make([]float64, len(scale))}, moments{make([]float64, len(scale)), make([]float64, len(scale))}
	f.at[n.In[0]] = in
	for c := range scale {
		v := max(float64(variance[c]), 0)
		in.mean[c], in.variance[c] = float64(mean[c]), v
		out.mean[c] = float64(shift[c])
		out.variance[c] = float64(scale[c]) * float64(scale[c]) * v / (v + n.Epsilon)
	}
	return out
}

// conv applies the weights to the means, averaged over positions, borders included.
func (f *propagation) conv(n *Node, x moments, out []int) moments {
	shape, weight := f.read(n.In[1])
	in := f.shapes.in.values[n.In[0]].Shape
	if len(shape) != 4 || len(in) != 4 || n.Groups < 1 {
		return moments{}
	}
	var share [2][]float64 // of output positions at which a kernel row or column lies inside the image
	for axis := range share {
		share[axis] = make([]float64, shape[2+axis])
		for k := range share[axis] {
			for y := range out[2+axis] {
				if at := y*n.Stride[axis] - n.Pad[axis] + k*n.Dilation[axis]; 0 <= at && at < in[2+axis] {
					share[axis][k] += 1 / float64(out[2+axis])
				}
			}
		}
	}
	var bias []float32
	if len(n.In) > 2 {
		_, bias = f.read(n.In[2])
	}
	y := moments{make([]float64, shape[0]), make([]float64, shape[0])}
	rows, columns := shape[2], shape[3]
	every := 1 // evaluate every n-th output channel only
	if r := f.readers[n.Out]; len(r) == 1 && r[0].Op == "batchnorm" {
		every = max(1, shape[0]/enough)
	}
	for o := range shape[0] {
		if o%every != 0 {
			y.mean[o], y.variance[o] = math.NaN(), math.NaN()
			continue
		}
		group := o / max(1, shape[0]/n.Groups)
		constant := true
		for i := range shape[1] {
			at, c := ((o*shape[1]+i)*rows)*columns, group*shape[1]+i
			if c >= len(x.mean) || at+rows*columns > len(weight) {
				return moments{}
			}
			sum := 0.0
			for r := range rows {
				for s := range columns {
					sum += float64(weight[at+r*columns+s]) * share[0][r] * share[1][s]
				}
			}
			y.mean[o] += sum * x.mean[c]
			constant = constant && x.variance[c] == 0
		}
		if o < len(bias) {
			y.mean[o] += float64(bias[o])
		}
		if !constant {
			y.variance[o] = math.NaN()
		}
	}
	return y
}

// linear is conv with a single position.
func (f *propagation) linear(n *Node, x moments) moments {
	shape, weight := f.read(n.In[1])
	_, bias := f.read(n.In[2])
	if len(shape) != 2 || shape[1] != len(x.mean) || len(weight) != shape[0]*shape[1] || len(bias) != shape[0] {
		return moments{}
	}
	y := moments{make([]float64, shape[0]), make([]float64, shape[0])}
	for o := range y.mean {
		y.mean[o] = float64(bias[o])
		for i, m := range x.mean {
			y.mean[o] += float64(weight[o*shape[1]+i]) * m
			if x.variance[i] != 0 {
				y.variance[o] = math.NaN()
			}
		}
	}
	return y
}

// binary assumes that the operands are independent.
func (f *propagation) binary(n *Node, a moments) moments {
	b := f.at[n.In[1]]
	if len(b.mean) != len(a.mean) {
		return moments{}
	}
	out := moments{make([]float64, len(a.mean)), make([]float64, len(a.mean))}
	for c := range a.mean {
		m, v, k, w := a.mean[c], a.variance[c], b.mean[c], b.variance[c]
		if n.Op == "add" {
			out.mean[c], out.variance[c] = m+k, v+w
		} else {
			out.mean[c], out.variance[c] = m*k, v*w+v*k*k+w*m*m
		}
	}
	return out
}

func (f *propagation) concat(n *Node) moments {
	var out moments
	for _, name := range n.In {
		x := f.at[name]
		if n.Axis != 1 || len(x.mean) == 0 {
			return moments{}
		}
		out.mean, out.variance = append(out.mean, x.mean...), append(out.variance, x.variance...)
	}
	return out
}

// padded adds constant channels.
func padded(n *Node, x moments) moments {
	if n.Axis != 1 || n.Before < 0 || n.After < 0 {
		return moments{}
	}
	around := func(values []float64, by float64) []float64 {
		return slices.Concat(slices.Repeat([]float64{by}, n.Before), values, slices.Repeat([]float64{by}, n.After))
	}
	return moments{around(x.mean, n.A), around(x.variance, 0)}
}
