package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hfcui/engine/printable"
	"hfcui/spectral"
)

// Smoothing is kernel smoothing of one convolution (Wang et al. 2020, section 6, who smooth the
// first one without gain normalization). The zero value is off.
type Smoothing struct {
	// Rho is the strength; 0 is off.
	Rho float64 `json:"rho"`
	// Layer names a convolution's weights, with or without ".weight"; "" is the first.
	Layer string `json:"layer,omitempty"`
	// DivideGain normalizes the gain: smoothed kernels are divided by 1+8ρ, which keeps the
	// response to constant input of a constant kernel.
	DivideGain bool `json:"gain_divided,omitempty"`
}

// maxRho keeps smoothed weights and activations well within float32. The paper goes up to 1.
const maxRho = 1e6

// CheckRho returns an error if rho is NaN, negative or excessive.
func CheckRho(rho float64) error {
	if math.IsNaN(rho) || rho < 0 || rho > maxRho {
		return fmt.Errorf("rho %v: use a strength from 0 to %g", rho, maxRho)
	}
	return nil
}

// Gain is the factor by which smoothing scales a constant kernel: 1+8ρ, or 1 if normalized.
func (s Smoothing) Gain() float64 {
	if s.DivideGain {
		return 1
	}
	return 1 + 8*s.Rho
}

// Describe formats s for display, e.g. "ρ 0.50 on layer1.0.conv1, gain-normalized" or "off". It
// rounds, so it does not identify a smoothing.
func (s Smoothing) Describe() string {
	if s.Rho == 0 {
		return "off"
	}
	text := fmt.Sprintf("ρ %.2f", s.Rho)
	if s.Layer != "" {
		text += " on " + LayerName(s.Layer)
	}
	if s.DivideGain {
		text += ", gain-normalized"
	}
	return text
}

// LayerName returns the name of the layer that weights belong to.
func LayerName(weights string) string { return strings.TrimSuffix(weights, ".weight") }

// Convolutions lists the names of all convolutions' weights, in PyTorch's order.
func (m *Model) Convolutions() []string {
	var names []string
	for _, p := range m.Net.Params {
		if p.Kernels() {
			names = append(names, p.Name)
		}
	}
	return names
}

// Canonical checks s for the model and returns its canonical form, equal for smoothings of the
// same effect: the zero value if off, Layer "" for the first convolution and the full name for
// others. The error lists the model's convolutions.
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

// Convolution resolves a Smoothing's Layer to the full name of its weights.
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
	what := "no layer %s in %s"
	if m.Weights[layer] != nil || m.Weights[layer+".weight"] != nil {
		what = "%s of %s is not a convolution"
	}
	return "", fmt.Errorf(what+": its convolutions are %s", printable.Line(layer), m.Name, strings.Join(known, ", "))
}

// Smoothed returns the smoothed kernels [O,I,H,W] of the convolution that s names, and the name of
// that tensor. 1×1 kernels have no neighbors: they are scaled by the gain.
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
