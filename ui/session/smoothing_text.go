package session

import (
	"fmt"

	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// What files say of smoothing: never its strength alone where it is another than the paper's.

// SmoothingText is a smoothing in a figure's heading: "ρ 0.5 on layer1.0.conv1, gain divided
// out".
func SmoothingText(s model.Smoothing) string {
	if s.Rho == 0 {
		return "ρ 0"
	}
	return fmt.Sprintf("ρ %g", s.Rho) + SmoothedText(s)
}

// SmoothedText is the same without the strength, for figures against it.
func SmoothedText(s model.Smoothing) (text string) {
	if s.Layer != "" {
		text = " on " + kit.Clean(model.LayerName(s.Layer))
	}
	if s.DivideGain {
		text += ", gain-normalized"
	}
	return text
}

// SmoothingSuffix is a smoothing in a file's name; empty where there is none.
func SmoothingSuffix(s model.Smoothing) string {
	if s.Rho == 0 {
		return ""
	}
	text := fmt.Sprintf("-rho%.2f", s.Rho)
	if s.Layer != "" {
		text += "-" + model.LayerName(s.Layer)
	}
	if s.DivideGain {
		text += "-gain-divided"
	}
	return text
}

// SmoothingColumns are the columns of smoothing besides ρ in tables.
const SmoothingColumns = "layer,gain_divided"

func SmoothingFields(s model.Smoothing) string {
	if s.Rho == 0 {
		return ",false"
	}
	return fmt.Sprintf("%s,%v", kit.Clean(s.Layer), s.DivideGain)
}
