package ui

import (
	"testing"

	"hfcui/ui/uitest"
)

func TestFiguresInDoubt(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.Attacks.Doubt = true
	d := startWith(t, lab, Options{}, 140, 44)
	d.Keys("6").Shows("† 1 failed sanity check")
	d.Keys("end w").Shows("†", "pgd at epsilon 0.09, rho 0: suspected gradient masking: accuracy is no lower than at the smaller epsilon 0.06")
	d.Hides("first 1,000 images")
	d = startWith(t, lab, Options{}, 200, 60)
	d.Keys("6").Shows("† pgd: suspected gradient masking").Hides("first 1,000 images")
}

// Square's accuracy, where others are held against it, stands beside theirs.
func TestSquareCheck(t *testing.T) {
	d := attackScreen(t, 200, 60)
	d.Hides("square (subset)").Keys("E up right enter").Shows("square (subset)")
	if q := d.Lab.Attacks.Measured[len(d.Lab.Attacks.Measured)-1]; !q.Square {
		t.Fatal("Square was not asked for")
	}
}
