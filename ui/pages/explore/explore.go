// Package explore is the page that shows one image, its low-pass and high-pass images, their
// spectrum, and the model's predictions on each.
package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/view"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// Page shows one image, its low-pass and high-pass images, the spectrum, and the model's predictions.
type Page struct {
	screen  session.Screen
	session *session.Session
	chart   func(c *kit.Canvas, r kit.Rect)
	l       exploreLayout
	by      bands.Decomposition // into low- and high-pass image
	high    highMode
	most    int // maximum number of pictures
	painter painter
	asks    kit.Newest[viewRequest]
	shown   viewMsg  // what is on screen; its view is nil before the first
	failed  string   // error of the last request
	job     *kit.Job // looking for a flip
	search  flipProgress
	gallery *gallery // of all flips
}

// viewRequest is everything that determines the page's contents.
type viewRequest struct {
	view.Request
	viewSpec
	generation int
	others     [session.MostComparisons]string // paths of the first n comparison models
	n          int
}

// viewMsg is the result of a request.
type viewMsg struct {
	asked   viewRequest
	view    *view.View
	drawn   [kit.Slots]picture.Drawn
	stretch float64
	others  []prediction // of the comparison models
	err     error
}

// New returns the page; chart draws accuracy vs r if there is room.
func New(s session.Screen, on *session.Session, chart func(c *kit.Canvas, r kit.Rect)) *Page {
	p := &Page{screen: s, session: on, chart: chart, most: kit.Slots}
	p.gallery = newGallery(p)
	return p
}

var exploreKeys = kit.Keymap[*Page]{
	{Act: kit.NextFlip, Help: "next, previous flip: correct on whole and high, misclassified on low", When: (*Page).labeled, Why: (*Page).unlabeled, Do: func(p *Page) tea.Cmd { return p.find(1) }},
	{Act: kit.PreviousFlip, Also: true, When: (*Page).labeled, Why: (*Page).unlabeled, Do: func(p *Page) tea.Cmd { return p.find(-1) }},
	{Act: kit.AllFlips, When: (*Page).labeled, Why: (*Page).unlabeled, Do: func(p *Page) tea.Cmd { return p.gallery.show() }},
	{Act: kit.Back, Name: "Stop flip search", Hint: "stop flip search", When: func(p *Page) bool { return p.job != nil }, Do: (*Page).stop},
	{Act: kit.Decomposition, Name: "decomposition: Fourier, SVD", Hint: "Fourier/SVD", Do: (*Page).nextDecomposition},
	{Act: kit.NextView, Name: "high-pass display: stretched, unscaled, raw", Hint: "high-pass", Rank: 4, Do: (*Page).nextHigh},
	{Act: kit.Larger, Name: "larger: fewer pictures, or all", Hint: "larger", Do: (*Page).nextMost},
}

func (p *Page) labeled() bool     { return p.session.Info.Labeled }
func (p *Page) unlabeled() string { return p.session.Unlabeled() }

func (p *Page) Keys() kit.Tables {
	if p.gallery.open {
		return p.gallery.tables()
	}
	return kit.Tables{session.RadiusKeys.On(p.session), session.ImageKeys.On(p.session), exploreKeys.On(p), session.ComparisonKeys.On(p.session)}
}

func (p *Page) nextHigh() tea.Cmd {
	p.high = (p.high + 1) % highModes
	return p.request()
}

func (p *Page) nextMost() tea.Cmd {
	before := p.l.slots
	for range kit.AllSlots {
		if p.most--; p.most < 2 {
			p.most = kit.AllSlots
		}
		p.Arrange(p.screen.Layout())
		if len(p.l.slots) != len(before) || len(before) > 0 && p.l.slots[0].Pic != before[0].Pic {
			break
		}
	}
	return p.request()
}

