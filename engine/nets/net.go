package nets

import (
	"fmt"
	"reflect"
	"strings"

	"hfcui/engine/op"
)

// Net is an architecture for images of one size and a number of classes.
type Net struct {
	Name    string  // "resnet20"
	Input   [3]int  // channels, height, width
	Classes int     // number of logits
	Params  []Param // all parameters, in PyTorch's order
	Norms   []Norm  // batch-norm layers, in the order of the forward pass
	// Features is the number of input features of the last linear layer.
	Features int

	arch architecture
}

// Param is a tensor of the net's state dict.
type Param struct {
	Name  string
	Shape []int
	Role  Role
}

// Trained reports whether p has a gradient, unlike running statistics and constants.
func (p Param) Trained() bool { return p.Role < RunningMean }

// Running reports whether p is a running statistic. Programs take both of a layer as one parameter,
// StatsName.
func (p Param) Running() bool { return p.Role == RunningMean || p.Role == RunningVar }

// Kernels reports whether p is the weights of a convolution.
func (p Param) Kernels() bool { return p.Role == Weight && len(p.Shape) == 4 }

// OfNorm reports whether p is a scale or shift of batch norm.
func (p Param) OfNorm() bool { return p.Role == Scale || p.Role == Shift }

// Role is the use of a parameter.
type Role int

// The roles of parameters.
const (
	Weight      Role = iota // of convolutions [O,I,H,W] and linear layers [O,I]
	Bias                    // of convolutions and linear layers
	Scale                   // batch norm's gamma
	Shift                   // batch norm's beta
	RunningMean             // mean in evaluation
	RunningVar              // variance in evaluation
	Constant                // other tensors of a graph, not learned
)

// Norm is a batch-norm layer.
type Norm struct {
	Name      string // "bn1"
	Channels  int
	Positions int // height × width: values per image and channel
}

// architecture is the forward pass of a family with given widths.
type architecture interface {
	name() string
	forward(b *builder, x tensor, classes int) tensor
}

// Names lists the nets of the paper's experiments; ByName accepts their variants, too.
func Names() []string {
	return []string{"resnet18", "resnet20", "resnet32", "vgg11", "alexnet", "lenet5", "preact-resnet32"}
}

// Forms describes the names of variants, for help and errors.
const Forms = "resnets also as in resnet20-w8, without batch norm as in vgg11-nobn, with it as in lenet5-bn"

// ByName returns a net for 3×32×32 images and 10 classes.
func ByName(name string) (*Net, error) { return New(name, [3]int{3, 32, 32}, 10) }

// New returns a net for images of size input: channels, height, width.
func New(name string, input [3]int, classes int) (*Net, error) {
	a := byName(name, input)
	if a == nil {
		return nil, fmt.Errorf("unknown network %q: use %s (%s)", name, strings.Join(Names(), ", "), Forms)
	}
	return newNet(a, input, classes)
}

func byName(name string, input [3]int) architecture {
	switch name {
	case "vgg11", "vgg11-nobn":
		return vgg11(name == "vgg11")
	case "alexnet", "alexnet-bn":
		return alexnet32(name == "alexnet-bn")
	case "lenet5", "lenet5-bn":
		return lenetFor(input, name == "lenet5-bn")
	}
	if r, ok := resnetByName(name); ok {
		return r
	}
	return nil
}

// Limits of a plausible net.
const (
	maxSide    = 1024
	maxClasses = 1 << 16
	maxLayer   = 1 << 26 // elements of the largest activation per image
)

// newNet collects the parameters in a dry run of the forward pass.
func newNet(a architecture, input [3]int, classes int) (*Net, error) {
	c, h, w := input[0], input[1], input[2]
	switch {
	case c != 1 && c != 3:
		return nil, fmt.Errorf("%s supports images of 1 or 3 channels, not %d", a.name(), c)
	case h < 1 || w < 1 || h > maxSide || w > maxSide:
		return nil, fmt.Errorf("%s does not support %d×%d images", a.name(), h, w)
	case classes < 1 || classes > maxClasses:
		return nil, fmt.Errorf("%s does not support %d classes", a.name(), classes)
	}
	b := &builder{}
	a.forward(b, b.input(1, input), classes)
	if b.err != nil {
		return nil, fmt.Errorf("%s does not fit %d×%d×%d images: %w", a.name(), c, h, w, b.err)
	}
	if b.largest > maxLayer {
		return nil, fmt.Errorf("%s would need %d MB for one layer of one image", a.name(), b.largest>>18)
	}
	for _, p := range b.params {
		if op.Size(p.Shape) == 0 {
			return nil, fmt.Errorf("%s of %s is empty", p.Name, a.name())
		}
	}
	return &Net{Name: a.name(), Input: input, Classes: classes, Params: b.params, Norms: b.norms, Features: b.last, arch: a}, nil
}

// FirstConv returns the name of the first convolution's weights; "" if there is none.
func (n *Net) FirstConv() string {
	for _, p := range n.Params {
		if p.Kernels() {
			return p.Name
		}
	}
	return ""
}

// Layers returns the number of layers with weights: convolutions and linear layers.
func (n *Net) Layers() int {
	layers := 0
	for _, p := range n.Params {
		if p.Role == Weight {
			layers++
		}
	}
	return layers
}

// Before returns the numbers of Params and of Norms before a layer with weights (zero-based):
// those of earlier layers, and of batch norm between them.
func (n *Net) Before(layer int) (params, norms int) {
	for i, p := range n.Params {
		switch {
		case p.Role == Weight && layer == 0:
			return i, norms
		case p.Role == Weight:
			layer--
		case p.Role == RunningMean:
			norms++
		}
	}
	return len(n.Params), norms
}

// Builtin reports whether New returns this net for its name, input and classes.
func (n *Net) Builtin() bool {
	a := byName(n.Name, n.Input)
	return a != nil && reflect.DeepEqual(a, n.arch)
}

// Size returns the number of trainable parameters.
func (n *Net) Size() int {
	sum := 0
	for _, p := range n.Params {
		if p.Trained() {
			sum += op.Size(p.Shape)
		}
	}
	return sum
}
