package ui

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/ui/kit"
	attackpage "hfcui/ui/pages/attack"
)

func attackScreen(t *testing.T, w, h int) *driver {
	t.Helper()
	return start(t, w, h).keys("6")
}

func TestAttackShowsEverything(t *testing.T) {
	d := attackScreen(t, 140, 44)
	d.shows("6 Attack", "test 0", "fooled", "pgd L∞ · 10 steps", "■ original", "perturbation", "on gray ×17", "attacked", "its log spectrum, circle at r",
		"‖δ‖∞ 0.0300", "7.65/255", "‖δ‖2 1.6628", "% energy", "✓", "✗", "power of δ", "ε ", "0.0300", "10.0",
		"◆ pgd, ◇ fgsm vs ε", "at ε 0.03 vs ρ", "n 1,000", "attack    7.0 ms")
	d.fits(140, 44)
	d = attackScreen(t, 200, 60)
	d.shows("accuracy", "clean", "pgd ε 0.03", "fgsm ε 0.03", "1,000", "97.0 +0.9 −1.3")
	attackScreen(t, 100, 30).shows("  images", " 1,000", "97.0 +0.9 −1.3", "16.0 +2.4 −2.1")
	d = attackScreen(t, 80, 24)
	d.shows("■ original", "‖δ‖∞ 0.0300", "✗", "w view")
	d.keys("w").shows("robust accuracy", "97.0 +0.9 −1.3", "16.0 +2.4 −2.1", "first 1,000 images, 95% CI", "v axis").hides("original")
	d.keys("v").shows("vs ρ", "0.4")
}

func TestEpsilonKeys(t *testing.T) {
	d := attackScreen(t, 100, 30)
	for _, step := range []struct {
		keys    string
		epsilon float64
	}{
		{"right", 0.035}, {"left left", 0.025}, {".", 0.026}, {", ,", 0.024}, {"shift+right", 0.044}, {"shift+left", 0.024},
		{"home", 0}, {"left", 0}, {"end", 0.1}, {"right", 0.1}, {"h h l", 0.095}, {"-", 0.05}, {"left", 0.0475}, {"+ + right", 0.0576}, {"end", 0.2}, {"home", 0},
	} {
		if d.keys(step.keys); pageOf[*attackpage.Page](d.app).Options.Epsilon != step.epsilon {
			t.Fatalf("after %q ε is %v, want %v", step.keys, pageOf[*attackpage.Page](d.app).Options.Epsilon, step.epsilon)
		}
		if got := pageOf[*attackpage.Page](d.app).Shown.View.Epsilon; got != step.epsilon {
			t.Fatalf("after %q the pictures are of ε = %v, want %v", step.keys, got, step.epsilon)
		}
	}
	d.shows("no perturbation", "No perturbation.", "holds")
}

func TestEpsilonIsTyped(t *testing.T) {
	d := attackScreen(t, 100, 30)
	for _, bad := range []string{"nan", "-1", "1.5", "inf", "8/0", "x", "1/2/3", ""} {
		d.keys("e").types(bad).keys("enter").shows("a number from 0 to 1, or a fraction, e.g. 8/255")
		d.keys("esc")
	}
	if e := pageOf[*attackpage.Page](d.app).Options.Epsilon; e != 0.03 {
		t.Fatalf("ε is %v after wrong input", e)
	}
	d.keys("e").shows("0.03, or 8/255").types("8/255").keys("enter").shows("0.0314", "8.00/255")
	d.keys("e").types("0.7").keys("enter").shows("0.7000")
	if p := pageOf[*attackpage.Page](d.app); p.Most != 0.8 || p.Options.Epsilon != 0.7 {
		t.Fatalf("ε %v on a track to %v", p.Options.Epsilon, p.Most)
	}
}

func TestAttackSliders(t *testing.T) {
	d := attackScreen(t, 100, 30)
	line := kit.PlotOf(pageOf[*attackpage.Page](d.app).L.Epsilon)
	d.click(line.X+line.W-1, line.Y)
	if e := pageOf[*attackpage.Page](d.app).Options.Epsilon; e != 0.1 {
		t.Fatalf("ε %v after a click at the end of its track", e)
	}
	d.send(tea.MouseMotionMsg{X: line.X, Y: line.Y + 9, Button: tea.MouseLeft})
	if e := pageOf[*attackpage.Page](d.app).Options.Epsilon; e != 0 {
		t.Fatalf("ε %v after a drag to the beginning", e)
	}
	d.send(tea.MouseReleaseMsg{})
	d.send(tea.MouseWheelMsg{X: line.X, Y: line.Y, Button: tea.MouseWheelUp})
	if e := pageOf[*attackpage.Page](d.app).Options.Epsilon; e != 0.005 {
		t.Fatalf("ε %v after a turn of the wheel", e)
	}
	r := kit.PlotOf(pageOf[*attackpage.Page](d.app).L.Radius)
	d.click(r.X+r.W-1, r.Y)
	if d.app.R != 23 || pageOf[*attackpage.Page](d.app).Shown.View.R != 23 {
		t.Fatalf("r %v, pictures of %v", d.app.R, pageOf[*attackpage.Page](d.app).Shown.View.R)
	}
	d.keys("< < >")
	if d.app.R != 22 {
		t.Fatalf("r %v", d.app.R)
	}
}

