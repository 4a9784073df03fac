package ui

import (
	"slices"
	"sync"
	"time"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
)

// runBook keeps what is known of the runs on the Train page. The goroutines that follow
// them write it, figures are made from it, both outside Update and View.
type runBook struct {
	mu      sync.Mutex
	version int // counts changes
	runs    []*runLog
}

// runLog is what is known of one run. Its slices only grow, or are made anew: so a copy of
// it can be read while the run goes on.
type runLog struct {
	name, dir  string
	generation int // another one: what was known before is not the beginning of what is known now
	config     *train.Config
	state      follow.State
	fault      string // why it cannot be read, or what of it could not be
	skipped    int    // lines that are no events
	events     []train.Event
	steps      []*train.StepEvent
	epochs     []*train.EpochEvent
	bands      []*train.BandsEvent
	kept       *train.CheckpointEvent // the last one
	end        *train.EndEvent        // nil unless it is the last event
	files      []string               // of weights that were measured, in the order of bands
}

// add takes in another run and returns its place. One that is there keeps its place.
func (b *runBook) add(dir, name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.runs, func(l *runLog) bool { return l.dir == dir }); i >= 0 {
		return i
	}
	b.version++
	b.runs = append(b.runs, &runLog{name: clean(name), dir: dir})
	return len(b.runs) - 1
}

// take takes in news of run i.
func (b *runBook) take(i int, u follow.Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	l := b.runs[i]
	if u.Begun {
		*l = runLog{name: l.name, dir: l.dir, generation: l.generation + 1}
	}
	if u.Config != nil {
		l.config = u.Config
	}
	if len(l.files) == 0 || u.State != follow.Waiting {
		l.state = u.State
	}
	l.skipped, l.fault = u.Skipped, ""
	if u.Err != nil {
		l.fault = oneLine(u.Err)
	}
	l.events = append(l.events, u.Events...)
	for _, e := range u.Events {
		l.end = nil
		switch e := e.(type) {
		case *train.StepEvent:
			l.steps = append(l.steps, e)
		case *train.EpochEvent:
			l.epochs = append(l.epochs, e)
		case *train.BandsEvent:
			l.bands = append(l.bands, e)
		case *train.CheckpointEvent:
			l.kept = e
		case *train.EndEvent:
			l.end = e
		}
	}
}

// measured takes in what was measured of a file of weights: in the order of the numbers in
// their names, or as they come. A file that was replaced is measured anew.
func (b *runBook) measured(i int, s follow.Snapshot, e *train.BandsEvent, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	l := b.runs[i]
	if err != nil {
		l.fault = oneLine(err)
		return
	}
	l.state, l.fault = follow.Running, ""
	events, files := slices.Clone(l.bands), slices.Clone(l.files)
	at := slices.Index(files, s.Path)
	if at >= 0 {
		e.Step, e.Epoch = events[at].Step, events[at].Epoch
		events[at] = e
	} else {
		if s.Number < 0 {
			e.Step = 1
			if n := len(events); n > 0 {
				e.Step = events[n-1].Step + 1
			}
			e.Epoch = e.Step
		}
		at = len(events)
		for at > 0 && events[at-1].Step > e.Step {
			at--
		}
		events, files = slices.Insert(events, at, e), slices.Insert(files, at, s.Path)
	}
	l.bands, l.files = events, files
	l.generation++
	l.events = make([]train.Event, len(events))
	for k, e := range events {
		l.events[k] = e
	}
}

// noted keeps what there is to say of a run without an event.
func (b *runBook) noted(i int, what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	b.runs[i].fault = clean(what)
}

// read returns copies of all runs as they are now.
func (b *runBook) read() (version int, runs []runLog) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.runs {
		runs = append(runs, *l)
	}
	return b.version, runs
}

// perEpoch is how many steps an epoch has; 0 while that is not known.
func (l *runLog) perEpoch() float64 {
	switch {
	case len(l.files) > 0:
		return 1
	case len(l.epochs) > 0 && l.epochs[0].Epoch > 0:
		return float64(l.epochs[0].Step) / float64(l.epochs[0].Epoch)
	case len(l.steps) > 0 && l.config != nil && l.config.Epochs > 0:
		return float64(l.steps[0].Steps) / float64(l.config.Epochs)
	}
	return 0
}

// last is the stamp of the newest event, nil without one.
func (l *runLog) last() *train.Stamp {
	if len(l.events) == 0 {
		return nil
	}
	return l.events[len(l.events)-1].At()
}

// left estimates how long the run will take yet; 0 when nobody knows.
func (l *runLog) left() time.Duration {
	if len(l.steps) == 0 || l.state != follow.Running {
		return 0
	}
	s := l.steps[len(l.steps)-1]
	if s.Step <= 0 || s.Steps <= s.Step {
		return 0
	}
	return time.Duration(s.Seconds / float64(s.Step) * float64(s.Steps-s.Step) * float64(time.Second))
}

// status says how the run is, in a few words; late tells that something seems wrong.
func (l *runLog) status() (text string, late bool) {
	switch {
	case l.fault != "":
		return l.fault, true
	case l.state == follow.Silent:
		return "silent since " + l.last().Time.Local().Format("15:04:05") + ": its process may have died", true
	case l.state == follow.Paused:
		return "paused since " + l.last().Time.Local().Format("15:04:05"), false
	case l.end != nil && l.end.Error != "":
		return clean(l.end.Reason) + ": " + clean(l.end.Error), true
	case l.end != nil:
		return clean(l.end.Reason), false
	case len(l.files) > 0:
		return counted(len(l.files), "file"), false
	}
	return l.state.String(), false
}
