package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine"
	"hfcui/engine/bands"
	"hfcui/ui/picture"
)

// explore is the page that shows one image, its low and its high part, their spectrum,
// and what the model makes of each.
type explore struct {
	app     *App
	l       exploreLayout
	by      bands.Decomposition // into low and high part
	high    highMode
	most    int // pictures at most
	painter painter
	asks    newest[viewRequest]
	shown   viewMsg // what is on screen; its view is nil before the first
	failed  string  // why there is nothing to show for the image asked for last
	job     *job    // looking for a flip
	search  flipProgress
}

// viewRequest is everything that determines what the page shows.
type viewRequest struct {
	engine.ViewRequest
	look
	generation int
}

// viewMsg is what came of a request.
type viewMsg struct {
	asked   viewRequest
	view    *engine.View
	drawn   [slots]picture.Drawn
	stretch float64
	err     error
}

func newExplore(a *App) *explore { return &explore{app: a, most: slots} }

func (p *explore) name() string { return "explore" }

var exploreKeys = keymap[*explore]{
	{keys: []string{"f"}, name: "next flip: whole and high right, low wrong", help: "next, previous flip: whole and high right, low wrong", hint: "flip", when: (*explore).labelled, do: func(p *explore) tea.Cmd { return p.find(1) }},
	{keys: []string{"F"}, name: "previous flip", also: true, when: (*explore).labelled, do: func(p *explore) tea.Cmd { return p.find(-1) }},
	{keys: []string{"esc"}, name: "stop looking for a flip", hint: "stop", when: func(p *explore) bool { return p.job != nil }, do: (*explore).stop},
	{keys: []string{"d"}, name: "divide by frequencies, or by singular values (SVD)", hint: "Fourier/SVD", do: (*explore).nextDecomposition},
	{keys: []string{"v"}, name: "how the high part is made visible", hint: "high as", do: (*explore).nextHigh},
	{keys: []string{"w"}, name: "fewer and larger pictures, or all", hint: "larger", do: (*explore).nextMost},
}

func (p *explore) labelled() bool { return p.app.info.Labelled }

func (p *explore) entries() []entry {
	return slices.Concat(radiusKeys.entries(p.app), imageKeys.entries(p.app), exploreKeys.entries(p))
}

func (p *explore) press(key string) (tea.Cmd, bool) {
	for _, table := range []keymap[*App]{radiusKeys, imageKeys} {
		if cmd, ok := table.press(p.app, key); ok {
			return cmd, true
		}
	}
	cmd, ok := exploreKeys.press(p, key)
	if !ok && !p.labelled() && slices.Contains([]string{"c", "f", "F"}, key) {
		p.app.say("this needs labels that are the model's classes")
		return nil, true
	}
	return cmd, ok
}

func (p *explore) nextHigh() tea.Cmd {
	p.high = (p.high + 1) % highModes
	return p.request()
}

func (p *explore) nextMost() tea.Cmd {
	if p.most--; p.most < 2 {
		p.most = slots
	}
	p.arrange(p.app.layout)
	return p.request()
}

func (p *explore) arrange(l layout) {
	if l.tooSmall {
		return
	}
	aspect := 1.0
	if v := p.shown.view; v != nil && v.Pictures[0].H > 0 {
		aspect = min(max(float64(v.Pictures[0].W)/float64(v.Pictures[0].H), 0.2), 5)
	}
	p.l = layoutExplore(l.body, l.roomy(), aspect, p.app.cell(), len(p.app.info.Classes), p.most)
}

func (p *explore) enter() tea.Cmd { return p.request() }

func (p *explore) changed(what change) tea.Cmd {
	if what&(changedSplit|changedRadius|changedSetting) != 0 {
		p.stop() // what it would find is a flip of something else
	}
	return p.request()
}

// request asks for what should be on screen, unless the page is not, or the terminal has
// not said yet what it can show.
func (p *explore) request() tea.Cmd {
	a := p.app
	if !a.on(p) || !a.asked || a.layout.tooSmall || len(p.l.slots) == 0 || a.info.Images == 0 {
		return nil
	}
	q := viewRequest{generation: a.generation}
	q.Index, q.R, q.Setting = a.index, a.r, a.setting()
	q.By = p.by
	q.look = a.look(p.l.slots[0].pic.w, p.l.slots[0].pic.h)
	q.high = p.high
	for _, s := range p.l.slots {
		q.kinds[s.kind] = true
	}
	if p.asks.ask(q) {
		return p.compute(q)
	}
	return nil
}

