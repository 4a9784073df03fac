package ui

import (
	"slices"
	"testing"
	"time"

	"hfcui/engine/attack"
	"hfcui/ui/kit"
	attackpage "hfcui/ui/pages/attack"
)

func TestSmallestEpsilonIsShown(t *testing.T) {
	d := start(t, 200, 60)
	pageOf[*attackpage.Page](d.app).Options.Method = attack.MinimalPGDMethod
	d.keys("6").shows("median smallest ε", "0.0123", "smallest ε found")
}

// The axis on screen is measured first; smoothing and others measure another curve at once,
// and what is known comes back.
func TestRobustnessFollowsWhatIsOnScreen(t *testing.T) {
	d := attackScreen(t, 140, 44)
	p := pageOf[*attackpage.Page](d.app)
	if n := len(d.lab.attacks.measured); n != 4 {
		t.Fatalf("%d measurements, want two curves on a few images and on all", n)
	}
	for i, q := range d.lab.attacks.measured {
		if q.Limit != []int{200, 200, 1000, 1000}[i] || (len(q.Rhos) > 1) != (i%2 == 1) {
			t.Errorf("measurement %d: %d images, ρ %v", i, q.Limit, q.Rhos)
		}
	}
	if q := d.lab.attacks.measured[0]; !slices.Equal(q.Epsilons, []float64{0, 0.005, 0.01, 0.02, 0.03, 0.06, 0.09}) || !slices.Equal(q.Methods, []string{"pgd", "fgsm"}) {
		t.Fatalf("ε %v, methods %v", q.Epsilons, q.Methods)
	}
	d.lab.attacks.measured = nil
	d.keys("s")
	if n := len(d.lab.attacks.measured); n != 2 || d.lab.attacks.measured[0].Rho != 0.5 {
		t.Fatalf("%d measurements after s", n)
	}
	d.shows("ρ 0.50").keys("s s").shows("n 1,000")
	d.keys(".") // nearest to the same measured ε
	if n := len(d.lab.attacks.measured); n != 2 {
		t.Fatalf("%d measurements: what is known is measured again", n)
	}
	d.keys("shift+right shift+right")
	if q := d.lab.attacks.measured[len(d.lab.attacks.measured)-1]; !slices.Equal(q.Epsilons, []float64{0.06}) {
		t.Fatalf("vs ρ at ε %v", q.Epsilons)
	}
	if p.Robust.Job != nil {
		t.Fatal("something is still measured")
	}
}

func TestRobustnessStopsAndGoesOn(t *testing.T) {
	d := start(t, 140, 44)
	d.lab.attacks.round = 10 * time.Millisecond
	d.hold = true
	d.keys("6").shows("appear here", "pgd vs ε, 200 images", "esc stop")
	job := pageOf[*attackpage.Page](d.app).Robust.Job
	d.keys("esc").shows("Stopped before", "enter resume").hides("pgd vs ε, 200")
	drain(job)
	d.lab.attacks.round = 0
	d.hold, d.held = false, nil
	d.keys("enter").shows("n 1,000").hides("Stopped")
	d.lab.attacks.round = 10 * time.Millisecond
	d.hold = true
	d.keys("s")
	if pageOf[*attackpage.Page](d.app).Robust.Job == nil {
		t.Fatal("the curve with smoothing is not evaluated")
	}
	job = pageOf[*attackpage.Page](d.app).Robust.Job
	d.keys("t") // another split: these images are looked at no more
	drain(job)
}

// Nobody measures before figures were on screen, and leaving the page lets measuring go on.
func TestRobustnessBeginsOnScreen(t *testing.T) {
	d := start(t, 80, 24)
	if len(d.lab.attacks.measured) > 0 || len(d.lab.attacks.asked) > 0 {
		t.Fatal("attacked before the page was looked at")
	}
	d.keys("6")
	if len(d.lab.attacks.measured) > 0 {
		t.Fatal("measured without a place for figures")
	}
	d.hold = true
	d.keys("w 1")
	if pageOf[*attackpage.Page](d.app).Robust.Job == nil {
		t.Fatal("leaving the page ends evaluating")
	}
	d.release()
	d.keys("6").shows("1,000")
}

func TestFiguresInDoubt(t *testing.T) {
	lab := newFakeLab()
	lab.attacks.doubt = true
	d := startWith(t, lab, Options{}, 140, 44)
	d.keys("6").shows("† 1 failed sanity check")
	d.keys("end w").shows("†", "pgd at epsilon 0.09, rho 0: suspected gradient masking: accuracy is no lower than at the smaller epsilon 0.06")
	d.hides("first 1,000 images")
	d = startWith(t, lab, Options{}, 200, 60)
	d.keys("6").shows("† suspected gradient masking").hides("first 1,000 images")
}

// Square's accuracy, where others are held against it, stands beside theirs.
func TestSquareCheck(t *testing.T) {
	d := attackScreen(t, 200, 60)
	d.hides("square, on fewer").keys("O up right enter").shows("square, on fewer")
	if q := d.lab.attacks.measured[len(d.lab.attacks.measured)-1]; !q.Square {
		t.Fatal("Square was not asked for")
	}
}

func TestModelsUnderAttackSideBySide(t *testing.T) {
	lab := newFakeLab()
	lab.attacks.broken = "/runs/broken"
	d := startWith(t, lab, Options{}, 200, 60)
	d.run(d.app.AddComparison("demo-shuffled"))
	d.run(d.app.AddComparison("/runs/broken"))
	d.keys("6").shows("◆ demo", "▼ demo-shuffled", "no such model", "hollow: clean")
	paths := map[string]bool{}
	for _, q := range lab.attacks.measured {
		paths[q.Model] = true
	}
	if len(paths) != 3 {
		t.Fatalf("measured %v", paths)
	}
	d.keys("i").shows("▼ demo-shuffled")
	if q := lab.attacks.asked[len(lab.attacks.asked)-1]; q.Model != "demo-shuffled" {
		t.Fatalf("attacked %q", q.Model)
	}
	d.keys("w").shows("▼ demo-shuffled")
	d.run(d.app.DropComparison("demo-shuffled"))
	d.keys("w").hides("demo-shuffled")
	if q := pageOf[*attackpage.Page](d.app).Shown.View.Model; q != "" {
		t.Fatalf("pictures of %q, which was taken away", q)
	}
}

// Another model: its own figures, nothing of the one before.
func TestAttackForgetsAnotherModel(t *testing.T) {
	d := attackScreen(t, 140, 44)
	d.lab.attacks.measured = nil
	info := d.lab.Info()
	info.Model = "another"
	d.hold = true
	d.run(d.app.ModelChanged(info))
	if len(pageOf[*attackpage.Page](d.app).Robust.Known) > 0 {
		t.Fatal("figures of another model are kept")
	}
	d.release()
	if len(d.lab.attacks.measured) != 4 {
		t.Fatalf("%d measurements", len(d.lab.attacks.measured))
	}
}

func TestAttackNamesModelsSideBySideUnderPictures(t *testing.T) {
	for models := 2; models <= 4; models++ {
		l := kit.NewLayout(140, 44, false)
		k := attackpage.LayoutAttack(l.Body, l.Roomy(), 1, kit.CellSize{W: 9, H: 18, MostW: 0, MostH: 0}, false, models)
		if k.Table.H != models+1 || len(k.Accuracy) != 2 || len(k.Slots) != 4 {
			t.Errorf("%d models: the table is %+v, beside %d charts and %d pictures", models, k.Table, len(k.Accuracy), len(k.Slots))
		}
	}
}
