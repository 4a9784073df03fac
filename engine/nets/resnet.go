package nets

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// resnet is a residual net for small images: stages[k] blocks of widths[k] channels.
type resnet struct {
	stem   int // channels of the first convolution
	widths []int
	blocks []int
}

// uniform makes a resnet whose stages have as many blocks each and double the channels.
func uniform(stages, blocks, width int) resnet {
	r := resnet{stem: width}
	for k := range stages {
		r.widths = append(r.widths, width<<k)
		r.blocks = append(r.blocks, blocks)
	}
	return r
}

var resnetPattern = regexp.MustCompile(`^resnet(\d{1,3})(?:-w(\d{1,4}))?$`)

// resnetByName understands resnet18, resnet(6n+2) and their -w forms.
func resnetByName(name string) (resnet, bool) {
	m := resnetPattern.FindStringSubmatch(name)
	if m == nil {
		return resnet{}, false
	}
	depth, _ := strconv.Atoi(m[1])
	width, _ := strconv.Atoi(m[2])
	stages, blocks, usual := 3, (depth-2)/6, 16
	if depth == 18 {
		stages, blocks, usual = 4, 2, 64
	} else if blocks < 1 || depth != 6*blocks+2 {
		return resnet{}, false
	}
	if m[2] == "" {
		width = usual
	}
	return uniform(stages, blocks, width), width > 0
}

// name is the name resnetByName understands, or, of uncommon ones, a description.
func (r resnet) name() string {
	for _, depth := range []int{18, 6*r.blocks[0] + 2} {
		for _, width := range []string{"", fmt.Sprint("-w", r.stem)} {
			name := fmt.Sprint("resnet", depth, width)
			if u, ok := resnetByName(name); ok && u.stem == r.stem && slices.Equal(u.widths, r.widths) && slices.Equal(u.blocks, r.blocks) {
				return name
			}
		}
	}
	return fmt.Sprintf("resnet with %v blocks of %v channels", r.blocks, r.widths)
}

func (r resnet) forward(b *builder, x tensor, classes int) tensor {
	x = b.relu(b.norm("bn1", b.conv("conv1", x, r.stem, 3, 1, 1)))
	for k, width := range r.widths {
		for j := range r.blocks[k] {
			stride := 1
			if k > 0 && j == 0 {
				stride = 2
			}
			x = residual(b, fmt.Sprintf("layer%d.%d", k+1, j), x, width, stride)
		}
	}
	return b.linear("fc", b.globalPool(x), classes)
}

// residual is the basic block: relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)).
func residual(b *builder, name string, x tensor, width, stride int) tensor {
	if b.err != nil {
		return x
	}
	y := b.relu(b.norm(name+".bn1", b.conv(name+".conv1", x, width, 3, stride, 1)))
	y = b.norm(name+".bn2", b.conv(name+".conv2", y, width, 3, 1, 1))
	if stride != 1 || x.shape[1] != width {
		x = b.norm(name+".downsample.1", b.conv(name+".downsample.0", x, width, 1, stride, 0))
	}
	return b.relu(b.add(y, x))
}

// mostBlocks is more than any resnet has in a stage; what says more is no resnet.
const mostBlocks = 500

var blockPattern = regexp.MustCompile(`^layer(\d)\.(\d{1,3})\.`)

// readResnet infers widths and numbers of blocks from all tensors there are, so that one
// that is missing is not taken for the end of a stage.
func readResnet(s Shapes) ([]architecture, error) {
	r := resnet{stem: s.dim("conv1.weight", 0)}
	for name := range s {
		m := blockPattern.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		stage, _ := strconv.Atoi(m[1])
		block, _ := strconv.Atoi(m[2])
		if stage < 1 || block >= mostBlocks {
			return nil, fmt.Errorf("it has %s, which no resnet has", list([]string{name}))
		}
		for len(r.blocks) < stage {
			r.blocks = append(r.blocks, 1)
		}
		r.blocks[stage-1] = max(r.blocks[stage-1], block+1)
	}
	for k, blocks := range r.blocks {
		width, ok := s.stageWidth(k+1, blocks)
		if !ok {
			return nil, fmt.Errorf("it lacks all weights of layer%d, and has a layer%d", k+1, len(r.blocks))
		}
		r.widths = append(r.widths, width)
	}
	if s.has("layer1.0.conv3.weight") {
		return nil, fmt.Errorf("it is a resnet with bottleneck blocks; hfcui knows those with basic blocks")
	}
	if k := s.dim("conv1.weight", 2); k != 3 {
		return nil, fmt.Errorf("it is a resnet with a %d×%d stem, for large images; hfcui knows those for small ones, with a 3×3 stem", k, k)
	}
	return []architecture{r}, nil
}

// stageWidth is the number of channels of a stage, told by the first weight there is.
func (s Shapes) stageWidth(stage, blocks int) (width int, ok bool) {
	for j := range blocks {
		for _, layer := range []string{"conv1", "conv2", "bn1", "bn2"} {
			if name := fmt.Sprintf("layer%d.%d.%s.weight", stage, j, layer); s.has(name) {
				return s.dim(name, 0), true
			}
		}
	}
	return 0, false
}
