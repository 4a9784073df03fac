package onnx

import (
	"math"
	"slices"

	"hfcui/engine/graph"
)

// makers maps results to the nodes that compute them.
func makers(g *graph.Graph) map[string]*graph.Node {
	m := make(map[string]*graph.Node, len(g.Nodes))
	for i := range g.Nodes {
		m[g.Nodes[i].Out] = &g.Nodes[i]
	}
	return m
}

// readersOf counts the readers of each result.
func readersOf(g *graph.Graph) map[string]int {
	readers := map[string]int{g.Output: 1}
	for _, n := range g.Nodes {
		for _, name := range n.In {
			readers[name]++
		}
	}
	return readers
}

// simplify fuses patterns that exporters decompose: x·sigmoid(x) to SiLU, x·hardsigmoid(x) to
// Hardswish, x·tanh(softplus(x)) to Mish, x·(1+erf(x/√2))/2 to GELU, multiplication and addition of
// scalars to an affine function, low + w·(high − low) to a blend, and Pad into the convolution or
// average pooling after it. Transposes that cancel are removed.
func (im *importer) simplify() {
	g := im.graph
	maker, readers := makers(g), readersOf(g)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		switch n.Op {
		case "mul":
			if !gated(n, maker, readers) {
				mish(n, maker)
			}
		case "affine":
			gelu(n, maker, readers)
			fuseAffine(n, maker, readers)
		case "add":
			im.fuseBlend(n, maker, readers)
		case "conv", "avgpool":
			padded(n, maker, readers)
		case "transpose":
			cancelTransposes(g, n, maker)
		}
	}
}

// gated recognizes x·f(x), and reports whether it did.
func gated(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) bool {
	for i, name := range n.In {
		gate, x := maker[name], n.In[1-i]
		if gate == nil || readers[name] != 1 || len(gate.In) != 1 || gate.In[0] != x {
			continue
		}
		switch {
		case gate.Op == "sigmoid":
			n.Op, n.In = "silu", []string{x}
			return true
		case gate.Op == "hardsigmoid" && gate.A > 0.16666 && gate.A < 0.16667 && gate.B == 0.5:
			n.Op, n.In = "hardswish", []string{x}
			return true
		}
	}
	return false
}

// mish recognizes x·tanh(softplus(x)).
func mish(n *graph.Node, maker map[string]*graph.Node) {
	for i, name := range n.In {
		if gate, x := maker[name], n.In[1-i]; gate != nil && gate.Op == "tanh" {
			if inner := maker[gate.In[0]]; inner != nil && inner.Op == "softplus" && inner.In[0] == x {
				n.Op, n.In = "mish", []string{x}
				return
			}
		}
	}
}

// fuseAffine fuses multiplication by and addition of scalars to an affine function.
func fuseAffine(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) {
	first := maker[n.In[0]]
	if n.Op == "affine" && n.A == 1 && first != nil && first.Op == "affine" && first.B == 0 && readers[n.In[0]] == 1 {
		n.A, n.In = first.A, []string{first.In[0]}
	}
}

// fuseBlend recognizes low + w·(high − low) as Write writes it, with low and high gathered from the
// same x along an axis.
func (im *importer) fuseBlend(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) {
	low, product := maker[n.In[0]], maker[n.In[1]]
	if low == nil || low.Op != "gather" || product == nil || product.Op != "mul" || readers[n.In[1]] != 1 {
		return
	}
	difference, w := maker[product.In[0]], im.tensors[product.In[1]]
	if difference == nil || difference.Op != "sub" || difference.In[1] != low.Out || w == nil || w.size() != len(low.Index) {
		return
	}
	high := maker[difference.In[0]]
	if high == nil || high.Op != "gather" || high.In[0] != low.In[0] || high.Axis != low.Axis || len(high.Index) != len(low.Index) {
		return
	}
	rank := len(im.shapes.Of(low.Out))
	if at := low.Axis - rank + len(w.shape); at < 0 || w.shape[at] != w.size() {
		return // along another axis
	}
	weight, err := im.floats(w)
	if err != nil {
		return
	}
	*n = graph.Node{Op: "blend", Name: n.Name, In: []string{low.In[0]}, Out: n.Out, Axis: low.Axis, Index: low.Index, High: high.Index, Weight: weight}
}

