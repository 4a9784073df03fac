package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/ui/picture"
)

// attackPage attacks the image that is explored, shows what that takes and what comes of it,
// and measures how many images the models get right under the same attack.
type attackPage struct {
	screen  Screen
	session *session
	l       attackLayout
	options attack.Options // but for its Steps and Band
	steps   map[string]int // by method, where it is not the usual number
	band    bandChoice
	model   string  // whose image is attacked, of those side by side; "" is the open one
	most    float64 // end of ε's track
	figures bool    // what is measured has the page, in place of the pictures
	byRho   bool    // accuracy is drawn against ρ where there is room for one chart only
	painter attackPainter
	asks    newest[attackRequest]
	cancel  context.CancelFunc // of what is being computed
	begun   time.Time          // when it was begun
	shown   attackMsg          // what is on screen; its view is nil before the first
	failed  string             // why there is nothing to show for what was asked for last
	robust  robustness
}

// attackRequest is everything that determines what the page shows of the image.
type attackRequest struct {
	lab.AttackRequest
	renderSpec
	kinds      [slots]bool // which pictures are shown
	generation int
}

// attackMsg is what came of a request.
type attackMsg struct {
	asked  attackRequest
	view   *lab.AttackView
	drawn  [slots]picture.Drawn
	factor float64 // by which the perturbation is amplified
	err    error
}

// The pictures of the page, by the places they have in a row of four.
const (
	slotOriginal     = slotWhole
	slotPerturbation = slotLow
	slotAttacked     = slotHigh
)

func newAttackPage(s Screen, on *session) *attackPage {
	p := &attackPage{screen: s, session: on, steps: map[string]int{}, options: attack.Options{Method: attack.PGDMethod, Seed: 1}}
	p.most = firstMost(p.options.Norm)
	p.options.Epsilon = 0.3 * p.most
	p.robust = newRobustness(p)
	return p
}

var attackKeys = keymap[*attackPage]{
	{keys: []string{"left", "h"}, shown: "←", name: "ε smaller", help: "ε smaller, larger", hint: "ε", do: func(p *attackPage) tea.Cmd { return p.stepEpsilon(-stepUsual) }},
	{keys: []string{"right", "l"}, shown: "→", name: "ε larger", also: true, do: func(p *attackPage) tea.Cmd { return p.stepEpsilon(stepUsual) }},
	{keys: []string{"a"}, name: "next method of attack", help: "next, previous method", hint: "method", do: func(p *attackPage) tea.Cmd { return p.stepMethod(1) }},
	{keys: []string{"A"}, name: "previous method of attack", also: true, do: func(p *attackPage) tea.Cmd { return p.stepMethod(-1) }},
	{keys: []string{"w"}, name: "pictures, or accuracy under attack alone", hint: "view", do: (*attackPage).toggleFigures},
	{keys: []string{"v"}, name: "accuracy against ε or against ρ", hint: "axis", when: (*attackPage).oneAxis, do: (*attackPage).toggleAxis},
	{keys: []string{"shift+left", "H"}, shown: "⇧←", name: "ε much smaller", help: "ε by a large step", do: func(p *attackPage) tea.Cmd { return p.stepEpsilon(-stepLarge) }},
	{keys: []string{"shift+right", "L"}, shown: "⇧→", name: "ε much larger", also: true, do: func(p *attackPage) tea.Cmd { return p.stepEpsilon(stepLarge) }},
	{keys: []string{","}, name: "ε a little smaller", help: "ε by a fine step", hint: "fine", do: func(p *attackPage) tea.Cmd { return p.stepEpsilon(-stepFine) }},
	{keys: []string{"."}, name: "ε a little larger", also: true, do: func(p *attackPage) tea.Cmd { return p.stepEpsilon(stepFine) }},
	{keys: []string{"home"}, name: "ε = 0: no attack", help: "ε to 0, to the end of its track", do: func(p *attackPage) tea.Cmd { return p.setEpsilon(0) }},
	{keys: []string{"end"}, name: "ε to the end of its track", also: true, do: func(p *attackPage) tea.Cmd { return p.setEpsilon(p.most) }},
	{keys: []string{"O"}, name: "options of the attack: norm, steps, restarts …", hint: "options", do: func(p *attackPage) tea.Cmd { return p.screen.open(newAttackOptions(p)) }},
	{keys: []string{"<"}, name: "r smaller by 1", help: "r smaller, larger by 1", hint: "r", do: func(p *attackPage) tea.Cmd { return p.session.stepRadius(-1) }},
	{keys: []string{">"}, name: "r larger by 1", also: true, do: func(p *attackPage) tea.Cmd { return p.session.stepRadius(1) }},
	{keys: []string{"d"}, name: "perturbation in a band: all, low, high, ring at r", hint: "band", do: (*attackPage).nextBand},
	{keys: []string{"i"}, name: "attack the next of the models side by side", hint: "model", when: func(p *attackPage) bool { return len(p.session.comparisons) > 0 }, do: (*attackPage).nextModel},
	{keys: []string{"e"}, name: "set ε to a number", hint: "set ε", do: func(p *attackPage) tea.Cmd { return p.screen.open(&epsilonField{page: p}) }},
	{keys: []string{"+", "="}, name: "ε's track twice as long", help: "ε's track longer, shorter", do: func(p *attackPage) tea.Cmd { return p.stretchTrack(2) }},
	{keys: []string{"-"}, name: "ε's track half as long", also: true, do: func(p *attackPage) tea.Cmd { return p.stretchTrack(0.5) }},
	{keys: []string{"esc"}, name: "stop measuring", hint: "stop", when: func(p *attackPage) bool { return p.robust.job != nil }, do: func(p *attackPage) tea.Cmd { return p.robust.halt() }},
	{keys: []string{"enter"}, name: "go on measuring", hint: "go on", when: func(p *attackPage) bool { return p.robust.resumable() }, do: func(p *attackPage) tea.Cmd { return p.robust.resume() }},
}

