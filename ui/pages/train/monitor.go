package train

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// Watch is the runs that the page follows from the start.
type Watch struct {
	Folders []string
	Names   []string      // of the runs, one per folder
	Silence time.Duration // as in follow.Options
	// Measure evaluates new snapshots in a folder; nil without data.
	Measure func(context.Context, follow.Snapshot) (*train.BandsEvent, error)
}

// followNewsPause is the minimum time between updates of all runs.
const followNewsPause = time.Second / 30

// followers are the goroutines that follow runs. A single job reports for all, so that simultaneous
// updates redraw the page once.
type followers struct {
	dirs   map[string]bool
	news   chan struct{} // of capacity 1: the book has updates
	broken chan kit.Crash
	job    *kit.Job // nil before the first
}

func newFollowers() followers {
	return followers{dirs: map[string]bool{}, news: make(chan struct{}, 1), broken: make(chan kit.Crash, 1)}
}

// post signals updates.
func (f *followers) post() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// runNews signals updates of the book.
type runNews struct{}

// follow follows the run in a folder until the program quits.
func (p *Page) follow(dir, name string) tea.Cmd {
	i, f := p.book.Add(dir, name), &p.followers
	if f.dirs[dir] {
		return nil
	}
	f.dirs[dir] = true
	go p.followRun(p.screen.Context(), i, dir, p.options.Watch)
	if f.job != nil {
		return nil
	}
	var cmd tea.Cmd
	f.job, cmd = p.screen.Start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		for {
			select {
			case <-f.news:
				tell(runNews{})
			case c := <-f.broken:
				return c
			case <-ctx.Done():
				return nil
			}
		}
	})
	f.job.Pause = followNewsPause
	return cmd
}

// followRun follows a folder, whether a run is written or snapshots are saved there. A panic ends
// the program in order.
func (p *Page) followRun(ctx context.Context, i int, dir string, w Watch) {
	book, f := p.book, &p.followers
	o := follow.Options{Silence: w.Silence}
	guarded := func(work func()) {
		defer func() {
			if r := recover(); r != nil {
				select {
				case f.broken <- kit.Recovered(r):
				default:
				}
			}
		}()
		work()
	}
	kit.Together(func() {
		guarded(func() {
			follow.Runs(ctx, []string{dir}, o, func(u follow.Update) {
				guarded(func() { book.Take(i, u); f.post() })
			})
		})
	}, func() {
		guarded(func() {
			err := follow.Snapshots(ctx, dir, o, func(s follow.Snapshot) {
				guarded(func() { p.takeSnapshot(ctx, i, s, w); f.post() })
			})
			if err != nil {
				book.Noted(i, kit.OneLine(err))
				f.post()
			}
		})
	})
}

// takeSnapshot adds a new snapshot, and evaluates it if there is data.
func (p *Page) takeSnapshot(ctx context.Context, i int, s follow.Snapshot, w Watch) {
	if s.Err != nil {
		p.book.Measured(i, s, nil, s.Err)
		return
	}
	p.book.Appeared(i, s)
	p.followers.post()
	if w.Measure != nil {
		e, err := w.Measure(ctx, s)
		if ctx.Err() == nil {
			p.book.Measured(i, s, e, err)
		}
	}
}

// reported handles reports of followers and of the run in this process.
func (p *Page) reported(r kit.Report) tea.Cmd {
	switch {
	case p.training != nil && r.Job == p.training.job:
		return p.trainingReported(r)
	case r.Job == p.followers.job:
		p.screen.Same() // until the figure is ready
		return p.request()
	}
	return nil
}
