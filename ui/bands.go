package ui

import (
	"context"
	"errors"
	"fmt"
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine"
	"hfcui/engine/bands"
	"hfcui/engine/model"
)

// bandsPage shows accuracy on the low and the high part of images against r, as it is
// measured. Its cursor is the session's r.
type bandsPage struct {
	app     *App
	l       bandsLayout
	asked   bool // measuring goes on in the background once the page was looked at
	stopped bool // by the person, until something changes
	job     *job
	working bandsKey // what the job measures
	wanted  bandsKey // what the session asked for last
	known   map[bandsKey]bands.Result
	failed  string
	changes bool // how answers change between whole images and low parts is shown
}

// bandsKey is what determines a curve.
type bandsKey struct {
	split string
	engine.Setting
}

// bandsLayout divides the body of the page.
type bandsLayout struct {
	values rect // at the cursor: one line, one for the curve without smoothing, two for changes
	plot   rect
	axis   rect
	foot   rect
}

func newBandsPage(a *App) *bandsPage {
	return &bandsPage{app: a, known: map[bandsKey]bands.Result{}}
}

func (p *bandsPage) name() string { return "bands" }

var bandsKeys = keymap[*bandsPage]{
	{keys: []string{"esc"}, name: "stop measuring", hint: "stop", when: func(p *bandsPage) bool { return p.job != nil }, do: (*bandsPage).halt},
	{keys: []string{"c"}, name: "images that change class by their low part: f(x) ≠ f(x_l)", hint: "changed", do: (*bandsPage).toggleChanges},
	{keys: []string{"enter"}, name: "go on measuring", hint: "go on", when: func(p *bandsPage) bool { return p.stopped }, do: (*bandsPage).resume},
}

func (p *bandsPage) entries() []entry {
	return append(radiusKeys.entries(p.app), bandsKeys.entries(p)...)
}

func (p *bandsPage) press(key string) (tea.Cmd, bool) {
	if cmd, ok := radiusKeys.press(p.app, key); ok {
		return cmd, true
	}
	return bandsKeys.press(p, key)
}

func (p *bandsPage) arrange(l layout) {
	if l.tooSmall {
		return
	}
	b := l.body
	p.l.values = rect{b.x, b.y, b.w - 1, 2}
	if p.changes {
		p.l.values.h += 2
	}
	p.l.foot = rect{b.x, b.bottom() - 1, b.w - 1, 1}
	p.l.axis = rect{b.x, b.bottom() - 2, b.w, 1}
	top := p.l.values.bottom()
	if l.roomy() {
		top++
		p.l.axis.y--
	}
	p.l.plot = plotOf(rect{b.x, top, b.w, p.l.axis.y - top})
}

// toggleChanges shows the third curve, or not; it is measured with the others.
func (p *bandsPage) toggleChanges() tea.Cmd {
	p.changes = !p.changes
	p.arrange(p.app.layout)
	return nil
}

func (p *bandsPage) enter() tea.Cmd {
	p.asked = true
	p.wanted, _ = p.key()
	return p.measure()
}

func (p *bandsPage) changed(what change) tea.Cmd {
	if what&changedSplit != 0 {
		p.halt()
	}
	if now, _ := p.key(); now != p.wanted {
		p.wanted, p.stopped, p.failed = now, false, ""
		return p.measure()
	}
	return nil
}

// key is what the session asks for now; base is the same without smoothing.
func (p *bandsPage) key() (now, base bandsKey) {
	now = bandsKey{p.app.info.Split, p.app.setting()}
	base = now
	base.Smoothing = model.Smoothing{}
	return now, base
}

// bandsMsg is what is known so far of the curves that are measured.
type bandsMsg struct{ curves map[bandsKey]bands.Result }

// bandsEnd tells that measuring ended, with the last curves.
type bandsEnd struct {
	bandsMsg
	err error
}

