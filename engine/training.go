package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"hfcui/engine/plan"
	"hfcui/engine/train"
)

// Training is a run that a Lab trains in the background. What happens in it is in its run
// folder, to be followed as anybody's. None of its methods waits.
type Training struct {
	dir      string
	config   train.Config
	stop     context.CancelFunc
	done     chan struct{}
	err      error // once done is closed
	progress atomic.Pointer[train.Progress]
	control  train.Control
}

// Train begins to train on the Lab's data, in a run folder; one that holds a run of the same
// configuration is taken up from its last checkpoint. Work in the foreground, as a View, goes
// before it: the training stands still between two instructions as long as there is some.
//
// The zero Config stands for that of the run in the folder. Data "" is the Lab's, Threads 0
// as many as the Lab has. A Lab has one training or experiment at a time. It ends with ctx as
// by Stop.
func (l *Lab) Train(ctx context.Context, c train.Config, dir string) (*Training, error) {
	c, err := l.trainingConfig(c, dir)
	if err != nil {
		return nil, err
	}
	device, err := c.OpenDevice()
	if err != nil {
		return nil, err
	}
	t := &Training{dir: dir, config: c, done: make(chan struct{})}
	ctx, t.stop = context.WithCancel(ctx)
	if err := l.slot.take(t); err != nil {
		t.stop()
		return nil, err
	}
	l.trained.Store(t)
	go func() {
		defer close(t.done)
		defer t.stop()
		t.err = t.run(ctx, l, device)
	}()
	return t, nil
}

// Recipe is what a training on the open data begins with: the open model's net and the usual
// settings.
func (l *Lab) Recipe() (train.Config, error) {
	if l.source == "" {
		return train.Config{}, errNoData
	}
	if l.data.Train == nil {
		return train.Config{}, fmt.Errorf("%s has no training images: open data that has with --data", l.data.Name)
	}
	c := train.Default(l.Model().Net.Name, l.source)
	c.Device, c.Threads = l.opened.Device, l.threads
	return c, nil
}

var errNoData = errors.New("single images are nothing to train on: open a data set with --data")

// trainingConfig fills in what the Lab knows.
func (l *Lab) trainingConfig(c train.Config, dir string) (train.Config, error) {
	if c.Net == "" {
		var err error
		if c, err = train.ReadConfig(dir); err != nil {
			return c, err
		}
	}
	if c.Threads == 0 {
		c.Threads = l.threads
	}
	if l.source == "" {
		return c, errNoData
	}
	if c.Data == "" {
		c.Data = l.source
	}
	if c.Data != l.source {
		return c, fmt.Errorf("the run is of %s, and %s is open: open it with --data", c.Data, l.source)
	}
	return c, c.Check()
}

// run trains. A panic is an error like others: the program goes on without the training.
func (t *Training) run(ctx context.Context, l *Lab, device plan.Device) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the training broke: %v\n%s", reason, debug.Stack())
		}
	}()
	_, err = train.Run(ctx, t.dir, t.config, l.data, device, train.Options{
		Progress: func(p train.Progress) { t.progress.Store(&p) },
		Control:  &t.control,
		Yield:    l.gate.yield,
	})
	return err
}

// Dir is the run folder.
func (t *Training) Dir() string { return t.dir }

// Config is what is trained, as the run folder has it.
func (t *Training) Config() train.Config { return t.config }

// Pause lets the training stand still between two instructions. Its state stays in memory,
// and no time is spent; the run's clock stands still, too.
func (t *Training) Pause() { t.control.Pause() }

// Resume lets a paused training go on.
func (t *Training) Resume() { t.control.Resume() }

// Paused tells whether the training is paused.
func (t *Training) Paused() bool { return t.control.Paused() && !t.ended() }

// Checkpoint has the state written as soon as the step under way has ended, also in a pause.
// A CheckpointEvent tells when that is done.
func (t *Training) Checkpoint() { t.control.Checkpoint() }

// Stop ends the training after a checkpoint of its last whole step. It can be taken up again.
func (t *Training) Stop() { t.stop() }

// Done is closed when the training has ended, for whatever reason, and everything is written.
func (t *Training) Done() <-chan struct{} { return t.done }

func (t *Training) ended() bool { return closed(t.done) }

func (t *Training) called() string { return "a training in " + t.dir }

// Err is why the training ended: nil when it has finished, and as long as it has not ended; a
// *train.StoppedError when it was stopped and kept, and context.Canceled when it was stopped
// before there was anything to keep.
func (t *Training) Err() error {
	if !t.ended() {
		return nil
	}
	return t.err
}

// Progress is how far the training is; nil before its first step.
func (t *Training) Progress() *train.Progress { return t.progress.Load() }

// Training is the training that was started last, which may have ended; nil before the first.
func (l *Lab) Training() *Training { return l.trained.Load() }
