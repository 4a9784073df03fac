package graph

import (
	"math"
	"slices"

	"hfcui/engine/op"
)

// Expectation compares what a graph gives a batch norm, as its other tensors let expect, with
// the running mean that training left there.
type Expectation struct {
	Norm string // what its tensors' names begin with
	// Deviation is expected mean − running mean of every channel in running standard deviations:
	// about 0.05 to 0.2 where the graph is the one that was trained, and more where an
	// activation, a pooling layer or a sum before it is another. NaN where nothing is expected.
	Deviation []float64
	// Running is the mean square of the running means in the same units: where Deviation's is no
	// less, the graph explains nothing.
	Running float64
}

// Expectations follows means and variances of channels through the graph, from each batch norm
// to those behind it: its output has mean β and variance γ², an activation of normally
// distributed numbers has moments known in closed form, and a convolution is linear. So a
// trained file tells about its network what names and shapes do not. read gives a tensor.
//
// peak is the expected maximum over a pooling window in standard deviations: 0.6 of two
// independent numbers, 1.5 of nine; neighbors are not independent.
func (g *Graph) Expectations(read func(name string) (shape []int, data []float32), peak float64) ([]Expectation, error) {
	f := follower{shapes: NewShapes(1, g.Input), read: read, peak: peak, at: make(map[string]moments), readers: make(map[string][]*Node)}
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
		if m := f.follow(n, out); len(out) > 1 && len(m.mean) == out[1] {
			f.at[n.Out] = m
		}
	}
	return f.found, nil
}

// enough channels of a layer tell what all would.
const enough = 64

// moments are those of a value's channels; empty where nothing is known, and with variances of
// NaN where only means are.
type moments struct{ mean, variance []float64 }

// follower is a graph on which moments are followed.
type follower struct {
	shapes *Shapes
	read   func(string) ([]int, []float32)
	peak   float64
	at     map[string]moments
	// readers are the nodes that read a value.
	readers map[string][]*Node
	found   []Expectation
}

// follow gives the moments of a node's result, which has shape out.
func (f *follower) follow(n *Node, out []int) moments {
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
	case "avgpool": // neighbors are alike
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
	case "reshape": // keeps channels when given a vector per image
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

// rectified are the moments of max(t, 0) of normally distributed t.
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

// mapped are the moments of fn(t) of normally distributed t, summed up over ±4 standard
// deviations.
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

// batchNorm compares what comes with the running mean, and starts from β and γ.
func (f *follower) batchNorm(n *Node, x moments) moments {
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
	// Whatever came is known now, for what else reads it.
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

// conv has the mean that its weights give, of which at borders some meet padding.
func (f *follower) conv(n *Node, x moments, out []int) moments {
	shape, weight := f.read(n.In[1])
	in := f.shapes.in.values[n.In[0]].Shape
	if len(shape) != 4 || len(in) != 4 || n.Groups < 1 {
		return moments{}
	}
	var share [2][]float64 // of positions at which a row or column of the kernel is on the image
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
	every := 1 // of the channels: some are enough to compare by
	if r := f.readers[n.Out]; len(r) == 1 && r[0].Op == "batchnorm" {
		every = max(1, shape[0]/enough)
	}
	for o := range shape[0] {
		if o%every != 0 {
			y.mean[o], y.variance[o] = math.NaN(), math.NaN()
			continue
		}
		group := o / max(1, shape[0]/n.Groups)
		still := true // every input is a constant
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
			still = still && x.variance[c] == 0
		}
		if o < len(bias) {
			y.mean[o] += float64(bias[o])
		}
		if !still {
			y.variance[o] = math.NaN()
		}
	}
	return y
}

// linear is a convolution of one position.
func (f *follower) linear(n *Node, x moments) moments {
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

// binary treats both sides as independent.
func (f *follower) binary(n *Node, a moments) moments {
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

func (f *follower) concat(n *Node) moments {
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

// padded has channels of a constant around.
func padded(n *Node, x moments) moments {
	if n.Axis != 1 || n.Before < 0 || n.After < 0 {
		return moments{}
	}
	around := func(values []float64, by float64) []float64 {
		return slices.Concat(slices.Repeat([]float64{by}, n.Before), values, slices.Repeat([]float64{by}, n.After))
	}
	return moments{around(x.mean, n.A), around(x.variance, 0)}
}
