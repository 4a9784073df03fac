package ui

import (
	"testing"

	"hfcui/engine/candidates"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/ui/uitest"
)

// A model is opened with what its file does not say; what is wrong is said in the dialog.
func TestModelsAreOpenedAsDescribed(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("M")
	d.Shows("Open model", "demo", "BGR input", "assume")
	d.Keys("down x y enter")
	d.Shows("mean: not a number")
	d.Keys("ctrl+u h a l f down down right enter")
	if d.Lab.Given.Mean[0] != 0.5 || !d.Lab.Given.BGR || d.App.Top() != nil {
		t.Errorf("opened with %+v", d.Lab.Given)
	}
}

// What a check finds stands on the line of caveats, and the dialog begins with it.
func TestClearlyBetterIsNoticed(t *testing.T) {
	l := uitest.NewFakeLab()
	l.Found = candidates.Result{Checked: 400, Better: &candidates.Better{Flags: "--mean imagenet", Current: measure.Score{Correct: 100, N: 400},
		Change: model.Description{Mean: model.Normalizations["imagenet"].Mean, Std: model.Normalizations["imagenet"].Std}}}
	d := startWith(t, l, Options{}, 140, 44)
	d.Shows("M applies --mean imagenet: ", "vs 25.0 % of 400 images correct")
	d.Keys("?").Shows("Notice", "--mean imagenet is clearly better").Keys("esc")
	d.Keys("M")
	d.Shows("imagenet")
}
