package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"hfcui/engine/experiment"
)

// Reproduction is one of the paper's experiments that a Lab does in the background. What
// came of it is in its folder, to be looked at as anybody's. None of its methods waits.
type Reproduction struct {
	dir      string
	stop     context.CancelFunc
	done     chan struct{}
	err      error // once done is closed
	progress atomic.Pointer[experiment.Progress]
}

// Reproduce does what is left of an experiment in dir, on the Lab's data, and writes its
// report. Work in the foreground, as a View, goes before it, as before a training; a Lab has
// one of either at a time. It ends with ctx as by Stop, and may be taken up again.
func (l *Lab) Reproduce(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (*Reproduction, error) {
	p, err := l.experiment(e, size, dir)
	if err != nil {
		return nil, err
	}
	r := &Reproduction{dir: dir, done: make(chan struct{})}
	ctx, r.stop = context.WithCancel(ctx)
	if err := l.slot.take(r); err != nil {
		r.stop()
		return nil, err
	}
	go func() {
		defer close(r.done)
		defer r.stop()
		r.err = r.run(ctx, l, p)
	}()
	return r, nil
}

// Expect says how long an experiment in dir would take on the Lab's data, all of it, after
// it has measured how fast its networks are trained here: a second or a few.
func (l *Lab) Expect(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (experiment.Cost, error) {
	p, err := l.experiment(e, size, dir)
	if err != nil {
		return experiment.Cost{}, err
	}
	return p.Expect(ctx, l.data, l.gate.yield)
}

// experiment is the plan of an experiment on the Lab's data, or why there is none.
func (l *Lab) experiment(e experiment.Experiment, size experiment.Size, dir string) (experiment.Plan, error) {
	if l.source == "" {
		return experiment.Plan{}, errNoData
	}
	if on := experiment.BegunOn(dir); on != "" && on != l.source {
		return experiment.Plan{}, fmt.Errorf("%s was begun on %s, and %s is open: open it with --data %s", dir, on, l.source, on)
	}
	if l.data.Train == nil || l.data.Test == nil {
		return experiment.Plan{}, fmt.Errorf("%s has not both training and test images: open data that has with --data", l.data.Name)
	}
	return e.Plan(size, l.source, experiment.Threads(dir, l.threads)).On(experiment.Device(dir, l.opened.Device)), nil
}

// run does what is left. A panic is an error like others.
func (r *Reproduction) run(ctx context.Context, l *Lab, p experiment.Plan) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the experiment broke: %v\n%s", reason, debug.Stack())
		}
	}()
	grid, err := experiment.Carry(ctx, r.dir, p, l.data, l.gate.yield, func(p experiment.Progress) { r.progress.Store(&p) })
	if err != nil {
		return err
	}
	_, err = experiment.Report(r.dir, p, grid)
	return err
}

func (r *Reproduction) called() string { return "an experiment in " + r.dir }

// Dir is the experiment's folder.
func (r *Reproduction) Dir() string { return r.dir }

// Stop ends the experiment after a checkpoint of the run under way.
func (r *Reproduction) Stop() { r.stop() }

// Done is closed when the experiment has ended, for whatever reason, and everything is
// written.
func (r *Reproduction) Done() <-chan struct{} { return r.done }

// Err is why the experiment ended: nil when all is done and reported, and as long as it has
// not ended; a *train.StoppedError or the context's error when it was stopped.
func (r *Reproduction) Err() error {
	if !closed(r.done) {
		return nil
	}
	return r.err
}

// Progress is how far the experiment is; nil before its first step.
func (r *Reproduction) Progress() *experiment.Progress { return r.progress.Load() }
