package lab

import (
	"context"
	"errors"
	"fmt"

	"hfcui/engine/train"
)

// Training is a run that a Lab trains in the background. Its events are in its run folder, to
// be followed like those of any run.
type Training struct {
	job[train.Progress]
	config  train.Config
	control train.Control
}

// Train starts a training on the open data in a run folder; a run of the same configuration
// that is there is resumed from its last checkpoint. The training stands still between two
// instructions as long as there is foreground work, such as a View.
//
// The zero Config stands for that of the run in the folder. Data "" is the Lab's, Threads 0 is
// the number of threads the Lab has. A Lab runs one training or experiment at a time; it ends
// with ctx as by Stop.
func (l *Lab) Train(ctx context.Context, c train.Config, dir string) (*Training, error) {
	c, err := l.trainingConfig(c, dir)
	if err != nil {
		return nil, err
	}
	device, err := c.OpenDevice()
	if err != nil {
		return nil, err
	}
	t := &Training{config: c}
	err = t.start(ctx, l, "a training", dir, func(ctx context.Context) error {
		_, err := train.Run(ctx, dir, c, l.data, device, train.Options{Progress: t.report, Control: &t.control, Yield: l.gate.yield})
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Recipe returns the default configuration of a training on the open data: the open model's
// network and the usual hyperparameters.
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

var errNoData = errors.New("single images are nothing to train on: open a dataset with --data")

// trainingConfig completes a configuration from the run folder and what is open.
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

// Config returns the configuration, as in the run folder.
func (t *Training) Config() train.Config { return t.config }

// Pause suspends the training between two instructions. Its state stays in memory and the
// run's clock stands still.
func (t *Training) Pause() { t.control.Pause() }

// Resume continues a paused training.
func (t *Training) Resume() { t.control.Resume() }

// Paused reports whether the training is paused.
func (t *Training) Paused() bool { return t.control.Paused() && !closed(t.done) }

// Checkpoint requests a checkpoint at the end of the current step, also during a pause. A
// CheckpointEvent tells when it is written.
func (t *Training) Checkpoint() { t.control.Checkpoint() }
