package bands

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// corruptedKey is what determines accuracies by corruption.
type corruptedKey struct {
	bands bool    // at r; otherwise on whole images only
	r     float64 // measured
	bands.Setting
}

// corruptedView is the state of a measurement with the means shown, which take too long to compute
// while drawing.
type corruptedView struct {
	bands.Corrupted
	means map[bands.Part]corruptedMeans
}

// corruptedMeans are the means on one part of the images.
type corruptedMeans struct {
	all          bands.Mean
	byCorruption []bands.Mean
	bySeverity   []bands.Mean // of severities
}

// pageView is a view of the page.
type pageView int

const (
	curvesView  pageView = iota
	changesView          // curves with prediction changes
	wholeView            // accuracy by corruption, on whole images
	lowView
	highView
	pageViews
)

// table reports whether the view is a table of corruptions.
func (v pageView) table() bool { return v >= wholeView }

// part is the part of the images that a table is of.
func (v pageView) part() bands.Part { return bands.Part(v - wholeView) }

// corrupted reports whether the data has corruptions.
func (p *Page) corrupted() bool { return len(p.session.Info.Corruptions) > 0 && p.session.Info.Labeled }

// nextView shows the next view; tables only of data with corruptions.
func (p *Page) nextView() tea.Cmd {
	p.view = (p.view + 1) % pageViews
	if p.view.table() && !p.corrupted() {
		p.view = curvesView
	}
	p.Arrange(p.screen.Layout())
	return p.measure()
}

// newCorrupted prepares the measurement by corruption.
func (p *Page) newCorrupted() kit.Measuring[corruptedKey, corruptedView] {
	return kit.Measuring[corruptedKey, corruptedView]{
		Name:  "corruptions",
		Begin: p.screen.Start, Work: p.measureCorrupted, Limits: func() []int { return []int{0} },
		Enough: func(v corruptedView, _ int) bool { return v.Results != nil && v.Done() },
		Empty:  func(v corruptedView) bool { return v.Results == nil },
	}
}

// corruptedKey is what the table shows now.
func (p *Page) corruptedKey() corruptedKey {
	k := corruptedKey{Setting: p.session.Setting()}
	if p.view.part() != bands.Whole {
		radii := bands.Radii(p.session.Info.MaxRadius)
		k.bands, k.r = true, radii[kit.Nearest(radii, p.session.R)]
	} else {
		k.Normalize = bands.NormalizeNone // of bands only
	}
	return k
}

// tellPause is the least time between updates, whose means are computed.
const tellPause = 250 * time.Millisecond

// measureCorrupted measures all corruptions and severities; it resumes.
func (p *Page) measureCorrupted(k corruptedKey, _ int) func(context.Context, func(corruptedView)) (corruptedView, error) {
	l := p.session.Lab
	q := lab.CorruptedRequest{Corruptions: p.session.Info.Corruptions, BandsRequest: lab.BandsRequest{Setting: k.Setting}}
	parts := []bands.Part{bands.Whole}
	if k.bands {
		q.Radii, parts = []float64{k.r}, []bands.Part{bands.Low, bands.High}
	}
	return func(ctx context.Context, update func(corruptedView)) (corruptedView, error) {
		var last time.Time
		c, err := l.Corrupted(ctx, q, func(now bands.Corrupted) {
			if time.Since(last) >= tellPause {
				update(viewOf(now, parts))
				last = time.Now()
			}
		})
		if errors.Is(err, context.Canceled) {
			return corruptedView{}, err
		}
		return viewOf(c, parts), err
	}
}

// viewOf computes the means of parts.
func viewOf(c bands.Corrupted, parts []bands.Part) corruptedView {
	v := corruptedView{c, map[bands.Part]corruptedMeans{}}
	for _, part := range parts {
		m := corruptedMeans{all: c.Mean(part, 0)}
		for k := range c.Corruptions {
			m.byCorruption = append(m.byCorruption, c.MeanOf(k, part, 0))
		}
		for _, s := range c.Severities() {
			m.bySeverity = append(m.bySeverity, c.MeanAt(s, part, 0))
		}
		v.means[part] = m
	}
	return v
}

// corruptedJobs lists the measurement by corruption.
func (p *Page) corruptedJobs() []kit.JobInfo {
	return p.versions.Jobs(func(k corruptedKey, v corruptedView, _ int) kit.JobInfo {
		done, all, _ := v.Count()
		return kit.JobInfo{
			Of:    p.session.Subject(p.session.Info.Model, "test", k.Smoothing),
			Share: float64(done) / float64(max(all, 1)), Count: kit.Counted(max(v.Versions(), 1), "version"),
		}
	})
}

// changedCorrupted follows a change of the session.
func (p *Page) changedCorrupted(what session.Change) {
	if what&session.ChangedModel == 0 {
		return
	}
	p.versions.Forget()
	p.versions.On = p.screen.Shown()
	if p.view.table() && !p.corrupted() {
		p.view = curvesView
		p.Arrange(p.screen.Layout())
	}
}