// Images are chosen as on Explore, by the same session.
func TestAttackImages(t *testing.T) {
	d := attackScreen(t, 100, 30)
	d.keys("down n up").shows("test 1")
	d.keys("g").types("17").keys("enter").shows("test 17")
	d.keys("c").types("hexagon").keys("enter").shows("only hexagon")
	if got := d.lab.Label(pageOf[*attackpage.Page](d.app).Shown.View.Index); got != 8 {
		t.Fatalf("class %d is attacked", got)
	}
	d.keys("1").shows("only hexagon")
}

// A key held down asks for many ε while one is computed: only the newest is computed next.
func TestNewestEpsilonWins(t *testing.T) {
	d := attackScreen(t, 100, 30)
	d.keys("esc")
	d.lab.attacks.asked = nil
	d.hold = true
	d.keys("right right right right")
	held := d.held
	d.held = nil
	d.send(held[0]())
	if got := pageOf[*attackpage.Page](d.app).Shown.View.Epsilon; got != 0.035 {
		t.Fatalf("ε = %v is shown, want 0.035: it is newer than what was there", got)
	}
	d.held = append(d.held, held[1:]...)
	d.release()
	var asked []float64
	for _, q := range d.lab.attacks.asked {
		asked = append(asked, q.Epsilon)
	}
	if !slices.Equal(asked, []float64{0.035, 0.05}) {
		t.Fatalf("computed %v, want 0.035 and 0.05 only", asked)
	}
}

// What takes long is cut short when something else is wanted, and when the page is left.
func TestSlowAttackIsCutShort(t *testing.T) {
	for _, keys := range []string{"right", "2"} {
		d := attackScreen(t, 100, 30).keys("esc")
		d.lab.attacks.gate = make(chan struct{})
		d.hold = true
		d.keys(".").shows("attack")
		answer := make(chan tea.Msg)
		first := d.held[0]
		d.held = nil
		go func() { answer <- first() }()
		d.keys(keys)
		msg := <-answer // hangs unless it is canceled
		if msg := msg.(routed).msg.(attackpage.AttackMsg); !errors.Is(msg.Err, context.Canceled) {
			t.Fatalf("%s: %v", keys, msg.Err)
		}
		close(d.lab.attacks.gate)
		d.lab.attacks.gate = nil
		d.send(msg)
		d.release()
		d.keys("6")
		want := map[string]float64{"right": 0.036, "2": 0.031}[keys]
		if got := pageOf[*attackpage.Page](d.app).Shown.View.Epsilon; got != want {
			t.Fatalf("%s: pictures of ε %v, want %v", keys, got, want)
		}
	}
}

// Who comes back to the page before what was cut short has ended sees it all the same.
func TestAttackComesBack(t *testing.T) {
	d := attackScreen(t, 100, 30)
	d.hold = true
	d.keys(".")
	first := d.held[0]
	d.held = nil
	d.keys("2")
	d.lab.attacks.gate = make(chan struct{})
	msg := first()
	d.lab.attacks.gate = nil
	d.keys("6")
	d.send(msg)
	d.release()
	if got := pageOf[*attackpage.Page](d.app).Shown.View.Epsilon; got != 0.031 {
		t.Fatalf("pictures of ε %v, want 0.031", got)
	}
}

// Curves that are not on screen are not kept without end.
func TestCurvesKept(t *testing.T) {
	d := attackScreen(t, 140, 44)
	for i := range 2 * kit.ResultsKept {
		pageOf[*attackpage.Page](d.app).Robust.Learn(attackpage.RobustKey{Most: float64(i)}, attack.Robustness{})
	}
	if n := len(pageOf[*attackpage.Page](d.app).Robust.Known); n > kit.ResultsKept {
		t.Fatalf("%d curves are kept", n)
	}
	d.shows("n 1,000")
}