func (p *attackPage) entries() []entry {
	return slices.Concat(attackKeys[:2].entries(p), imageKeys[:2].entries(p.session), attackKeys[2:].entries(p), imageKeys[2:].entries(p.session), comparisonKeys.entries(p.session))
}

func (p *attackPage) press(key string) (tea.Cmd, bool) {
	if cmd, ok := attackKeys.press(p, key); ok {
		return cmd, true
	}
	if cmd, ok := imageKeys.press(p.session, key); ok {
		return cmd, true
	}
	return comparisonKeys.press(p.session, key)
}

// nextModel attacks the image as another of the models sees it.
func (p *attackPage) nextModel() tea.Cmd {
	models := p.session.models()
	at := slices.IndexFunc(models, func(m shownModel) bool { return m.path == p.model })
	p.model = models[(at+1)%len(models)].path
	return p.request()
}

// toggleFigures gives the page to what is measured, or to the pictures.
func (p *attackPage) toggleFigures() tea.Cmd {
	p.figures = !p.figures
	p.arrange(p.screen.layout())
	return tea.Batch(p.request(), p.measure())
}

// oneAxis tells that there is room for one chart of accuracy only.
func (p *attackPage) oneAxis() bool { return len(p.l.accuracy) == 1 }

func (p *attackPage) toggleAxis() tea.Cmd {
	p.byRho = !p.byRho
	return p.measure()
}

func (p *attackPage) arrange(l layout) {
	if l.tooSmall {
		return
	}
	aspect := 1.0
	if v := p.shown.view; v != nil && v.Original.H > 0 {
		aspect = min(max(float64(v.Original.W)/float64(v.Original.H), 0.2), 5)
	}
	p.l = layoutAttack(l.body, l.roomy(), aspect, p.screen.cell(), p.figures, len(p.session.models()))
}

func (p *attackPage) enter() tea.Cmd { return tea.Batch(p.request(), p.measure()) }

// leave ends what is computed for the screen only; what is measured goes on.
func (p *attackPage) leave() {
	if p.cancel != nil {
		p.cancel()
	}
	p.asks.waiting = false
	p.asks.forget()
}

func (p *attackPage) changed(what change) tea.Cmd {
	if what&changedModel != 0 {
		p.robust.forget()
		p.robust.on = p.screen.shown()
	}
	if what&changedModels != 0 {
		if p.modelName(p.model) == "" {
			p.model = "" // it was taken away
		}
		p.arrange(p.screen.layout())
	}
	return tea.Batch(p.request(), p.measure())
}

// attack is how the page attacks.
func (p *attackPage) attack() attack.Options {
	return composed(p.options, p.steps, p.band, p.session.r)
}

// composed is an attack without what its method does not look at.
func composed(o attack.Options, steps map[string]int, band bandChoice, r float64) attack.Options {
	o.Steps = usualSteps(o.Method)
	if n, ok := steps[o.Method]; ok {
		o.Steps = n
	}
	if !hasStepSize(o.Method) {
		o.StepSize = 0
	}
	if !hasStarts(o.Method) {
		o.RandomStart, o.Restarts = false, 0
	}
	if hasBand(o.Method) {
		o.Band = band.at(r)
	}
	return o
}

