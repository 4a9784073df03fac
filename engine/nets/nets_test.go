package nets_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/nets"
)

// TestSizes compares parameter counts with published or hand-counted ones.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		name    string
		input   [3]int
		classes int
		want    int
	}{
		{"resnet20", [3]int{3, 32, 32}, 10, 272474},
		{"resnet32", [3]int{3, 32, 32}, 10, 466906},
		{"resnet18", [3]int{3, 32, 32}, 10, 11173962},
		{"resnet18", [3]int{3, 32, 32}, 100, 11220132},
		{"vgg11", [3]int{3, 32, 32}, 10, 9231114},
		{"alexnet", [3]int{3, 32, 32}, 10, 23272266},
		{"resnet20-nobn", [3]int{3, 32, 32}, 10, 271690},
		{"vgg11-nobn", [3]int{3, 32, 32}, 10, 9225610},
		{"alexnet-bn", [3]int{3, 32, 32}, 10, 23272266 + 64 + 192 + 384 + 256 + 256},
		{"lenet5-bn", [3]int{3, 32, 32}, 10, 62006 + 6 + 16},
		// As in wenxinxu/resnet-in-tensorflow, which the paper's code is based on.
		{"preact-resnet32-nobn", [3]int{3, 32, 32}, 10, 432 + 10*2304 + 4608 + 9*9216 + 18432 + 9*36864 + 650},
		{"lenet5", [3]int{3, 32, 32}, 10, 62006},
		{"lenet5", [3]int{1, 32, 32}, 10, 61706},
		{"lenet5", [3]int{1, 28, 28}, 10, 61706},
	} {
		n, err := nets.New(c.name, c.input, c.classes)
		if err != nil {
			t.Error(err)
			continue
		}
		if n.Size() != c.want {
			t.Errorf("%s for %v and %d classes has %d parameters, want %d", c.name, c.input, c.classes, n.Size(), c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range append(nets.Names(), "resnet18-nobn", "vgg11-nobn", "alexnet-bn", "lenet5-bn", "preact-resnet32-nobn", "resnet8", "resnet20-w8", "resnet18-w8", "resnet110", "resnet8-w4-nobn", "preact-resnet8-w4", "preact-resnet20-w8-nobn") {
		n, err := nets.ByName(name)
		if err != nil {
			t.Error(err)
		} else if n.Name != name {
			t.Errorf("%s has the name %s", name, n.Name)
		}
	}
	for _, name := range []string{"", "resnet", "resnet2", "resnet19", "resnet20-w0", "resnet20-w", "resnet-20", "vgg16", "ResNet20", "resnet9999999", "preact-resnet18", "resnet20-bn", "resnet20-nobn-w8", "lenet5-nobn", "preact-"} {
		if n, err := nets.ByName(name); err == nil {
			t.Errorf("%q parsed as %s", name, n.Name)
		} else if !strings.Contains(err.Error(), "lenet5") {
			t.Errorf("error %v does not list the nets", err)
		}
	}
}

func TestSizesRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		input   [3]int
		classes int
		fits    bool
	}{
		{"resnet20", [3]int{2, 32, 32}, 10, false},
		{"resnet20", [3]int{3, 0, 32}, 10, false},
		{"resnet20", [3]int{3, 32, 1 << 40}, 10, false},
		{"resnet20", [3]int{3, 32, 32}, 0, false},
		{"resnet20", [3]int{3, 32, 32}, 1 << 40, false},
		{"resnet20", [3]int{3, 1, 1}, 10, true},
		{"resnet18", [3]int{3, 1024, 1024}, 10, true},
		{"resnet18-w999", [3]int{3, 1024, 1024}, 10, false},
		{"vgg11", [3]int{3, 28, 28}, 10, false},
		{"lenet5", [3]int{1, 5, 5}, 10, false},
		{"alexnet", [3]int{3, 4, 4}, 10, false},
	} {
		_, err := nets.New(c.name, c.input, c.classes)
		if c.fits != (err == nil) || err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s for %v and %d classes: error %v", c.name, c.input, c.classes, err)
		}
	}
}

