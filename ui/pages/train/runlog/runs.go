// Package runlog is what is known of the runs on the Train page, written by the goroutines
// that follow them, and the curves that are drawn of it, thinned to what can be seen.
package runlog

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hfcui/engine/evolution"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// RunBook keeps what is known of the runs on the Train page. The goroutines that follow
// them write it, figures are made from it, both outside Update and View.
type RunBook struct {
	Mu      sync.Mutex
	Version int // counts changes
	Runs    []*RunLog
}

// RunLog is what is known of one run. Its slices only grow, or are made anew: so a copy of
// it can be read while the run goes on.
type RunLog struct {
	Name, dir  string
	generation int // another one: what was known before is not the beginning of what is known now
	Config     *train.Config
	State      follow.State
	Fault      string // why it cannot be read, or what of it could not be
	skipped    int    // lines that are no events
	Events     []train.Event
	steps      []*train.StepEvent
	epochs     []*train.EpochEvent
	Bands      []*train.BandsEvent
	kept       *train.CheckpointEvent // the last one
	end        *train.EndEvent        // nil unless it is the last event
	files      []string               // of weights that were measured, in the order of bands
	begun      int64                  // when its first event was written: tells runs of one folder apart
	written    int                    // counts checkpoints and files of weights that came
	Weights    []evolution.Checkpoint // those there are: of a run the last one, else all in the order of their steps
	evolution  *evolution.View        // what there was to see of them; nil as long as nobody looked
	Refused    []refusal              // files that could not be read or measured, the last one at the end
}

// refusal is why a file is left out.
type refusal struct{ path, why string }

// Add takes in another run and returns its place. One that is there keeps its place.
func (b *RunBook) Add(dir, name string) int {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	if i := slices.IndexFunc(b.Runs, func(l *RunLog) bool { return l.dir == dir }); i >= 0 {
		return i
	}
	b.Version++
	b.Runs = append(b.Runs, &RunLog{Name: kit.Clean(name), dir: dir})
	return len(b.Runs) - 1
}

// Take takes in news of run i.
func (b *RunBook) Take(i int, u follow.Update) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	l := b.Runs[i]
	if u.Begun {
		*l = RunLog{Name: l.Name, dir: l.dir, generation: l.generation + 1}
	}
	if u.Config != nil {
		l.Config = u.Config
	}
	if len(l.Weights) == 0 || u.State != follow.Waiting {
		l.State = u.State
	}
	l.skipped, l.Fault = u.Skipped, ""
	if u.Err != nil {
		l.Fault = kit.OneLine(u.Err)
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
		case *train.EpochEvent:
			l.epochs = append(l.epochs, e)
		case *train.BandsEvent:
			l.Bands = append(l.Bands, e)
		case *train.CheckpointEvent:
			l.kept = e
			l.written++
			l.Weights = []evolution.Checkpoint{{Path: filepath.Join(l.dir, train.ModelFile), At: e.Stamp}}
		case *train.EndEvent:
			l.end = e
		}
	}
}

// Appeared takes in a file of weights.
func (b *RunBook) Appeared(i int, s follow.Snapshot) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	l := b.Runs[i]
	l.written++
	l.State, l.Fault = follow.Running, ""
	l.place(s)
}

// place gives a file of weights its place, in the order of the numbers in their names, or as
// they come, and returns it. One that was replaced keeps its own.
func (l *RunLog) place(s follow.Snapshot) evolution.Checkpoint {
	list := l.Weights
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
	l.Weights = slices.Insert(slices.Clone(list), at, c)
	return c
}

// Checkpoints lists the files of weights there are of the run in a folder.
func (b *RunBook) Checkpoints(dir string) []evolution.Checkpoint {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, l := range b.Runs {
		if l.dir == dir {
			return l.Weights
		}
	}
	return nil
}

// Evolved takes in what there is to see of a run's checkpoints, unless it was begun anew.
func (b *RunBook) Evolved(dir string, begun int64, v *evolution.View) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, l := range b.Runs {
		if l.dir == dir && l.begun == begun {
			l.evolution = v
			b.Version++
		}
	}
}

