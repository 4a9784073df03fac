package train

import (
	"fmt"
	"math"
)

// schedule returns the learning rate of a step, counted from 0.
type schedule func(step int) float64

// newSchedule returns the schedule of a valid Config for a run of that many steps, perEpoch per
// epoch.
func newSchedule(c Config, perEpoch, steps int) (schedule, error) {
	peak := c.LearningRate
	switch c.Schedule {
	case "constant":
		return func(int) float64 { return peak }, nil
	case "step":
		if last := c.Milestones[len(c.Milestones)-1]; last*perEpoch >= steps {
			return nil, fmt.Errorf("milestones %v: the last one must be before the end, step %d (%d per epoch)", c.Milestones, steps, perEpoch)
		}
		return multiStep(peak, c.Factor, c.Milestones, perEpoch), nil
	case "cosine":
		return func(step int) float64 { return between(peak, 0, float64(step)/float64(steps)) }, nil
	}
	return oneCycle(peak, steps), nil
}

// schedules are the values of Config.Schedule.
var schedules = []string{"constant", "step", "cosine", "onecycle"}

// multiStep multiplies the learning rate by factor after each milestone, in epochs, as PyTorch's
// MultiStepLR.
func multiStep(peak, factor float64, milestones []int, perEpoch int) schedule {
	return func(step int) float64 {
		rate := peak
		for _, m := range milestones {
			if step >= m*perEpoch {
				rate *= factor
			}
		}
		return rate
	}
}

// oneCycle rises from peak/25 for 30 % of the steps and falls to peak/250,000, both with cosine
// annealing (Smith and Topin 2018, as PyTorch's OneCycleLR).
func oneCycle(peak float64, steps int) schedule {
	start, end := peak/25, peak/25/1e4
	up := 0.3*float64(steps) - 1
	down := float64(steps) - 1 - up
	return func(step int) float64 {
		if s := float64(step); s <= up {
			return between(start, peak, s/up)
		}
		return between(peak, end, math.Min(1, (float64(step)-up)/down))
	}
}

// between anneals from a to b along half a cosine, t from 0 to 1.
func between(a, b, t float64) float64 {
	return b + (a-b)/2*(1+math.Cos(math.Pi*t))
}
