package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/view"
	"hfcui/ui/picture"
)

// explore is the page that shows one image, its low and its high part, their spectrum,
// and what the model makes of each.
type explore struct {
	screen  Screen
	session *session
	chart   func(c *canvas, r rect)
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
	view.Request
	viewSpec
	generation int
}

// viewMsg is what came of a request.
type viewMsg struct {
	asked   viewRequest
	view    *view.View
	drawn   [slots]picture.Drawn
	stretch float64
	err     error
}

// newExplore returns the page; chart draws accuracy against r where there is room for it.
func newExplore(s Screen, on *session, chart func(c *canvas, r rect)) *explore {
	return &explore{screen: s, session: on, chart: chart, most: slots}
}

var exploreKeys = keymap[*explore]{
	{keys: []string{"f"}, name: "next flip: whole and high right, low wrong", help: "next, previous flip: whole and high right, low wrong", hint: "flip", when: (*explore).labelled, do: func(p *explore) tea.Cmd { return p.find(1) }},
	{keys: []string{"F"}, name: "previous flip", also: true, when: (*explore).labelled, do: func(p *explore) tea.Cmd { return p.find(-1) }},
	{keys: []string{"esc"}, name: "stop looking for a flip", hint: "stop", when: func(p *explore) bool { return p.job != nil }, do: (*explore).stop},
	{keys: []string{"d"}, name: "divide by frequencies, or by singular values (SVD)", hint: "Fourier/SVD", do: (*explore).nextDecomposition},
	{keys: []string{"v"}, name: "how the high part is made visible", hint: "high as", do: (*explore).nextHigh},
	{keys: []string{"w"}, name: "fewer and larger pictures, or all", hint: "larger", do: (*explore).nextMost},
}

func (p *explore) labelled() bool { return p.session.info.Labelled }

func (p *explore) entries() []entry {
	return slices.Concat(radiusKeys.entries(p.session), imageKeys.entries(p.session), exploreKeys.entries(p))
}

func (p *explore) press(key string) (tea.Cmd, bool) {
	for _, table := range []keymap[*session]{radiusKeys, imageKeys} {
		if cmd, ok := table.press(p.session, key); ok {
			return cmd, true
		}
	}
	cmd, ok := exploreKeys.press(p, key)
	if !ok && !p.labelled() && slices.Contains([]string{"c", "f", "F"}, key) {
		p.screen.say("this needs labels that are the model's classes")
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
	p.arrange(p.screen.layout())
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
	p.l = layoutExplore(l.body, l.roomy(), aspect, p.screen.cell(), len(p.session.info.Classes), p.most)
}

func (p *explore) enter() tea.Cmd { return p.request() }

func (p *explore) changed(what change) tea.Cmd {
	if what&(changedSplit|changedRadius|changedSetting|changedClass) != 0 {
		p.stop() // what it would find is a flip of something else
	}
	return p.request()
}

// request asks for what should be on screen, unless the page is not, or the terminal has
// not said yet what it can show.
func (p *explore) request() tea.Cmd {
	if !p.screen.shown() || !p.screen.ready() || p.screen.layout().tooSmall || len(p.l.slots) == 0 || p.session.info.Images == 0 {
		return nil
	}
	q := viewRequest{generation: p.session.generation}
	q.Index, q.R, q.Setting = p.session.index, p.session.r, p.session.setting()
	q.By = p.by
	q.renderSpec = p.screen.render(p.l.slots[0].pic.w, p.l.slots[0].pic.h)
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
	screen, ctx, l, paint, places := p.screen, p.screen.context(), p.session.lab, &p.painter, p.l.slots
	return p.screen.task(func() tea.Msg {
		defer l.Foreground()()
		v, err := l.View(ctx, q.Request)
		if err != nil {
			return &viewMsg{asked: q, err: err}
		}
		drawn, stretch := paint.paint(v, q.viewSpec)
		msg := &viewMsg{asked: q, view: v, drawn: drawn, stretch: stretch}
		var pictures []placed
		for _, s := range places {
			pictures = append(pictures, placed{at: s.pic, drawn: drawn[s.kind]})
		}
		screen.present(pictures, q.generation, msg)
		return msg
	})
}

// received takes over an answer. It is newer than what is on screen even when something
// else is wanted by now, so it is shown: a key held down moves the pictures all the time.
func (p *explore) received(msg *viewMsg) tea.Cmd {
	next, again := p.asks.finish()
	var cmd tea.Cmd
	if again {
		cmd = p.compute(next)
	}
	switch {
	case msg.asked.generation != p.session.generation, errors.Is(msg.err, context.Canceled):
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
func (p *explore) show(msg *viewMsg) {
	before := p.shown.view
	p.shown = *msg
	now := msg.view.Pictures[0]
	if before == nil || before.Pictures[0].W*now.H != now.W*before.Pictures[0].H {
		p.arrange(p.screen.layout())
	}
	if msg.view.MaxR > 0 {
		p.session.setMaxRadius(msg.view.MaxR)
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
	l, q := p.session.lab, lab.NextFlipRequest{From: p.session.index, Step: step, R: p.session.r, By: p.by, Class: p.session.class, Setting: p.session.setting()}
	p.search = flipProgress{total: p.session.info.Images}
	var cmd tea.Cmd
	p.job, cmd = p.screen.start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		i, found, err := l.NextFlip(ctx, q, func(done, total int) {
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

// receive takes what work in the background tells.
func (p *explore) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case *viewMsg:
		return p.received(msg)
	case report:
		if msg.job == p.job {
			return p.reported(msg)
		}
	}
	return nil
}

// busy tells that a flip is looked for.
func (p *explore) busy() bool { return p.job != nil }

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
			p.screen.say(oneLine(msg.err))
		case !msg.found:
			p.screen.say(fmt.Sprintf("no flip%s at r = %.1f among these images", p.bySVD(), p.session.r))
		case msg.index == p.session.index:
			p.screen.say(fmt.Sprintf("this is the only flip%s at r = %.1f", p.bySVD(), p.session.r))
		default:
			return p.session.setIndex(msg.index)
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
func (p *explore) view() *view.View {
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
	switch {
	case p.l.slider.contains(m.x, m.y):
		return p.session.slide(plotOf(p.l.slider), p.session.maxR, m), true
	case p.l.chart.contains(m.x, m.y):
		return p.session.slide(plotOf(p.l.chart), p.session.info.MaxRadius, m), true
	case m.wheel != 0 && slices.ContainsFunc(p.l.slots, func(s slot) bool { return s.pic.contains(m.x, m.y) }):
		return p.session.slide(rect{}, p.session.maxR, m), true
	}
	return nil, false
}
