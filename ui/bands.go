package ui

import (
	"context"
	"fmt"
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/model"
)

// bandsPage shows accuracy on the low and the high part of images against r, as it is
// measured. Its cursor is the session's r.
type bandsPage struct {
	screen  Screen
	session *session
	l       bandsLayout
	curves  measuring[bandsKey, bands.Result] // goes on once the page was looked at
	changes bool                              // how answers change between whole images and low parts is shown
}

// bandsKey is what determines a curve.
type bandsKey struct {
	split string
	bands.Setting
}

// bandsLayout divides the body of the page.
type bandsLayout struct {
	values rect // at the cursor: one line, one for the curve without smoothing, two for changes
	plot   rect
	axis   rect
	foot   rect
}

func newBandsPage(s Screen, on *session) *bandsPage {
	p := &bandsPage{screen: s, session: on}
	p.curves = measuring[bandsKey, bands.Result]{
		begin: s.start, work: p.work, limits: func() []int { return []int{0} },
		enough: func(r bands.Result, _ int) bool { return r.Done },
		empty:  func(r bands.Result) bool { return r.Whole.N == 0 },
	}
	return p
}

var bandsKeys = keymap[*bandsPage]{
	{keys: []string{"esc"}, name: "stop measuring", hint: "stop", when: func(p *bandsPage) bool { return p.curves.job != nil }, do: func(p *bandsPage) tea.Cmd { return p.curves.halt() }},
	{keys: []string{"c"}, name: "images that change class by their low part: f(x) ≠ f(x_l)", hint: "changed", do: (*bandsPage).toggleChanges},
	{keys: []string{"enter"}, name: "go on measuring", hint: "go on", when: func(p *bandsPage) bool { return p.curves.resumable() }, do: func(p *bandsPage) tea.Cmd { return p.curves.resume() }},
}

func (p *bandsPage) entries() []entry {
	return append(radiusKeys.entries(p.session), bandsKeys.entries(p)...)
}

func (p *bandsPage) press(key string) (tea.Cmd, bool) {
	if cmd, ok := radiusKeys.press(p.session, key); ok {
		return cmd, true
	}
	return bandsKeys.press(p, key)
}

func (p *bandsPage) arrange(l layout) {
	if l.tooSmall {
		return
	}
	b := l.body
	p.l.values = newRect(b.x, b.y, b.w-1, 2)
	if p.changes {
		p.l.values.h += 2
	}
	p.l.foot = newRect(b.x, b.bottom()-1, b.w-1, 1)
	p.l.axis = newRect(b.x, b.bottom()-2, b.w, 1)
	top := p.l.values.bottom()
	if l.roomy() {
		top++
		p.l.axis.y--
	}
	p.l.plot = plotOf(newRect(b.x, top, b.w, p.l.axis.y-top))
}

// toggleChanges shows the third curve, or not; it is measured with the others.
func (p *bandsPage) toggleChanges() tea.Cmd {
	p.changes = !p.changes
	p.arrange(p.screen.layout())
	return nil
}

func (p *bandsPage) enter() tea.Cmd {
	p.curves.on = true
	return p.measure()
}

// changed has another curve measured where another is asked for; those of another model are
// measured where they are seen.
func (p *bandsPage) changed(what change) tea.Cmd {
	if what&changedModel != 0 {
		p.curves.forget()
		p.curves.on = p.screen.shown()
	}
	return p.measure()
}

// key is what the session asks for now; base is the same without smoothing.
func (p *bandsPage) key() (now, base bandsKey) {
	now = bandsKey{p.session.info.Split, p.session.setting()}
	base = now
	base.Smoothing = model.Smoothing{}
	return now, base
}

// measure starts measuring what the session asks for, in place of anything else that is
// being measured; then the curve without smoothing, for comparison.
func (p *bandsPage) measure() tea.Cmd {
	now, base := p.key()
	switch {
	case p.session.info.Images == 0 || !p.session.info.Labelled:
		p.curves.want()
	case now == base:
		p.curves.want(now)
	default:
		p.curves.want(now, base)
	}
	return p.curves.run()
}

// work measures a curve.
func (p *bandsPage) work(k bandsKey, _ int) func(context.Context, func(bands.Result)) (bands.Result, error) {
	l := p.session.lab
	q := lab.BandsRequest{Radii: radiiUpTo(p.session.info.MaxRadius), Split: k.split, Setting: k.Setting}
	return func(ctx context.Context, update func(bands.Result)) (bands.Result, error) {
		return l.Bands(ctx, q, update)
	}
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

// receive takes over what was measured.
func (p *bandsPage) receive(msg tea.Msg) tea.Cmd {
	if r, ok := msg.(report); ok {
		cmd, _ := p.curves.take(r)
		return cmd
	}
	return nil
}

// busy tells that somebody looks on while a curve is measured.
func (p *bandsPage) busy() bool { return p.screen.shown() && p.curves.job != nil }

// running tells the status line what is measured.
func (p *bandsPage) running() (what string, share float64, ok bool) {
	if p.curves.job == nil {
		return "", 0, false
	}
	r, name := p.curves.known[p.curves.working], "bands"
	if now, _ := p.key(); p.curves.working != now {
		name = "bands without smoothing"
	}
	return fmt.Sprintf("%s, %s images/s", name, fitRight(grouped(int(r.ImagesPerSecond+0.5)), 6)),
		float64(r.Whole.N) / float64(max(1, r.Images)), true
}

// speed tells how fast the curve on screen was measured.
func (p *bandsPage) speed() string {
	now, _ := p.key()
	if r := p.curves.known[now]; r.ImagesPerSecond > 0 {
		return grouped(int(r.ImagesPerSecond+0.5)) + " images/s"
	}
	return ""
}

func (p *bandsPage) mouse(m mouse) (tea.Cmd, bool) {
	area := newRect(p.l.plot.x-1, p.l.plot.y, p.l.plot.w+2, p.l.axis.bottom()-p.l.plot.y)
	if area.contains(m.x, m.y) {
		return p.session.slide(p.l.plot, p.session.info.MaxRadius, m), true
	}
	return nil, false
}
