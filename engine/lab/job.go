package lab

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// job is long-running background work, a training run or an experiment, with progress P. Its
// results are in its folder. Its methods do not block.
type job[P any] struct {
	what     string // "a training run"
	dir      string
	stop     context.CancelFunc
	done     chan struct{}
	err      error // valid once done is closed
	progress atomic.Pointer[P]
}

// start runs a job on data in the background, below foreground work, if no other is running. A panic
// becomes an error: the program continues without the job. The caller uses the data, which the job
// keeps open.
func (j *job[P]) start(ctx context.Context, l *Lab, what, dir string, data *source, run func(ctx context.Context) error) error {
	j.what, j.dir, j.done = what, dir, make(chan struct{})
	ctx, j.stop = context.WithCancel(ctx)
	if err := l.slot.take(j); err != nil {
		j.stop()
		return err
	}
	data.acquire()
	go func() {
		defer close(j.done)
		defer data.release() // read-only: nothing is lost if closing fails
		defer j.stop()
		defer func() {
			if reason := recover(); reason != nil {
				j.err = fmt.Errorf("%s panicked: %v\n%s", j.name(), reason, debug.Stack())
			}
		}()
		j.err = run(ctx)
	}()
	return nil
}

// Dir returns the folder.
func (j *job[P]) Dir() string { return j.dir }

// Stop ends the job after a checkpoint of the last complete step. It can be resumed.
func (j *job[P]) Stop() { j.stop() }

// Done is closed when the job has ended, for whatever reason, and everything is written.
func (j *job[P]) Done() <-chan struct{} { return j.done }

// Err returns why the job ended: nil while it runs and when it has finished; a *train.StoppedError
// if it was stopped and can be resumed; the context's error if it was stopped before its first
// step.
func (j *job[P]) Err() error {
	if !closed(j.done) {
		return nil
	}
	return j.err
}

// Progress returns the job's progress; nil before its first step.
func (j *job[P]) Progress() *P { return j.progress.Load() }

func (j *job[P]) name() string { return j.what + " in " + j.dir }

func (j *job[P]) report(p P) { j.progress.Store(&p) }

// slot holds the job of a Lab, one at a time.
type slot struct {
	mu     sync.Mutex
	now    occupant // the last one started; it may have ended
	closed bool
}

type occupant interface {
	Stop()
	Done() <-chan struct{}
	name() string // "a training run in runs/first"
}

// take puts o into the slot unless another job is running.
func (s *slot) take(o occupant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errors.New("cannot start: the data is closed")
	case s.now != nil && !closed(s.now.Done()):
		return fmt.Errorf("%s is running: stop it first", s.now.name())
	}
	s.now = o
	return nil
}

// end stops the job and waits for its end. No other can start afterwards.
func (s *slot) end() {
	s.mu.Lock()
	s.closed = true
	o := s.now
	s.mu.Unlock()
	if o != nil {
		o.Stop()
		<-o.Done()
	}
}

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
