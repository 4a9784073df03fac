package session

import (
	"fmt"

	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// Descriptions of smoothing in files, complete if it differs from the paper's.

// SmoothingText formats a smoothing for a figure's heading: "ρ 0.5 on layer1.0.conv1,
// gain-normalized".
func SmoothingText(s model.Smoothing) string {
	if s.Rho == 0 {
		return "ρ 0"
	}
	return fmt.Sprintf("ρ %g", s.Rho) + SmoothedText(s)
}

// SmoothedText is the same without ρ, for figures vs ρ.
func SmoothedText(s model.Smoothing) (text string) {
	if s.Layer != "" {
		text = " on " + kit.Clean(model.LayerName(s.Layer))
	}
	if s.DivideGain {
		text += ", gain-normalized"
	}
	return text
}

// SmoothingSuffix formats a smoothing for a file's name; empty without one.
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
