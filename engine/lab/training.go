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
	now, end, err := l.model(ctx, "")
	if err != nil {
		return nil, err
	}
	defer end()
	c, err = now.trainingConfig(c, dir, l.threads)
	if err != nil {
		return nil, err
	}
	device, err := c.OpenDevice()
	if err != nil {
		return nil, err
	}
	var open *model.Model
	if now.path == c.Model {
		open = now.opened // as described when it was opened
	}
	t := &Training{config: c}
	err = t.start(ctx, l, "a training run", dir, now.data, func(ctx context.Context) error {
		_, err := train.Run(ctx, dir, c, now.data.Data, device, train.Options{Progress: t.report, Control: &t.control, Yield: l.gate.turn, Start: open})
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
	now := l.selected.Load()
	if now.data.origin == "" {
		return c, false, errNoData
	}
	if now.data.HoldOut().Train == nil {
		return c, false, fmt.Errorf("%s has no training images: open another dataset", now.data.Name)
	}
	c = train.Default(now.opened.Net.Name, now.data.origin)
	c.Model, c.Device, c.Threads = now.path, l.compute.Load().chosen(), l.threads
	return c, now.opened.Net.Builtin(), nil
}

var errNoData = errors.New("cannot train on single images: open a dataset")

// trainingConfig completes a configuration by the run folder and the open data.
func (c *selection) trainingConfig(q train.Config, dir string, threads int) (train.Config, error) {
	if q.Net == "" {
		var err error
		if q, err = train.ReadConfig(dir); err != nil {
			return q, err
		}
	}
	if q.Threads == 0 {
		q.Threads = threads
	}
	if c.data.origin == "" {
		return q, errNoData
	}
	if q.Data == "" {
		q.Data = c.data.origin
	}
	if q.Data != c.data.origin {
		return q, fmt.Errorf("the run is on %s, but %s is open: open %s", q.Data, c.data.origin, q.Data)
	}
	return q, q.Check()
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
