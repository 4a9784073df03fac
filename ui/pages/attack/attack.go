// Package attack is the page of adversarial examples: one image, the perturbation and its spectrum,
// and robust accuracy vs ε and ρ.
package attack

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// Page attacks the session's image, shows the perturbation and the adversarial example, and
// measures the models' robust accuracy under the same attack.
type Page struct {
	screen  session.Screen
	session *session.Session
	l       attackLayout
	options attack.Options // but for its Steps and Band
	steps   map[string]int // by method, unless the default
	band    bandChoice
	model   string  // the model under attack, by path; "" is the open one
	most    float64 // end of ε's track
	figures bool    // show robust accuracy only, without pictures
	byRho   bool    // draw accuracy vs ρ if there is room for only one chart
	painter attackPainter
	asks    kit.Newest[attackRequest]
	cancel  context.CancelFunc // of the current computation
	begun   time.Time          // its start
	shown   attackMsg          // what is on screen; its view is nil before the first
	failed  string             // error of the last request
	robust  robustness
}

// attackRequest is everything that determines the pictures.
type attackRequest struct {
	lab.AttackRequest
	kit.RenderSpec
	kinds      [kit.Slots]bool // which pictures are shown
	generation int
}

// attackMsg is what came of a request.
type attackMsg struct {
	asked  attackRequest
	view   *lab.AttackView
	drawn  [kit.Slots]picture.Drawn
	factor float64 // gain of the displayed perturbation
	err    error
}

// The pictures of the page, by position in a row of four.
const (
	slotOriginal     = kit.SlotWhole
	slotPerturbation = kit.SlotLow
	slotAttacked     = kit.SlotHigh
)

func New(s session.Screen, on *session.Session) *Page {
	p := &Page{screen: s, session: on, steps: map[string]int{}, options: attack.Options{Method: attack.PGDMethod, Seed: 1}}
	p.most = firstMost(p.options.Norm)
	p.options.Epsilon = 0.3 * p.most
	p.robust = newRobustness(p)
	return p
}

var attackKeys = kit.Keymap[*Page]{
	{Act: kit.Left, Name: "decrease ε", Help: "decrease, increase ε", Hint: "ε", Do: func(p *Page) tea.Cmd { return p.stepEpsilon(-stepUsual) }},
	{Act: kit.Right, Name: "increase ε", Also: true, Do: func(p *Page) tea.Cmd { return p.stepEpsilon(stepUsual) }},
	{Act: kit.NextMethod, Name: "next attack method", Help: "next, previous method", Hint: "method", Do: func(p *Page) tea.Cmd { return p.stepMethod(1) }},
	{Act: kit.PreviousMethod, Name: "previous attack method", Also: true, Do: func(p *Page) tea.Cmd { return p.stepMethod(-1) }},
	{Act: kit.Larger, Name: "larger: charts without pictures, or all", Do: (*Page).toggleFigures},
	{Act: kit.NextView, Name: "robust accuracy vs ε or vs ρ", Hint: "axis", When: (*Page).oneAxis, Do: (*Page).toggleAxis},
	{Act: kit.FarLeft, Name: "decrease ε by a large step", Help: "ε by a large step", Do: func(p *Page) tea.Cmd { return p.stepEpsilon(-stepLarge) }},
	{Act: kit.FarRight, Name: "increase ε by a large step", Also: true, Do: func(p *Page) tea.Cmd { return p.stepEpsilon(stepLarge) }},
	{Act: kit.Weaker, Name: "decrease ε by a fine step", Help: "ε by a fine step", Hint: "fine ε", Do: func(p *Page) tea.Cmd { return p.stepEpsilon(-stepFine) }},
	{Act: kit.Stronger, Name: "increase ε by a fine step", Also: true, Do: func(p *Page) tea.Cmd { return p.stepEpsilon(stepFine) }},
	{Act: kit.ToStart, Name: "ε = 0: no attack", Help: "ε to 0, to its maximum", Do: func(p *Page) tea.Cmd { return p.setEpsilon(0) }},
	{Act: kit.ToEnd, Name: "ε to its maximum", Also: true, Do: func(p *Page) tea.Cmd { return p.setEpsilon(p.most) }},
	{Act: kit.EditSettings, Name: "Attack settings: norm, steps, restarts …", Do: func(p *Page) tea.Cmd { return p.screen.Open(newAttackOptions(p)) }},
	{Act: kit.NextBand, Do: (*Page).nextBand},
	{Act: kit.NextModel, Name: "attack the next comparison model", Hint: "model", When: func(p *Page) bool { return len(p.session.Comparisons) > 0 }, Do: (*Page).nextModel},
	{Act: kit.EditValue, Name: "enter ε", Hint: "set ε", Do: func(p *Page) tea.Cmd { return p.screen.Open(&epsilonField{page: p}) }},
	{Act: kit.ZoomIn, Name: "zoom in: half the range of ε", Help: "zoom in, out: the range of ε", Hint: kit.NoHint, Do: func(p *Page) tea.Cmd { return p.stretchTrack(0.5) }},
	{Act: kit.ZoomOut, Name: "zoom out: twice the range of ε", Also: true, Do: func(p *Page) tea.Cmd { return p.stretchTrack(2) }},
}

