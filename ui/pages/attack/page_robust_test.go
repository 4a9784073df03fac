package attack

import (
	"slices"
	"testing"
	"time"

	"hfcui/engine/attack"
	"hfcui/ui/kit"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

func TestSmallestEpsilonIsShown(t *testing.T) {
	d := startAttack(t, 200, 60)
	d.App.Page.options.Method = attack.MinimalPGDMethod
	d.Keys("6").Shows("median smallest ε", "0.0123", "smallest ε found")
}

// The axis on screen is measured first; smoothing and others measure another curve at once,
// and what is known comes back.
func TestRobustnessFollowsWhatIsOnScreen(t *testing.T) {
	d := attackShown(t, 140, 44)
	p := d.App.Page
	if n := len(d.Lab.Attacks.Measured); n != 4 {
		t.Fatalf("%d measurements, want two curves on a few images and on all", n)
	}
	for i, q := range d.Lab.Attacks.Measured {
		if q.Limit != []int{200, 200, 1000, 1000}[i] || (len(q.Rhos) > 1) != (i%2 == 1) {
			t.Errorf("measurement %d: %d images, ρ %v", i, q.Limit, q.Rhos)
		}
	}
	if q := d.Lab.Attacks.Measured[0]; !slices.Equal(q.Epsilons, []float64{0, 0.005, 0.01, 0.02, 0.03, 0.06, 0.09}) || !slices.Equal(q.Methods, []string{"pgd", "fgsm"}) {
		t.Fatalf("ε %v, methods %v", q.Epsilons, q.Methods)
	}
	d.Lab.Attacks.Measured = nil
	d.Keys("s")
	if n := len(d.Lab.Attacks.Measured); n != 2 || d.Lab.Attacks.Measured[0].Rho != 0.5 {
		t.Fatalf("%d measurements after s", n)
	}
	d.Shows("ρ 0.50").Keys("s s").Shows("n 1,000")
	d.Keys("}") // nearest to the same measured ε
	if n := len(d.Lab.Attacks.Measured); n != 2 {
		t.Fatalf("%d measurements: what is known is measured again", n)
	}
	d.Keys("shift+right shift+right")
	if q := d.Lab.Attacks.Measured[len(d.Lab.Attacks.Measured)-1]; !slices.Equal(q.Epsilons, []float64{0.06}) {
		t.Fatalf("vs ρ at ε %v", q.Epsilons)
	}
	if p.robust.Job != nil {
		t.Fatal("something is still measured")
	}
}

func TestRobustnessStopsAndGoesOn(t *testing.T) {
	d := startAttack(t, 140, 44)
	d.Lab.Attacks.Round = 10 * time.Millisecond
	d.Hold = true
	d.Keys("6").Shows("appear here", "pgd vs ε 200 images", "esc stop robust accuracy")
	job := d.App.Page.robust.Job
	d.Keys("esc").Shows("Stopped before", "enter resume").Hides("pgd vs ε 200")
	uitest.Drain(job)
	d.Lab.Attacks.Round = 0
	d.Hold, d.Held = false, nil
	d.Keys("enter").Shows("n 1,000").Hides("Stopped")
	d.Lab.Attacks.Round = 10 * time.Millisecond
	d.Hold = true
	d.Keys("s")
	if d.App.Page.robust.Job == nil {
		t.Fatal("the curve with smoothing is not evaluated")
	}
	job = d.App.Page.robust.Job
	d.Keys("t") // another split: these images are looked at no more
	uitest.Drain(job)
}

// Nobody measures before figures were on screen, and leaving the page lets measuring go on.
func TestRobustnessBeginsOnScreen(t *testing.T) {
	d := startAttack(t, 60, 18)
	if len(d.Lab.Attacks.Measured) > 0 || len(d.Lab.Attacks.Asked) > 0 {
		t.Fatal("attacked before the page was looked at")
	}
	d.Keys("6")
	if len(d.Lab.Attacks.Measured) > 0 {
		t.Fatal("measured without a place for figures")
	}
	d.Hold = true
	d.Keys("w 1")
	if d.App.Page.robust.Job == nil {
		t.Fatal("leaving the page ends evaluating")
	}
	d.Release()
	d.Keys("6").Shows("1,000")
}

func TestModelsUnderAttackSideBySide(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.Attacks.Broken = "/runs/broken"
	d := attackWith(t, lab, session.Start{}, 200, 60)
	d.Run(d.App.AddComparison("demo-shuffled"))
	d.Run(d.App.AddComparison("/runs/broken"))
	d.Keys("6").Shows("◆ demo", "▼ demo-shuffled", "no such model", "hollow: clean")
	paths := map[string]bool{}
	for _, q := range lab.Attacks.Measured {
		paths[q.Model] = true
	}
	if len(paths) != 3 {
		t.Fatalf("measured %v", paths)
	}
	d.Keys("i").Shows("▼ demo-shuffled")
	if q := lab.Attacks.Asked[len(lab.Attacks.Asked)-1]; q.Model != "demo-shuffled" {
		t.Fatalf("attacked %q", q.Model)
	}
	d.Keys("w").Shows("▼ demo-shuffled")
	d.Run(d.App.DropComparison("demo-shuffled"))
	d.Keys("w").Hides("demo-shuffled")
	if q := d.App.Page.shown.view.Model; q != "" {
		t.Fatalf("pictures of %q, which was taken away", q)
	}
}

// Another model: its own figures, nothing of the one before.
func TestAttackForgetsAnotherModel(t *testing.T) {
	d := attackShown(t, 140, 44)
	d.Lab.Attacks.Measured = nil
	info := d.Lab.Info()
	info.Model = "another"
	d.Hold = true
	d.Run(d.App.ModelChanged(info))
	if len(d.App.Page.robust.Known) > 0 {
		t.Fatal("figures of another model are kept")
	}
	d.Release()
	if len(d.Lab.Attacks.Measured) != 4 {
		t.Fatalf("%d measurements", len(d.Lab.Attacks.Measured))
	}
}

func TestAttackNamesModelsSideBySideUnderPictures(t *testing.T) {
	for models := 2; models <= 4; models++ {
		l := kit.NewLayout(140, 44, "")
		k := layoutAttack(l.Body, l.Roomy(), 1, kit.CellSize{W: 9, H: 18, MostW: 0, MostH: 0}, false, models)
		if k.table.H != models+1 || len(k.accuracy) != 2 || len(k.slots) != 4 {
			t.Errorf("%d models: the table is %+v, beside %d charts and %d pictures", models, k.table, len(k.accuracy), len(k.slots))
		}
	}
}
