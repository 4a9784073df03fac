// Package train trains a network on a data set and keeps what happens in a run folder
// that other processes may read at any moment.
package train

import (
	"fmt"
	"math"
)

// Config says what to train on what, and how. Everything that determines the result is
// in it: the same Config with the same number of threads gives the same weights.
type Config struct {
	Net     string `json:"net"`
	Data    string `json:"data"`
	Epochs  int    `json:"epochs"`
	Batch   int    `json:"batch"`
	Limit   int    `json:"limit,omitempty"` // only the first Limit training images; 0: all
	Seed    uint64 `json:"seed"`
	Threads int    `json:"threads"`

	LearningRate float64 `json:"learning_rate"` // the largest, where a schedule moves it
	Schedule     string  `json:"schedule"`      // constant, cosine or onecycle
	Optimizer

	Crop          int  `json:"crop"` // pixels of zero padding for random crops; 0: none
	Flip          bool `json:"flip"` // mirror half of the images left to right
	ShuffleLabels bool `json:"shuffle_labels"`
}

// Default is a plain recipe for net on data: SGD with momentum under a one-cycle rate.
func Default(net, data string) Config {
	c := Config{Net: net, Data: data, Epochs: 10, Batch: 128, Seed: 1, Schedule: "onecycle"}
	c.Optimizer, c.LearningRate, _ = Usual("sgd")
	return c
}

// Check says in one line what cannot be trained with.
func (c Config) Check() error {
	notNumber := func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || v < 0 }
	switch {
	case c.Epochs < 1:
		return fmt.Errorf("%d epochs: train for at least 1", c.Epochs)
	case c.Batch < 2:
		return fmt.Errorf("a batch of %d: batch-norm needs at least 2 images", c.Batch)
	case c.Limit < 0:
		return fmt.Errorf("a limit of %d images: use 0 for all", c.Limit)
	case notNumber(c.LearningRate) || c.LearningRate == 0:
		return fmt.Errorf("learning rate %v: use a finite number above 0", c.LearningRate)
	case c.Crop < 0 || c.Crop > 64:
		return fmt.Errorf("crop %d: use 0 to 64 pixels of padding", c.Crop)
	}
	if _, err := c.rule(); err != nil {
		return err
	}
	_, err := newSchedule(c.Schedule, c.LearningRate, 1)
	return err
}