func (p *Page) Keys() kit.Tables {
	return kit.Tables{attackKeys[:2].On(p), session.ImageKeys[:2].On(p.session), attackKeys[2:].On(p), session.CutoffKeys.On(p.session), p.robust.Keys(), session.ImageKeys[2:].On(p.session), session.ComparisonKeys.On(p.session)}
}

// nextModel selects the next model to attack.
func (p *Page) nextModel() tea.Cmd {
	p.model = p.session.NextModel(p.model)
	return p.request()
}

// toggleFigures shows or hides the pictures.
func (p *Page) toggleFigures() tea.Cmd {
	p.figures = !p.figures
	p.Arrange(p.screen.Layout())
	return tea.Batch(p.request(), p.measure())
}

// oneAxis reports whether there is room for only one chart of accuracy.
func (p *Page) oneAxis() bool { return len(p.l.accuracy) == 1 }

func (p *Page) toggleAxis() tea.Cmd {
	p.byRho = !p.byRho
	return p.measure()
}

func (p *Page) Arrange(l kit.Layout) {
	if l.TooSmall {
		return
	}
	w, h := p.session.Info.Width, p.session.Info.Height
	if v := p.shown.view; v != nil {
		w, h = v.Original.W, v.Original.H
	}
	p.l = layoutAttack(l.Body, l.Roomy(), kit.Aspect(w, h), p.screen.Cell().For(w, h), p.figures, len(p.session.Models()))
}

func (p *Page) Enter() tea.Cmd { return tea.Batch(p.request(), p.measure()) }

// Leave cancels the attack on the image; measurements continue.
func (p *Page) Leave() {
	if p.cancel != nil {
		p.cancel()
	}
	p.asks.Waiting = false
	p.asks.Forget()
}

func (p *Page) Changed(what session.Change) tea.Cmd {
	if what&session.ChangedModel != 0 {
		p.robust.Forget()
		p.robust.On = p.screen.Shown()
	}
	if what&session.ChangedModels != 0 {
		if _, ok := p.session.Model(p.model); !ok {
			p.model = "" // it was closed
		}
		p.Arrange(p.screen.Layout())
	}
	return tea.Batch(p.request(), p.measure())
}

// attack is how the page attacks.
func (p *Page) attack() attack.Options {
	return composed(p.options, p.steps, p.band, p.session.R)
}

// composed returns attack options without those that do not apply to the method.
func composed(o attack.Options, steps map[string]int, band bandChoice, r float64) attack.Options {
	m := attack.Lookup(o.Method)
	o.Steps = m.Preview()
	if n, ok := steps[o.Method]; ok {
		o.Steps = n
	}
	if !hasStepSize(m) {
		o.StepSize = 0
	}
	if !m.RandomStart {
		o.RandomStart, o.Restarts = false, 0
	}
	if m.Band {
		o.Band = band.at(r)
	}
	return o
}

