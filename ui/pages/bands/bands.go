// Package bands is the page of accuracy on low-pass and high-pass images vs r, drawn while it is
// measured.
package bands

import (
	"context"
	"errors"

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
	view    pageView
	// versions are the accuracies by corruption; they run while they are shown.
	versions kit.Measuring[corruptedKey, corruptedView]
	minus    bool // show differences from the open model, if there are comparison models
	asks     kit.Newest[differencesRequest]
	differ   differences // of the comparison models' curves
	version  int         // of the models: incremented when they change
}

// bandsKey is what determines a curve.
type bandsKey struct {
	split, model string // model as in a request: "" is the open one
	bands.Setting
}

// bandsLayout is the layout of the body.
type bandsLayout struct {
	values kit.Rect // at the cursor: one line, one for the curve without smoothing, two for changes; with comparison models a heading and one for each
	panels []bandsPanel
	foot   kit.Rect
}

// bandsPanel is the place of a chart.
type bandsPanel struct {
	title kit.Rect // empty if there is one chart
	plot  kit.Rect
	axis  kit.Rect
	parts []bands.Part
}

func New(s session.Screen, on *session.Session) *Page {
	p := &Page{screen: s, session: on}
	p.curves = kit.Measuring[bandsKey, bands.Result]{
		Name:  "bands",
		Begin: s.Start, Work: p.work, Limits: p.limits, Enough: enough,
		Empty: func(r bands.Result) bool { return r.Whole.N == 0 },
	}
	p.versions = p.newCorrupted()
	return p
}

var bandsKeys = kit.Keymap[*Page]{
	{Act: kit.NextView, Name: "prediction changes on the low-pass image, f(x) ≠ f(x_l): on, off", Hint: "changes", When: func(p *Page) bool { return !p.corrupted() }, Do: (*Page).nextView},
	{Act: kit.NextView, Name: "prediction changes; accuracy by corruption on whole, low-pass, high-pass images", Hint: "view", When: (*Page).corrupted, Also: true, Do: (*Page).nextView},
	{Act: kit.Minus, When: (*Page).compared, Why: func(*Page) string { return session.NoComparison }, Do: (*Page).toggleMinus},
}

func (p *Page) Keys() kit.Tables {
	return kit.Tables{session.RadiusKeys.On(p.session), session.ComparisonKeys.On(p.session), p.curves.Keys(), p.versions.Keys(), bandsKeys.On(p)}
}

func (p *Page) Arrange(l kit.Layout) {
	if l.TooSmall {
		return
	}
	b := l.Body
	p.l.values = kit.NewRect(b.X, b.Y, b.W-1, 2)
	if p.compared() {
		p.l.values.H = 1 + len(p.session.Models())
	}
	if p.changes() {
		p.l.values.H += 2
	}
	p.l.foot = kit.NewRect(b.X, b.Bottom()-1, b.W-1, 1)
	top, bottom := p.l.values.Bottom(), b.Bottom()-1
	if l.Roomy() {
		top++
		bottom--
	}
	area := kit.NewRect(b.X, top, b.W, bottom-top)
	p.l.panels = layoutPanels(area, p.compared())
}

// twoPanels is the least width of charts of the low- and the high-pass images side by side.
const twoPanels = 116

// layoutPanels lays out one chart, or with comparison models, if there is room, one for each part.
func layoutPanels(area kit.Rect, compared bool) []bandsPanel {
	one := func(r kit.Rect, parts ...bands.Part) bandsPanel {
		p := bandsPanel{axis: r.Row(r.H - 1), parts: parts}
		if len(parts) == 1 {
			p.title = r.Row(0)
			r.Y, r.H = r.Y+1, r.H-1
		}
		p.plot = kit.PlotOf(kit.NewRect(r.X, r.Y, r.W, r.H-1))
		return p
	}
	if !compared || area.W < twoPanels {
		return []bandsPanel{one(area, bands.Low, bands.High)}
	}
	w := area.W / 2
	return []bandsPanel{one(kit.NewRect(area.X, area.Y, w, area.H), bands.Low), one(kit.NewRect(area.X+w, area.Y, w, area.H), bands.High)}
}

// compared reports whether there are comparison models.
func (p *Page) compared() bool { return len(p.session.Comparisons) > 0 }

// changes reports whether the third curve is shown, which is measured with the others.
func (p *Page) changes() bool { return p.view == changesView }

// toggleMinus shows the differences of the comparison models from the open one, or accuracies.
func (p *Page) toggleMinus() tea.Cmd {
	p.minus = !p.minus
	return nil
}

func (p *Page) Enter() tea.Cmd {
	p.curves.On, p.versions.On = true, true
	return p.measure()
}

