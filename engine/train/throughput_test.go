package train

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"hfcui/engine/dataset"
	"hfcui/engine/plan"
)

// slowDevice computes a step while it is begun, and has its result read a step later, as GPUs do whose
// work yields to other work.
type slowDevice struct{ plan.Device }

// slowStep is how long a step takes at least.
const slowStep = 20 * time.Millisecond

func (d slowDevice) Learn(t *plan.Training, _ plan.Yield) (plan.Learner, error) {
	l, err := plan.Learn(d.Device, t)
	return slowLearner{l}, err
}

type slowLearner struct{ plan.Learner }

func (slowLearner) Lag() int { return 1 }

func (l slowLearner) Step(ctx context.Context, b *plan.Batch) error {
	time.Sleep(slowStep)
	return l.Learner.Step(ctx, b)
}

// No step is counted with the time of another: neither the first ones after a checkpoint nor the last
// one before it.
func TestThroughput(t *testing.T) {
	c := Default("resnet8-w4", "shapes")
	c.Epochs, c.Batch = 2, 8
	steps := 0
	_, err := Run(t.Context(), filepath.Join(t.TempDir(), "run"), c, dataset.Shapes(dataset.ShapesOptions{Train: 40, Test: 8}), slowDevice{testDevice(t)}, Options{Event: func(e Event) {
		if s, ok := e.(*StepEvent); ok {
			steps++
			if most := float64(c.Batch) / slowStep.Seconds(); s.ImagesPerSecond > most {
				t.Errorf("step %d: %.0f images/s, %.0f at most", s.Step, s.ImagesPerSecond, most)
			}
		}
	}})
	if err != nil || steps != 10 {
		t.Errorf("%d steps: %v", steps, err)
	}
}