// setting is what of the session's goes for attacks, which use running statistics and look at
// whole images.
func (p *attackPage) setting() bands.Setting {
	return bands.Setting{Smoothing: p.session.setting().Smoothing}
}

// request asks for what should be on screen, unless the page is not.
func (p *attackPage) request() tea.Cmd {
	if !p.screen.shown() || !p.screen.ready() || p.screen.context().Err() != nil || p.screen.layout().tooSmall || len(p.l.slots) == 0 || p.session.info.Images == 0 || p.none() != "" {
		return nil
	}
	q := attackRequest{generation: p.session.generation}
	q.Model = p.model
	q.Index, q.R, q.Setting, q.Options = p.session.index, p.session.r, p.setting(), p.attack()
	q.renderSpec = p.screen.render(p.l.slots[0].pic.w, p.l.slots[0].pic.h)
	for _, s := range p.l.slots {
		q.kinds[s.kind] = true
	}
	if p.asks.ask(q) {
		return p.compute(q)
	}
	if p.asks.waiting {
		p.hurry()
	}
	return nil
}

// patience is how long an attack goes on that nobody waits for any more: to its end if that
// is near, so that a key held down moves the pictures all the time.
const patience = 150 * time.Millisecond

// hurry ends what is being computed, if it takes longer than it is worth.
func (p *attackPage) hurry() {
	if left := patience - time.Since(p.begun); left > 0 {
		time.AfterFunc(left, p.cancel)
		return
	}
	p.cancel()
}

// none says why no image can be attacked; "" where it can.
func (p *attackPage) none() string {
	switch {
	case p.session.info.Images == 0:
		return "There are no images in this split."
	case !p.session.info.Labelled:
		return "An attack leads away from the true class, so it needs labels that are the model's classes: open images in one folder a class, or a model trained on these."
	}
	return ""
}

// compute is the command that answers a request.
func (p *attackPage) compute(q attackRequest) tea.Cmd {
	l, paint := p.session.lab, &p.painter
	ctx, cancel := context.WithCancel(p.screen.context())
	p.cancel, p.begun = cancel, time.Now()
	return p.screen.task(func() tea.Msg {
		defer cancel()
		defer l.Foreground()()
		v, err := l.Attack(ctx, q.AttackRequest)
		if err != nil {
			return attackMsg{asked: q, err: err}
		}
		drawn, factor := paint.paint(v, q)
		return attackMsg{asked: q, view: v, drawn: drawn, factor: factor}
	})
}

// receive takes what work in the background tells.
func (p *attackPage) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case attackMsg:
		return p.received(msg)
	case report:
		cmd, _ := p.robust.take(msg)
		return cmd
	}
	return nil
}

// received takes over an answer. It is newer than what is on screen even when something
// else is wanted by now, so it is shown.
func (p *attackPage) received(msg attackMsg) tea.Cmd {
	next, again := p.asks.finish()
	var cmd tea.Cmd
	if again {
		cmd = p.compute(next)
	}
	switch {
	case errors.Is(msg.err, context.Canceled):
		if !again { // the page was left, and may be on screen again
			p.asks.forget()
			cmd = p.request()
		}
	case msg.asked.generation != p.session.generation:
	case msg.err != nil:
		p.failed = oneLine(msg.err)
		p.asks.forget()
	default:
		p.failed = ""
		p.show(msg)
		cmd = tea.Batch(cmd, p.request()) // pictures of another shape are laid out anew
	}
	return cmd
}

// show puts an answer on screen.
func (p *attackPage) show(msg attackMsg) {
	before := p.shown.view
	p.shown = msg
	if now := msg.view.Original; before == nil || before.Original.W*now.H != now.W*before.Original.H {
		p.arrange(p.screen.layout())
	}
}

// view is what is on screen; nil before the first answer and where there is none.
func (p *attackPage) view() *lab.AttackView {
	if p.failed != "" || p.none() != "" || p.shown.asked.generation != p.session.generation {
		return nil
	}
	return p.shown.view
}

// speed tells how long the last attack took.
func (p *attackPage) speed() string {
	v := p.view()
	switch {
	case p.asks.running && (v == nil || v.Took > patience):
		return "attacking …"
	case v == nil:
		return ""
	}
	return fmt.Sprintf("attack %6.1f ms", v.Took.Seconds()*1e3)
}
