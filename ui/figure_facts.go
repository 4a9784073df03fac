package ui

import (
	"math"
	"sort"
	"time"

	"hfcui/engine/measure"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
)

// runFacts is a run's line of the table.
type runFacts struct {
	name, status string
	late         bool
	paused       bool
	begun        bool
	epoch        int
	epochs       int // 0: not known
	step         int
	loss         float64
	train, test  *measure.Score
	rate, speed  float64
	left         time.Duration
	what         string // what is trained on what
	dir          string
	config       *train.Config
	state        follow.State
	reason       string // of its end
	kept         int    // step of the last checkpoint; 0: none
	files        int    // of weights, where it is no run folder
	begunAt      int64  // when its first event was written
	written      int    // counts checkpoints and files of weights that came
}

// factsOf is a run's line of the table: at the cursor, or now.
func factsOf(l *runLog, q figureRequest) runFacts {
	c := runFacts{name: l.name, loss: math.NaN(), rate: math.NaN(), speed: math.NaN(), left: l.left()}
	c.status, c.late = l.status()
	c.dir, c.config, c.state, c.paused = l.dir, l.config, l.state, l.state == follow.Paused
	c.begunAt, c.written = l.begun, l.written
	if l.kept != nil {
		c.kept = l.kept.Step
	} else {
		c.files = len(l.weights)
	}
	if l.end != nil {
		c.reason = l.end.Reason
	}
	if l.config != nil {
		c.epochs, c.what = l.config.Epochs, clean(l.config.Net+" on "+l.config.Data)
	}
	step := upTo(l.steps, func(e *train.StepEvent) bool { return q.cursor < 0 || l.x(&e.Stamp, q.axis) <= q.cursor+1e-9 })
	if step != nil {
		c.begun, c.epoch, c.step = true, step.Epoch, step.Step
		c.loss, c.rate, c.speed, c.train = step.Loss, step.LearningRate, step.ImagesPerSecond, step.Train
	}
	epoch := upTo(l.epochs, func(e *train.EpochEvent) bool { return q.cursor < 0 || l.x(&e.Stamp, q.axis) <= q.cursor+1e-9 })
	if epoch != nil {
		c.test = epoch.Test
		if step == nil || epoch.Step >= step.Step {
			c.begun, c.epoch, c.step = true, epoch.Epoch, epoch.Step
			c.loss, c.rate, c.speed, c.train = epoch.Loss, epoch.LearningRate, epoch.ImagesPerSecond, epoch.Train
		}
	}
	band := upTo(l.bands, func(e *train.BandsEvent) bool { return q.cursor < 0 || l.x(&e.Stamp, q.axis) <= q.cursor+1e-9 })
	if band != nil && !c.begun {
		c.begun, c.epoch, c.step, c.test = true, band.Epoch, band.Step, &band.Whole
	}
	return c
}

// upTo is the last of events in order for which before holds; nil where there is none.
func upTo[E any](list []*E, before func(*E) bool) *E {
	i := sort.Search(len(list), func(i int) bool { return !before(list[i]) })
	if i == 0 {
		return nil
	}
	return list[i-1]
}
