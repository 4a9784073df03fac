package ui

import (
	"fmt"

	"hfcui/engine/model"
)

// What files say of smoothing: never its strength alone where it is another than the paper's.

// smoothingText is a smoothing in a figure's heading: "ρ 0.5 on layer1.0.conv1, gain divided
// out".
func smoothingText(s model.Smoothing) string {
	if s.Rho == 0 {
		return "ρ 0"
	}
	return fmt.Sprintf("ρ %g", s.Rho) + smoothedText(s)
}

// smoothedText is the same without the strength, for figures against it.
func smoothedText(s model.Smoothing) (text string) {
	if s.Layer != "" {
		text = " on " + clean(model.LayerName(s.Layer))
	}
	if s.DivideGain {
		text += ", gain divided out"
	}
	return text
}

// smoothingSuffix is a smoothing in a file's name; empty where there is none.
func smoothingSuffix(s model.Smoothing) string {
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

// smoothingColumns are the columns of smoothing besides ρ in tables.
const smoothingColumns = "layer,gain_divided"

func smoothingFields(s model.Smoothing) string {
	if s.Rho == 0 {
		return ",false"
	}
	return fmt.Sprintf("%s,%v", clean(s.Layer), s.DivideGain)
}