// measure starts measuring what the session asks for, in place of anything else that is
// being measured; then the curve without smoothing, for comparison.
func (p *bandsPage) measure() tea.Cmd {
	now, base := p.key()
	if !p.asked || p.stopped || p.job != nil && p.working == now || p.app.info.Images == 0 {
		return nil
	}
	p.halt()
	p.stopped = false
	var todo []bandsKey
	for _, k := range []bandsKey{now, base} {
		if !p.known[k].Done && (len(todo) == 0 || todo[0] != k) {
			todo = append(todo, k)
		}
	}
	if len(todo) == 0 || !p.app.info.Labelled {
		return nil
	}
	p.working = now
	lab, radii := p.app.lab, radiiUpTo(p.app.info.MaxRadius)
	var cmd tea.Cmd
	p.job, cmd = startJob(p.app.ctx, func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		return measureAll(ctx, lab, radii, todo, tell)
	})
	return cmd
}

// measureAll measures curves one after the other. Every report holds all of them, since
// only the newest report is read.
func measureAll(ctx context.Context, lab Lab, radii []float64, todo []bandsKey, tell func(tea.Msg)) tea.Msg {
	latest := map[bandsKey]bands.Result{}
	copied := func() bandsMsg {
		m := bandsMsg{map[bandsKey]bands.Result{}}
		for k, r := range latest {
			m.curves[k] = r
		}
		return m
	}
	for _, k := range todo {
		q := engine.BandsRequest{Radii: radii, Split: k.split, Setting: k.Setting}
		result, err := lab.Bands(ctx, q, func(r bands.Result) {
			latest[k] = r
			tell(copied())
		})
		if err != nil {
			return bandsEnd{copied(), err}
		}
		latest[k] = result
	}
	return bandsEnd{copied(), nil}
}

// mostRadii bounds at how many radii accuracy is measured.
const mostRadii = 40

// radiiUpTo returns whole radii from 0 to past the corner, all of them if they are few.
func radiiUpTo(most float64) []float64 {
	step := max(1, math.Ceil(most/mostRadii))
	var radii []float64
	for r := 0.0; r < most; r += step {
		radii = append(radii, r)
	}
	return append(radii, most)
}

// halt stops measuring; what was measured stays.
func (p *bandsPage) halt() tea.Cmd {
	if p.job != nil {
		p.job.cancel()
		p.job = nil
		p.stopped = true
	}
	return nil
}

func (p *bandsPage) resume() tea.Cmd {
	p.stopped, p.failed = false, ""
	return p.measure()
}

// reported takes over what was measured.
func (p *bandsPage) reported(r report) tea.Cmd {
	switch msg := r.msg.(type) {
	case bandsMsg:
		p.learn(msg)
	case bandsEnd:
		p.job = nil
		p.learn(msg.bandsMsg)
		if msg.err != nil && !errors.Is(msg.err, context.Canceled) {
			p.failed = oneLine(msg.err)
		}
	}
	return nil
}

func (p *bandsPage) learn(msg bandsMsg) {
	for k, r := range msg.curves {
		p.known[k] = r
	}
}

// running tells the status line what is measured.
func (p *bandsPage) running() (what string, share float64, ok bool) {
	if p.job == nil {
		return "", 0, false
	}
	now, base := p.key()
	r, name := p.known[now], "bands"
	if r.Done {
		r, name = p.known[base], "bands without smoothing"
	}
	return fmt.Sprintf("%s, %s images/s", name, fitRight(grouped(int(r.ImagesPerSecond+0.5)), 6)),
		float64(r.Whole.N) / float64(max(1, r.Images)), true
}

// speed tells how fast the curve on screen was measured.
func (p *bandsPage) speed() string {
	now, _ := p.key()
	if r := p.known[now]; r.ImagesPerSecond > 0 {
		return grouped(int(r.ImagesPerSecond+0.5)) + " images/s"
	}
	return ""
}

func (p *bandsPage) mouse(m mouse) (tea.Cmd, bool) {
	area := rect{p.l.plot.x - 1, p.l.plot.y, p.l.plot.w + 2, p.l.axis.bottom() - p.l.plot.y}
	if area.contains(m.x, m.y) {
		return p.app.slide(p.l.plot, p.app.info.MaxRadius, m), true
	}
	return nil, false
}