// Changed requests the curve of a new setting; curves of another model are measured when shown.
func (p *Page) Changed(what session.Change) tea.Cmd {
	p.changedCorrupted(what)
	if what&session.ChangedModel != 0 {
		p.curves.Forget()
		p.curves.On = p.screen.Shown()
		p.version++
	}
	if what&session.ChangedModels != 0 {
		p.forget()
		p.minus = p.minus && p.compared()
		p.Arrange(p.screen.Layout())
	}
	return p.measure()
}

// key is what the session asks for now of a model; base is the same without smoothing.
func (p *Page) key(model string) (now, base bandsKey) {
	now = bandsKey{p.session.Info.Split, model, p.session.Setting()}
	return now, now.unsmoothed()
}

func (k bandsKey) unsmoothed() bandsKey {
	k.Smoothing = model.Smoothing{}
	return k
}

// measure requests the curve of the open model, then, for comparison, those of the comparison
// models, or else the one without smoothing. Where the table of corruptions is shown, it requests
// that instead.
func (p *Page) measure() tea.Cmd {
	if p.view.table() {
		p.curves.Want()
		p.versions.Want(p.corruptedKey())
		return tea.Batch(p.curves.Run(), p.versions.Run())
	}
	p.versions.Want()
	p.versions.Drop()
	now, base := p.key("")
	list := []bandsKey{now}
	switch {
	case p.session.Info.Images == 0 || !p.session.Info.Labeled:
		list = nil
	case p.compared():
		for _, m := range p.session.Comparisons {
			k, _ := p.key(m.Path)
			list = append(list, k)
		}
	case now != base:
		list = append(list, base)
	}
	p.curves.Want(list...)
	return tea.Batch(p.curves.Run(), p.subtract())
}

// Numbers of images that all of several curves are first measured on.
const firstImages, roughImages = 48, 200

// limits returns the numbers of images to measure on, 0 being all: several curves are rough first.
func (p *Page) limits() []int {
	if now, base := p.key(""); p.compared() || now != base {
		return []int{firstImages, roughImages, 0}
	}
	return []int{0}
}

func enough(r bands.Result, limit int) bool { return r.Done || limit > 0 && r.Whole.N >= limit }

// work measures a curve until there are enough images; it can go on from there.
func (p *Page) work(k bandsKey, limit int) func(context.Context, func(bands.Result)) (bands.Result, error) {
	l := p.session.Lab
	q := lab.BandsRequest{Model: k.model, Radii: bands.Radii(p.session.Info.MaxRadius), Split: k.split, Setting: k.Setting}
	return func(ctx context.Context, update func(bands.Result)) (bands.Result, error) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		var last bands.Result
		r, err := l.Bands(ctx, q, func(now bands.Result) {
			if last = now; enough(now, limit) {
				stop()
			}
			update(now)
		})
		if errors.Is(err, context.Canceled) && enough(last, limit) {
			return last, nil
		}
		return r, err
	}
}

// Receive handles results.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case kit.Report:
		cmd, ok := p.curves.Take(msg)
		if !ok {
			cmd, _ = p.versions.Take(msg)
		}
		return tea.Batch(cmd, p.subtract())
	case differences:
		p.differ = msg
		return p.asks.Ended(p.compute)
	}
	return nil
}

// Busy reports whether a curve is being measured on screen.
func (p *Page) Busy() bool { return p.screen.Shown() && (p.curves.Job != nil || p.versions.Job != nil) }

// Jobs lists the measurement of the curves, or of the table.
func (p *Page) Jobs() []kit.JobInfo {
	if p.versions.Job != nil {
		return p.corruptedJobs()
	}
	return p.curves.Jobs(func(k bandsKey, r bands.Result, _ int) kit.JobInfo {
		all := max(r.Images, 1)
		if r.Images == 0 {
			all = max(p.session.Info.Images, 1)
		}
		m, _ := p.session.Model(k.model)
		return kit.JobInfo{
			Of:    p.session.Subject(m.Name, k.split, k.Smoothing),
			Share: float64(r.Whole.N) / float64(all), Count: kit.Amount(r.Whole.N, all, "image"), Rate: kit.PerSecond(r.ImagesPerSecond, "images"),
		}
	})
}

// Speed returns the throughput of the curve on screen.
func (p *Page) Speed() string {
	now, _ := p.key("")
	if r := p.curves.Known[now]; !p.view.table() && r.ImagesPerSecond > 0 && !p.curves.Stopped {
		return kit.Grouped(int(r.ImagesPerSecond+0.5)) + " images/s"
	}
	return ""
}

func (p *Page) Mouse(m kit.Mouse) (tea.Cmd, bool) {
	if p.view.table() {
		return nil, false
	}
	for _, l := range p.l.panels {
		area := kit.NewRect(l.plot.X-1, l.plot.Y, l.plot.W+2, l.axis.Bottom()-l.plot.Y)
		if area.Contains(m.X, m.Y) {
			return p.session.Slide(l.plot, p.session.Info.MaxRadius, m), true
		}
	}
	return nil, false
}