func TestAttackMethodsAndBand(t *testing.T) {
	d := attackScreen(t, 140, 44)
	for range attack.Methods() {
		d.keys("a").shows(pageOf[*attackpage.Page](d.app).Options.Method + " L∞")
	}
	d.keys("a A")
	if got := pageOf[*attackpage.Page](d.app).Options.Method; got != attack.PGDMethod {
		t.Fatalf("method %s", got)
	}
	d.keys("d").shows("low only, below r 10.0")
	d.keys("d >").shows("high only, from r 11.0")
	d.keys("d").shows("ring only, r 11.0 to 15.0")
	if b := pageOf[*attackpage.Page](d.app).Shown.View.Band; b != (attack.Band{Part: "ring", R: 11, To: 15}) {
		t.Fatalf("attacked in %+v", b)
	}
	d.keys("d").hides("only")
}

// Every method keeps its own number of steps, is not given what it does not look at, and is
// passed by where there is none of its kind.
func TestMethodsDiffer(t *testing.T) {
	d := attackScreen(t, 140, 44)
	p := pageOf[*attackpage.Page](d.app)
	p.Options.RandomStart, p.Options.Restarts, p.Options.StepSize = true, 4, 0.01
	d.keys("d")
	for _, method := range attack.Methods() {
		p.Options.Method = method
		o := p.Attack()
		if err := o.Check(); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		m := attack.Lookup(method)
		if m.Band == o.Band.Whole() || attackpage.HasStepSize(m) == (o.StepSize == 0) || m.RandomStart == (o.Restarts == 0) {
			t.Errorf("%s: %+v", method, o)
		}
	}
	p.Options.Method = attack.SquareMethod
	d.keys("d").shows("square does not support a frequency band", "500 queries · all frequencies")
	d.keys("O down down ctrl+u").types("700").keys("up up right right").shows("Attack options", "not with minimal-pgd")
	if got := d.app.dialogs[0].(*attackpage.AttackOptions).Rows[2].Field.Text; got != "40" {
		t.Fatalf("minimal-pgd has %s steps", got)
	}
	d.keys("esc O down right enter").shows("L2")
	for range attack.Methods() {
		if d.keys("a"); attack.Minimal(p.Options.Method) {
			t.Fatalf("%s in L2", p.Options.Method)
		}
	}
}

func TestAttackOptionsDialog(t *testing.T) {
	d := attackScreen(t, 100, 30)
	d.keys("O").shows("Attack options", "method", "‹ pgd ›", "step size", "2.5·ε/steps", "apply")
	d.keys("down right down ctrl+u").types("x").keys("enter").shows("steps: not a whole number")
	d.keys("ctrl+u").types("0").keys("enter").shows("0 steps: use 1 to")
	d.keys("ctrl+u").types("40").keys("enter").hides("Attack options").shows("pgd L2 · 40 steps")
	if p := pageOf[*attackpage.Page](d.app); p.Options.Norm != attack.L2 || p.Most != 1 || p.Options.Epsilon != 0.3 {
		t.Fatalf("%+v, track to %v", p.Options, p.Most)
	}
	d.keys("O down down down").types("inf").keys("enter").shows("step size")
	if len(d.app.dialogs) != 1 {
		t.Fatal("an infinite step size is taken")
	}
	d.keys("esc O")
	for d.app.dialogs[0].(*attackpage.AttackOptions).Rows[d.app.dialogs[0].(*attackpage.AttackOptions).At].Name != "restarts" {
		d.keys("down")
	}
	d.keys("ctrl+u").types("3").keys("enter").shows("worst of 3 random starts")
	if o := pageOf[*attackpage.Page](d.app).Options; !o.RandomStart || o.Restarts != 3 {
		t.Fatalf("%+v", o)
	}
	d.keys("a O").shows("not with " + pageOf[*attackpage.Page](d.app).Options.Method)
}

func TestPressingADialogsFrameChoosesNoRow(t *testing.T) {
	d := attackScreen(t, 100, 30).keys("O")
	x, y := d.where("Attack options")
	d.click(x, y)
	d.keys("down").shows("› norm")
}

func TestZeroGradientIsSaid(t *testing.T) {
	lab := newFakeLab()
	lab.attacks.zero = true
	startWith(t, lab, Options{}, 140, 44).keys("6").shows("zero gradient: no progress", "No perturbation.")
}

func TestAttackNeedsLabels(t *testing.T) {
	lab := newFakeLab()
	lab.info.Labeled = false
	d := startWith(t, lab, Options{}, 140, 44)
	d.keys("6 right a w w").shows("Attacks need labels")
	if len(lab.attacks.asked)+len(lab.attacks.measured) > 0 {
		t.Fatal("attacked without labels")
	}
	d.keys("x").shows("nothing to export yet")
}

