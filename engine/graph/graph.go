package graph

import (
	"encoding/json"
	"fmt"
	"unicode"
)

// Graph is a network for images of one size.
type Graph struct {
	Name   string `json:"name"`
	Input  [3]int `json:"input"` // channels, height, width
	Nodes  []Node `json:"nodes"` // each after those whose results it reads
	Output string `json:"output"`
}

// InputName is what nodes call the images [N,C,H,W]; input normalization has been applied.
const InputName = "input"

// Node is one operation. Which attributes count depends on the operator; see kinds.
type Node struct {
	Op   string   `json:"op"`
	Name string   `json:"name,omitempty"` // what its source calls it
	In   []string `json:"in"`             // results of nodes, or tensors
	Out  string   `json:"out"`

	Stride   [2]int  `json:"stride,omitzero"`   // rows, columns
	Dilation [2]int  `json:"dilation,omitzero"` // likewise
	Size     [2]int  `json:"size,omitzero"`     // of a pooling window
	Pad      [4]int  `json:"pad,omitzero"`      // top, left, bottom, right
	Counted  [4]int  `json:"counted,omitzero"`  // padding that counts in means
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
	Shape  []int     `json:"shape,omitempty"` // −k stands for k times the batch size
	Index  []int     `json:"index,omitempty"`
	High   []int     `json:"high,omitempty"`
	Weight []float32 `json:"weight,omitempty"`
}

// Limits beyond which a description is broken or hostile.
const (
	maxNodes    = 20_000
	maxInputs   = 4_096
	maxName     = 512
	maxDims     = 8
	maxNumber   = 1 << 24
	maxIndices  = 1 << 16
	maxElements = 1 << 50 // of an array, whatever the batch
)

// Parse reads a description from JSON and checks it.
func Parse(text []byte) (*Graph, error) {
	g := new(Graph)
	if err := json.Unmarshal(text, g); err != nil {
		return nil, fmt.Errorf("invalid graph description: %w", err)
	}
	return g, g.Check()
}

// JSON is the description as Parse reads it.
func (g *Graph) JSON() ([]byte, error) { return json.Marshal(g) }

// Check is an error unless every node is of a known operator, reads what is there, and has
// attributes within limits. Whether shapes fit is for Build to tell.
func (g *Graph) Check() error {
	if len(g.Nodes) == 0 || len(g.Nodes) > maxNodes {
		return fmt.Errorf("the graph has %d nodes, not 1 to %d", len(g.Nodes), maxNodes)
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
			return fmt.Errorf("graph node %d defines %q a second time", i, n.Out)
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
			return fmt.Errorf("operator %s has an input or output %.40q", n.Op, name)
		}
	}
	if !printable(n.Name) {
		return fmt.Errorf("invalid name %.40q", n.Name)
	}
	return n.checkNumbers()
}

// checkNumbers keeps all attributes small enough to be computed with.
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

// printable tells whether a name can be shown as it is.
func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return len(s) <= maxName
}

// elements is the number of elements of an array, or −1 if it is more than anything has.
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
