package kit

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// luminance is the relative luminance of WCAG 2.
func luminance(c [3]uint8) float64 {
	sum := 0.0
	for i, weight := range [3]float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func contrast(a, b [3]uint8) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// Text is readable in every theme, and in the neutral one on black and on white.
func TestTextHasContrast(t *testing.T) {
	black, white := [3]uint8{}, [3]uint8{255, 255, 255}
	for name, c := range map[string]struct {
		th *Theme
		on [][3]uint8
	}{"dark": {DarkTheme, [][3]uint8{black}}, "light": {lightTheme(), [][3]uint8{white}}, "neutral": {neutralTheme(), [][3]uint8{black, white}}} {
		th := c.th
		text := map[string]Style{
			"dim": th.Dim, "focus": th.Focus, "low": th.Low, "high": th.High, "whole": th.Whole, "low dim": th.LowDim, "high dim": th.HighDim,
			"whole dim": th.WholeDim, "changed": th.Changed, "right": th.Right, "wrong": th.Wrong, "warn": th.Warn,
		}
		for i, st := range th.models {
			text[fmt.Sprint("model ", i)] = st
		}
		for style, st := range text {
			for _, background := range c.on {
				if got := contrast(st.RGB(), background); got < 4.5 {
					t.Errorf("%s theme: %s has contrast %.2f on %v", name, style, got, background)
				}
			}
		}
	}
}

// Without colors, what is selected and what is warned of stands out all the same.
func TestEmphasisWithoutColor(t *testing.T) {
	for _, known := range []bool{true, false} {
		th := ThemeOn(true, known, false)
		if !strings.Contains(th.selected.Paint("x"), "7m") || !strings.HasPrefix(th.Warn.Paint("x"), Bold.on) || !strings.HasPrefix(th.Focus.Paint("x"), Bold.on) {
			t.Errorf("selected %q, warn %q, focus %q", th.selected.Paint("x"), th.Warn.Paint("x"), th.Focus.Paint("x"))
		}
	}
}

func TestThemeOfBackground(t *testing.T) {
	if ThemeOn(true, true, true) != DarkTheme || ThemeOn(false, true, true) != lightTheme() || ThemeOn(true, false, true) != neutralTheme() {
		t.Error("another theme than the background's")
	}
}
