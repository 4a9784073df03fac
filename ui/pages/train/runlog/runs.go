// Package runlog is the data of the runs on the Train page, written by the goroutines that follow
// them, and their curves, decimated for display.
package runlog

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hfcui/engine/evolution"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// RunBook has the data of the runs on the Train page. Goroutines that follow runs write it and
// figures are computed from it, both outside Update and View.
type RunBook struct {
	Mu      sync.Mutex
	Version int // incremented with every change
	runs    []*runLog
}

// runLog is what is known of one run. Its slices only grow, or are made anew: so a copy of
// it can be read while the run goes on.
type runLog struct {
	Name, dir  string
	generation int // changes if earlier events are replaced
	Config     *train.Config
	what       string            // network and dataset
	settings   map[string]string // of Config, by key
	Notes      []train.Note      // by step
	best       float64           // test accuracy after an epoch; NaN without any
	rate       float64           // the last learning rate
	changes    []rateChange
	stored     []evolution.Checkpoint // models kept of epochs
	State      follow.State
	fault      string // error of reading the run or a part of it
	skipped    int    // invalid lines
	Events     []train.Event
	steps      []*train.StepEvent
	epochs     []*train.EpochEvent
	bands      []*train.BandsEvent
	kept       *train.CheckpointEvent // the last one
	end        *train.EndEvent        // nil unless the last event
	files      []string               // of evaluated weights, in the order of bands
	begun      int64                  // time of its first event: tells runs of one folder apart
	written    int                    // number of checkpoints and files of weights so far
	weights    []evolution.Checkpoint // existing ones: of a run the last one, otherwise all by step
	evolution  *evolution.View        // their history; nil if not requested
	refused    []refusal              // files that could not be read or evaluated, the newest last
}

// refusal is why a file is skipped.
type refusal struct{ path, why string }

// Add adds a run and returns its index; an existing one keeps its index.
func (b *RunBook) Add(dir, name string) int {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	if i := slices.IndexFunc(b.runs, func(l *runLog) bool { return l.dir == dir }); i >= 0 {
		return i
	}
	b.Version++
	b.runs = append(b.runs, &runLog{Name: kit.Clean(name), dir: dir, best: math.NaN()})
	return len(b.runs) - 1
}

// Take applies an update of run i.
func (b *RunBook) Take(i int, u follow.Update) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	l := b.runs[i]
	if u.Begun {
		*l = runLog{Name: l.Name, dir: l.dir, generation: l.generation + 1, best: math.NaN()}
	}
	if u.Config != nil && l.Config != u.Config {
		l.Config, l.settings, l.what = u.Config, u.Config.Settings(), kit.Clean(netOf(u.Config)+" on "+u.Config.Data)
	}
	l.Notes = u.Notes
	if len(l.weights) == 0 || u.State != follow.Waiting {
		l.State = u.State
	}
	l.skipped, l.fault = u.Skipped, ""
	if u.Err != nil {
		l.fault = kit.OneLine(u.Err)
	}
	l.Events = append(l.Events, u.Events...)
	if l.begun == 0 && len(l.Events) > 0 {
		l.begun = l.Events[0].At().Time.UnixNano()
	}
	for _, e := range u.Events {
		l.end = nil
		switch e := e.(type) {
		case *train.StepEvent:
			l.steps = append(l.steps, e)
			l.takeRate(e)
		case *train.EpochEvent:
			l.epochs = append(l.epochs, e)
			l.takeEpoch(e)
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

// takeEpoch takes the test accuracy after an epoch and the model that is kept of it.
func (l *runLog) takeEpoch(e *train.EpochEvent) {
	if e.Test != nil && e.Test.N > 0 {
		if a := e.Test.Accuracy(); !(a <= l.best) {
			l.best = a
		}
	}
	if name := filepath.FromSlash(e.Checkpoint); name != "" && filepath.IsLocal(name) {
		l.stored = append(l.stored, evolution.Checkpoint{Path: filepath.Join(l.dir, name), At: e.Stamp})
		l.written++
	}
}

// Annotated sets the notes of a run, before they are read from its folder.
func (b *RunBook) Annotated(dir string, notes []train.Note) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, l := range b.runs {
		if l.dir == dir {
			l.Notes = notes
			b.Version++
		}
	}
}

// Appeared adds a snapshot.
func (b *RunBook) Appeared(i int, s follow.Snapshot) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	l := b.runs[i]
	l.written++
	l.State, l.fault = follow.Running, ""
	l.place(s)
}

