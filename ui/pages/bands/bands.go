// Package bands is the page of accuracy on low-pass and high-pass images vs r, drawn while it is
// measured.
package bands

import (
	"context"
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Page shows accuracy on low-pass and high-pass images vs r while it is measured. Its cursor is the
// session's r.
type Page struct {
	screen  session.Screen
	session *session.Session
	l       bandsLayout
	curves  kit.Measuring[bandsKey, bands.Result] // runs once the page was shown
	changes bool                                  // show prediction changes on the low-pass image
}

// bandsKey is what determines a curve.
type bandsKey struct {
	split string
	bands.Setting
}

// bandsLayout is the layout of the body.
type bandsLayout struct {
	values kit.Rect // at the cursor: one line, one for the curve without smoothing, two for changes
	plot   kit.Rect
	axis   kit.Rect
	foot   kit.Rect
}

func New(s session.Screen, on *session.Session) *Page {
	p := &Page{screen: s, session: on}
	p.curves = kit.Measuring[bandsKey, bands.Result]{
		Name:  "bands",
		Begin: s.Start, Work: p.work, Limits: func() []int { return []int{0} },
		Enough: func(r bands.Result, _ int) bool { return r.Done },
		Empty:  func(r bands.Result) bool { return r.Whole.N == 0 },
	}
	return p
}

var bandsKeys = kit.Keymap[*Page]{
	{Act: kit.NextView, Name: "with predictions that change on the low-pass image, f(x) ≠ f(x_l), or without", Hint: "changes", Do: (*Page).toggleChanges},
}

func (p *Page) Keys() kit.Tables {
	return kit.Tables{session.RadiusKeys.On(p.session), p.curves.Keys(), bandsKeys.On(p)}
}

func (p *Page) Arrange(l kit.Layout) {
	if l.TooSmall {
		return
	}
	b := l.Body
	p.l.values = kit.NewRect(b.X, b.Y, b.W-1, 2)
	if p.changes {
		p.l.values.H += 2
	}
	p.l.foot = kit.NewRect(b.X, b.Bottom()-1, b.W-1, 1)
	p.l.axis = kit.NewRect(b.X, b.Bottom()-2, b.W, 1)
	top := p.l.values.Bottom()
	if l.Roomy() {
		top++
		p.l.axis.Y--
	}
	p.l.plot = kit.PlotOf(kit.NewRect(b.X, top, b.W, p.l.axis.Y-top))
}

// toggleChanges shows or hides the third curve, which is measured with the others.
func (p *Page) toggleChanges() tea.Cmd {
	p.changes = !p.changes
	p.Arrange(p.screen.Layout())
	return nil
}

func (p *Page) Enter() tea.Cmd {
	p.curves.On = true
	return p.measure()
}

// Changed requests the curve of a new setting; curves of another model are measured when shown.
func (p *Page) Changed(what session.Change) tea.Cmd {
	if what&session.ChangedModel != 0 {
		p.curves.Forget()
		p.curves.On = p.screen.Shown()
	}
	return p.measure()
}

// key is what the session asks for now; base is the same without smoothing.
func (p *Page) key() (now, base bandsKey) {
	now = bandsKey{p.session.Info.Split, p.session.Setting()}
	base = now
	base.Smoothing = model.Smoothing{}
	return now, base
}

// measure requests the current curve, then the one without smoothing, for comparison.
func (p *Page) measure() tea.Cmd {
	now, base := p.key()
	switch {
	case p.session.Info.Images == 0 || !p.session.Info.Labeled:
		p.curves.Want()
	case now == base:
		p.curves.Want(now)
	default:
		p.curves.Want(now, base)
	}
	return p.curves.Run()
}

// work measures a curve.
func (p *Page) work(k bandsKey, _ int) func(context.Context, func(bands.Result)) (bands.Result, error) {
	l := p.session.Lab
	q := lab.BandsRequest{Radii: radiiUpTo(p.session.Info.MaxRadius), Split: k.split, Setting: k.Setting}
	return func(ctx context.Context, update func(bands.Result)) (bands.Result, error) {
		return l.Bands(ctx, q, update)
	}
}

// mostRadii is the maximum number of radii.
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

// Receive handles results.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	if r, ok := msg.(kit.Report); ok {
		cmd, _ := p.curves.Take(r)
		return cmd
	}
	return nil
}

// Busy reports whether a curve is being measured on screen.
func (p *Page) Busy() bool { return p.screen.Shown() && p.curves.Job != nil }

// Jobs lists the measurement of the curves.
func (p *Page) Jobs() []kit.JobInfo {
	return p.curves.Jobs(func(k bandsKey, r bands.Result, _ int) kit.JobInfo {
		all := max(r.Images, 1)
		if r.Images == 0 {
			all = max(p.session.Info.Images, 1)
		}
		return kit.JobInfo{
			Of:    p.session.Subject(p.session.Info.Model, k.split, k.Smoothing),
			Share: float64(r.Whole.N) / float64(all), Count: kit.Amount(r.Whole.N, all, "image"), Rate: kit.PerSecond(r.ImagesPerSecond, "images"),
		}
	})
}

// Speed returns the throughput of the curve on screen.
func (p *Page) Speed() string {
	now, _ := p.key()
	if r := p.curves.Known[now]; r.ImagesPerSecond > 0 {
		return kit.Grouped(int(r.ImagesPerSecond+0.5)) + " images/s"
	}
	return ""
}

func (p *Page) Mouse(m kit.Mouse) (tea.Cmd, bool) {
	area := kit.NewRect(p.l.plot.X-1, p.l.plot.Y, p.l.plot.W+2, p.l.axis.Bottom()-p.l.plot.Y)
	if area.Contains(m.X, m.Y) {
		return p.session.Slide(p.l.plot, p.session.Info.MaxRadius, m), true
	}
	return nil, false
}
