package attack

import (
	"context"
	"fmt"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// robustness is the measurements of robust accuracy and their options.
type robustness struct {
	kit.Measuring[robustKey, attack.Robustness]      // runs once accuracies were shown
	images                                      int  // maximum
	square                                      bool // with the Square check
}

// robustKey is what determines a curve: of a model against ε, or against ρ at an ε.
type robustKey struct {
	model, split string
	smoothing    model.Smoothing // without ρ if the curve is vs ρ
	options      attack.Options  // with ε if the curve is vs ρ
	most         float64         // end of ε's track, or the largest ρ
	byRho        bool
	square       bool
}

func newRobustness(p *Page) robustness {
	return robustness{images: 1000, Measuring: kit.Measuring[robustKey, attack.Robustness]{
		Name:  "robust accuracy",
		Begin: p.screen.Start, Work: p.work, Limits: p.limits,
		Enough: func(r attack.Robustness, limit int) bool { return r.Done && r.Images >= limit },
		Empty:  func(r attack.Robustness) bool { return len(r.Cells) == 0 },
	}}
}

// roughImages is the number of images all curves are first measured on.
const roughImages = 200

// epsilonShares are the measured ε as fractions of its track: on the initial track they include the
// paper's .03, .06 and .09.
var epsilonShares = []float64{0, 0.05, 0.1, 0.2, 0.3, 0.6, 0.9}

// paperRhos are the paper's ρ.
var paperRhos = []float64{0, 0.1, 0.25, 0.5, 1}

// epsilons lists the measured ε.
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

// rhos lists the measured ρ.
func (k robustKey) rhos() []float64 {
	switch {
	case !k.byRho:
		return []float64{k.smoothing.Rho}
	case k.most > 1:
		return append(slices.Clone(paperRhos), k.most)
	}
	return paperRhos
}

// methods returns the selected method and FGSM, which iterated methods must outperform.
func (k robustKey) methods() []string {
	m := k.options.Method
	if m == attack.FGSMMethod || attack.Minimal(m) {
		return []string{m}
	}
	return []string{m, attack.FGSMMethod}
}

// tidy removes rounding errors of products.
func tidy(v float64) float64 { return math.Round(v*1e9) / 1e9 }

// measured returns the measured ε nearest to the slider's, except 0.
func (p *Page) measured() float64 {
	list := robustKey{most: p.most}.epsilons()[1:]
	return list[kit.Nearest(list, p.options.Epsilon)]
}

// keys returns the curves of a model: vs ε and vs ρ.
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

// want lists the curves on screen, by priority.
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
		return append(second, first...) // the table shows accuracies at ε
	}
	return first
}

// measuring reports whether robust accuracy is on screen.
func (p *Page) measuring() bool {
	return len(p.l.accuracy) > 0 || !p.l.table.Empty() || !p.l.list.Empty()
}

// limits returns the numbers of images to measure on: a few, then all.
func (p *Page) limits() []int {
	all := min(p.robust.images, p.session.Info.Images)
	return []int{min(roughImages, all), all}
}

// measure requests the curves on screen.
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

// Busy reports whether a curve is being measured on screen.
func (p *Page) Busy() bool { return p.screen.Shown() && p.robust.Job != nil }

// Jobs lists the measurements of robust accuracy.
func (p *Page) Jobs() []kit.JobInfo {
	return p.robust.Jobs(func(k robustKey, r attack.Robustness, limit int) kit.JobInfo {
		m, _ := p.session.Model(k.model)
		axis := "ε"
		if k.byRho {
			axis = "ρ"
		}
		j := kit.JobInfo{
			Of:    fmt.Sprintf("%s, %s vs %s", p.session.Subject(m.Name, k.split, k.smoothing), k.options.Method, axis),
			Share: p.robustShare(r), Count: kit.Counted(limit, "image") + " per accuracy",
		}
		return j
	})
}

// robustShare returns the fraction done of a curve: each pass starts anew, on more images.
func (p *Page) robustShare(r attack.Robustness) float64 {
	done, all := 0.0, 0.0
	limits := p.limits()
	for i, limit := range limits {
		if i > 0 && limit == limits[i-1] {
			continue
		}
		switch all += float64(limit); {
		case r.Images > limit:
			done += float64(limit)
		case r.Images == limit:
			done += r.Progress * float64(limit)
		}
	}
	return done / max(all, 1)
}

// cellAt returns the result of a method at an ε and a ρ.
func cellAt(r attack.Robustness, method string, epsilon, rho float64) attack.Cell {
	c, _ := r.Cell(method, epsilon, rho)
	return c
}
