package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// follow prints a line per event until all runs have finished, or, with once, for existing events.
func (w *watching) follow(ctx context.Context, measure measureFunc) error {
	p := &watchPrinter{watching: w, states: make([]follow.State, len(w.dirs)), finished: make([]bool, len(w.dirs)), printed: make([]time.Time, len(w.dirs))}
	if w.once {
		return p.present(ctx, measure)
	}
	outer := ctx
	ctx, p.end = context.WithCancelCause(ctx)
	defer p.end(nil)
	o := follow.Options{Silence: time.Duration(w.silence * float64(time.Second))}
	var all sync.WaitGroup
	for i, dir := range w.dirs {
		all.Go(func() {
			err := follow.Snapshots(ctx, dir, o, func(s follow.Snapshot) { p.snapshot(ctx, i, s, measure) })
			if err != nil {
				p.end(fmt.Errorf("%s: %w", dir, err))
			}
		})
	}
	follow.Runs(ctx, w.dirs, o, p.update)
	all.Wait()
	if err := outer.Err(); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, errAllFinished) {
		return cause
	}
	return nil
}

var errAllFinished = errors.New("all runs have finished")

// watchPrinter writes lines to stdout, one at a time.
type watchPrinter struct {
	*watching
	mu       sync.Mutex
	states   []follow.State
	given    string      // the last error reported
	printed  []time.Time // time of the last printed event of each run
	finished []bool
	end      context.CancelCauseFunc
}

// present prints the existing events.
func (p *watchPrinter) present(ctx context.Context, measure measureFunc) error {
	p.end = func(error) {}
	for i, dir := range p.dirs {
		u, err := follow.Read(ctx, dir)
		if err != nil {
			return err
		}
		u.Run = i
		p.update(u)
		weights := false
		err = follow.Present(ctx, dir, func(s follow.Snapshot) {
			weights = true
			p.snapshot(ctx, i, s, measure)
		})
		if err != nil {
			return err
		}
		if len(u.Events) == 0 && !weights {
			sayNote(dir + " has neither run events nor checkpoints")
		}
	}
	return nil
}

// update prints an update of a run.
func (p *watchPrinter) update(u follow.Update) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u.Events = p.begun(u)
	for _, e := range u.Events {
		p.event(u.Run, e)
		if end, ok := e.(*train.EndEvent); ok {
			p.finished[u.Run] = end.Reason == train.Finished || end.Reason == train.Diverged
		} else {
			p.finished[u.Run] = false
		}
		p.printed[u.Run] = e.At().Time
	}
	if u.Err != nil && p.given != u.Err.Error() {
		p.given = u.Err.Error()
		sayNote(p.given)
	}
	p.state(u)
	if !u.Begun && len(u.Events) == 0 {
		return
	}
	for _, finished := range p.finished {
		if !finished {
			return
		}
	}
	p.end(errAllFinished)
}

// begun reports that a run restarted or resumed from an earlier step, and returns the events to
// print: all of them as JSON, only new ones as text.
func (p *watchPrinter) begun(u follow.Update) []train.Event {
	if !u.Begun {
		return u.Events
	}
	if p.lines {
		p.note(u.Run, "begun", "", nil)
		return u.Events
	}
	fresh := slices.IndexFunc(u.Events, func(e train.Event) bool { return e.At().Time.After(p.printed[u.Run]) })
	if fresh < 0 {
		fresh = len(u.Events)
	}
	if fresh == 0 {
		p.note(u.Run, "begun", "restarted", nil)
	} else {
		p.note(u.Run, "begun", fmt.Sprintf("resumed from step %d; later steps are repeated", u.Events[fresh-1].At().Step), nil)
	}
	return u.Events[fresh:]
}

// state prints the state of a run if it has changed without an event.
func (p *watchPrinter) state(u follow.Update) {
	before := p.states[u.Run]
	p.states[u.Run] = u.State
	switch {
	case u.State == follow.Silent && before != follow.Silent:
		p.note(u.Run, "silent", fmt.Sprintf("silent for %s: its process may have died", seconds(u.Quiet.Seconds())), map[string]any{"seconds": u.Quiet.Seconds()})
	case u.State == follow.Waiting && !p.once && u.Err == nil && !p.hasWeights(u.Run):
		p.note(u.Run, "waiting", "waiting for "+train.EventsFile+" or checkpoints", nil)
	}
}

// hasWeights reports whether a folder has files of weights.
func (p *watchPrinter) hasWeights(run int) bool {
	entries, _ := os.ReadDir(p.dirs[run]) // none if it cannot be read
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return follow.IsSnapshot(e.Name()) })
}

// snapshot evaluates a new snapshot and prints the result.
func (p *watchPrinter) snapshot(ctx context.Context, run int, s follow.Snapshot, measure measureFunc) {
	file := filepath.Base(s.Path)
	if s.Err == nil && measure == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.note(run, "snapshot", file+"  "+kit.Counted(len(s.File.Tensors), "tensor")+"; use --data to evaluate it", map[string]any{"file": file})
		return
	}
	e, err := (*train.BandsEvent)(nil), s.Err
	if err == nil {
		e, err = measure(ctx, s)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		sayNote(err.Error())
	case p.lines:
		p.jsonLine(run, map[string]any{"file": file}, e)
	default:
		p.textLine(run, oneLine(file)+"  "+bandsText(e))
	}
}

// event prints an event of a run.
func (p *watchPrinter) event(run int, e train.Event) {
	if p.lines {
		p.jsonLine(run, nil, e)
		return
	}
	p.textLine(run, describe(e))
}

// note prints a message that is not an event: in JSON with that kind and more keys.
func (p *watchPrinter) note(run int, kind, text string, more map[string]any) {
	if !p.lines {
		p.textLine(run, oneLine(text))
		return
	}
	p.jsonLine(run, more, struct {
		Type string `json:"type"`
	}{kind})
}

func (p *watchPrinter) textLine(run int, text string) {
	if len(p.dirs) > 1 {
		text = oneLine(p.names[run]) + "  " + text
	}
	p.print([]byte(text + "\n"))
}

// jsonLine prints the object e with the run's name, and more, before its own keys.
func (p *watchPrinter) jsonLine(run int, more map[string]any, e any) {
	if more == nil {
		more = map[string]any{}
	}
	more["run"] = p.names[run]
	var line []byte
	for _, part := range []any{more, e} {
		text, err := json.Marshal(part)
		if err != nil {
			p.end(err)
			return
		}
		line = append(line, text...)
	}
	p.print(append(bytes.Replace(line, []byte("}{"), []byte(","), 1), '\n'))
}

func (p *watchPrinter) print(line []byte) {
	if _, err := os.Stdout.Write(line); err != nil {
		p.end(fmt.Errorf("standard output: %w", err))
	}
}