// place inserts a snapshot by the number in its name, or in order of arrival, and returns its
// checkpoint. A replaced file keeps its position.
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

// Checkpoints lists the existing files of weights of the run in a folder, by step.
func (b *RunBook) Checkpoints(dir string) []evolution.Checkpoint {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, l := range b.runs {
		if l.dir != dir {
			continue
		}
		if n, w := len(l.stored), len(l.weights); n > 0 && w > 0 && l.stored[n-1].At.Step >= l.weights[w-1].At.Step {
			return l.stored // the last checkpoint is one of them, or older
		}
		return slices.Concat(l.stored, l.weights)
	}
	return nil
}

// Evolved sets the history of a run's checkpoints, unless the run has restarted.
func (b *RunBook) Evolved(dir string, begun int64, v *evolution.View) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, l := range b.runs {
		if l.dir == dir && l.begun == begun {
			l.evolution = v
			b.Version++
		}
	}
}

// Measured adds the evaluation of a snapshot. A replaced file is evaluated again.
func (b *RunBook) Measured(i int, s follow.Snapshot, e *train.BandsEvent, err error) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	l := b.runs[i]
	if err != nil {
		l.fault = kit.OneLine(err)
		l.refused = append(slices.DeleteFunc(slices.Clone(l.refused), func(r refusal) bool { return r.path == s.Path }), refusal{s.Path, l.fault})
		l.weights = slices.DeleteFunc(slices.Clone(l.weights), func(c evolution.Checkpoint) bool { return c.Path == s.Path })
		return
	}
	l.State, l.fault = follow.Running, ""
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
	l.Events = make([]train.Event, len(events))
	for k, e := range events {
		l.Events[k] = e
	}
}

// Noted records a message about a run.
func (b *RunBook) Noted(i int, what string) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	b.runs[i].fault = kit.Clean(what)
}

// Read returns copies of all runs.
func (b *RunBook) Read() (version int, runs []runLog) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, l := range b.runs {
		runs = append(runs, *l)
	}
	return b.Version, runs
}

// perEpoch is how many steps an epoch has; 0 while that is not known.
func (l *runLog) perEpoch() float64 {
	switch {
	case l.kept == nil && len(l.weights) > 0:
		return 1
	case len(l.epochs) > 0 && l.epochs[0].Epoch > 0:
		return float64(l.epochs[0].Step) / float64(l.epochs[0].Epoch)
	case len(l.steps) > 0 && l.Config != nil && l.Config.Epochs > 0:
		return float64(l.steps[0].Steps) / float64(l.Config.Epochs)
	}
	return 0
}

// last is the stamp of the newest event, or weights; nil without one.
func (l *runLog) last() *train.Stamp {
	n := len(l.weights)
	if len(l.Events) == 0 && n == 0 {
		return nil
	}
	if l.kept == nil && n > 0 && (len(l.Events) == 0 || l.weights[n-1].At.Step > l.Events[len(l.Events)-1].At().Step) {
		return &l.weights[n-1].At // not evaluated yet
	}
	return l.Events[len(l.Events)-1].At()
}

// left estimates the remaining time; 0 if unknown.
func (l *runLog) left() time.Duration {
	if len(l.steps) == 0 || l.State != follow.Running {
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
	case l.State == follow.Silent:
		return "silent since " + l.last().Time.Local().Format("15:04:05") + ": its process may have died", true
	case l.State == follow.Paused:
		return "paused since " + l.last().Time.Local().Format("15:04:05"), false
	case l.end != nil && l.end.Error != "":
		return kit.Clean(l.end.Reason) + ": " + kit.Clean(l.end.Error), true
	case l.end != nil:
		return kit.Clean(l.end.Reason), false
	case l.kept == nil && len(l.weights) > 0:
		text = kit.Counted(len(l.weights), "file")
		if n := len(l.refused); n > 0 {
			text += fmt.Sprintf(", %d skipped: %s", n, l.refused[n-1].why)
		}
		return text, false
	}
	if l.State == follow.Running && l.evaluating() {
		return "evaluating", false
	}
	return l.State.String(), false
}

// evaluating reports whether the last event is the last step of an epoch, whose evaluation follows.
func (l *runLog) evaluating() bool {
	n := len(l.Events)
	if n == 0 || l.Config == nil || l.Config.Epochs < 1 {
		return false
	}
	s, ok := l.Events[n-1].(*train.StepEvent)
	per := 0
	if ok {
		per = s.Steps / l.Config.Epochs
	}
	return per > 0 && s.Step > 0 && s.Step%per == 0
}
