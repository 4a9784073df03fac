package ui

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hfcui/engine/evolution"
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
	begun      int64                  // when its first event was written: tells runs of one folder apart
	written    int                    // counts checkpoints and files of weights that came
	weights    []evolution.Checkpoint // those there are: of a run the last one, else all in the order of their steps
	evolution  *evolution.View        // what there was to see of them; nil as long as nobody looked
	refused    []refusal              // files that could not be read or measured, the last one at the end
}

// refusal is why a file is left out.
type refusal struct{ path, why string }

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
	if len(l.weights) == 0 || u.State != follow.Waiting {
		l.state = u.State
	}
	l.skipped, l.fault = u.Skipped, ""
	if u.Err != nil {
		l.fault = oneLine(u.Err)
	}
	l.events = append(l.events, u.Events...)
	if l.begun == 0 && len(l.events) > 0 {
		l.begun = l.events[0].At().Time.UnixNano()
	}
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
			l.written++
			l.weights = []evolution.Checkpoint{{Path: filepath.Join(l.dir, train.ModelFile), At: e.Stamp}}
		case *train.EndEvent:
			l.end = e
		}
	}
}

// appeared takes in a file of weights.
func (b *runBook) appeared(i int, s follow.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	l := b.runs[i]
	l.written++
	l.state, l.fault = follow.Running, ""
	l.place(s)
}

// place gives a file of weights its place, in the order of the numbers in their names, or as
// they come, and returns it. One that was replaced keeps its own.
func (l *runLog) place(s follow.Snapshot) evolution.Checkpoint {
	list := l.weights
	if at := slices.IndexFunc(list, func(c evolution.Checkpoint) bool { return c.Path == s.Path }); at >= 0 {
		return list[at]
	}
	c := evolution.Checkpoint{Path: s.Path, At: train.Stamp{Type: "bands", Time: s.Time.UTC(), Step: s.Number, Epoch: s.Number}}
	if s.Number < 0 {
		c.At.Step = 1
		if n := len(list); n > 0 {
			c.At.Step = list[n-1].At.Step + 1
		}
		c.At.Epoch = c.At.Step
	}
	at := len(list)
	for at > 0 && list[at-1].At.Step > c.At.Step {
		at--
	}
	l.weights = slices.Insert(slices.Clone(list), at, c)
	return c
}

// checkpoints lists the files of weights there are of the run in a folder.
func (b *runBook) checkpoints(dir string) []evolution.Checkpoint {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.runs {
		if l.dir == dir {
			return l.weights
		}
	}
	return nil
}

// evolved takes in what there is to see of a run's checkpoints, unless it was begun anew.
func (b *runBook) evolved(dir string, begun int64, v *evolution.View) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.runs {
		if l.dir == dir && l.begun == begun {
			l.evolution = v
			b.version++
		}
	}
}

// measured takes in what was measured of a file of weights. A file that was replaced is
// measured anew.
func (b *runBook) measured(i int, s follow.Snapshot, e *train.BandsEvent, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	l := b.runs[i]
	if err != nil {
		l.fault = oneLine(err)
		l.refused = append(slices.DeleteFunc(slices.Clone(l.refused), func(r refusal) bool { return r.path == s.Path }), refusal{s.Path, l.fault})
		l.weights = slices.DeleteFunc(slices.Clone(l.weights), func(c evolution.Checkpoint) bool { return c.Path == s.Path })
		return
	}
	l.state, l.fault = follow.Running, ""
	l.refused = slices.DeleteFunc(slices.Clone(l.refused), func(r refusal) bool { return r.path == s.Path })
	at := l.place(s).At
	e.Step, e.Epoch = at.Step, at.Epoch
	events, files := slices.Clone(l.bands), slices.Clone(l.files)
	if k := slices.Index(files, s.Path); k >= 0 {
		events[k] = e
	} else {
		k := len(events)
		for k > 0 && events[k-1].Step > e.Step {
			k--
		}
		events, files = slices.Insert(events, k, e), slices.Insert(files, k, s.Path)
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
	case l.kept == nil && len(l.weights) > 0:
		return 1
	case len(l.epochs) > 0 && l.epochs[0].Epoch > 0:
		return float64(l.epochs[0].Step) / float64(l.epochs[0].Epoch)
	case len(l.steps) > 0 && l.config != nil && l.config.Epochs > 0:
		return float64(l.steps[0].Steps) / float64(l.config.Epochs)
	}
	return 0
}

// last is the stamp of the newest event, or weights; nil without one.
func (l *runLog) last() *train.Stamp {
	n := len(l.weights)
	if len(l.events) == 0 && n == 0 {
		return nil
	}
	if l.kept == nil && n > 0 && (len(l.events) == 0 || l.weights[n-1].At.Step > l.events[len(l.events)-1].At().Step) {
		return &l.weights[n-1].At // it is still being measured
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
	case l.kept == nil && len(l.weights) > 0:
		text = counted(len(l.weights), "file")
		if n := len(l.refused); n > 0 {
			text += fmt.Sprintf(", without %d: %s", n, l.refused[n-1].why)
		}
		return text, false
	}
	return l.state.String(), false
}
