package runlog

import (
	"math"
	"sort"
	"time"

	"hfcui/engine/measure"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// RunFacts is a run's line of the table.
type RunFacts struct {
	Name, Status string
	Late         bool
	Paused       bool
	Begun        bool
	Epoch        int
	Epochs       int // 0: unknown
	Step         int
	Loss         float64
	Train, Test  *measure.Score
	Rate, Speed  float64
	Left         time.Duration
	What         string // network and dataset
	Dir          string
	Config       *train.Config
	State        follow.State
	Reason       string // for its end
	Kept         int    // step of the last checkpoint; 0: none
	Files        int    // of weights, if it is not a run folder
	BegunAt      int64  // time of its first event
	Written      int    // number of checkpoints and files of weights so far
}

// factsOf returns a run's line of the table: at the cursor, or the newest.
func factsOf(l *runLog, q FigureRequest) RunFacts {
	c := RunFacts{Name: l.Name, Loss: math.NaN(), Rate: math.NaN(), Speed: math.NaN(), Left: l.left()}
	c.Status, c.Late = l.status()
	c.Dir, c.Config, c.State, c.Paused = l.dir, l.Config, l.State, l.State == follow.Paused
	c.BegunAt, c.Written = l.begun, l.written
	if l.kept != nil {
		c.Kept = l.kept.Step
	} else {
		c.Files = len(l.weights)
	}
	if l.end != nil {
		c.Reason = l.end.Reason
	}
	if l.Config != nil {
		c.Epochs, c.What = l.Config.Epochs, kit.Clean(l.Config.Net+" on "+l.Config.Data)
	}
	step := upTo(l.steps, func(e *train.StepEvent) bool { return q.Cursor < 0 || l.x(&e.Stamp, q.Axis) <= q.Cursor+1e-9 })
	if step != nil {
		c.Begun, c.Epoch, c.Step = true, step.Epoch, step.Step
		c.Loss, c.Rate, c.Speed, c.Train = step.Loss, step.LearningRate, step.ImagesPerSecond, step.Train
	}
	epoch := upTo(l.epochs, func(e *train.EpochEvent) bool { return q.Cursor < 0 || l.x(&e.Stamp, q.Axis) <= q.Cursor+1e-9 })
	if epoch != nil {
		c.Test = epoch.Test
		if step == nil || epoch.Step >= step.Step {
			c.Begun, c.Epoch, c.Step = true, epoch.Epoch, epoch.Step
			c.Loss, c.Rate, c.Speed, c.Train = epoch.Loss, epoch.LearningRate, epoch.ImagesPerSecond, epoch.Train
		}
	}
	band := upTo(l.bands, func(e *train.BandsEvent) bool { return q.Cursor < 0 || l.x(&e.Stamp, q.Axis) <= q.Cursor+1e-9 })
	if band != nil && !c.Begun {
		c.Begun, c.Epoch, c.Step, c.Test = true, band.Epoch, band.Step, &band.Whole
	}
	return c
}

// upTo returns the last event for which before is true; nil if there is none.
func upTo[E any](list []*E, before func(*E) bool) *E {
	i := sort.Search(len(list), func(i int) bool { return !before(list[i]) })
	if i == 0 {
		return nil
	}
	return list[i-1]
}
