package lab

import (
	"context"
	"errors"
	"fmt"

	"hfcui/engine/model"
	"hfcui/engine/train"
)

// Training is a training run in the background of a Lab. Its events are in its run folder, to be
// followed like those of any run.
type Training struct {
	job[train.Progress]
	config  train.Config
	control train.Control
}

// Train starts a training run on the open data in a run folder, or resumes one of the same
// configuration from its last checkpoint. It pauses between instructions during foreground work,
// e.g. a View.
//
// The zero Config is that of the run in the folder. Data "" is the Lab's, Threads 0 is the Lab's
// number of threads. A Lab runs one training run or experiment at a time. The end of ctx is like
// Stop.
func (l *Lab) Train(ctx context.Context, c train.Config, dir string) (*Training, error) {
	c, err := l.trainingConfig(c, dir)
	if err != nil {
		return nil, err
	}
	device, err := c.OpenDevice()
	if err != nil {
		return nil, err
	}
	var open *model.Model
	if now := l.selected.Load(); now.path == c.Model {
		open = now.model // as described when it was opened
	}
	t := &Training{config: c}
	err = t.start(ctx, l, "a training run", dir, func(ctx context.Context) error {
		_, err := train.Run(ctx, dir, c, l.data, device, train.Options{Progress: t.report, Control: &t.control, Yield: l.gate.yield, Start: open})
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Recipe returns the default configuration for training on the open data, starting from the open
// model, with the usual hyperparameters. scratch reports whether its network can also be trained
// from scratch: with Model "", Net names it, which it does not if the network is imported.
func (l *Lab) Recipe() (c train.Config, scratch bool, err error) {
	if l.source == "" {
		return c, false, errNoData
	}
	if l.data.Train == nil {
		return c, false, fmt.Errorf("%s has no training images: open another dataset with --data", l.data.Name)
	}
	now := l.selected.Load()
	c = train.Default(now.model.Net.Name, l.source)
	c.Model, c.Device, c.Threads = now.path, l.opened.Device, l.threads
	return c, now.model.Net.Builtin(), nil
}

var errNoData = errors.New("cannot train on single images: open a dataset with --data")

// trainingConfig completes a configuration by the run folder and the open data.
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
		return c, fmt.Errorf("the run is on %s, but %s is open: open it with --data", c.Data, l.source)
	}
	return c, c.Check()
}

// Config returns the configuration, as in the run folder.
func (t *Training) Config() train.Config { return t.config }

// Pause pauses the run before its next instruction, with its state in memory. Its clock stops, too.
func (t *Training) Pause() { t.control.Pause() }

// Resume continues a paused training.
func (t *Training) Resume() { t.control.Resume() }

// Paused reports whether the training is paused.
func (t *Training) Paused() bool { return t.control.Paused() && !closed(t.done) }

// Checkpoint requests a checkpoint at the end of the current step, also during a pause. A
// CheckpointEvent follows when it is written.
func (t *Training) Checkpoint() { t.control.Checkpoint() }