// compute is the command that answers a request: it asks the Lab, then scales and encodes
// the pictures, so that Update and View only put together what is ready.
func (p *explore) compute(q viewRequest) tea.Cmd {
	a, ctx, lab, paint := p.app, p.app.ctx, p.app.lab, &p.painter
	return task(func() tea.Msg {
		defer lab.Foreground()()
		v, err := lab.View(ctx, q.ViewRequest)
		if err != nil {
			return viewMsg{asked: q, err: err}
		}
		drawn, stretch := paint.paint(v, q.look)
		msg := viewMsg{asked: q, view: v, drawn: drawn, stretch: stretch}
		a.present(&msg)
		return msg
	})
}

// received takes over an answer. It is newer than what is on screen even when something
// else is wanted by now, so it is shown: a key held down moves the pictures all the time.
func (p *explore) received(msg viewMsg) tea.Cmd {
	next, again := p.asks.finish()
	var cmd tea.Cmd
	if again {
		cmd = p.compute(next)
	}
	switch {
	case msg.asked.generation != p.app.generation, errors.Is(msg.err, context.Canceled):
	case msg.err != nil:
		p.failed = oneLine(msg.err)
		p.asks.forget() // asked again, it may go well
	default:
		p.failed = ""
		p.show(msg)
		cmd = tea.Batch(cmd, p.request()) // pictures of another shape are laid out anew
	}
	return cmd
}

// show puts an answer on screen.
func (p *explore) show(msg viewMsg) {
	before := p.shown.view
	p.shown = msg
	now := msg.view.Pictures[0]
	if before == nil || before.Pictures[0].W*now.H != now.W*before.Pictures[0].H {
		p.arrange(p.app.layout)
	}
	if msg.view.MaxR > 0 {
		p.app.maxR = max(msg.view.MaxR, p.app.info.MaxRadius)
	}
}

// flipProgress is how far the search for a flip is.
type flipProgress struct{ done, total int }

// flipMsg is what came of it.
type flipMsg struct {
	index int
	found bool
	err   error
}

// find looks for the next flip in a direction.
func (p *explore) find(step int) tea.Cmd {
	p.stop()
	a := p.app
	lab, q := a.lab, engine.NextFlipRequest{From: a.index, Step: step, R: a.r, By: p.by, Class: a.class, Setting: a.setting()}
	p.search = flipProgress{total: a.info.Images}
	var cmd tea.Cmd
	p.job, cmd = startJob(a.ctx, func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		i, found, err := lab.NextFlip(ctx, q, func(done, total int) {
			tell(flipProgress{done, total})
		})
		return flipMsg{i, found, err}
	})
	return cmd
}

// stop ends the search.
func (p *explore) stop() tea.Cmd {
	if p.job != nil {
		p.job.cancel()
		p.job = nil
	}
	return nil
}

// reported takes what the search tells.
func (p *explore) reported(r report) tea.Cmd {
	switch msg := r.msg.(type) {
	case flipProgress:
		p.search = msg
	case flipMsg:
		p.job = nil
		switch {
		case errors.Is(msg.err, context.Canceled):
		case msg.err != nil:
			p.app.say(oneLine(msg.err))
		case !msg.found:
			p.app.say(fmt.Sprintf("no flip%s at r = %.1f among these images", p.bySVD(), p.app.r))
		case msg.index == p.app.index:
			p.app.say(fmt.Sprintf("this is the only flip%s at r = %.1f", p.bySVD(), p.app.r))
		default:
			return p.app.setIndex(msg.index)
		}
	}
	return nil
}

// running tells the status line about the search.
func (p *explore) running() (what string, share float64, ok bool) {
	if p.job == nil {
		return "", 0, false
	}
	return fmt.Sprintf("looking for a flip, %s of %s", grouped(p.search.done), grouped(p.search.total)),
		float64(p.search.done) / float64(max(1, p.search.total)), true
}

// view is what is on screen; nil before the first answer and where there is none for the
// image asked for last.
func (p *explore) view() *engine.View {
	if p.failed != "" {
		return nil
	}
	return p.shown.view
}

// speed tells how long the last answer took.
func (p *explore) speed() string {
	v := p.view()
	if v == nil {
		return ""
	}
	return fmt.Sprintf("split %4.1f ms · model %5.1f ms", v.Split.Seconds()*1e3, v.Infer.Seconds()*1e3)
}

func (p *explore) mouse(m mouse) (tea.Cmd, bool) {
	a := p.app
	switch {
	case p.l.slider.contains(m.x, m.y):
		return a.slide(plotOf(p.l.slider), a.maxR, m), true
	case p.l.chart.contains(m.x, m.y):
		return a.slide(plotOf(p.l.chart), a.info.MaxRadius, m), true
	case m.wheel != 0 && slices.ContainsFunc(p.l.slots, func(s slot) bool { return s.pic.contains(m.x, m.y) }):
		return a.slide(rect{}, a.maxR, m), true
	}
	return nil, false
}
