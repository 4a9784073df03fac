package runlog

import (
	"math"
	"path/filepath"
	"sort"
	"time"

	"hfcui/engine/measure"
	"hfcui/engine/nets"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
)

// Uncolored is the color of runs that are not pinned while others are.
const Uncolored = -1

// RunFacts is a line of the table: of a run, or of a group of runs, whose values are means.
type RunFacts struct {
	ID       int   // of the run, or of the group's first
	Members  []int // the runs
	Grouped  bool
	Color    int // index of the style, or Uncolored
	Pinned   bool
	Hidden   bool
	Settings map[string]string // "varies" where those of a group differ
	// Accuracies; NaN if unknown. Lo and Hi are the range over a group, the 95 % CI of a run.
	Accuracy, Lo, Hi float64 // on test images, or of checkpoints on the evaluation set
	TrainAccuracy    float64
	Best             float64 // test accuracy after an epoch so far

	Name, Status string
	Late         bool
	Paused       bool
	Begun        bool
	Epoch        int
	Epochs       int // 0: unknown
	Step         int
	Here         int // the step at the cursor, or the last one
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
		c.Epochs, c.What = l.Config.Epochs, l.what
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
		}
		if !l.source(curveKey{panel: PanelLoss}).steps { // as the curves
			c.Loss, c.Rate, c.Speed = epoch.Loss, epoch.LearningRate, epoch.ImagesPerSecond
		}
		if !l.source(curveKey{panel: PanelAccuracy, onTrain: true}).steps {
			c.Train = epoch.Train
		}
	}
	band := upTo(l.bands, func(e *train.BandsEvent) bool { return q.Cursor < 0 || l.x(&e.Stamp, q.Axis) <= q.Cursor+1e-9 })
	if band != nil && !c.Begun {
		c.Begun, c.Epoch, c.Step, c.Test = true, band.Epoch, band.Step, &band.Whole
	}
	c.Here = l.stepAt(q)
	c.Settings, c.Best = l.settings, l.best
	c.Accuracy, c.Lo, c.Hi, c.TrainAccuracy = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	if s := c.Test; s != nil && s.N > 0 {
		c.Accuracy = s.Accuracy()
		c.Lo, c.Hi = s.Wilson()
	}
	if s := c.Train; s != nil && s.N > 0 {
		c.TrainAccuracy = s.Accuracy()
	}
	return c
}

// stepAt returns the step at the cursor, or the last one.
func (l *runLog) stepAt(q FigureRequest) int {
	last := l.last()
	switch per := l.perEpoch(); {
	case last == nil:
		return 0
	case q.Cursor < 0:
		return last.Step
	case q.Axis == axisStep:
		return min(int(math.Round(q.Cursor)), last.Step)
	case q.Axis == axisEpoch && per > 0:
		return min(int(math.Round(q.Cursor*per)), last.Step)
	}
	if e := upTo(l.steps, func(e *train.StepEvent) bool { return l.x(&e.Stamp, q.Axis) <= q.Cursor }); e != nil {
		return e.Step
	}
	return 0
}

// netOf names a run's network: the file of an imported one, whose name is a description.
func netOf(c *train.Config) string {
	if _, err := nets.ByName(c.Net); err != nil && c.Model != "" {
		return filepath.Base(c.Model)
	}
	return c.Net
}

// upTo returns the last event for which before is true; nil if there is none.
func upTo[E any](list []*E, before func(*E) bool) *E {
	i := sort.Search(len(list), func(i int) bool { return !before(list[i]) })
	if i == 0 {
		return nil
	}
	return list[i-1]
}
