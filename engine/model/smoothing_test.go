package model_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/spectral"
)

// untrained returns an untrained net with 3×3 and 1×1 kernels.
func untrained(t *testing.T, net string) *model.Model {
	t.Helper()
	m, err := model.New(net, [3]int{3, 32, 32}, slices.Repeat([]string{"class"}, 10), nets.He, 5)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSmoothedIsSpectralSmooth(t *testing.T) {
	for _, net := range []string{"resnet8-w8", "lenet5", "alexnet"} {
		m := untrained(t, net)
		for i, name := range m.Convolutions() {
			tensor := m.Weights[name]
			s := tensor.Shape
			want := make([]float32, len(tensor.Data))
			spectral.Smooth(want, tensor.Data, s[0], s[1], s[2], s[3], 0.7)
			for _, asked := range []string{name, model.LayerName(name)} {
				got, w, err := m.Smoothed(model.Smoothing{Rho: 0.7, Layer: asked})
				if err != nil || got != name || !slices.Equal(w, want) {
					t.Errorf("%s, layer %q: %q, %v", net, asked, got, err)
				}
			}
			if got, w, err := m.Smoothed(model.Smoothing{Rho: 0.7}); i == 0 && (err != nil || got != name || !slices.Equal(w, want)) {
				t.Errorf("%s: the first is %q, %v", net, got, err)
			}
		}
	}
}

// With gain normalization, constant kernels keep their sum and 1×1 kernels are unchanged; without,
// 1×1 kernels are multiplied by the gain.
func TestGainDividedOut(t *testing.T) {
	m := untrained(t, "resnet20-w8")
	layer := m.Weights["layer1.0.conv1.weight"]
	for i := range layer.Data {
		layer.Data[i] = float32(i/9%7) - 3
	}
	for _, rho := range []float64{0, 0.1, 0.5, 1, 20} {
		for _, divide := range []bool{false, true} {
			s := model.Smoothing{Rho: rho, Layer: "layer1.0.conv1", DivideGain: divide}
			_, w, err := m.Smoothed(s)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range w {
				if want := s.Gain() * float64(layer.Data[i]); math.Abs(float64(v)-want) > 1e-6*math.Abs(want) {
					t.Fatalf("%+v: weight %d is %v, want %v", s, i, v, want)
				}
			}
			s.Layer = "layer2.0.downsample.0"
			one := m.Weights["layer2.0.downsample.0.weight"].Data
			if _, w, err = m.Smoothed(s); err != nil {
				t.Fatal(err)
			}
			for i, v := range w {
				if want := s.Gain() * float64(one[i]); math.Abs(float64(v)-want) > 1e-6*math.Abs(want) {
					t.Fatalf("%+v: weight %d is %v, want %v", s, i, v, want)
				}
			}
		}
	}
}

func TestCanonical(t *testing.T) {
	m := untrained(t, "resnet8-w8")
	for _, c := range []struct{ asked, want model.Smoothing }{
		{model.Smoothing{}, model.Smoothing{}},
		{model.Smoothing{Layer: "layer1.0.conv2", DivideGain: true}, model.Smoothing{}},
		{model.Smoothing{Rho: 1, Layer: "conv1"}, model.Smoothing{Rho: 1}},
		{model.Smoothing{Rho: 1, Layer: "conv1.weight", DivideGain: true}, model.Smoothing{Rho: 1, DivideGain: true}},
		{model.Smoothing{Rho: 1, Layer: "layer1.0.conv2"}, model.Smoothing{Rho: 1, Layer: "layer1.0.conv2.weight"}},
	} {
		if got, err := m.Canonical(c.asked); err != nil || got != c.want {
			t.Errorf("%+v: %+v, %v, want %+v", c.asked, got, err, c.want)
		}
	}
	for _, c := range []struct {
		asked model.Smoothing
		word  string
	}{
		{model.Smoothing{Rho: -1}, "rho -1"},
		{model.Smoothing{Rho: math.NaN()}, "rho NaN"},
		{model.Smoothing{Rho: math.Inf(1)}, "rho +Inf"},
		{model.Smoothing{Rho: 1, Layer: "conv9"}, "no layer conv9 in resnet8-w8: its convolutions are conv1, layer1.0.conv1"},
		{model.Smoothing{Layer: "conv9"}, "no layer conv9"},
		{model.Smoothing{Rho: 1, Layer: "fc"}, "fc of resnet8-w8 is not a convolution"},
		{model.Smoothing{Rho: 1, Layer: "bn1"}, "bn1 of resnet8-w8 is not a convolution"},
		{model.Smoothing{Rho: 1, Layer: "a\x1b[31mb"}, "no layer a[31mb"},
	} {
		if got, err := m.Canonical(c.asked); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %+v, %v, want an error with %q", c.asked, got, err, c.word)
		}
		if _, w, err := m.Smoothed(c.asked); err == nil {
			t.Errorf("%+v: %d weights", c.asked, len(w))
		}
	}
}

func TestSmoothingIsNamed(t *testing.T) {
	for want, s := range map[string]model.Smoothing{
		"off":    {Layer: "conv1"},
		"ρ 0.25": {Rho: 0.25},
		"ρ 0.50 on layer1.0.conv1, gain-normalized": {Rho: 0.5, Layer: "layer1.0.conv1.weight", DivideGain: true},
	} {
		if got := s.Describe(); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}
