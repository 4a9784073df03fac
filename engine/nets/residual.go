package nets

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// residualNet is the state of recognizing a residual net.
type residualNet struct {
	*recognizer
	stages       [][]*block
	stem, finals []*unit // before and after the blocks
	linear       []*unit
	plain        bool // without norms
	preact       bool
	padded       bool // some shortcuts change shape without weights
}

// residual recognizes residual nets: a stem, stages of blocks, each but the first halving height
// and width, and linear layers.
func (r *recognizer) residual(blocks []*block) error {
	n := &residualNet{recognizer: r}
	for _, b := range blocks {
		if err := b.separate(); err != nil {
			return err
		}
	}
	if err := n.around(blocks); err != nil {
		return err
	}
	if err := n.chain(blocks); err != nil {
		return err
	}
	if err := n.order(); err != nil {
		return err
	}
	if err := n.buildStem(); err != nil {
		return err
	}
	for k, stage := range n.stages {
		for j, b := range stage {
			stride := 1
			if k > 0 && j == 0 {
				stride = 2
			}
			if s := n.fileStride(b.convs...); s > 0 {
				stride = s
			}
			if err := n.buildBlock(b, fmt.Sprintf("layer%d.%d", k+1, j), stride); err != nil {
				return err
			}
		}
	}
	n.title = n.name()
	return n.buildHead()
}

// around classifies the units outside of blocks.
func (n *residualNet) around(blocks []*block) error {
	begun := false
	for _, u := range n.units {
		if slices.ContainsFunc(blocks, func(b *block) bool { return inside(u.name, b.root) }) {
			begun = true
			continue
		}
		switch {
		case u.kind == linearUnit:
			n.linear = append(n.linear, u)
		case !begun:
			n.stem = append(n.stem, u)
		case u.kind == convUnit:
			return unknown("convolution %s is between or after the residual blocks", list([]string{u.name}))
		default:
			n.finals = append(n.finals, u)
		}
	}
	width := n.placeNorms(blocks)
	switch {
	case len(n.stem) == 0 || width == 0:
		return unknown("no convolution precedes the residual blocks")
	case len(n.linear) == 0:
		return unknown("no linear layer")
	case len(n.finals) > 1:
		return unknown("%s and %s both follow the blocks", list([]string{n.finals[0].name}), list([]string{n.finals[1].name}))
	}
	return nil
}

// placeNorms assigns norms outside of blocks to the stem or the end, independent of their position
// in a file sorted by name, and returns the stem's channels.
func (n *residualNet) placeNorms(blocks []*block) (width int) {
	var loose []*unit
	normed := false
	n.stem = slices.DeleteFunc(n.stem, func(u *unit) bool {
		if u.kind == convUnit {
			width = u.out
			return false
		}
		if u.in == width {
			normed = true
			return false
		}
		loose = append(loose, u)
		return true
	})
	loose = append(loose, n.finals...)
	n.finals = nil
	ends := blocks[len(blocks)-1].out()
	for _, u := range loose {
		if !normed && u.in == width && (u.in != ends || !preactivated(blocks)) {
			n.stem, normed = append(n.stem, u), true
		} else {
			n.finals = append(n.finals, u)
		}
	}
	return width
}

// preactivated reports whether some block's norms fit only before its convolutions.
func preactivated(blocks []*block) bool {
	return slices.ContainsFunc(blocks, func(b *block) bool {
		post, pre := b.fits()
		return pre && !post
	})
}

// chain groups the blocks into stages and checks that each one's input channels are the output
// channels of the one before. A stage that does not fit is skipped.
func (n *residualNet) chain(blocks []*block) error {
	flat := !slices.ContainsFunc(blocks, func(b *block) bool { return b.stage != blocks[0].stage })
	width, skipped := 0, ""
	for _, u := range n.stem {
		width = u.out
	}
	for i, b := range blocks {
		begins := i == 0 || b.stage != blocks[i-1].stage
		if flat && i > 0 {
			begins = b.out() != blocks[i-1].out()
		}
		if i > 0 && b.stage == skipped && !flat {
			continue
		}
		if b.in() != width {
			if begins && i > 0 {
				skipped = b.stage
				n.unused = append(n.unused, b.stage)
				continue
			}
			return unknown("%s expects %d input channels, got %d", list([]string{b.root}), b.in(), width)
		}
		if begins {
			n.stages = append(n.stages, nil)
		}
		last := len(n.stages) - 1
		n.stages[last] = append(n.stages[last], b)
		width = b.out()
	}
	if len(n.unused) > 1 || len(n.stages) == 0 {
		return unknown("the residual blocks are not sequential")
	}
	in := n.linear[0].in
	if side := int(math.Sqrt(float64(in / width))); in%width != 0 || side*side != in/width {
		return unknown("%s expects %d features, but the last block has %d channels", list([]string{n.linear[0].name}), in, width)
	}
	return nil
}