// shapes returns the shapes of a net's state dict.
func shapes(t *testing.T, name string, input [3]int, classes int) nets.Shapes {
	t.Helper()
	n, err := nets.New(name, input, classes)
	if err != nil {
		t.Fatal(err)
	}
	s := make(nets.Shapes)
	for _, p := range n.Params {
		s[p.Name] = p.Shape
	}
	return s
}

func TestRecognize(t *testing.T) {
	for _, c := range []struct {
		name    string
		input   [3]int
		classes int
		known   bool // whether the file states the images' size
	}{
		{"resnet20", [3]int{3, 32, 32}, 10, false},
		{"resnet20", [3]int{1, 28, 28}, 10, false},
		{"resnet18-w4", [3]int{3, 32, 32}, 43, false},
		{"resnet32", [3]int{3, 96, 64}, 10, true},
		{"resnet20-nobn", [3]int{3, 32, 32}, 10, false},
		{"resnet18-w4-nobn", [3]int{1, 28, 28}, 10, false},
		{"preact-resnet32", [3]int{3, 32, 32}, 10, false},
		{"preact-resnet32-nobn", [3]int{1, 28, 28}, 10, false},
		{"vgg11-nobn", [3]int{3, 32, 32}, 10, false},
		{"alexnet-bn", [3]int{3, 32, 32}, 10, false},
		{"lenet5-bn", [3]int{1, 28, 28}, 10, false},
		{"vgg11", [3]int{3, 32, 32}, 100, false},
		{"alexnet", [3]int{3, 32, 32}, 10, false},
		{"alexnet", [3]int{3, 64, 64}, 10, true},
		{"lenet5", [3]int{3, 32, 32}, 10, false},
		{"lenet5", [3]int{1, 28, 28}, 10, false},
		{"lenet5", [3]int{1, 32, 32}, 10, true},
	} {
		var input [3]int
		if c.known {
			input = c.input
		}
		n, err := nets.Recognize(shapes(t, c.name, c.input, c.classes), input)
		if err != nil {
			t.Error(err)
			continue
		}
		if n.Name != c.name || n.Input != c.input || n.Classes != c.classes {
			t.Errorf("%s for %v and %d classes recognized as %s, %v, %d", c.name, c.input, c.classes, n.Name, n.Input, n.Classes)
		}
	}
}

// TestRecognizeLeNet: the tutorial's variant for 28×28 images, without padding.
func TestRecognizeLeNet(t *testing.T) {
	s := shapes(t, "lenet5", [3]int{1, 28, 28}, 10)
	s["fc1.weight"] = []int{120, 256}
	n, err := nets.Recognize(s, [3]int{})
	if err != nil {
		t.Fatal(err)
	}
	if n.Input != [3]int{1, 28, 28} {
		t.Errorf("input is %v", n.Input)
	}
}

