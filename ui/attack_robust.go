package ui

import (
	"context"
	"errors"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine"
	"hfcui/engine/attack"
	"hfcui/engine/model"
)

// robustness is what is measured of the models under attack, and how.
type robustness struct {
	job     *job
	working robustKey // what the job measures
	limit   int       // images it measures it on
	looked  bool      // measuring goes on in the background once figures were on screen
	stopped bool      // by the person, until something changes
	wanted  []robustKey
	known   map[robustKey]attack.Robustness
	failed  map[robustKey]string
	images  int  // at most
	square  bool // held against the Square attack
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

func newRobustness() robustness {
	return robustness{known: map[robustKey]attack.Robustness{}, failed: map[robustKey]string{}, images: 1000}
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
func (p *attackPage) measured() float64 {
	list := robustKey{most: p.most}.epsilons()[1:]
	return list[nearest(list, p.options.Epsilon)]
}

// keys lists the curves of a model: against ε and against ρ.
func (p *attackPage) keys(path string) (byEpsilon, byRho robustKey) {
	k := robustKey{model: path, split: p.app.info.Split, smoothing: p.setting().Smoothing, options: p.attack(), square: p.robust.square}
	byEpsilon, byRho = k, k
	byEpsilon.options.Epsilon, byEpsilon.most = 0, p.most
	byRho.byRho, byRho.options.Epsilon, byRho.most = true, p.measured(), 1
	byRho.smoothing = p.app.smoothing()
	if byRho.smoothing.Rho > 1 && p.app.smooth {
		byRho.most = byRho.smoothing.Rho
	}
	byRho.smoothing.Rho = 0
	return byEpsilon, byRho
}

// want lists the curves that are on screen, those that matter most first.
func (p *attackPage) want() []robustKey {
	var first, second []robustKey
	for _, m := range p.app.models() {
		byEpsilon, byRho := p.keys(m.path)
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
func (p *attackPage) measuring() bool { return len(p.l.accuracy) > 0 || !p.l.table.empty() }

// begin takes note of what should be measured from now on.
func (r *robustness) begin(p *attackPage) {
	if now := p.want(); !slices.Equal(now, r.wanted) {
		r.wanted, r.stopped = now, false
	}
}

// measure has what is on screen measured, in place of what is not any more.
func (p *attackPage) measure() tea.Cmd {
	r := &p.robust
	r.begin(p)
	r.looked = r.looked || p.app.on(p) && p.measuring()
	if !r.looked || r.stopped || p.none() != "" || p.app.layout.tooSmall {
		return nil
	}
	if r.job != nil && slices.Contains(r.wanted, r.working) {
		return nil
	}
	p.drop()
	k, limit, ok := p.next()
	if !ok {
		return nil
	}
	r.working, r.limit = k, limit
	q := engine.RobustnessRequest{
		Model: k.model, Split: k.split, Limit: limit, Methods: k.methods(), Epsilons: k.epsilons(), Rhos: k.rhos(),
		Setting: engine.Setting{Smoothing: k.smoothing}, Options: k.options, Square: k.square,
	}
	lab := p.app.lab
	var cmd tea.Cmd
	r.job, cmd = startJob(p.app.ctx, func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		result, err := lab.Robustness(ctx, q, func(now attack.Robustness) { tell(robustMsg{k, now, nil}) })
		return robustMsg{k, result, err}
	})
	return cmd
}

// robustMsg is what is known so far of a curve.
type robustMsg struct {
	key    robustKey
	result attack.Robustness
	err    error
}

// next is what to measure next, and on how many images: all curves on a few before any on
// all of them.
func (p *attackPage) next() (k robustKey, limit int, ok bool) {
	r := &p.robust
	all := min(r.images, p.app.info.Images)
	for _, limit := range []int{min(roughImages, all), all} {
		for _, k := range r.wanted {
			if r.failed[k] == "" && !(r.known[k].Done && r.known[k].Images >= limit) {
				return k, limit, true
			}
		}
	}
	return k, 0, false
}

// drop ends the measurement, what came of it is kept.
func (p *attackPage) drop() {
	if p.robust.job != nil {
		p.robust.job.cancel()
		p.robust.job = nil
	}
}

// halt stops measuring until something changes.
func (p *attackPage) halt() tea.Cmd {
	if p.robust.job != nil {
		p.drop()
		p.robust.stopped = true
	}
	return nil
}

func (p *attackPage) resume() tea.Cmd {
	p.robust.stopped = false
	clear(p.robust.failed)
	return p.measure()
}

// forget drops the figures of another model.
func (p *attackPage) forget() {
	p.drop()
	clear(p.robust.known)
	clear(p.robust.failed)
	p.robust.wanted, p.robust.stopped = nil, false
	p.robust.looked = p.app.on(p)
}

// reported takes over what was measured.
func (p *attackPage) reported(r report) tea.Cmd {
	msg, ok := r.msg.(robustMsg)
	if !ok {
		return nil
	}
	if len(msg.result.Cells) > 0 {
		p.robust.learn(msg.key, msg.result)
	}
	if !r.done {
		return nil
	}
	p.robust.job = nil
	if msg.err != nil && !errors.Is(msg.err, context.Canceled) {
		p.robust.failed[msg.key] = oneLine(msg.err)
	}
	return p.measure()
}

// curvesKept bounds how many curves are kept; the Lab knows more, and gives them back at once.
const curvesKept = 200

// learn keeps a curve.
func (r *robustness) learn(k robustKey, result attack.Robustness) {
	if len(r.known) >= curvesKept {
		for old := range r.known {
			if !slices.Contains(r.wanted, old) {
				delete(r.known, old)
			}
		}
	}
	r.known[k] = result
}

// running tells the status line what is measured.
func (p *attackPage) running() (what string, share float64, ok bool) {
	r := &p.robust
	if r.job == nil {
		return "", 0, false
	}
	what = r.working.options.Method + " against ε"
	if r.working.byRho {
		what = r.working.options.Method + " against ρ"
	}
	if name := p.modelName(r.working.model); len(p.app.models()) > 1 {
		what = cut(name, 16) + ", " + what
	}
	done := r.known[r.working].Progress
	if r.known[r.working].Images < r.limit { // known from fewer images
		done = 0
	}
	return what + ", " + counted(r.limit, "image"), done, true
}

// modelName names a model by its path.
func (p *attackPage) modelName(path string) string {
	for _, m := range p.app.models() {
		if m.path == path {
			return m.name
		}
	}
	return ""
}

// cellAt is the figure of a curve at an ε and a ρ by a method.
func cellAt(r attack.Robustness, method string, epsilon, rho float64) attack.Cell {
	c, _ := r.Cell(method, epsilon, rho)
	return c
}