// gelu recognizes 0.5·x·(1 + erf(x/√2)) in PyTorch's order of operations, the factor 0.5 last,
// and the approximation by tanh(√(2/π)·(x + 0.044715·x³)).
func gelu(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) {
	product := maker[n.In[0]]
	if n.A != 0.5 || n.B != 0 || product == nil || product.Op != "mul" || readers[n.In[0]] != 1 {
		return
	}
	for i, name := range product.In {
		plus, x := maker[name], product.In[1-i]
		if plus == nil || plus.Op != "affine" || plus.A != 1 || plus.B != 1 {
			continue
		}
		f := maker[plus.In[0]]
		if f == nil || len(f.In) != 1 {
			continue
		}
		switch half := maker[f.In[0]]; {
		case f.Op == "erf" && times(half, math.Sqrt2/2) && half.In[0] == x:
			n.Op, n.In, n.A, n.B = "gelu", []string{x}, 0, 0
			return
		case f.Op == "tanh" && times(half, math.Sqrt(2/math.Pi)) && withCube(maker[half.In[0]], x, maker):
			n.Op, n.In, n.A, n.B = "gelutanh", []string{x}, 0, 0
			return
		}
	}
}

// times reports whether a node multiplies by a scalar, up to an exporter's rounding.
func times(n *graph.Node, by float64) bool {
	return n != nil && n.Op == "affine" && n.B == 0 && math.Abs(n.A-by) < 1e-5
}

// withCube recognizes x + 0.044715·x³.
func withCube(n *graph.Node, x string, maker map[string]*graph.Node) bool {
	if n == nil || n.Op != "add" || !slices.Contains(n.In, x) {
		return false
	}
	for _, name := range n.In {
		scaled := maker[name]
		if name == x || !times(scaled, 0.044715) {
			continue
		}
		cube := maker[scaled.In[0]]
		if cube == nil {
			continue
		}
		if cube.Op == "pow" && cube.A == 3 && cube.In[0] == x {
			return true
		}
		for i, factor := range cube.In {
			square := maker[factor]
			if cube.Op == "mul" && cube.In[1-i] == x && square != nil && square.Op == "mul" && square.In[0] == x && square.In[1] == x {
				return true
			}
		}
	}
	return false
}

// padded fuses zero padding into a convolution, or, as counted padding, into average pooling.
func padded(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) {
	for range 2 {
		p := maker[n.In[0]]
		if p == nil || p.Op != "pad" || p.A != 0 || p.Axis < 2 || readers[n.In[0]] != 1 {
			return
		}
		n.Pad[p.Axis-2] += p.Before
		n.Pad[p.Axis] += p.After
		if n.Op == "avgpool" {
			n.Counted[p.Axis-2] += p.Before
			n.Counted[p.Axis] += p.After
		}
		n.In[0] = p.In[0]
	}
}

// cancelTransposes bypasses two transposes that cancel.
func cancelTransposes(g *graph.Graph, n *graph.Node, maker map[string]*graph.Node) {
	first := maker[n.In[0]]
	if first == nil || first.Op != "transpose" || len(first.Axes) != len(n.Axes) {
		return
	}
	for i, a := range n.Axes {
		if first.Axes[a] != i {
			return
		}
	}
	for i := range g.Nodes {
		for j, name := range g.Nodes[i].In {
			if name == n.Out {
				g.Nodes[i].In[j] = first.In[0]
			}
		}
	}
	if g.Output == n.Out {
		g.Output = first.In[0]
	}
}
