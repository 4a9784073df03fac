package nets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/graph"
	"hfcui/engine/nets"
)

// names lists a state dict's tensors.
type names []nets.NamedShape

func (n *names) add(name string, shape ...int) {
	*n = append(*n, nets.NamedShape{Name: name, Shape: shape})
}

func (n *names) conv(name string, out, in, size int) { n.add(name+".weight", out, in, size, size) }

func (n *names) norm(name string, channels int) {
	for _, leaf := range []string{"weight", "bias", "running_mean", "running_var"} {
		n.add(name+"."+leaf, channels)
	}
}

func (n *names) linear(name string, out, in int) {
	n.add(name+".weight", out, in)
	n.add(name+".bias", out)
}

// resnet returns a small ResNet with one block per stage and names of the given forms.
func resnet(stem, block, conv, norm, short, shortNorm, head string) *names {
	n := new(names)
	n.conv(stem, 8, 3, 3)
	n.norm(norm[:len(norm)-2]+"1", 8)
	in := 8
	for k, out := range []int{8, 16, 32} {
		at := fmt.Sprintf(block, k+1)
		n.conv(at+fmt.Sprintf(conv, 1), out, in, 3)
		n.norm(at+fmt.Sprintf(norm, 1), out)
		n.conv(at+fmt.Sprintf(conv, 2), out, out, 3)
		n.norm(at+fmt.Sprintf(norm, 2), out)
		if in != out && short != "" {
			n.conv(at+short, out, in, 1)
			n.norm(at+shortNorm, out)
		}
		in = out
	}
	n.linear(head, 10, in)
	return n
}

// wideResNet returns a pre-activation net with the names of xternalz and RobustBench.
func wideResNet() *names {
	n := new(names)
	n.conv("conv1", 16, 3, 3)
	in := 16
	for k, out := range []int{32, 64, 128} {
		at := fmt.Sprintf("block%d.layer.0.", k+1)
		n.norm(at+"bn1", in)
		n.conv(at+"conv1", out, in, 3)
		n.norm(at+"bn2", out)
		n.conv(at+"conv2", out, out, 3)
		n.conv(at+"convShortcut", out, in, 1)
		in = out
	}
	n.norm("bn1", in)
	n.linear("fc", 10, in)
	return n
}

// mobileNet returns MobileNetV2 of width 0.25 with torchvision's names.
func mobileNet() *names {
	n := new(names)
	n.conv("features.0.0", 8, 3, 3)
	n.norm("features.0.1", 8)
	in, i := 8, 1
	for k, stage := range []struct{ out, blocks int }{{4, 1}, {6, 2}, {8, 3}, {16, 4}, {24, 3}, {40, 3}, {80, 1}} {
		for range stage.blocks {
			at, wide := fmt.Sprintf("features.%d.conv.", i), in
			first := 0
			if k > 0 {
				wide = 6 * in
				n.conv(at+"0.0", wide, in, 1)
				n.norm(at+"0.1", wide)
				first = 1
			}
			n.conv(at+fmt.Sprint(first, ".0"), wide, 1, 3)
			n.norm(at+fmt.Sprint(first, ".1"), wide)
			n.conv(at+fmt.Sprint(first+1), stage.out, wide, 1)
			n.norm(at+fmt.Sprint(first+2), stage.out)
			in = stage.out
			i++
		}
	}
	n.conv("features.18.0", 320, in, 1)
	n.norm("features.18.1", 320)
	n.linear("classifier.1", 10, 320)
	return n
}

func denseNet() *names {
	n := new(names)
	n.conv("conv1", 8, 3, 3)
	width := 8
	for k := range 2 {
		for j := range 3 {
			at := fmt.Sprintf("dense%d.%d.", k+1, j)
			n.norm(at+"bn1", width)
			n.conv(at+"conv1", 16, width, 1)
			n.norm(at+"bn2", 16)
			n.conv(at+"conv2", 4, 16, 3)
			width += 4
		}
		if k == 0 {
			n.norm("trans1.bn", width)
			n.conv("trans1.conv", width/2, width, 1)
			width /= 2
		}
	}
	n.norm("bn", width)
	n.linear("linear", 10, width)
	return n
}

