package nets_test

import (
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/nets"
)

const torchNN = "torch.nn.modules."

// whole lists modules; attributes maps their names to numbers.
type whole []checkpoints.Module

func (w *whole) add(name, class string, numbers map[string][]float64) {
	*w = append(*w, checkpoints.Module{Name: name, Class: class, Numbers: numbers})
}

type attributes = map[string][]float64

// row returns an nn.Sequential with settings that its tensors do not determine.
func row() (*names, *whole) {
	n, w := new(names), new(whole)
	n.conv("0", 8, 3, 5)
	n.conv("2", 16, 8, 3)
	n.norm("3", 16)
	n.linear("7", 10, 16)
	w.add("", torchNN+"container.Sequential", nil)
	w.add("0", torchNN+"conv.Conv2d", attributes{"stride": {2, 2}, "padding": {2, 2}, "dilation": {1, 1}, "groups": {1}})
	w.add("1", torchNN+"activation.LeakyReLU", attributes{"negative_slope": {0.2}})
	w.add("2", torchNN+"conv.Conv2d", attributes{"stride": {1, 1}, "padding": {0, 0}, "dilation": {2, 2}, "groups": {1}})
	w.add("3", torchNN+"batchnorm.BatchNorm2d", attributes{"eps": {0.001}})
	w.add("4", torchNN+"pooling.AvgPool2d", attributes{"kernel_size": {3}, "stride": {2}, "padding": {1}, "ceil_mode": {1}, "count_include_pad": {0}})
	w.add("5", torchNN+"pooling.AdaptiveAvgPool2d", attributes{"output_size": {1}})
	w.add("6", torchNN+"flatten.Flatten", attributes{"start_dim": {1}, "end_dim": {-1}})
	w.add("7", torchNN+"linear.Linear", nil)
	return n, w
}

// TestIdentifyWhole: nothing is assumed about an nn.Sequential.
func TestIdentifyWhole(t *testing.T) {
	n, w := row()
	f, err := nets.IdentifyWhole(*n, *w, [3]int{3, 32, 32}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, f.Net.Described())
	for _, want := range []string{
		`"stride":[2,2],"dilation":[1,1],"pad":[2,2,2,2]`, `"leakyrelu"`, `"a":0.2`, `"dilation":[2,2],"groups":1`, `"epsilon":0.001`,
		`"avgpool"`, `"size":[3,3],"pad":[1,1,2,2]`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if len(f.Assumed) != 0 || f.Net.Classes != 10 {
		t.Errorf("%d classes, assumed: %v", f.Net.Classes, f.Assumed)
	}
}

// TestWholeRefused: unsupported modules are errors, not replaced by guesses from tensors.
func TestWholeRefused(t *testing.T) {
	for _, c := range []struct {
		at   int
		with checkpoints.Module
		want string
	}{
		{2, checkpoints.Module{Name: "1", Class: torchNN + "activation.RReLU"}, "RReLU"},
		{6, checkpoints.Module{Name: "5", Class: torchNN + "pooling.AdaptiveAvgPool2d", Numbers: attributes{"output_size": {5}}}, "windows of different sizes"},
		{6, checkpoints.Module{Name: "5", Class: torchNN + "pooling.MaxPool2d", Numbers: attributes{"kernel_size": {2}}}, "no stride"},
		{1, checkpoints.Module{Name: "0", Class: torchNN + "conv.Conv2d", Numbers: attributes{"stride": {1e9}, "padding": {0}}}, "ONNX"},
		{1, checkpoints.Module{Name: "0", Class: torchNN + "conv.Conv2d", Numbers: attributes{"stride": {1}, "padding": {1}}, Texts: map[string]string{"padding_mode": "reflect"}}, "reflect"},
	} {
		n, w := row()
		(*w)[c.at] = c.with
		if f, err := nets.IdentifyWhole(*n, *w, [3]int{3, 32, 32}, nil); err == nil {
			t.Errorf("%v recognized as %s", c.with, f.Net.Name)
		} else if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "ONNX") {
			t.Error(err)
		}
	}
}

// TestWholeResidual: with a custom forward, tensors determine the family, modules its settings.
func TestWholeResidual(t *testing.T) {
	n, w := resnet("conv1", "layer%d.0.", "conv%d", "bn%d", "shortcut.0", "shortcut.1", "linear"), new(whole)
	w.add("", "__main__.ResNet", nil)
	for _, tensor := range *n {
		name, leaf := tensor.Name[:strings.LastIndexByte(tensor.Name, '.')], tensor.Name[strings.LastIndexByte(tensor.Name, '.')+1:]
		switch {
		case leaf != "weight":
		case len(tensor.Shape) == 4:
			stride, pad := 1.0, float64(tensor.Shape[2]/2)
			if name == "layer2.0.conv1" || name == "layer2.0.shortcut.0" {
				stride = 4
			}
			w.add(name, torchNN+"conv.Conv2d", attributes{"stride": {stride, stride}, "padding": {pad, pad}, "groups": {1}})
		case len(tensor.Shape) == 1:
			w.add(name, torchNN+"batchnorm.BatchNorm2d", attributes{"eps": {0.01}})
		}
	}
	w.add("act", torchNN+"activation.ELU", attributes{"alpha": {0.5}})
	f, err := nets.IdentifyWhole(*n, *w, [3]int{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, f.Net.Described())
	for _, want := range []string{`"stride":[4,4]`, `"epsilon":0.01`, `"a":0.5`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if at := slices.IndexFunc(f.Assumed, func(a nets.Assumption) bool { return a.Key == nets.Activation }); at < 0 || f.Assumed[at].Value != "elu" || len(f.Assumed[at].Others) > 0 {
		t.Errorf("%v", f.Assumed)
	}
}
