package ui

import (
	"encoding/xml"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"hfcui/ui/kit"
	"hfcui/ui/uitest"
)

func attackScreen(t *testing.T, w, h int) *uitest.Driver[*App] {
	t.Helper()
	return start(t, w, h).Keys("6")
}

func TestAttackShowsEverything(t *testing.T) {
	d := attackScreen(t, 140, 44)
	d.Shows("6 Attack", "test 0", "attack succeeded", "pgd L∞ · 10 steps", "■ original", "perturbation", "×17, gray = 0", "adversarial", "log spectrum of δ, circle at r",
		"‖δ‖∞ 0.0300", "7.65/255", "‖δ‖2 1.6628", "% energy", "✓", "✗", "power of δ", "ε ", "0.0300", "10.0",
		"◆ pgd, ◇ fgsm vs ε", "at ε 0.03 vs ρ", "n 1,000", "attack    7.0 ms")
	d.Fits(140, 44)
	d = attackScreen(t, 200, 60)
	d.Shows("accuracy", "clean", "pgd ε 0.03", "fgsm ε 0.03", "1,000", "97.0 +0.9 −1.3")
	attackScreen(t, 100, 30).Shows("  images", " 1,000", "97.0 +0.9 −1.3", "16.0 +2.4 −2.1")
	d = attackScreen(t, 80, 24)
	d.Shows("■ original", "‖δ‖∞ 0.0300", "✗", "aA method", "accuracy %", "n 1,000", "clean", "97.0 +0.9 −1.3", "16.0 +2.4 −2.1")
	d.Keys("w").Shows("robust accuracy", "97.0 +0.9 −1.3", "16.0 +2.4 −2.1", "first 1,000 images, 95% CI", "v axis").Hides("original")
	d.Keys("v").Shows("vs ρ", "0.4")
}

func TestPressingADialogsFrameChoosesNoRow(t *testing.T) {
	d := attackScreen(t, 100, 30).Keys("E")
	x, y := d.Where("Attack settings")
	d.Click(x, y)
	d.Keys("down").Shows("› norm")
}

func TestZeroGradientIsSaid(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.Attacks.Zero = true
	startWith(t, lab, Options{}, 140, 44).Keys("6").Shows("zero gradient: no progress", "No perturbation.")
}

func TestAttackNeedsLabels(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.About.Labeled = false
	d := startWith(t, lab, Options{}, 140, 44)
	d.Keys("6 right a w w").Shows("Attacks unavailable: no labels that match")
	if len(lab.Attacks.Asked)+len(lab.Attacks.Measured) > 0 {
		t.Fatal("attacked without labels")
	}
	d.Keys("x").Shows("nothing to export yet")
}

func TestAttackErrorsAreOneLine(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.Attacks.Err = errors.New("the model has no gradient\x1b[31m\nfor its input")
	d := startWith(t, lab, Options{}, 100, 30)
	d.Keys("6").Shows("the model has no gradient[31m for its input")
	lab.Attacks.Err = nil
	d.Keys("right").Shows("‖δ‖∞")
}

func TestExportAttack(t *testing.T) {
	d := attackScreen(t, 140, 44)
	folder := d.App.options.Folder
	d.Keys("x").Shows("-original.png", "-perturbation.png", "-adversarial.png", "-spectrum.png", "-accuracy.csv", "-epsilon.svg", "-epsilon.png", "-rho.svg", "-rho.png").Keys("enter").Shows("Wrote 11 files")
	var view struct {
		Label  string
		Attack struct {
			Method, Norm string
			Epsilon      float64
		}
		LInf          float64
		Profile       []float64
		Before, After struct{ Right bool }
	}
	uitest.Read(t, uitest.Exported(t, folder, "eps0.03.json"), &view)
	if view.Attack.Method != "pgd" || view.Attack.Epsilon != 0.03 || view.LInf != 0.03 || !view.Before.Right || view.After.Right || len(view.Profile) != 23 {
		t.Fatalf("exported %+v", view)
	}
	var curves struct {
		Curves []struct {
			Model, Against string
			N              int
			Clean          []struct{ N int }
			Results        []struct {
				Method       string
				Epsilon, Rho float64
				Accuracy     float64
			}
		}
	}
	uitest.Read(t, uitest.Exported(t, folder, "-accuracy.json"), &curves)
	if c := curves.Curves; len(c) != 2 || c[0].N != 1000 || len(c[0].Results) != 2*7 || len(c[1].Clean) != 5 || len(c[1].Results) != 2*5 || c[1].Against != "rho" {
		t.Fatalf("exported %+v", curves)
	}
	table, err := os.ReadFile(uitest.Exported(t, folder, "-accuracy.csv"))
	if lines := strings.Count(string(table), "\n"); err != nil || lines != 1+1+2*7+5+2*5 {
		t.Fatalf("%d lines, %v", lines, err)
	}
	svg, err := os.ReadFile(uitest.Exported(t, folder, "-rho.svg"))
	if err != nil || xml.Unmarshal(svg, new(struct{})) != nil || !strings.Contains(string(svg), "Dashed: clean accuracy") {
		t.Fatalf("%v: %s", err, svg)
	}
	d.Keys("esc w x enter").Shows("Wrote 6 files")
}

func TestParseEpsilon(t *testing.T) {
	for text, want := range map[string]float64{"0.03": 0.03, "8/255": 8.0 / 255, " 1 / 4 ": 0.25} {
		if got, err := kit.ParseEpsilon(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "/", "1/0", "a/b", "0/0"} {
		if got, err := kit.ParseEpsilon(text); err == nil && !math.IsInf(got, 0) {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// On a small terminal, accuracies are beside the profile: of one model by method, of several by model.
func TestAccuracyOnSmallTerminals(t *testing.T) {
	d := attackScreen(t, 80, 24)
	d.Shows("accuracy %", "n 1,000", "pgd ε 0.03", "16.0 +2.4 −2.1")
	d.Compare("demo-shuffled").Shows("◆  97.0 +0.9 −1.3", "▼  97.0", "n ≥ 1,000").Fits(80, 24)
}
