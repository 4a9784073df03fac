package nets

import (
	"fmt"
	"slices"
)

// branch is a training-time RepVGG block (Ding et al. 2021): the sum of a 3×3 convolution, a 1×1
// convolution and, if shapes agree, the identity, each followed by a norm.
type branch struct {
	root         string
	convs, norms []*unit // 3×3, 1×1
	identity     *unit   // norm of the identity branch, or nil
}

// groupBranches groups all convolutions into blocks; nil if some do not fit.
func (r *recognizer) groupBranches() []*branch {
	var all []*branch
	of := map[string]*branch{}
	for _, u := range r.units {
		if root := parent(parent(u.name)); u.kind == convUnit {
			if of[root] == nil {
				of[root] = &branch{root: root}
				all = append(all, of[root])
			}
			of[root].convs = append(of[root].convs, u)
		}
	}
	for _, u := range r.units {
		b := of[parent(u.name)] // identity branch
		if b == nil {
			b = of[parent(parent(u.name))]
		}
		switch {
		case u.kind == normUnit && b == nil:
			return nil
		case u.kind == normUnit:
			b.norms = append(b.norms, u)
		}
	}
	for _, b := range all {
		if len(b.convs) != 2 || b.root == "" || !b.pair() {
			return nil
		}
	}
	return all
}

// pair orders a block's two convolutions and their norms.
func (b *branch) pair() bool {
	slices.SortStableFunc(b.convs, func(c, d *unit) int { return d.size - c.size })
	large, small := b.convs[0], b.convs[1]
	if large.size != 3 || small.size != 1 || large.in != small.in || large.out != small.out {
		return false
	}
	norms := make([]*unit, 2)
	for _, n := range b.norms {
		at := slices.IndexFunc(b.convs, func(c *unit) bool { return parent(c.name) == parent(n.name) })
		switch {
		case at >= 0 && norms[at] == nil && n.in == large.out:
			norms[at] = n
		case at < 0 && b.identity == nil && n.in == large.in && large.in == large.out:
			b.identity = n
		default:
			return false
		}
	}
	b.norms = norms
	return norms[0] != nil && norms[1] != nil
}

func (r *recognizer) branched() bool { return len(r.groupBranches()) > 1 }

// branches recognizes training-time RepVGG.
func (r *recognizer) branches() error {
	blocks := r.groupBranches()
	var linear []*unit
	for _, u := range r.units {
		if u.kind == linearUnit {
			linear = append(linear, u)
		}
	}
	// A stage is the blocks of one module. Its first block halves height and width, in models
	// for small images not in the first two stages; an identity branch rules out a stride.
	small, large := "", ""
	stages := 0
	for i, b := range blocks {
		if !begins(blocks, i) {
			continue
		}
		s, l := "-2", "-2"
		if stages < 2 {
			s = "-1"
		}
		if b.identity != nil {
			s, l = "-1", "-1"
		}
		small, large = small+s, large+l
		stages++
	}
	options := []string{small[1:]}
	if large != small {
		options = append(options, large[1:])
		if linear[len(linear)-1].out > 100 {
			slices.Reverse(options)
		}
	}
	var firsts [][]*unit
	for i, b := range blocks {
		if begins(blocks, i) {
			firsts = append(firsts, b.convs[:1])
		}
	}
	if known := r.wholeStrides(firsts...); known != "" {
		options = []string{known}
	}
	strides := r.strides("strides of the stages", options...)
	stage, width := -1, blocks[0].convs[0].in
	for i, b := range blocks {
		stride := 1
		if begins(blocks, i) {
			stage++
			stride = strides[stage]
		}
		if b.convs[0].in != width {
			return unknown("%s expects %d input channels, got %d", list([]string{b.root}), b.convs[0].in, width)
		}
		width = b.convs[0].out
		r.branch(b, fmt.Sprintf("block%d", i+1), stride)
	}
	if linear[0].in != width {
		return unknown("%s expects %d features, got %d", list([]string{linear[0].name}), linear[0].in, width)
	}
	size := 32
	if strides[0] == 2 {
		size = 224
	}
	r.defaultInput(size, true, "typical input size for these strides")
	r.layers = append(r.layers, globalPoolLayer{})
	r.title = fmt.Sprintf("repvgg%d-w%d", len(blocks), blocks[0].convs[0].out)
	return r.linears(linear, "fc")
}

// begins reports whether block i is the first of a stage.
func begins(blocks []*branch, i int) bool {
	return i == 0 || parent(blocks[i].root) != parent(blocks[i-1].root) || parent(blocks[i].root) == ""
}

func (r *recognizer) branch(b *branch, name string, stride int) {
	var sum sumLayer
	for i, c := range b.convs {
		at := fmt.Sprintf("%s.conv%d", name, c.size)
		sum.branches = append(sum.branches, []layer{r.conv(c, at, stride, c.size/2), r.norm(b.norms[i], fmt.Sprintf("%s.bn%d", name, c.size))})
	}
	if b.identity != nil {
		sum.branches = append(sum.branches, []layer{r.norm(b.identity, name+".bn0")})
	}
	r.layers = append(r.layers, sum, r.activation())
}