func TestAttackErrorsAreOneLine(t *testing.T) {
	lab := newFakeLab()
	lab.attacks.err = errors.New("the model has no gradient\x1b[31m\nfor its input")
	d := startWith(t, lab, Options{}, 100, 30)
	d.keys("6").shows("the model has no gradient[31m for its input")
	lab.attacks.err = nil
	d.keys("right").shows("‖δ‖∞")
}

func TestExportAttack(t *testing.T) {
	d := attackScreen(t, 140, 44)
	folder := d.app.options.Folder
	d.keys("x").shows("Wrote 11 files", "-original.png", "-perturbation.png", "-attacked.png", "-spectrum.png", "-accuracy.csv", "-epsilon.svg", "-epsilon.png", "-rho.svg", "-rho.png")
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
	read(t, exported(t, folder, "eps0.03.json"), &view)
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
	read(t, exported(t, folder, "-accuracy.json"), &curves)
	if c := curves.Curves; len(c) != 2 || c[0].N != 1000 || len(c[0].Results) != 2*7 || len(c[1].Clean) != 5 || len(c[1].Results) != 2*5 || c[1].Against != "rho" {
		t.Fatalf("exported %+v", curves)
	}
	table, err := os.ReadFile(exported(t, folder, "-accuracy.csv"))
	if lines := strings.Count(string(table), "\n"); err != nil || lines != 1+1+2*7+5+2*5 {
		t.Fatalf("%d lines, %v", lines, err)
	}
	svg, err := os.ReadFile(exported(t, folder, "-rho.svg"))
	if err != nil || xml.Unmarshal(svg, new(struct{})) != nil || !strings.Contains(string(svg), "Dashed: clean accuracy") {
		t.Fatalf("%v: %s", err, svg)
	}
	d.keys("esc w x").shows("Wrote 6 files")
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

func TestAttackLayoutHasNoOverlaps(t *testing.T) {
	cells := []kit.CellSize{{W: 9, H: 18, MostW: 0, MostH: 0}, {W: 9, H: 19, MostW: 140, MostH: 52}, {W: 8, H: 16, MostW: 0, MostH: 0}, {W: 1, H: 2, MostW: 0, MostH: 0}, {W: 10, H: 24, MostW: 30, MostH: 12}}
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 3 {
			for _, figures := range []bool{false, true} {
				l := kit.NewLayout(w, h, h%2 == 0)
				models := 1 + (w+h)%4
				k := attackpage.LayoutAttack(l.Body, l.Roomy(), []float64{1, 0.5, 2}[(w/5+h)%3], cells[(w+h)%len(cells)], figures, models)
				all := []kit.Rect{k.Caption, k.Epsilon, k.Radius}
				for _, s := range k.Slots {
					all = append(all, s.Title, s.Pic, s.Text)
				}
				all = append(all, k.Accuracy...)
				for _, r := range []kit.Rect{k.Profile, k.Table, k.Remarks} {
					if !r.Empty() {
						all = append(all, r)
					}
				}
				at := fmt.Sprintf("%d×%d figures %v, %d models", w, h, figures, models)
				for i, r := range all {
					if r.Empty() || r.X < 0 || r.Right() > w || r.Y < l.Body.Y || r.Bottom() > l.Body.Bottom() {
						t.Fatalf("%s: rectangle %d %+v is outside the body %+v", at, i, r, l.Body)
					}
					for j, o := range all[:i] {
						if r.Overlaps(o) {
							t.Fatalf("%s: rectangles %d %+v and %d %+v overlap", at, i, r, j, o)
						}
					}
				}
				if figures && len(k.Accuracy) == 0 || !figures && len(k.Slots) < 2 {
					t.Fatalf("%s: nothing to see", at)
				}
			}
		}
	}
}

func TestAttackText(t *testing.T) {
	o := attack.Options{Method: attack.PGDMethod, Steps: 20, StepSize: 0.01, RandomStart: true, Restarts: 5, Band: attack.Band{Part: "low", R: 8}}
	if got, want := attackpage.AttackText(o, 200), "pgd L∞ · 20 steps · low only, below r 8.0 · of 0.01 · worst of 5 random starts"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := attackpage.AttackText(o, 40), "pgd L∞ · 20 steps · low only · of 0.01"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for w := 1; w < 90; w++ {
		if n := kit.Width(attackpage.AttackText(o, w)); n > w {
			t.Fatalf("%d cells for %d", n, w)
		}
	}
	if strings.Contains(attackpage.AttackText(attack.Options{Method: attack.FGSMMethod}, 80), "step") {
		t.Error("FGSM has no number of steps")
	}
}
