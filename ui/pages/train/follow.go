package train

import (
	"path/filepath"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/engine/train"
	"hfcui/ui/kit"
)

// followPause is the minimum time a checkpoint is shown before the next.
const followPause = 2 * time.Second

// following shows a run's newest checkpoint on all pages.
type following struct {
	on     bool
	models kit.Newest[checkpoint]
	since  time.Time // when the model last changed
	timed  bool      // a followTick is scheduled
}

// checkpoint is a run's; the zero value is the model the program was opened with.
type checkpoint struct {
	dir  string
	step int
}

func newFollowing() following {
	return following{models: kit.Newest[checkpoint]{Any: true}} // the opened model is shown
}

// modelMsg is the outcome of opening another model.
type modelMsg struct {
	asked checkpoint
	info  lab.Info
	err   error
}

// followTick allows the next checkpoint to be shown.
type followTick struct{}

func (p *Page) canFollow() bool { return p.session.Modeled() && len(p.fig.Runs) > 0 }

// toggleFollowing switches all pages between the model opened at the start and the selected run's
// newest checkpoint.
func (p *Page) toggleFollowing() tea.Cmd {
	p.following.on, p.following.since = !p.following.on, time.Time{}
	if p.following.on {
		p.screen.Say("every page shows the newest checkpoint of the selected run; " + kit.UseNewest.Label + " switches back")
	} else {
		p.screen.Say("every page shows the model opened at the start")
	}
	return tea.Batch(p.followNewest(), p.request())
}

// followNewest opens the newest checkpoint if it is not open. Measurements and searches are
// completed before a checkpoint replaces another.
func (p *Page) followNewest() tea.Cmd {
	f, q := &p.following, checkpoint{}
	if f.on {
		r := p.selected()
		if r == nil || r.Kept == 0 {
			return nil
		}
		q = checkpoint{r.Dir, r.Kept}
		if another := q.dir != f.models.At.dir; !another && p.busy() {
			return nil
		}
		if wait := followPause - time.Since(f.since); wait > 0 && q != f.models.At {
			if f.timed {
				return nil
			}
			f.timed = true
			return p.screen.After(tea.Tick(wait, func(time.Time) tea.Msg { return followTick{} }))
		}
	}
	return f.models.Start(q, p.openModel)
}

func (p *Page) openModel(q checkpoint) tea.Cmd {
	l, ctx, path := p.session.Lab, p.screen.Context(), ""
	if q != (checkpoint{}) {
		path = filepath.Join(q.dir, train.ModelFile)
	}
	return p.screen.Task(func() tea.Msg {
		err := l.UseModel(ctx, path)
		return modelMsg{q, l.Info(), err}
	})
}

// modelOpened switches to a model.
func (p *Page) modelOpened(msg modelMsg) tea.Cmd {
	again := p.following.models.Ended(p.openModel)
	if msg.err != nil {
		p.screen.Say("not shown: " + kit.OneLine(msg.err))
		return again
	}
	p.following.since = time.Now()
	return tea.Batch(again, p.session.ModelChanged(msg.info))
}