func (p *Page) Arrange(l kit.Layout) {
	if l.TooSmall {
		return
	}
	w, h := p.session.Info.Width, p.session.Info.Height
	if v := p.shown.view; v != nil {
		w, h = v.Pictures[0].W, v.Pictures[0].H
	}
	p.l = layoutExplore(l.Body, l.Roomy(), kit.Aspect(w, h), p.screen.Cell().For(w, h), len(p.session.Info.Classes), len(p.session.Models()), p.most, p.session.Info.Labeled)
	p.gallery.l = layoutGallery(l.Body, l.Roomy(), kit.Aspect(p.session.Info.Width, p.session.Info.Height), p.screen.Cell())
}

func (p *Page) Enter() tea.Cmd {
	if p.gallery.open {
		p.gallery.found.On = true
		return p.gallery.again()
	}
	return p.request()
}

// Leave stops looking for all flips while another page is shown.
func (p *Page) Leave() { p.gallery.leave() }

func (p *Page) Changed(what session.Change) tea.Cmd {
	if what&(session.ChangedSplit|session.ChangedRadius|session.ChangedSetting|session.ChangedClass) != 0 {
		p.stop() // its setting is obsolete
	}
	if what&session.ChangedModels != 0 {
		p.Arrange(p.screen.Layout())
	}
	if what&session.ChangedModel != 0 {
		p.gallery.found.Forget()
	}
	if p.gallery.open {
		return p.gallery.again()
	}
	return p.request()
}

// request requests the page's contents, unless the page is not on screen, or the terminal's
// capabilities are not known yet.
func (p *Page) request() tea.Cmd {
	if !p.screen.Shown() || !p.screen.Ready() || p.screen.Layout().TooSmall || len(p.l.slots) == 0 || p.session.Info.Images == 0 {
		return nil
	}
	q := viewRequest{generation: p.session.Generation}
	q.Index, q.R, q.Setting = p.session.Index, p.session.R, p.session.Setting()
	q.By = p.by
	q.RenderSpec = p.screen.Render(p.l.slots[0].Pic.W, p.l.slots[0].Pic.H)
	q.high = p.high
	for _, s := range p.l.slots {
		q.kinds[s.Kind] = true
	}
	for _, m := range p.session.Comparisons {
		q.others[q.n] = m.Path
		q.n++
	}
	return p.asks.Start(q, p.compute)
}

// compute returns the command of a request: it computes the View, then scales and encodes the
// pictures, so that Update and View do no such work.
func (p *Page) compute(q viewRequest) tea.Cmd {
	screen, ctx, l, paint, places := p.screen, p.screen.Context(), p.session.Lab, &p.painter, p.l.slots
	return p.screen.Task(func() tea.Msg {
		defer l.Foreground()()
		v, err := l.View(ctx, q.Request)
		if err != nil {
			return &viewMsg{asked: q, err: err}
		}
		predicted := predictOthers(ctx, l, q)
		drawn, stretch := paint.paint(v, q.viewSpec)
		msg := &viewMsg{asked: q, view: v, drawn: drawn, stretch: stretch, others: predicted()}
		var pictures []kit.Placed
		for _, s := range places {
			pictures = append(pictures, kit.Placed{At: s.Pic, Drawn: drawn[s.Kind]})
		}
		screen.Present(pictures, q.generation, msg)
		return msg
	})
}

// received shows a result even if it is no longer the latest request, since it is newer than what
// is on screen: a held key keeps updating the pictures.
func (p *Page) received(msg *viewMsg) tea.Cmd {
	cmd := p.asks.Ended(p.compute)
	switch {
	case msg.asked.generation != p.session.Generation, errors.Is(msg.err, context.Canceled):
	case msg.err != nil:
		p.failed = kit.OneLine(msg.err)
		p.asks.Forget() // a retry may succeed
	default:
		p.failed = ""
		p.show(msg)
		cmd = tea.Batch(cmd, p.request()) // another aspect ratio changes the layout
	}
	return cmd
}

// show displays a result.
func (p *Page) show(msg *viewMsg) {
	before := p.shown.view
	p.shown = *msg
	now := msg.view.Pictures[0]
	if before == nil || before.Pictures[0].W != now.W || before.Pictures[0].H != now.H {
		p.Arrange(p.screen.Layout())
	}
	if msg.view.MaxR > 0 {
		p.session.SetMaxRadius(msg.view.MaxR)
	}
}

