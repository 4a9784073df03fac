package attack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/ui/kit"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// startAttack starts the page alone, on a Lab of its own; attackWith on a Lab that is given.
func startAttack(t *testing.T, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return attackWith(t, uitest.NewFakeLab(), session.Start{}, w, h)
}

func attackWith(t *testing.T, l *uitest.FakeLab, o session.Start, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return uitest.StartPage(t, l, o, "6", w, h, func(s session.Screen, on *session.Session) *Page { return New(s, on) })
}

// attackShown shows the page.
func attackShown(t *testing.T, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return startAttack(t, w, h).Keys("6")
}

func TestEpsilonKeys(t *testing.T) {
	d := attackShown(t, 100, 30)
	for _, step := range []struct {
		keys    string
		epsilon float64
	}{
		{"right", 0.035}, {"left left", 0.025}, {"}", 0.026}, {"{ {", 0.024}, {"shift+right", 0.044}, {"shift+left", 0.024},
		{"home", 0}, {"left", 0}, {"end", 0.1}, {"right", 0.1}, {"h h l", 0.095}, {"+", 0.05}, {"left", 0.0475}, {"- - right", 0.0576}, {"end", 0.2}, {"home", 0},
	} {
		if d.Keys(step.keys); d.App.Page.options.Epsilon != step.epsilon {
			t.Fatalf("after %q ε is %v, want %v", step.keys, d.App.Page.options.Epsilon, step.epsilon)
		}
		if got := d.App.Page.shown.view.Epsilon; got != step.epsilon {
			t.Fatalf("after %q the pictures are of ε = %v, want %v", step.keys, got, step.epsilon)
		}
	}
	d.Shows("no perturbation", "No perturbation.", "attack failed")
}

func TestEpsilonIsTyped(t *testing.T) {
	d := attackShown(t, 100, 30)
	for _, bad := range []string{"nan", "-1", "1.5", "inf", "8/0", "x", "1/2/3", ""} {
		d.Keys("e").Types(bad).Keys("enter").Shows("a number from 0 to 1, or a fraction, e.g. 8/255")
		d.Keys("esc")
	}
	if e := d.App.Page.options.Epsilon; e != 0.03 {
		t.Fatalf("ε is %v after wrong input", e)
	}
	d.Keys("e").Shows("0.03, or 8/255").Types("8/255").Keys("enter").Shows("0.0314", "8.00/255")
	d.Keys("e").Types("0.7").Keys("enter").Shows("0.7000")
	if p := d.App.Page; p.most != 0.8 || p.options.Epsilon != 0.7 {
		t.Fatalf("ε %v on a track to %v", p.options.Epsilon, p.most)
	}
}

func TestAttackSliders(t *testing.T) {
	d := attackShown(t, 100, 30)
	line := kit.PlotOf(d.App.Page.l.epsilon)
	d.Click(line.X+line.W-1, line.Y)
	if e := d.App.Page.options.Epsilon; e != 0.1 {
		t.Fatalf("ε %v after a click at the end of its track", e)
	}
	d.Send(tea.MouseMotionMsg{X: line.X, Y: line.Y + 9, Button: tea.MouseLeft})
	if e := d.App.Page.options.Epsilon; e != 0 {
		t.Fatalf("ε %v after a drag to the beginning", e)
	}
	d.Send(tea.MouseReleaseMsg{})
	d.Send(tea.MouseWheelMsg{X: line.X, Y: line.Y, Button: tea.MouseWheelUp})
	if e := d.App.Page.options.Epsilon; e != 0.005 {
		t.Fatalf("ε %v after a turn of the wheel", e)
	}
	r := kit.PlotOf(d.App.Page.l.radius)
	d.Click(r.X+r.W-1, r.Y)
	if d.App.R != 23 || d.App.Page.shown.view.R != 23 {
		t.Fatalf("r %v, pictures of %v", d.App.R, d.App.Page.shown.view.R)
	}
	d.Keys("< < >")
	if d.App.R != 22 {
		t.Fatalf("r %v", d.App.R)
	}
}

// Images are chosen as on Explore, by the same session.
func TestAttackImages(t *testing.T) {
	d := attackShown(t, 100, 30)
	d.Keys("down n up").Shows("test 1")
	d.Keys("g").Types("17").Keys("enter").Shows("test 17")
	d.Keys("c").Types("hexagon").Keys("enter").Shows("only hexagon")
	if got := d.Lab.Label(d.App.Page.shown.view.Index); got != 8 {
		t.Fatalf("class %d is attacked", got)
	}
	if d.App.Class != 8 {
		t.Fatalf("the session has class %d", d.App.Class)
	}
}