// order determines whether norms come before or after convolutions.
func (n *residualNet) order() error {
	after, before, norms := 0, 0, 0
	for _, stage := range n.stages {
		for _, b := range stage {
			post, pre := b.fits()
			norms += len(b.norms)
			switch {
			case len(b.norms) == 0:
			case post && !pre:
				after++
			case pre && !post:
				before++
			case !post && !pre && len(b.convs) != len(b.norms):
				return unknown("%s has %d norms for %d convolutions", list([]string{b.root}), len(b.norms), len(b.convs))
			}
		}
	}
	n.plain = norms == 0
	switch {
	case after > 0 && before > 0:
		return unknown("blocks mix pre-activation and post-activation norms")
	case n.plain:
		return nil
	}
	stemNorm := slices.ContainsFunc(n.stem, func(u *unit) bool { return u.kind == normUnit })
	n.preact = before > 0 || after == 0 && (len(n.finals) > 0 || !stemNorm)
	if !n.preact && len(n.finals) > 0 {
		return unknown("%s follows blocks that end with a norm", list([]string{n.finals[0].name}))
	}
	return nil
}

// buildStem builds the convolutions before the blocks.
func (n *residualNet) buildStem() error {
	var convs, norms []*unit
	for _, u := range n.stem {
		if u.kind == convUnit {
			convs = append(convs, u)
		} else {
			norms = append(norms, u)
		}
	}
	if len(norms) != 0 && len(norms) != len(convs) {
		return unknown("%d norms for %d convolutions before the blocks", len(norms), len(convs))
	}
	large := convs[0].size == 7 || len(convs) == 3
	for i, c := range convs {
		stride := 1
		if i == 0 && large {
			stride = 2
		}
		name, norm := "conv1", "bn1"
		if len(convs) > 1 {
			name, norm = fmt.Sprint("conv1.", 3*i), fmt.Sprint("conv1.", 3*i+1)
		}
		n.layers = append(n.layers, n.conv(c, name, stride, c.size/2))
		if len(norms) > 0 {
			if norms[i].in != c.out {
				return unknown("%s does not fit %s", list([]string{norms[i].name}), list([]string{c.name}))
			}
			n.layers = append(n.layers, n.norm(norms[i], norm))
		}
		if len(norms) > 0 || n.plain || len(convs) > 1 && i < len(convs)-1 {
			n.layers = append(n.layers, n.activation())
		}
	}
	options := []string{"none", "max"}
	if large {
		options = []string{"max", "none"}
	}
	n.stemPool(options)
	if large {
		n.defaultInput(224, true, "typical input size for a first convolution of stride 2")
	}
	return nil
}

// stemPool adds pooling after the stem, as stated by the file if it has a pooling module or an
// nn.Identity in its place.
func (n *residualNet) stemPool(options []string) {
	const meaning = "pooling after the first convolution"
	pool, ok := n.filePool()
	switch {
	case ok && pool.max:
		n.assumed.known(StemPool, "max", meaning, fromFile)
	case torchClass(n.modules.byName["maxpool"]) == "Identity":
		n.assumed.known(StemPool, "none", meaning, fromFile)
		return
	default:
		if n.assumed.ask(StemPool, meaning, options...) != "max" {
			return
		}
		pool = poolLayer{true, 3, 2, 1}
	}
	n.layers = append(n.layers, pool)
}

// buildBlock builds a block whose first spatial convolution has the stride.
func (n *residualNet) buildBlock(b *block, name string, stride int) error {
	var res residualLayer
	main := &res.main
	if n.preact && len(b.norms) == len(b.convs) {
		res.before = []layer{n.norm(b.norms[0], name+".bn1"), n.activation()}
	}
	for i, c := range b.convs {
		s := 1
		if c == b.spatial() {
			s = stride
		}
		if n.preact && i > 0 {
			at := i - len(b.convs) + len(b.norms)
			if at < 0 || b.norms[at].in != b.inputsOf(i) {
				return unknown("the norms of %s do not fit its convolutions", list([]string{b.root}))
			}
			*main = append(*main, n.norm(b.norms[at], fmt.Sprint(name, ".bn", i+1)), n.activation())
		}
		*main = append(*main, n.grouped(c, fmt.Sprint(name, ".conv", i+1), s, c.size/2, b.inputsOf(i)))
		if !n.preact {
			if len(b.norms) > 0 {
				*main = append(*main, n.norm(b.norms[i], fmt.Sprint(name, ".bn", i+1)))
			}
			if i < len(b.convs)-1 || n.assumed.ask(LastReLU, "last activation of a block, before or after the residual sum", "after-sum", "before-sum") == "before-sum" {
				*main = append(*main, n.activation())
			}
		}
	}
	if len(b.gate) > 0 {
		if err := n.buildGate(b, &res, name); err != nil {
			return err
		}
	}
	if err := n.buildShortcut(b, &res, name, stride); err != nil {
		return err
	}
	n.layers = append(n.layers, res)
	if !n.preact {
		n.layers = append(n.layers, n.activation())
	}
	return nil
}

