package attack

import (
	"context"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// robustness is what is measured of the models under attack, and how.
type robustness struct {
	kit.Measuring[robustKey, attack.Robustness]      // goes on once figures were on screen
	images                                      int  // at most
	square                                      bool // held against the Square attack
}

// robustKey is what determines a curve: of a model against ε, or against ρ at an ε.
type robustKey struct {
	model, split string
	smoothing    model.Smoothing // without its ρ where the curve is against it
	options      attack.Options  // with ε where the curve is against ρ
	most         float64         // end of ε's track, or the largest ρ
	byRho        bool
	square       bool
}

func newRobustness(p *Page) robustness {
	return robustness{images: 1000, Measuring: kit.Measuring[robustKey, attack.Robustness]{
		Begin: p.screen.Start, Work: p.work, Limits: p.limits,
		Enough: func(r attack.Robustness, limit int) bool { return r.Done && r.Images >= limit },
		Empty:  func(r attack.Robustness) bool { return len(r.Cells) == 0 },
	}}
}

// roughImages is how many images all curves are measured on before any is on more.
const roughImages = 200

// epsilonShares are where on its track ε is measured: of the first track among others the
// paper's .03, .06 and .09.
var epsilonShares = []float64{0, 0.05, 0.1, 0.2, 0.3, 0.6, 0.9}

// paperRhos are the paper's strengths of smoothing.
var paperRhos = []float64{0, 0.1, 0.25, 0.5, 1}

// epsilons lists where ε is measured.
func (k robustKey) epsilons() []float64 {
	if k.byRho {
		return []float64{k.options.Epsilon}
	}
	var list []float64
	for _, share := range epsilonShares {
		list = append(list, tidy(share*k.most))
	}
	return list
}

// rhos lists where ρ is measured.
func (k robustKey) rhos() []float64 {
	switch {
	case !k.byRho:
		return []float64{k.smoothing.Rho}
	case k.most > 1:
		return append(slices.Clone(paperRhos), k.most)
	}
	return paperRhos
}

// methods are the one that is chosen, and FGSM, which no method of more steps may fall behind.
func (k robustKey) methods() []string {
	m := k.options.Method
	if m == attack.FGSMMethod || attack.Minimal(m) {
		return []string{m}
	}
	return []string{m, attack.FGSMMethod}
}

// tidy frees a number of the rounding of products.
func tidy(v float64) float64 { return math.Round(v*1e9) / 1e9 }

// measured is the ε of the grid that is nearest to the slider's, but for 0, at which there is
// nothing to see against ρ.
func (p *Page) measured() float64 {
	list := robustKey{most: p.most}.epsilons()[1:]
	return list[kit.Nearest(list, p.options.Epsilon)]
}

// keys lists the curves of a model: against ε and against ρ.
func (p *Page) keys(path string) (byEpsilon, byRho robustKey) {
	k := robustKey{model: path, split: p.session.Info.Split, smoothing: p.setting().Smoothing, options: p.attack(), square: p.robust.square}
	byEpsilon, byRho = k, k
	byEpsilon.options.Epsilon, byEpsilon.most = 0, p.most
	byRho.byRho, byRho.options.Epsilon, byRho.most = true, p.measured(), 1
	byRho.smoothing = p.session.Smoothing()
	if byRho.smoothing.Rho > 1 && p.session.Smooth {
		byRho.most = byRho.smoothing.Rho
	}
	byRho.smoothing.Rho = 0
	return byEpsilon, byRho
}

// want lists the curves that are on screen, those that matter most first.
func (p *Page) want() []robustKey {
	var first, second []robustKey
	for _, m := range p.session.Models() {
		byEpsilon, byRho := p.keys(m.Path)
		first, second = append(first, byEpsilon), append(second, byRho)
	}
	switch {
	case len(p.l.accuracy) == 2:
		return append(first, second...)
	case len(p.l.accuracy) == 1 && p.byRho:
		return append(second, first...) // the table has figures against ε
	}
	return first
}

// measuring tells whether figures have a place on screen.
func (p *Page) measuring() bool { return len(p.l.accuracy) > 0 || !p.l.table.Empty() }

// limits are on how many images curves are measured: on a few, then on all of them.
func (p *Page) limits() []int {
	all := min(p.robust.images, p.session.Info.Images)
	return []int{min(roughImages, all), all}
}

// measure has what is on screen measured, in place of what is not any more.
func (p *Page) measure() tea.Cmd {
	r := &p.robust
	r.Want(p.want()...)
	r.On = r.On || p.screen.Shown() && p.measuring()
	if p.none() != "" || p.screen.Layout().TooSmall {
		return nil
	}
	return r.Run()
}

// work measures a curve.
func (p *Page) work(k robustKey, limit int) func(context.Context, func(attack.Robustness)) (attack.Robustness, error) {
	l := p.session.Lab
	q := lab.RobustnessRequest{
		Model: k.model, Split: k.split, Limit: limit, Methods: k.methods(), Epsilons: k.epsilons(), Rhos: k.rhos(),
		Setting: bands.Setting{Smoothing: k.smoothing}, Options: k.options, Square: k.square,
	}
	return func(ctx context.Context, update func(attack.Robustness)) (attack.Robustness, error) {
		return l.Robustness(ctx, q, update)
	}
}

// Busy tells that somebody looks on while a curve is measured.
func (p *Page) Busy() bool { return p.screen.Shown() && p.robust.Job != nil }

// Running tells the status line what is measured.
func (p *Page) Running() (what string, share float64, ok bool) {
	r := &p.robust
	if r.Job == nil {
		return "", 0, false
	}
	what = r.Working.options.Method + " vs ε"
	if r.Working.byRho {
		what = r.Working.options.Method + " vs ρ"
	}
	if m, _ := p.session.Model(r.Working.model); len(p.session.Models()) > 1 {
		what = kit.Cut(m.Name, 16) + ", " + what
	}
	done := r.Known[r.Working].Progress
	if r.Known[r.Working].Images < r.Limit { // known from fewer images
		done = 0
	}
	return what + ", " + kit.Counted(r.Limit, "image"), done, true
}

// cellAt is the figure of a curve at an ε and a ρ by a method.
func cellAt(r attack.Robustness, method string, epsilon, rho float64) attack.Cell {
	c, _ := r.Cell(method, epsilon, rho)
	return c
}