// A key held down asks for many ε while one is computed: only the newest is computed next.
func TestNewestEpsilonWins(t *testing.T) {
	d := attackShown(t, 100, 30)
	d.Keys("esc")
	d.Lab.Attacks.Asked = nil
	d.Hold = true
	d.Keys("right right right right")
	held := d.Held
	d.Held = nil
	d.Send(held[0]())
	if got := d.App.Page.shown.view.Epsilon; got != 0.035 {
		t.Fatalf("ε = %v is shown, want 0.035: it is newer than what was there", got)
	}
	d.Held = append(d.Held, held[1:]...)
	d.Release()
	var asked []float64
	for _, q := range d.Lab.Attacks.Asked {
		asked = append(asked, q.Epsilon)
	}
	if !slices.Equal(asked, []float64{0.035, 0.05}) {
		t.Fatalf("computed %v, want 0.035 and 0.05 only", asked)
	}
}

// What takes long is cut short when something else is wanted, and when the page is left.
func TestSlowAttackIsCutShort(t *testing.T) {
	for _, keys := range []string{"right", "2"} {
		d := attackShown(t, 100, 30).Keys("esc")
		d.Lab.Attacks.Gate = make(chan struct{})
		d.Hold = true
		d.Keys("}").Shows("attack")
		answer := make(chan tea.Msg)
		first := d.Held[0]
		d.Held = nil
		go func() { answer <- first() }()
		d.Keys(keys)
		msg := <-answer // hangs unless it is canceled
		if msg := msg.(kit.Routed).Msg.(attackMsg); !errors.Is(msg.err, context.Canceled) {
			t.Fatalf("%s: %v", keys, msg.err)
		}
		close(d.Lab.Attacks.Gate)
		d.Lab.Attacks.Gate = nil
		d.Send(msg)
		d.Release()
		d.Keys("6")
		want := map[string]float64{"right": 0.036, "2": 0.031}[keys]
		if got := d.App.Page.shown.view.Epsilon; got != want {
			t.Fatalf("%s: pictures of ε %v, want %v", keys, got, want)
		}
	}
}

// Who comes back to the page before what was cut short has ended sees it all the same.
func TestAttackComesBack(t *testing.T) {
	d := attackShown(t, 100, 30)
	d.Hold = true
	d.Keys("}")
	first := d.Held[0]
	d.Held = nil
	d.Keys("2")
	d.Lab.Attacks.Gate = make(chan struct{})
	msg := first()
	d.Lab.Attacks.Gate = nil
	d.Keys("6")
	d.Send(msg)
	d.Release()
	if got := d.App.Page.shown.view.Epsilon; got != 0.031 {
		t.Fatalf("pictures of ε %v, want 0.031", got)
	}
}

func TestAttackMethodsAndBand(t *testing.T) {
	d := attackShown(t, 140, 44)
	for range attack.Methods() {
		d.Keys("a").Shows(d.App.Page.options.Method + " L∞")
	}
	d.Keys("a A")
	if got := d.App.Page.options.Method; got != attack.PGDMethod {
		t.Fatalf("method %s", got)
	}
	d.Keys("B").Shows("low only, r < 10.0")
	d.Keys("B >").Shows("high only, r ≥ 11.0")
	d.Keys("B").Shows("ring only, r 11.0 to 15.0")
	if b := d.App.Page.shown.view.Band; b != (attack.Band{Part: "ring", R: 11, To: 15}) {
		t.Fatalf("attacked in %+v", b)
	}
	d.Keys("B").Hides("only")
}