// Measured takes in what was measured of a file of weights. A file that was replaced is
// measured anew.
func (b *RunBook) Measured(i int, s follow.Snapshot, e *train.BandsEvent, err error) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	l := b.Runs[i]
	if err != nil {
		l.Fault = kit.OneLine(err)
		l.Refused = append(slices.DeleteFunc(slices.Clone(l.Refused), func(r refusal) bool { return r.path == s.Path }), refusal{s.Path, l.Fault})
		l.Weights = slices.DeleteFunc(slices.Clone(l.Weights), func(c evolution.Checkpoint) bool { return c.Path == s.Path })
		return
	}
	l.State, l.Fault = follow.Running, ""
	l.Refused = slices.DeleteFunc(slices.Clone(l.Refused), func(r refusal) bool { return r.path == s.Path })
	at := l.place(s).At
	e.Step, e.Epoch = at.Step, at.Epoch
	events, files := slices.Clone(l.Bands), slices.Clone(l.files)
	if k := slices.Index(files, s.Path); k >= 0 {
		events[k] = e
	} else {
		k := len(events)
		for k > 0 && events[k-1].Step > e.Step {
			k--
		}
		events, files = slices.Insert(events, k, e), slices.Insert(files, k, s.Path)
	}
	l.Bands, l.files = events, files
	l.generation++
	l.Events = make([]train.Event, len(events))
	for k, e := range events {
		l.Events[k] = e
	}
}

// Noted keeps what there is to say of a run without an event.
func (b *RunBook) Noted(i int, what string) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Version++
	b.Runs[i].Fault = kit.Clean(what)
}

// Read returns copies of all runs as they are now.
func (b *RunBook) Read() (version int, runs []RunLog) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, l := range b.Runs {
		runs = append(runs, *l)
	}
	return b.Version, runs
}

// PerEpoch is how many steps an epoch has; 0 while that is not known.
func (l *RunLog) PerEpoch() float64 {
	switch {
	case l.kept == nil && len(l.Weights) > 0:
		return 1
	case len(l.epochs) > 0 && l.epochs[0].Epoch > 0:
		return float64(l.epochs[0].Step) / float64(l.epochs[0].Epoch)
	case len(l.steps) > 0 && l.Config != nil && l.Config.Epochs > 0:
		return float64(l.steps[0].Steps) / float64(l.Config.Epochs)
	}
	return 0
}

// Last is the stamp of the newest event, or weights; nil without one.
func (l *RunLog) Last() *train.Stamp {
	n := len(l.Weights)
	if len(l.Events) == 0 && n == 0 {
		return nil
	}
	if l.kept == nil && n > 0 && (len(l.Events) == 0 || l.Weights[n-1].At.Step > l.Events[len(l.Events)-1].At().Step) {
		return &l.Weights[n-1].At // it is still being measured
	}
	return l.Events[len(l.Events)-1].At()
}

// left estimates how long the run will take yet; 0 when nobody knows.
func (l *RunLog) left() time.Duration {
	if len(l.steps) == 0 || l.State != follow.Running {
		return 0
	}
	s := l.steps[len(l.steps)-1]
	if s.Step <= 0 || s.Steps <= s.Step {
		return 0
	}
	return time.Duration(s.Seconds / float64(s.Step) * float64(s.Steps-s.Step) * float64(time.Second))
}

// Status says how the run is, in a few words; late tells that something seems wrong.
func (l *RunLog) Status() (text string, late bool) {
	switch {
	case l.Fault != "":
		return l.Fault, true
	case l.State == follow.Silent:
		return "silent since " + l.Last().Time.Local().Format("15:04:05") + ": its process may have died", true
	case l.State == follow.Paused:
		return "paused since " + l.Last().Time.Local().Format("15:04:05"), false
	case l.end != nil && l.end.Error != "":
		return kit.Clean(l.end.Reason) + ": " + kit.Clean(l.end.Error), true
	case l.end != nil:
		return kit.Clean(l.end.Reason), false
	case l.kept == nil && len(l.Weights) > 0:
		text = kit.Counted(len(l.Weights), "file")
		if n := len(l.Refused); n > 0 {
			text += fmt.Sprintf(", %d skipped: %s", n, l.Refused[n-1].why)
		}
		return text, false
	}
	return l.State.String(), false
}