func repVGG() *names {
	n := new(names)
	block := func(at string, out, in int, identity bool) {
		if identity {
			n.norm(at+".rbr_identity", in)
		}
		n.conv(at+".rbr_dense.conv", out, in, 3)
		n.norm(at+".rbr_dense.bn", out)
		n.conv(at+".rbr_1x1.conv", out, in, 1)
		n.norm(at+".rbr_1x1.bn", out)
	}
	block("stage0", 8, 3, false)
	block("stage1.0", 8, 8, true)
	block("stage2.0", 16, 8, false)
	block("stage2.1", 16, 16, true)
	n.linear("linear", 10, 16)
	return n
}

// squeezed returns a residual net with squeeze-and-excitation.
func squeezed() *names {
	n := new(names)
	n.conv("conv1", 16, 3, 3)
	n.norm("bn1", 16)
	in := 16
	for k, out := range []int{16, 32} {
		at := fmt.Sprintf("layer%d.0.", k+1)
		n.conv(at+"conv1", out, in, 3)
		n.norm(at+"bn1", out)
		n.conv(at+"conv2", out, out, 3)
		n.norm(at+"bn2", out)
		n.add(at+"se.fc.0.weight", out/8, out)
		n.add(at+"se.fc.2.weight", out, out/8)
		if in != out {
			n.conv(at+"downsample.0", out, in, 1)
			n.norm(at+"downsample.1", out)
		}
		in = out
	}
	n.linear("fc", 10, in)
	return n
}

// grouped returns a ResNeXt with bottlenecks of 4 groups.
func grouped() *names {
	n := new(names)
	n.conv("conv1", 16, 3, 7)
	n.norm("bn1", 16)
	in := 16
	for k, width := range []int{16, 32} {
		at := fmt.Sprintf("layer%d.0.", k+1)
		n.conv(at+"conv1", width, in, 1)
		n.norm(at+"bn1", width)
		n.conv(at+"conv2", width, width/4, 3)
		n.norm(at+"bn2", width)
		n.conv(at+"conv3", 2*width, width, 1)
		n.norm(at+"bn3", 2*width)
		n.conv(at+"downsample.0", 2*width, in, 1)
		n.norm(at+"downsample.1", 2*width)
		in = 2 * width
	}
	n.linear("fc", 1000, in)
	return n
}

func vgg() *names {
	n := new(names)
	in, i := 3, 0
	for _, w := range []int{8, 0, 16, 0, 32, 32, 0} {
		if w == 0 {
			i++
			continue
		}
		n.add(fmt.Sprintf("features.%d.weight", i), w, in, 3, 3)
		n.add(fmt.Sprintf("features.%d.bias", i), w)
		in, i = w, i+2
	}
	n.linear("classifier.1", 64, 32*4*4)
	n.linear("classifier.4", 10, 64)
	return n
}

// TestIdentify recognizes families from tensor roles, in file order and sorted by name as in some
// safetensors files.
func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		what, name string
		n          *names
		input      [3]int
		sorted     bool // recognized in name order, too
	}{
		{"kuangliu", "resnet8-w8", resnet("conv1", "layer%d.0.", "conv%d", "bn%d", "shortcut.0", "shortcut.1", "linear"), [3]int{3, 32, 32}, true},
		{"numbered", "resnet8-w8", resnet("stem.0", "blocks.%d.", "conv%d", "norm%d", "skip.0", "skip.1", "head"), [3]int{3, 32, 32}, true},
		{"deep prefix", "resnet8-w8", resnet("encoder.conv1", "encoder.layer%d.0.", "conv%d", "bn%d", "downsample.0", "downsample.1", "head.fc"), [3]int{3, 32, 32}, true},
		{"option A", "resnet8-w8-optionA", resnet("conv1", "layer%d.0.", "conv%d", "bn%d", "", "", "linear"), [3]int{3, 32, 32}, true},
		{"WideResNet", "wide-resnet10-2", wideResNet(), [3]int{3, 32, 32}, true},
		{"MobileNetV2", "mobilenetv2-w8", mobileNet(), [3]int{3, 32, 32}, true},
		{"DenseNet", "densenet15-k4", denseNet(), [3]int{3, 32, 32}, true},
		{"RepVGG", "repvgg4-w8", repVGG(), [3]int{3, 32, 32}, true},
		{"SE-ResNet", "resnet6", squeezed(), [3]int{3, 32, 32}, true},
		{"ResNeXt", "resnet8-stem7", grouped(), [3]int{3, 224, 224}, true},
		{"VGG", "cnn6-nobn-2linear", vgg(), [3]int{3, 32, 32}, true},
	} {
		orders := [][]nets.NamedShape{*c.n}
		if c.sorted {
			byName := slices.Clone([]nets.NamedShape(*c.n))
			slices.SortFunc(byName, func(a, b nets.NamedShape) int { return strings.Compare(a.Name, b.Name) })
			orders = append(orders, byName)
		}
		for i, order := range orders {
			f, err := nets.Identify(order, [3]int{}, nil)
			if err != nil {
				t.Errorf("%s, order %d: %v", c.what, i, err)
				continue
			}
			if f.Net.Name != c.name || f.Net.Input != c.input {
				t.Errorf("%s, order %d is %s of %v, want %s of %v", c.what, i, f.Net.Name, f.Net.Input, c.name, c.input)
			}
			used := map[string]bool{}
			for _, from := range f.Names {
				used[from] = true
			}
			for _, tensor := range *c.n {
				if !used[tensor.Name] {
					t.Errorf("%s, order %d: %s is not used", c.what, i, tensor.Name)
				}
			}
		}
	}
}