// buildGate builds squeeze-and-excitation of the block's output.
func (n *residualNet) buildGate(b *block, res *residualLayer, name string) error {
	if len(b.gate) != 2 || b.gate[0].in != b.out() {
		return unknown("squeeze-and-excitation %s does not follow the block's last convolution", list([]string{b.gate[0].name}))
	}
	res.main = append(res.main, n.gate(b.gate, name+".se"))
	return nil
}

// gate returns a squeeze-and-excitation layer (Hu et al. 2018).
func (r *recognizer) gate(units []*unit, name string) layer {
	var layers [2]layer
	for i, u := range units {
		at := fmt.Sprint(name, ".fc", i+1)
		if u.kind == linearUnit {
			r.rename(u, at)
			layers[i] = linearLayer{at}
		} else {
			layers[i] = r.conv(u, at, 1, 0)
		}
	}
	g := gateLayer{channels: units[1].out, planes: units[0].kind == convUnit}
	g.layers = []layer{layers[0], activationLayer{name: "relu"}, layers[1], activationLayer{name: "sigmoid"}}
	return g
}

// buildShortcut builds the block's shortcut.
func (n *residualNet) buildShortcut(b *block, res *residualLayer, name string, stride int) error {
	if b.short == nil {
		n.pad(b, res, stride)
		return nil
	}
	s, size := stride, b.short.size
	if stride == 2 && n.fileStride(b.short) != 2 && strings.HasSuffix(b.short.name, ".1") && b.shortNorm != nil && strings.HasSuffix(b.shortNorm.name, ".2") {
		res.short, s = append(res.short, poolLayer{false, 2, 2, 0}), 1 // ResNet-D
	}
	res.short = append(res.short, n.conv(b.short, name+".downsample.0", s, size/2))
	if b.shortNorm != nil {
		if b.shortNorm.in != b.short.out {
			return unknown("%s does not fit %s", list([]string{b.shortNorm.name}), list([]string{b.short.name}))
		}
		res.short = append(res.short, n.norm(b.shortNorm, name+".downsample.1"))
	}
	if n.preact {
		options := []string{"activated", "input"}
		if strings.Contains(b.short.under(b.root), "down") {
			options = []string{"input", "activated"}
		}
		res.shortAfter = n.assumed.ask(Shortcut, "input of the shortcuts' 1×1 convolutions: before or after norm and ReLU", options...) == "activated"
	}
	return nil
}

// pad builds a parameter-free shortcut that changes shape by subsampling and zero channels (He et
// al. 2016, option A).
func (n *residualNet) pad(b *block, res *residualLayer, stride int) {
	more := b.out() - b.in()
	if stride == 1 && more == 0 {
		return
	}
	n.padded = true
	size := 1
	if n.assumed.ask(Padding, "downsampling of parameter-free shortcuts", "subsample", "average") == "average" {
		size = 2
	}
	if stride > 1 {
		res.short = append(res.short, poolLayer{false, size, stride, 0})
	}
	if more > 0 {
		res.short = append(res.short, channelsLayer{more / 2, more - more/2})
	}
}

// buildHead builds the layers after the blocks.
func (n *residualNet) buildHead() error {
	for _, u := range n.finals {
		n.layers = append(n.layers, n.norm(u, "bn"), n.activation())
	}
	width := n.stages[len(n.stages)-1][0].out()
	side := int(math.Sqrt(float64(n.linear[0].in / width)))
	if side > 1 { // 4×4 average pooling as for 32×32 images, on larger ones
		n.layers = append(n.layers, poolLayer{false, 4, 4, 0}, flattenLayer{n.linear[0].in})
		n.defaultInput(4*side<<(len(n.stages)-1), false, "input size implied by the first linear layer")
	} else {
		n.layers = append(n.layers, globalPoolLayer{})
	}
	n.defaultInput(32, true, "input size; the weights fit several")
	return n.linears(n.linear, "fc")
}

// name returns the net's descriptive name.
func (n *residualNet) name() string {
	b := n.stages[0][0]
	stem, depth := n.stem[0].out, 2
	for _, stage := range n.stages {
		for _, b := range stage {
			depth += len(b.convs)
		}
	}
	wide := len(b.convs) == 2 && b.out() > stem
	text := fmt.Sprint("resnet", depth)
	if n.preact {
		text = "preact-" + text
	}
	if wide && n.preact {
		text = fmt.Sprintf("wide-resnet%d-%g", depth+2, float64(b.out())/float64(stem))
	}
	if usual := map[bool]int{true: 64, false: 16}[len(n.stages) > 3]; stem != usual {
		text += fmt.Sprint("-w", stem)
	}
	if size := n.stem[0].size; size != 3 {
		text += fmt.Sprintf("-stem%d", size)
	}
	if n.plain {
		text += "-nobn"
	}
	switch {
	case n.padded:
		text += "-optionA"
	case n.preact && !wide:
		text += "-optionB"
	}
	return text
}
