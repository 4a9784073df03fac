package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hfcui/spectral"
)

// Smoothing says how the kernels of one convolution are smoothed (Wang et al. 2020, section
// 6, which smooths the first and does not divide by the gain). The zero value is off.
type Smoothing struct {
	// Rho is the strength; 0 is off.
	Rho float64 `json:"rho"`
	// Layer names a convolution's weights, with or without ".weight"; "" is the first.
	Layer string `json:"layer,omitempty"`
	// DivideGain divides the smoothed kernels by 1+8ρ, which keeps the sum of a kernel of
	// one value. Without it that sum grows by so much.
	DivideGain bool `json:"gain_divided,omitempty"`
}

// maxRho keeps smoothed weights, and what is computed with them, within float32. By far:
// the paper goes up to 1, and beyond 100 kernels are their neighbours' sums and no more.
const maxRho = 1e6

// CheckRho refuses strengths of smoothing that are not numbers, negative or excessive.
func CheckRho(rho float64) error {
	if math.IsNaN(rho) || rho < 0 || rho > maxRho {
		return fmt.Errorf("rho %v: use a strength from 0 to %g", rho, maxRho)
	}
	return nil
}

// Gain is how many times the sum of a kernel of one value becomes by smoothing: 1+8ρ, or 1
// where that is divided out.
func (s Smoothing) Gain() float64 {
	if s.DivideGain {
		return 1
	}
	return 1 + 8*s.Rho
}

// Describe says what is done as a person reads it: "ρ 0.50", "ρ 0.50 on layer1.0.conv1, gain
// divided out", "off". It rounds: no key is made of it.
func (s Smoothing) Describe() string {
	if s.Rho == 0 {
		return "off"
	}
	text := fmt.Sprintf("ρ %.2f", s.Rho)
	if s.Layer != "" {
		text += " on " + LayerName(s.Layer)
	}
	if s.DivideGain {
		text += ", gain divided out"
	}
	return text
}

// LayerName is the name of a layer, given that of its weights.
func LayerName(weights string) string { return strings.TrimSuffix(weights, ".weight") }

// Convolutions names the weights of all convolutions, in the order PyTorch lists them.
func (m *Model) Convolutions() []string {
	var names []string
	for _, p := range m.Net.Params {
		if len(p.Shape) == 4 {
			names = append(names, p.Name)
		}
	}
	return names
}

// Canonical checks a smoothing for the model and returns the one form that all that do the
// same have: off without anything else, Layer "" for the first convolution and complete for
// others. Errors name what is wrong, and the model's convolutions.
func (m *Model) Canonical(s Smoothing) (Smoothing, error) {
	if err := CheckRho(s.Rho); err != nil {
		return s, err
	}
	name, err := m.Convolution(s.Layer)
	if err != nil {
		return s, err
	}
	if s.Layer = name; name == m.FirstConv() {
		s.Layer = ""
	}
	if s.Rho == 0 {
		s = Smoothing{}
	}
	return s, nil
}

// Convolution is the full name of the weights a Smoothing's Layer means.
func (m *Model) Convolution(layer string) (string, error) {
	if layer == "" {
		return m.FirstConv(), nil
	}
	known := m.Convolutions()
	for _, name := range []string{layer, layer + ".weight"} {
		if slices.Contains(known, name) {
			return name, nil
		}
	}
	for i, name := range known {
		known[i] = LayerName(name)
	}
	what := "there is no layer %s in %s"
	if m.Weights[layer] != nil || m.Weights[layer+".weight"] != nil {
		what = "%s of %s is no convolution"
	}
	return "", fmt.Errorf(what+": its convolutions are %s", clean(layer), m.Name, strings.Join(known, ", "))
}

// Smoothed returns the kernels (OIHW) of the convolution that s is about, smoothed, and the
// name of that tensor. Kernels of 1×1 have no neighbours but themselves: they become 1+8ρ
// times what they are, or stay where the gain is divided out.
func (m *Model) Smoothed(s Smoothing) (name string, w []float32, err error) {
	if err := CheckRho(s.Rho); err != nil {
		return "", nil, err
	}
	if name, err = m.Convolution(s.Layer); err != nil {
		return "", nil, err
	}
	t := m.Weights[name]
	w = make([]float32, len(t.Data))
	spectral.Smooth(w, t.Data, t.Shape[0], t.Shape[1], t.Shape[2], t.Shape[3], s.Rho)
	if s.DivideGain {
		gain := 1 + 8*s.Rho
		for i, v := range w {
			w[i] = float32(float64(v) / gain)
		}
	}
	return name, w, nil
}