// flipProgress is the progress of the search for a flip.
type flipProgress struct{ done, total int }

// flipMsg is its result.
type flipMsg struct {
	index int
	found bool
	err   error
}

// find looks for the next flip in a direction.
func (p *Page) find(step int) tea.Cmd {
	p.stop()
	l, q := p.session.Lab, lab.NextFlipRequest{From: p.session.Index, Step: step, R: p.session.R, By: p.by, Class: p.session.Class, Setting: p.session.Setting()}
	p.search = flipProgress{total: p.session.Info.Images}
	var cmd tea.Cmd
	p.job, cmd = p.screen.Start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		i, found, err := l.NextFlip(ctx, q, func(done, total int) {
			tell(flipProgress{done, total})
		})
		return flipMsg{i, found, err}
	})
	return cmd
}

// stop ends the search.
func (p *Page) stop() tea.Cmd {
	if p.job != nil {
		p.job.Cancel()
		p.job = nil
	}
	return nil
}

// Receive handles messages of background work.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case *viewMsg:
		return p.received(msg)
	case kit.Report:
		if msg.Job == p.job {
			return p.reported(msg)
		}
	}
	cmd, _ := p.gallery.receive(msg)
	return cmd
}

// Busy reports whether a search for a flip is running.
func (p *Page) Busy() bool { return p.job != nil || p.screen.Shown() && p.gallery.found.Job != nil }

// reported handles a report of the search.
func (p *Page) reported(r kit.Report) tea.Cmd {
	switch msg := r.Msg.(type) {
	case flipProgress:
		p.search = msg
	case flipMsg:
		p.job = nil
		switch {
		case errors.Is(msg.err, context.Canceled):
		case msg.err != nil:
			p.screen.Say(kit.OneLine(msg.err))
		case !msg.found:
			p.screen.Say(fmt.Sprintf("no flip%s at r = %.1f among these images", p.bySVD(), p.session.R))
		case msg.index == p.session.Index:
			p.screen.Say(fmt.Sprintf("the only flip%s at r = %.1f", p.bySVD(), p.session.R))
		default:
			return p.session.SetIndex(msg.index)
		}
	}
	return nil
}

// Jobs lists the search for a flip.
func (p *Page) Jobs() []kit.JobInfo {
	if p.job == nil {
		return p.gallery.jobs()
	}
	return []kit.JobInfo{{
		Name: "flip search", Of: fmt.Sprintf("%s, r %.1f", p.session.Subject(p.session.Info.Model, p.session.Info.Split, p.session.Setting().Smoothing), p.session.R),
		Share: float64(p.search.done) / float64(max(1, p.search.total)), Count: kit.Amount(p.search.done, p.search.total, "image"), Stop: p.stop,
	}}
}

// view returns the View on screen; nil before the first and if the last request failed.
func (p *Page) view() *view.View {
	if p.failed != "" {
		return nil
	}
	return p.shown.view
}

// Speed returns the time of the last result.
func (p *Page) Speed() string {
	v := p.view()
	if v == nil || p.gallery.open {
		return ""
	}
	return fmt.Sprintf("split %4.1f ms · model %5.1f ms", v.Split.Seconds()*1e3, v.Infer.Seconds()*1e3)
}

func (p *Page) Mouse(m kit.Mouse) (tea.Cmd, bool) {
	switch {
	case p.gallery.open:
		return p.gallery.mouse(m)
	case p.l.slider.Contains(m.X, m.Y):
		return p.session.Slide(kit.PlotOf(p.l.slider), p.session.MaxR, m), true
	case p.l.chart.Contains(m.X, m.Y):
		return p.session.Slide(kit.PlotOf(p.l.chart), p.session.Info.MaxRadius, m), true
	case m.Wheel != 0 && slices.ContainsFunc(p.l.slots, func(s kit.Slot) bool { return s.Pic.Contains(m.X, m.Y) }):
		return p.session.Slide(kit.Rect{}, p.session.MaxR, m), true
	}
	return nil, false
}
