package graph

import (
	"encoding/json"
	"fmt"
	"unicode"
)

// Graph describes a network for images of one size.
type Graph struct {
	Name   string `json:"name"`
	Input  [3]int `json:"input"` // channels, height, width
	Nodes  []Node `json:"nodes"` // in topological order
	Output string `json:"output"`
}

// InputName is the nodes' name of the normalized images [N,C,H,W].
const InputName = "input"

// Node is one operation. The attributes used depend on the operator; see kinds.
type Node struct {
	Op   string   `json:"op"`
	Name string   `json:"name,omitempty"` // in its source, e.g. an ONNX file
	In   []string `json:"in"`             // results of nodes, or tensors
	Out  string   `json:"out"`

	Stride   [2]int  `json:"stride,omitzero"`   // vertical, horizontal
	Dilation [2]int  `json:"dilation,omitzero"` // likewise
	Size     [2]int  `json:"size,omitzero"`     // of a pooling window
	Pad      [4]int  `json:"pad,omitzero"`      // top, left, bottom, right
	Counted  [4]int  `json:"counted,omitzero"`  // padding included in averages
	Groups   int     `json:"groups,omitzero"`
	Epsilon  float64 `json:"epsilon,omitzero"`
	A        float64 `json:"a,omitzero"` // constants of a function
	B        float64 `json:"b,omitzero"`

	Axis   int       `json:"axis,omitzero"`
	Axes   []int     `json:"axes,omitempty"`
	Start  int       `json:"start,omitzero"`
	Count  int       `json:"count,omitzero"`
	Before int       `json:"before,omitzero"`
	After  int       `json:"after,omitzero"`
	Shape  []int     `json:"shape,omitempty"` // −k: k times the batch size
	Index  []int     `json:"index,omitempty"`
	High   []int     `json:"high,omitempty"`
	Weight []float32 `json:"weight,omitempty"`
}

// Limits of a plausible description.
const (
	maxNodes    = 20_000
	maxInputs   = 4_096
	maxName     = 512
	maxDims     = 8
	maxNumber   = 1 << 24
	maxIndices  = 1 << 16
	maxElements = 1 << 50 // of an array, at any batch size
)

// Parse reads a description from JSON and validates it.
func Parse(text []byte) (*Graph, error) {
	g := new(Graph)
	if err := json.Unmarshal(text, g); err != nil {
		return nil, fmt.Errorf("invalid graph description: %w", err)
	}
	return g, g.Check()
}

// JSON encodes the description as Parse reads it.
func (g *Graph) JSON() ([]byte, error) { return json.Marshal(g) }

// Check returns an error unless every node has a known operator, defined inputs and attributes
// within limits. Shapes are checked by Build.
func (g *Graph) Check() error {
	if len(g.Nodes) == 0 || len(g.Nodes) > maxNodes {
		return fmt.Errorf("the graph has %d nodes; supported are 1 to %d", len(g.Nodes), maxNodes)
	}
	if !printable(g.Name) {
		return fmt.Errorf("invalid graph name %.40q", g.Name)
	}
	made := map[string]bool{InputName: true}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if err := n.check(); err != nil {
			return fmt.Errorf("graph node %d: %w", i, err)
		}
		if made[n.Out] {
			return fmt.Errorf("graph node %d redefines %q", i, n.Out)
		}
		made[n.Out] = true
	}
	if g.Output == InputName || !made[g.Output] {
		return fmt.Errorf("no graph node defines the output %.40q", g.Output)
	}
	return nil
}

func (n *Node) check() error {
	k, ok := kindOf(n.Op)
	switch {
	case !ok:
		return fmt.Errorf("unknown operator %.40q", n.Op)
	case len(n.In) < k.least || len(n.In) > k.most:
		return fmt.Errorf("operator %s has %d inputs", n.Op, len(n.In))
	}
	for _, name := range append([]string{n.Out}, n.In...) {
		if name == "" || !printable(name) {
			return fmt.Errorf("invalid input or output name %.40q of operator %s", n.Op, name)
		}
	}
	if !printable(n.Name) {
		return fmt.Errorf("invalid name %.40q", n.Name)
	}
	return n.checkNumbers()
}

// checkNumbers bounds all attributes, so that arithmetic on them cannot overflow.
func (n *Node) checkNumbers() error {
	if max(len(n.Axes), len(n.Shape)) > maxDims || max(len(n.Index), len(n.High), len(n.Weight)) > maxIndices {
		return fmt.Errorf("operator %s has attributes that are too long", n.Op)
	}
	for _, list := range [][]int{
		n.Stride[:], n.Dilation[:], n.Size[:], n.Pad[:], n.Counted[:], n.Axes, n.Shape, n.Index, n.High,
		{n.Groups, n.Axis, n.Start, n.Count, n.Before, n.After},
	} {
		for _, v := range list {
			if v < -maxNumber || v > maxNumber {
				return fmt.Errorf("operator %s has an attribute of %d", n.Op, v)
			}
		}
	}
	for _, v := range []float64{n.Epsilon, n.A, n.B} {
		if v-v != 0 {
			return fmt.Errorf("operator %s has an attribute of %g", n.Op, v)
		}
	}
	return nil
}

// printable reports whether a name is a short string of printable characters.
func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return len(s) <= maxName
}

// elements returns the number of elements of an array, or −1 beyond maxElements.
func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 1 || n > maxElements/d {
			return -1
		}
		n *= d
	}
	return n
}
