package nets

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hfcui/engine/op"
)

// resnet is a residual net for small images: stages[k] blocks of widths[k] channels.
type resnet struct {
	stem   int // channels of the first convolution
	widths []int
	blocks []int
	plain  bool // without batch norm
	preact bool // norm and ReLU before convolutions
}

// uniform returns a resnet with equal numbers of blocks and doubling widths.
func uniform(stages, blocks, width int) resnet {
	r := resnet{stem: width}
	for k := range stages {
		r.widths = append(r.widths, width<<k)
		r.blocks = append(r.blocks, blocks)
	}
	return r
}

var resnetPattern = regexp.MustCompile(`^(preact-)?resnet(\d{1,3})(?:-w(\d{1,4}))?(-nobn)?$`)

// resnetByName parses resnet18, resnet(6n+2), preact-resnet(6n+2) and their -w and -nobn
// variants.
func resnetByName(name string) (resnet, bool) {
	m := resnetPattern.FindStringSubmatch(name)
	if m == nil {
		return resnet{}, false
	}
	depth, _ := strconv.Atoi(m[2])
	width, _ := strconv.Atoi(m[3])
	preact := m[1] != ""
	stages, blocks, usual := 3, (depth-2)/6, 16
	if depth == 18 && !preact {
		stages, blocks, usual = 4, 2, 64
	} else if blocks < 1 || depth != 6*blocks+2 {
		return resnet{}, false
	}
	if m[3] == "" {
		width = usual
	}
	r := uniform(stages, blocks, width)
	r.preact, r.plain = preact, m[4] != ""
	return r, width > 0
}

// name returns the name that resnetByName parses or, for other shapes, a description.
func (r resnet) name() string {
	prefix, suffix := "", ""
	if r.preact {
		prefix = "preact-"
	}
	if r.plain {
		suffix = "-nobn"
	}
	for _, depth := range []int{18, 6*r.blocks[0] + 2} {
		for _, width := range []string{"", fmt.Sprint("-w", r.stem)} {
			name := fmt.Sprint(prefix, "resnet", depth, width, suffix)
			if u, ok := resnetByName(name); ok && u.stem == r.stem && slices.Equal(u.widths, r.widths) && slices.Equal(u.blocks, r.blocks) {
				return name
			}
		}
	}
	return fmt.Sprintf("%sresnet%s with %v blocks of %v channels", prefix, suffix, r.blocks, r.widths)
}

func (r resnet) forward(b *builder, x tensor, classes int) tensor {
	block := r.residual
	if r.preact {
		block = r.preactivated
		x = b.relu(r.norm(b, "bn1", b.conv("conv1", x, r.stem, 3, 1, 1)))
	} else {
		x = b.relu(b.convNorm(r.plain, "conv1", "bn1", x, r.stem, 3, 1, 1))
	}
	for k, width := range r.widths {
		for j := range r.blocks[k] {
			stride := 1
			if k > 0 && j == 0 {
				stride = 2
			}
			if b.err == nil {
				x = block(b, fmt.Sprintf("layer%d.%d", k+1, j), x, width, stride)
			}
		}
	}
	if r.preact {
		x = b.relu(r.norm(b, "bn2", x))
	}
	return b.classify("fc", b.globalPool(x), classes)
}

// norm adds batch norm unless plain.
func (r resnet) norm(b *builder, name string, x tensor) tensor {
	if r.plain {
		return x
	}
	return b.norm(name, x)
}

// residual adds a basic block: relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)).
func (r resnet) residual(b *builder, name string, x tensor, width, stride int) tensor {
	y := b.relu(b.convNorm(r.plain, name+".conv1", name+".bn1", x, width, 3, stride, 1))
	y = b.convNorm(r.plain, name+".conv2", name+".bn2", y, width, 3, 1, 1)
	if stride != 1 || x.shape[1] != width {
		x = b.convNorm(r.plain, name+".downsample.0", name+".downsample.1", x, width, 1, stride, 0)
	}
	return b.relu(b.add(y, x))
}

// preactivated adds the block of He et al. 2016, "Identity mappings":
// conv2(relu(bn2(conv1(relu(bn1(x)))))) + shortcut(x). A shortcut that changes shape averages
// 2×2 pixels and adds zero channels on both sides. The first block has no bn1: the stem ends with
// norm and ReLU.
func (r resnet) preactivated(b *builder, name string, x tensor, width, stride int) tensor {
	y := x
	if name != "layer1.0" {
		y = b.relu(r.norm(b, name+".bn1", y))
	}
	y = b.conv(name+".conv1", y, width, 3, stride, 1)
	y = b.conv(name+".conv2", b.relu(r.norm(b, name+".bn2", y)), width, 3, 1, 1)
	if b.err != nil {
		return x
	}
	more := width - x.shape[1]
	if stride == 2 {
		x = b.apply(op.AvgPool{Size: 2, Stride: 2}, x)
	}
	if more != 0 {
		x = b.apply(op.PadChannels{Before: more / 2, After: more - more/2}, x)
	}
	return b.add(y, x)
}

// mostBlocks is the limit of blocks in a stage.
const mostBlocks = 500

var blockPattern = regexp.MustCompile(`^layer(\d)\.(\d{1,3})\.`)

// readResnet infers widths and numbers of blocks from all tensors, so that a missing one does not
// end a stage.
func readResnet(s Shapes) ([]architecture, error) {
	r := s.resnetKind()
	for name := range s {
		m := blockPattern.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		stage, _ := strconv.Atoi(m[1])
		block, _ := strconv.Atoi(m[2])
		if stage < 1 || block >= mostBlocks {
			return nil, fmt.Errorf("unexpected %s, not part of any ResNet", list([]string{name}))
		}
		for len(r.blocks) < stage {
			r.blocks = append(r.blocks, 1)
		}
		r.blocks[stage-1] = max(r.blocks[stage-1], block+1)
	}
	for k, blocks := range r.blocks {
		width, ok := s.stageWidth(k+1, blocks)
		if !ok {
			return nil, fmt.Errorf("missing all weights of layer%d, but layer%d exists", k+1, len(r.blocks))
		}
		r.widths = append(r.widths, width)
	}
	if s.has("layer1.0.conv3.weight") {
		return nil, fmt.Errorf("ResNet with bottleneck blocks; the built-in ones have basic blocks")
	}
	if k := s.dim("conv1.weight", 2); k != 3 {
		return nil, fmt.Errorf("ResNet with a %d×%d stem (large images); the built-in ones have a 3×3 stem (small images)", k, k)
	}
	return []architecture{r}, nil
}

// resnetKind determines whether a net has batch norm and pre-activation, from all tensors that
// only one kind has.
func (s Shapes) resnetKind() resnet {
	r := resnet{stem: s.dim("conv1.weight", 0), plain: true, preact: s.hasPrefix("bn2.")}
	biases := false
	for name := range s {
		r.plain = r.plain && !strings.HasPrefix(name, "bn") && !strings.Contains(name, ".bn")
		biases = biases || strings.Contains(name, "conv") && strings.HasSuffix(name, ".bias") || strings.Contains(name, "downsample")
	}
	r.preact = r.preact || r.plain && !biases
	return r
}

// stageWidth returns the number of channels of a stage, read from its first weight.
func (s Shapes) stageWidth(stage, blocks int) (width int, ok bool) {
	for j := range blocks {
		for _, layer := range []string{"conv1", "conv2", "bn2", "bn1"} {
			if name := fmt.Sprintf("layer%d.%d.%s.weight", stage, j, layer); s.has(name) {
				return s.dim(name, 0), true
			}
		}
	}
	return 0, false
}