// TestChoices: given values are used, and each option yields a different net.
func TestChoices(t *testing.T) {
	for _, c := range []struct {
		n   *names
		key string
	}{
		{wideResNet(), nets.Shortcut}, {squeezed(), nets.LastReLU}, {squeezed(), nets.StemPool}, {denseNet(), nets.Concat},
		{mobileNet(), nets.Strides}, {resnet("conv1", "layer%d.0.", "conv%d", "bn%d", "", "", "linear"), nets.Padding}, {vgg(), nets.Activation},
	} {
		f, err := nets.Identify(*c.n, [3]int{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(f.Assumed, func(a nets.Assumption) bool { return a.Key == c.key })
		if at < 0 || len(f.Assumed[at].Others) == 0 {
			t.Errorf("%s: no assumption about %s: %v", f.Net.Name, c.key, f.Assumed)
			continue
		}
		seen := map[string]string{}
		for _, value := range append([]string{f.Assumed[at].Value}, f.Assumed[at].Others...) {
			g, err := nets.Identify(*c.n, [3]int{}, nets.Choices{c.key: value})
			if err != nil {
				t.Errorf("%s=%s: %v", c.key, value, err)
				continue
			}
			text := text(t, g.Net.Described())
			if before, again := seen[text]; again {
				t.Errorf("%s: %s and %s yield the same net", c.key, before, value)
			}
			seen[text] = value
		}
		if _, err := nets.Identify(*c.n, [3]int{}, nets.Choices{c.key: "no such"}); err == nil {
			t.Errorf("%s accepts any value", c.key)
		}
	}
}

func text(t *testing.T, g *graph.Graph) string {
	t.Helper()
	b, err := g.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestNearest: the error for an unknown family names the nearest one and the difference.
func TestNearest(t *testing.T) {
	short := mobileNet()
	*short = slices.DeleteFunc(*short, func(n nets.NamedShape) bool { return strings.HasPrefix(n.Name, "features.17.") })
	for _, c := range []struct {
		n    *names
		want string
	}{
		{short, "MobileNetV2"},
		{&names{{Name: "fc.weight", Shape: []int{10, 3}}, {Name: "fc.bias", Shape: []int{10}}}, "no convolutions"},
		{&names{{Name: "token", Shape: []int{1, 1, 8}}}, "token"},
	} {
		if f, err := nets.Identify(*c.n, [3]int{}, nil); err == nil {
			t.Errorf("recognized as %s", f.Net.Name)
		} else if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "ONNX") {
			t.Error(err)
		}
	}
}

// TestGivenDoesNotFit: the error for a known net is about the given size, not about tensor names
// that differ from those of the nearest family.
func TestGivenDoesNotFit(t *testing.T) {
	n := resnet("conv1", "layer%d.%d", "conv%d", "bn%d", "shortcut.0", "shortcut.1", "linear")
	if _, err := nets.Identify(*n, [3]int{}, nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		input [3]int
		want  string
	}{
		{[3]int{1, 32, 32}, "expects 3 input channels, not 1"},
		{[3]int{3, 9999, 9999}, "does not support 9999×9999 images"},
	} {
		if _, err := nets.Identify(*n, c.input, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("input %v: error %v, want %q", c.input, err, c.want)
		}
	}
}
