package model

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/nets"
)

// preactivation returns the state dict of a small pre-activation ResNet.
func preactivation() *checkpoints.File {
	f := &checkpoints.File{Tensors: make(map[string]*checkpoints.Tensor)}
	random := rand.New(rand.NewPCG(3, 4))
	add := func(name string, values func(fan int) float64, shape ...int) {
		size, fan := 1, 1
		for i, d := range shape {
			size *= d
			if i > 0 {
				fan *= d
			}
		}
		t := &checkpoints.Tensor{Shape: shape, Data: make([]float32, size)}
		for i := range t.Data {
			t.Data[i] = float32(values(fan))
		}
		f.Tensors[name], f.Order = t, append(f.Order, name)
	}
	weights := func(fan int) float64 { return random.NormFloat64() * math.Sqrt(2/float64(fan)) }
	norm := func(name string, channels int) {
		add(name+".weight", func(int) float64 { return 0.5 + random.Float64() }, channels)
		add(name+".bias", func(int) float64 { return 0.3 * random.NormFloat64() }, channels)
		add(name+".running_mean", func(int) float64 { return random.NormFloat64() }, channels)
		add(name+".running_var", func(int) float64 { return 1 }, channels)
	}
	width := 8
	add("conv1.weight", weights, width, 3, 3, 3)
	for _, stage := range []string{"layer1", "layer2", "layer3"} {
		for _, block := range []string{".0", ".1"} {
			out := width
			if block == ".0" && stage != "layer1" {
				out = 2 * width
			}
			norm(stage+block+".bn1", width)
			add(stage+block+".conv1.weight", weights, out, width, 3, 3)
			norm(stage+block+".bn2", out)
			add(stage+block+".conv2.weight", weights, out, out, 3, 3)
			if out != width {
				add(stage+block+".shortcut.0.weight", weights, out, width, 1, 1)
			}
			width = out
		}
	}
	norm("bn", width)
	add("linear.weight", weights, 10, width)
	add("linear.bias", weights, 10)
	return f
}

// train sets running means to those expected of the network with the given choices.
func train(t *testing.T, f *checkpoints.File, choices nets.Choices, input [3]int) {
	t.Helper()
	s, err := newStateDict(f, false)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // means depend on earlier ones
		found, err := s.identify(input, choices)
		if err != nil {
			t.Fatal(err)
		}
		weights := s.weights(found)
		expected, err := found.Net.Described().Expectations(reader(weights), 0.7)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range expected {
			mean := weights[e.Norm+".running_mean"].Data
			for c, d := range e.Deviation {
				if d == d {
					mean[c] += float32(d * math.Sqrt(1+1e-5))
				}
			}
		}
	}
}

// TestSettle: non-default properties are inferred from batch-norm statistics.
func TestSettle(t *testing.T) {
	for _, c := range []struct{ key, value string }{
		{nets.Shortcut, "activated"}, {nets.Shortcut, "input"}, {nets.Activation, "silu"}, {nets.StemPool, "max"}, {nets.InputSize, "3x64x64"},
	} {
		t.Run(c.key+"="+c.value, func(t *testing.T) {
			f := preactivation()
			choices, input := nets.Choices{nets.Activation: "relu", c.key: c.value}, [3]int{3, 32, 32}
			if c.key == nets.InputSize {
				delete(choices, c.key)
				input = [3]int{3, 64, 64}
			}
			train(t, f, choices, input)
			m, err := FromFile("x", f, "")
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{nets.Shortcut: "activated", nets.Activation: "relu", nets.StemPool: "none", nets.InputSize: "3x32x32"}
			usual := want[c.key]
			want[c.key] = c.value
			for _, a := range m.Assumed {
				if want[a.Key] != "" && a.Value != want[a.Key] || a.Given {
					t.Errorf("%+v", a)
				}
				if a.Key == c.key && (a.Evidence != "") != (a.Value != usual) {
					t.Errorf("evidence is %q", a.Evidence)
				}
				delete(want, a.Key)
			}
			if len(want) > 0 {
				t.Errorf("%v not assumed", want)
			}
		})
	}
}

// TestMismatchIsNoted: inconsistent statistics do not change assumptions, and add a note.
func TestMismatchIsNoted(t *testing.T) {
	m, err := FromFile("x", preactivation(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range m.Assumed {
		if a.Evidence != "" {
			t.Errorf("%+v", a)
		}
	}
	if notes := strings.Join(m.Notes, "\n"); !strings.Contains(notes, "batch-norm statistics do not match") {
		t.Errorf("notes are %q", notes)
	}
}
