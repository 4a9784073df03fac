package train

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// Watch says which runs the Train page follows from the start.
type Watch struct {
	Folders []string
	Names   []string      // of the runs, one a folder
	Silence time.Duration // as follow.Options has it
	// Measure evaluates weights that appear in a folder; nil where there is no data for it.
	Measure func(context.Context, follow.Snapshot) (*train.BandsEvent, error)
}

// followNewsPause is the shortest time between two looks at what is new of all runs.
const followNewsPause = time.Second / 30

// followers are the goroutines that follow runs. One job tells of all of them: however many
// there are, the page is drawn once for what comes at about the same time.
type followers struct {
	dirs   map[string]bool
	news   chan struct{} // holds one: the book has something new
	broken chan kit.Crash
	job    *kit.Job // nil before the first
}

func newFollowers() followers {
	return followers{dirs: map[string]bool{}, news: make(chan struct{}, 1), broken: make(chan kit.Crash, 1)}
}

// post tells that there are news.
func (f *followers) post() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// runNews tells that the book has something new.
type runNews struct{}

// follow follows the run in a folder until the program ends.
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

// followRun follows a folder, whether a run is written there or weights are put into it. What
// goes wrong in it ends the program in order.
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

// takeSnapshot takes in weights that have appeared, and measures them where there is data.
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

// reported takes what following, or the training of this program, tells.
func (p *Page) reported(r kit.Report) tea.Cmd {
	switch {
	case p.training != nil && r.Job == p.training.job:
		return p.trainingReported(r)
	case r.Job == p.followers.job:
		p.screen.Same() // until the figure is there
		return p.request()
	}
	return nil
}
