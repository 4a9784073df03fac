package train

import (
	"fmt"
	"math"
)

// schedule gives the learning rate of a step, counted from 0.
type schedule func(step int) float64

// newSchedule returns the schedule of a checked Config for a run of so many steps, of which
// perEpoch make an epoch.
func newSchedule(c Config, perEpoch, steps int) (schedule, error) {
	peak := c.LearningRate
	switch c.Schedule {
	case "constant":
		return func(int) float64 { return peak }, nil
	case "step":
		if last := c.Milestones[len(c.Milestones)-1]; last*perEpoch >= steps {
			return nil, fmt.Errorf("milestones %v: the last one is not before the end, step %d, for an epoch has %d", c.Milestones, steps, perEpoch)
		}
		return multiStep(peak, c.Factor, c.Milestones, perEpoch), nil
	case "cosine":
		return func(step int) float64 { return between(peak, 0, float64(step)/float64(steps)) }, nil
	}
	return oneCycle(peak, steps), nil
}

// schedules are the values of Config.Schedule.
var schedules = []string{"constant", "step", "cosine", "onecycle"}

// multiStep multiplies the rate by factor after each milestone, a number of epochs, as
// PyTorch's MultiStepLR.
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

// oneCycle rises for 30 % of the steps from a 25th of the peak and falls to a
// 250,000th, both along half a cosine (Smith and Topin 2018, as PyTorch's OneCycleLR).
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

// between goes from a to b along half a cosine as t goes from 0 to 1.
func between(a, b, t float64) float64 {
	return b + (a-b)/2*(1+math.Cos(math.Pi*t))
}