// TestRecognizeUneven: widths and numbers of blocks are arbitrary.
func TestRecognizeUneven(t *testing.T) {
	s := shapes(t, "resnet8-w4", [3]int{3, 32, 32}, 10)
	for name, shape := range shapes(t, "resnet14-w4", [3]int{3, 32, 32}, 10) {
		if strings.HasPrefix(name, "layer1.1.") {
			s[name] = shape
		}
	}
	n, err := nets.Recognize(s, [3]int{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(n.Name, "[2 1 1]") {
		t.Errorf("name is %q", n.Name)
	}
	if _, _, err := n.Graph(nets.Build{Batch: 1}); err != nil {
		t.Error(err)
	}
}

func TestNotRecognized(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(s nets.Shapes)
		says   string
	}{
		{"nothing", func(s nets.Shapes) { clear(s) }, "no tensors"},
		{"something else", func(s nets.Shapes) { clear(s); s["a\x1b[2J"] = nil; s["b"] = nil }, `"a\x1b[2J", b`},
		{"a missing tensor", func(s nets.Shapes) { delete(s, "layer2.0.bn2.bias") }, "missing layer2.0.bn2.bias"},
		{"no last layer", func(s nets.Shapes) { delete(s, "fc.bias") }, "missing fc.bias"},
		{"no stage", func(s nets.Shapes) {
			maps.DeleteFunc(s, func(name string, _ []int) bool { return strings.HasPrefix(name, "layer2") })
		}, "missing all weights of layer2"},
		{"a block beyond reason", func(s nets.Shapes) { s["layer2.999.conv1.weight"] = []int{32, 32, 3, 3} }, "layer2.999.conv1.weight"},
		{"many missing tensors", func(s nets.Shapes) {
			maps.DeleteFunc(s, func(name string, _ []int) bool { return strings.Contains(name, "running") })
		}, "more of resnet8"},
		{"an extra tensor", func(s nets.Shapes) { s["layer4.weight"] = []int{1} }, "unexpected layer4.weight"},
		{"a wrong shape", func(s nets.Shapes) { s["layer1.0.conv1.weight"] = []int{16, 15, 3, 3} }, "layer1.0.conv1.weight is 16×15×3×3"},
		{"a scalar", func(s nets.Shapes) { s["bn1.bias"] = nil }, "bn1.bias is a scalar"},
		{"bottlenecks", func(s nets.Shapes) { s["layer1.0.conv3.weight"] = []int{16, 16, 1, 1} }, "bottleneck"},
		{"a large stem", func(s nets.Shapes) { s["conv1.weight"] = []int{16, 3, 7, 7} }, "7×7 stem"},
		{"two channels", func(s nets.Shapes) { s["conv1.weight"] = []int{16, 2, 3, 3} }, "not 2"},
		{"no channels", func(s nets.Shapes) { s["conv1.weight"] = []int{16} }, "stem"},
		{"empty tensors", func(s nets.Shapes) {
			for name, shape := range s {
				s[name] = make([]int, len(shape))
			}
			s["conv1.weight"], s["fc.bias"] = []int{0, 3, 3, 3}, []int{10}
		}, "empty"},
	} {
		s := shapes(t, "resnet8", [3]int{3, 32, 32}, 10)
		c.change(s)
		_, err := nets.Recognize(s, [3]int{})
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: error %v does not contain %q", c.what, err, c.says)
		}
	}
}

// TestEveryMissingTensorIsNamed leaves out each tensor of each net in turn.
func TestEveryMissingTensorIsNamed(t *testing.T) {
	for _, net := range []string{
		"resnet14-w4", "resnet18-w4", "vgg11", "alexnet", "lenet5",
		"resnet14-w4-nobn", "preact-resnet14-w4", "preact-resnet14-w4-nobn", "vgg11-nobn", "alexnet-bn", "lenet5-bn",
	} {
		all := shapes(t, net, [3]int{3, 32, 32}, 10)
		for name := range all {
			s := maps.Clone(all)
			delete(s, name)
			_, err := nets.Recognize(s, [3]int{})
			if err == nil || !strings.Contains(err.Error(), "missing "+name) {
				t.Errorf("%s without %s: %v", net, name, err)
			}
		}
	}
}

func TestInit(t *testing.T) {
	n, err := nets.ByName("resnet20")
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := n.Init(nets.He, 1), n.Init(nets.He, 1), n.Init(nets.He, 2)
	for _, p := range n.Params {
		if !slices.Equal(a[p.Name], b[p.Name]) {
			t.Errorf("%s differs between runs with the same seed", p.Name)
		}
		if p.Role == nets.Weight && slices.Equal(a[p.Name], c[p.Name]) {
			t.Errorf("%s is equal for different seeds", p.Name)
		}
	}
	const fan = 64 * 9
	for scheme, want := range map[nets.Scheme]float64{nets.He: 2.0 / fan, nets.Xavier: 1.0 / fan} {
		sum, v := 0.0, n.Init(scheme, 3)["layer3.1.conv2.weight"]
		for _, w := range v {
			sum += float64(w) * float64(w)
		}
		if got := sum / float64(len(v)); math.Abs(got/want-1) > 0.03 {
			t.Errorf("scheme %d: variance %g, want %g", scheme, got, want)
		}
	}
}