// Every method keeps its own number of steps, is not given what it does not look at, and is
// passed by where there is none of its kind.
func TestMethodsDiffer(t *testing.T) {
	d := attackShown(t, 140, 44)
	p := d.App.Page
	p.options.RandomStart, p.options.Restarts, p.options.StepSize = true, 4, 0.01
	d.Keys("B")
	for _, method := range attack.Methods() {
		p.options.Method = method
		o := p.attack()
		if err := o.Check(); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		m := attack.Lookup(method)
		if m.Band == o.Band.Whole() || hasStepSize(m) == (o.StepSize == 0) || m.RandomStart == (o.Restarts == 0) {
			t.Errorf("%s: %+v", method, o)
		}
	}
	p.options.Method = attack.SquareMethod
	d.Keys("B").Shows("square does not support a frequency band", "500 queries · all frequencies")
	d.Keys("E down down ctrl+u").Types("700").Keys("up up right right").Shows("Attack settings", "not used by minimal-pgd")
	if got := d.App.Stack[0].(*attackOptions).Rows[2].Field.Text; got != "40" {
		t.Fatalf("minimal-pgd has %s steps", got)
	}
	d.Keys("esc E down right enter").Shows("L2")
	for range attack.Methods() {
		if d.Keys("a"); attack.Minimal(p.options.Method) {
			t.Fatalf("%s in L2", p.options.Method)
		}
	}
}

func TestAttackOptionsDialog(t *testing.T) {
	d := attackShown(t, 100, 30)
	d.Keys("E").Shows("Attack settings", "method", "‹ pgd ›", "step size", "2.5·ε/steps", "apply")
	d.Keys("down right down ctrl+u").Types("x").Keys("enter").Shows("steps: not an integer")
	d.Keys("ctrl+u").Types("0").Keys("enter").Shows("0 steps: use 1 to")
	d.Keys("ctrl+u").Types("40").Keys("enter").Hides("Attack settings").Shows("pgd L2 · 40 steps")
	if p := d.App.Page; p.options.Norm != attack.L2 || p.most != 1 || p.options.Epsilon != 0.3 {
		t.Fatalf("%+v, track to %v", p.options, p.most)
	}
	d.Keys("E down down down").Types("inf").Keys("enter").Shows("step size")
	if len(d.App.Stack) != 1 {
		t.Fatal("an infinite step size is taken")
	}
	d.Keys("esc E")
	for d.App.Stack[0].(*attackOptions).Rows[d.App.Stack[0].(*attackOptions).At].Name != "restarts" {
		d.Keys("down")
	}
	d.Keys("ctrl+u").Types("3").Keys("enter").Shows("worst of 3 random starts")
	if o := d.App.Page.options; !o.RandomStart || o.Restarts != 3 {
		t.Fatalf("%+v", o)
	}
	d.Keys("a E").Shows("not used by " + d.App.Page.options.Method)
}

func TestAttackLayoutHasNoOverlaps(t *testing.T) {
	cells := []kit.CellSize{{W: 9, H: 18, MostW: 0, MostH: 0}, {W: 9, H: 19, MostW: 140, MostH: 52}, {W: 8, H: 16, MostW: 0, MostH: 0}, {W: 1, H: 2, MostW: 0, MostH: 0}, {W: 10, H: 24, MostW: 30, MostH: 12}}
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 3 {
			for _, figures := range []bool{false, true} {
				l := kit.NewLayout(w, h, map[bool]string{true: "note"}[h%2 == 0])
				models := 1 + (w+h)%4
				k := layoutAttack(l.Body, l.Roomy(), []float64{1, 0.5, 2}[(w/5+h)%3], cells[(w+h)%len(cells)], figures, models)
				all := []kit.Rect{k.caption, k.epsilon, k.radius}
				for _, s := range k.slots {
					all = append(all, s.Title, s.Pic, s.Text)
				}
				all = append(all, k.accuracy...)
				for _, r := range []kit.Rect{k.profile, k.table, k.list, k.remarks} {
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
				if figures && len(k.accuracy) == 0 || !figures && len(k.slots) < 2 {
					t.Fatalf("%s: nothing to see", at)
				}
			}
		}
	}
}

func TestAttackText(t *testing.T) {
	o := attack.Options{Method: attack.PGDMethod, Steps: 20, StepSize: 0.01, RandomStart: true, Restarts: 5, Band: attack.Band{Part: "low", R: 8}}
	if got, want := attackText(o, 200), "pgd L∞ · 20 steps · low only, r < 8.0 · step size 0.01 · worst of 5 random starts"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := attackText(o, 30), "pgd L∞ · 20 steps · low only"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for w := 1; w < 90; w++ {
		if n := kit.Width(attackText(o, w)); n > w {
			t.Fatalf("%d cells for %d", n, w)
		}
	}
	if strings.Contains(attackText(attack.Options{Method: attack.FGSMMethod}, 80), "step") {
		t.Error("FGSM has no number of steps")
	}
}
