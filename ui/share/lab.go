package share

import (
	"context"
	"errors"
	"sync"

	"hfcui/engine/attack"
	"hfcui/engine/experiment"
	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/engine/lru"
	"hfcui/engine/train"
	"hfcui/engine/view"
	"hfcui/ui"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// sharedLab is the room's Lab for one viewer: it refuses what the viewer may not do, computes once
// what several ask for, and tells the others when something else is open. Accuracy by band and heat
// maps are computed once by the Lab itself.
type sharedLab struct {
	session.Lab
	room   *room
	member *member
}

// refuse returns an error unless the viewer may use a privilege.
func (l *sharedLab) refuse(p ui.Privilege) error {
	if l.member.may(p) {
		return nil
	}
	return errors.New(p.Refusal())
}

// change does what changes what is open for everybody.
func (l *sharedLab) change(do func() error) error {
	if err := l.refuse(ui.MayOpen); err != nil {
		return err
	}
	err := do()
	if err == nil {
		l.room.renewed(l.member)
	}
	return err
}

func (l *sharedLab) Reopen(ctx context.Context, c lab.Choice) error {
	return l.change(func() error { return l.Lab.Reopen(ctx, c) })
}

func (l *sharedLab) UseModel(ctx context.Context, path string) error {
	return l.change(func() error { return l.Lab.UseModel(ctx, path) })
}

func (l *sharedLab) SetSplit(split string) error {
	return l.change(func() error { return l.Lab.SetSplit(split) })
}

func (l *sharedLab) OpenComparison(ctx context.Context, path string) (lab.Info, error) {
	if err := l.refuse(ui.MayOpen); err != nil {
		return lab.Info{}, err
	}
	return l.Lab.OpenComparison(ctx, path)
}

func (l *sharedLab) SaveSmoothed(ctx context.Context, path string, q lab.KernelsRequest) error {
	if err := l.refuse(ui.MayExport); err != nil {
		return err
	}
	return l.Lab.SaveSmoothed(ctx, path, q)
}

func (l *sharedLab) Robustness(ctx context.Context, q lab.RobustnessRequest, update func(attack.Robustness)) (attack.Robustness, error) {
	if err := l.refuse(ui.MayMeasure); err != nil {
		return attack.Robustness{}, err
	}
	return l.Lab.Robustness(ctx, q, update)
}

func (l *sharedLab) Heatmap(ctx context.Context, q lab.HeatmapRequest, update func(heatmap.Result)) (heatmap.Result, error) {
	if err := l.refuse(ui.MayMeasure); err != nil {
		return heatmap.Result{}, err
	}
	return l.Lab.Heatmap(ctx, q, update)
}

func (l *sharedLab) Flips(ctx context.Context, q lab.FlipsRequest, update func(lab.FlipsResult)) (lab.FlipsResult, error) {
	if err := l.refuse(ui.MayMeasure); err != nil {
		return lab.FlipsResult{}, err
	}
	return l.Lab.Flips(ctx, q, update)
}

func (l *sharedLab) NextFlip(ctx context.Context, q lab.NextFlipRequest, progress func(done, total int)) (int, bool, error) {
	if err := l.refuse(ui.MayMeasure); err != nil {
		return 0, false, err
	}
	return l.Lab.NextFlip(ctx, q, progress)
}

func (l *sharedLab) View(ctx context.Context, q view.Request) (*view.View, error) {
	return l.room.views.get(ctx, viewKey{l.room.now(), q})
}

// views computes every View once, however many ask for it, and keeps the newest.
type views struct {
	lab   session.Lab
	known *lru.Cache[viewKey, *view.View]

	mu      sync.Mutex
	flights map[viewKey]*flight
}

// viewKey is a request, of the model and data of a generation.
type viewKey struct {
	generation int
	view.Request
}

// flight is a View being computed.
type flight struct {
	waiting int // guarded by views.mu
	cancel  context.CancelFunc
	done    chan struct{}
	v       *view.View
	err     error
}

// keptViews bounds the memory of Views that are kept, in bytes.
const keptViews = 48 << 20

func newViews(l session.Lab) *views {
	return &views{lab: l, flights: map[viewKey]*flight{}, known: lru.NewWeighted[viewKey](keptViews, func(v *view.View) int64 {
		n := len(v.Spectrum) + 2*len(v.Singular)
		for _, p := range v.Pictures {
			n += len(p.Pix)
		}
		return int64(4*n) + 1<<10
	})}
}

// get returns a View. Computing ends when nobody waits for it.
func (s *views) get(ctx context.Context, key viewKey) (*view.View, error) {
	if v, ok := s.known.Get(key); ok {
		return v, nil
	}
	s.mu.Lock()
	f := s.flights[key]
	if f == nil {
		f = s.start(key)
	}
	f.waiting++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if f.waiting--; f.waiting == 0 {
			f.cancel()
			if s.flights[key] == f {
				delete(s.flights, key)
			}
		}
	}()
	select {
	case <-f.done:
		return f.v, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start computes a View in the background. s.mu is held.
func (s *views) start(key viewKey) *flight {
	ctx, cancel := context.WithCancel(context.Background())
	f := &flight{cancel: cancel, done: make(chan struct{})}
	s.flights[key] = f
	go func() {
		defer close(f.done)
		defer func() {
			if r := recover(); r != nil {
				f.v, f.err = nil, kit.Recovered(r)
			}
		}()
		if f.v, f.err = s.lab.View(ctx, key.Request); f.err == nil {
			s.known.Put(key, f.v)
		}
	}()
	return f
}

// guard has runs and experiments of a viewer's program start only if the viewer may start them.
func (m *member) guard(o *ui.Options) {
	l := &sharedLab{room: m.room, member: m}
	if o.Training != nil {
		t := *o.Training
		start := t.Start
		t.Start = func(ctx context.Context, c train.Config, dir string) (ui.TrainingRun, error) {
			if err := l.refuse(ui.MayTrain); err != nil {
				return nil, err
			}
			return start(ctx, c, dir)
		}
		o.Training = &t
	}
	if o.Reproducing != nil {
		r := *o.Reproducing
		start := r.Start
		r.Start = func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (ui.Reproduction, error) {
			if err := l.refuse(ui.MayTrain); err != nil {
				return nil, err
			}
			return start(ctx, e, size, dir)
		}
		o.Reproducing = &r
	}
}