// setting returns the parts of the session's setting that apply to attacks, which use running
// statistics and whole images.
func (p *Page) setting() bands.Setting {
	return bands.Setting{Smoothing: p.session.Setting().Smoothing}
}

// request requests the page's contents, unless the page is not on screen.
func (p *Page) request() tea.Cmd {
	if !p.screen.Shown() || !p.screen.Ready() || p.screen.Context().Err() != nil || p.screen.Layout().TooSmall || len(p.l.slots) == 0 || p.session.Info.Images == 0 || p.none() != "" {
		return nil
	}
	q := attackRequest{generation: p.session.Generation}
	q.Model = p.model
	q.Index, q.R, q.Setting, q.Options = p.session.Index, p.session.R, p.setting(), p.attack()
	q.RenderSpec = p.screen.Render(p.l.slots[0].Pic.W, p.l.slots[0].Pic.H)
	for _, s := range p.l.slots {
		q.kinds[s.Kind] = true
	}
	cmd := p.asks.Start(q, p.compute)
	if p.asks.Waiting {
		p.hurry()
	}
	return cmd
}

// patience is the time an obsolete attack may still take, so that a held key keeps updating the
// pictures.
const patience = 150 * time.Millisecond

// hurry cancels an obsolete computation that has exceeded patience.
func (p *Page) hurry() {
	if left := patience - time.Since(p.begun); left > 0 {
		time.AfterFunc(left, p.cancel)
		return
	}
	p.cancel()
}

// none returns why no image can be attacked; "" if one can.
func (p *Page) none() string {
	switch {
	case p.session.Info.Images == 0:
		return "No images in this split."
	case !p.session.Info.Labeled:
		return p.session.Unscored("Attacks")
	}
	return ""
}

// compute returns the command of a request.
func (p *Page) compute(q attackRequest) tea.Cmd {
	l, paint := p.session.Lab, &p.painter
	ctx, cancel := context.WithCancel(p.screen.Context())
	p.cancel, p.begun = cancel, time.Now()
	return p.screen.Task(func() tea.Msg {
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

// Receive handles messages of background work.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case attackMsg:
		return p.received(msg)
	case kit.Report:
		cmd, _ := p.robust.Take(msg)
		return cmd
	}
	return nil
}

// received shows a result even if it is no longer the latest request, since it is newer than what
// is on screen.
func (p *Page) received(msg attackMsg) tea.Cmd {
	cmd := p.asks.Ended(p.compute)
	switch {
	case errors.Is(msg.err, context.Canceled):
		if cmd == nil { // the page was left, and may be shown again
			p.asks.Forget()
			cmd = p.request()
		}
	case msg.asked.generation != p.session.Generation:
	case msg.err != nil:
		p.failed = kit.OneLine(msg.err)
		p.asks.Forget()
	default:
		p.failed = ""
		p.show(msg)
		cmd = tea.Batch(cmd, p.request()) // another aspect ratio changes the layout
	}
	return cmd
}

// show displays a result.
func (p *Page) show(msg attackMsg) {
	before := p.shown.view
	p.shown = msg
	if now := msg.view.Original; before == nil || before.Original.W*now.H != now.W*before.Original.H {
		p.Arrange(p.screen.Layout())
	}
}

// view returns the view on screen; nil before the first and if the last request failed.
func (p *Page) view() *lab.AttackView {
	if p.failed != "" || p.none() != "" || p.shown.asked.generation != p.session.Generation {
		return nil
	}
	return p.shown.view
}

// Speed returns the time of the last attack.
func (p *Page) Speed() string {
	v := p.view()
	switch {
	case p.asks.Running && (v == nil || v.Took > patience):
		return "attacking …"
	case v == nil:
		return ""
	}
	return fmt.Sprintf("attack %6.1f ms", v.Took.Seconds()*1e3)
}
