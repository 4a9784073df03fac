package nets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mobileStages are MobileNetV2's blocks per stage.
var mobileStages = []int{1, 2, 3, 4, 3, 3, 1}

// Common strides of MobileNetV2's first convolution and stages: for 32×32 images, and those of the
// paper (Sandler et al. 2018).
const (
	mobileSmall = "1-1-1-2-2-1-2-1"
	mobileLarge = "2-1-2-2-2-1-2-1"
)

// depthwise reports whether some block has a depthwise convolution.
func depthwise(blocks []*block) bool {
	return slices.ContainsFunc(blocks, func(b *block) bool {
		return slices.ContainsFunc(b.convs, func(c *unit) bool { return c.in == 1 && c.out > 1 && c.size > 1 })
	})
}

// inverted recognizes MobileNetV2: blocks of a 1×1 expansion, a depthwise convolution and a 1×1
// projection without activation.
func (r *recognizer) inverted(blocks []*block) error {
	shortcuts := 0
	for _, b := range blocks {
		if err := b.separate(); err != nil {
			return err
		}
		if post, _ := b.fits(); !post || len(b.gate) > 0 || len(b.convs) < 2 || len(b.convs) > 3 || b.convs[len(b.convs)-2].in != 1 {
			return unknown("nearest: MobileNetV2, but %s is not an inverted residual block (1×1, depthwise, 1×1, each with batch norm)", list([]string{b.root}))
		}
		if b.short != nil {
			shortcuts++
		}
	}
	total := 0
	for _, n := range mobileStages {
		total += n
	}
	if len(blocks) != total {
		return unknown("nearest: MobileNetV2, but with %d blocks instead of %d, the strides are ambiguous", len(blocks), total)
	}
	stem, head, linear, err := r.aroundMobile(blocks)
	if err != nil {
		return err
	}
	// Nets for CIFAR-10 have shortcut weights where a block changes only the channels.
	usual := []string{mobileSmall, mobileLarge}
	if shortcuts == 0 && linear[len(linear)-1].out > 100 {
		slices.Reverse(usual)
	}
	if known := r.wholeStrides(mobileGroups(stem[0], blocks)...); known != "" {
		usual = []string{known}
	}
	strides := r.strides("strides of the first convolution and the stages", usual...)
	r.layers = append(r.layers, r.conv(stem[0], "conv1", strides[0], stem[0].size/2), r.norm(stem[1], "bn1"), r.activation())
	width, i := stem[0].out, 0
	for stage, n := range mobileStages {
		for j := range n {
			stride := 1
			if j == 0 {
				stride = strides[stage+1]
			}
			if blocks[i].in() != width {
				return unknown("%s expects %d input channels, got %d", list([]string{blocks[i].root}), blocks[i].in(), width)
			}
			r.invertedBlock(blocks[i], fmt.Sprintf("layer%d.%d", stage+1, j), stride)
			width = blocks[i].out()
			i++
		}
	}
	if head[0].in != width || head[0].out != linear[0].in {
		return unknown("%s expects %d input channels, got %d", list([]string{head[0].name}), head[0].in, width)
	}
	r.layers = append(r.layers, r.conv(head[0], "conv2", 1, head[0].size/2), r.norm(head[1], "bn2"), r.activation(), globalPoolLayer{})
	size := 32
	if strides[0] == 2 {
		size = 224
	}
	r.defaultInput(size, true, "typical input size for these strides")
	r.title = fmt.Sprintf("mobilenetv2-w%d", stem[0].out)
	return r.linears(linear, "fc")
}

// mobileGroups returns the first convolution, and those of each stage's first block.
func mobileGroups(stem *unit, blocks []*block) [][]*unit {
	groups, at := [][]*unit{{stem}}, 0
	for _, n := range mobileStages {
		groups = append(groups, blocks[at].convs)
		at += n
	}
	return groups
}

// aroundMobile returns the convolutions and norms before and after the blocks, and the linear
// layers.
func (r *recognizer) aroundMobile(blocks []*block) (stem, head, linear []*unit, err error) {
	var convs, norms []*unit
	for _, u := range r.units {
		switch {
		case slices.ContainsFunc(blocks, func(b *block) bool { return inside(u.name, b.root) }):
		case u.kind == linearUnit:
			linear = append(linear, u)
		case u.kind == convUnit:
			convs = append(convs, u)
		default:
			norms = append(norms, u)
		}
	}
	if len(convs) != 2 || len(norms) != 2 || len(linear) == 0 || norms[0].in != convs[0].out || norms[1].in != convs[1].out {
		return nil, nil, nil, unknown("nearest: MobileNetV2, but with %d convolutions and %d norms outside its blocks instead of 2 and 2", len(convs), len(norms))
	}
	return []*unit{convs[0], norms[0]}, []*unit{convs[1], norms[1]}, linear, nil
}

func (r *recognizer) invertedBlock(b *block, name string, stride int) {
	var main []layer
	for i, c := range b.convs {
		s := 1
		if c == b.spatial() {
			s = stride
		}
		main = append(main, r.grouped(c, fmt.Sprint(name, ".conv", i+1), s, c.size/2, b.inputsOf(i)), r.norm(b.norms[i], fmt.Sprint(name, ".bn", i+1)))
		if i < len(b.convs)-1 {
			main = append(main, r.activation())
		}
	}
	switch {
	case stride == 1 && b.short != nil:
		short := []layer{r.conv(b.short, name+".downsample.0", 1, b.short.size/2)}
		if b.shortNorm != nil {
			short = append(short, r.norm(b.shortNorm, name+".downsample.1"))
		}
		r.layers = append(r.layers, residualLayer{main: main, short: short})
	case stride == 1 && b.in() == b.out():
		r.layers = append(r.layers, residualLayer{main: main})
	default:
		r.layers = append(r.layers, main...)
	}
}

// strides returns the given or assumed strides, written as in 1-2-2.
func (r *recognizer) strides(meaning string, options ...string) []int {
	var strides []int
	for field := range strings.SplitSeq(r.assumed.ask(Strides, meaning, options...), "-") {
		s, err := strconv.Atoi(field)
		if err != nil {
			return slices.Repeat([]int{1}, strings.Count(options[0], "-")+1) // the error is in assumed.err
		}
		strides = append(strides, s)
	}
	return strides
}
