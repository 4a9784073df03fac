package experiment

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/benchmark"
	"hfcui/engine/dataset"
	"hfcui/engine/plan"
)

// Cost is the total cost of a plan.
type Cost struct {
	Images float64       // in training passes of an image
	Speed  float64       // images/s, over all runs
	Time   time.Duration // at this speed
}

// Expect measures the training throughput of the plan's networks and estimates the cost of the
// plan on data, with measurements after training. yield may be nil.
func (p Plan) Expect(ctx context.Context, data *dataset.Data, yield plan.Yield) (Cost, error) {
	type work struct {
		net, device, dtype string
		batch, threads     int
	}
	speeds := map[work]float64{}
	var c Cost
	seconds := 0.0
	for _, r := range p.sized(data) {
		w := work{r.Config.Net, r.Config.Device, r.Config.DType, r.Config.Batch, r.Config.Threads}
		if speeds[w] == 0 {
			m, err := benchmark.Run(ctx, benchmark.Config{Work: "train", Net: w.net, Device: w.device, DType: w.dtype, Batch: w.batch, Threads: w.threads, Yield: yield})
			if err != nil {
				return c, err
			}
			speeds[w] = m.ImagesPerSecond
		}
		c.Images += r.cost()
		seconds += r.cost() / speeds[w]
	}
	if seconds > 0 {
		c.Speed = c.Images / seconds
	}
	c.Time = time.Duration(seconds * float64(time.Second))
	return c, nil
}

// Images returns the number of training passes of an image in a plan with that many training
// images, including adversarial training and excluding measurements after training.
func (p Plan) Images(all int) float64 {
	sum := 0.0
	for _, r := range p.sizedTo(all, 0) {
		sum += r.cost() - r.after
	}
	return sum
}

// sized returns the plan's runs with the size of data.
func (p Plan) sized(data *dataset.Data) []plannedRun {
	train, test := 0, 0
	if data.Train != nil {
		train = data.Train.Len()
	}
	if data.Test != nil {
		test = data.Test.Len()
	}
	return p.sizedTo(train, test)
}

func (p Plan) sizedTo(train, test int) []plannedRun {
	if p.Test > 0 {
		test = min(test, p.Test)
	}
	after := 0.0
	for _, m := range p.After {
		after += m.cost(test)
	}
	runs := p.runs()
	for i, r := range runs {
		if r.Config.Limit <= 0 || r.Config.Limit > train {
			runs[i].Config.Limit = train
		}
		runs[i].after = after
	}
	return runs
}

// cost estimates a run with its measurements, in training passes of an image.
func (r plannedRun) cost() float64 {
	n := float64(r.Config.Epochs) * float64(max(1, r.Config.Limit))
	if a := r.Config.Adversarial; a != nil {
		n *= 1 + attackCost*float64(a.Steps)
	}
	return n + r.after
}

// attackCost is the cost of an input gradient relative to training on an image.
const attackCost = 0.8

// begun returns the plan in an experiment's folder; nil if there is none.
func begun(dir string) *Plan {
	var p Plan
	text, err := checkpoints.ReadRegular(filepath.Join(dir, PlanFile))
	if err != nil || json.Unmarshal(text, &p) != nil || len(p.Settings) == 0 {
		return nil
	}
	return &p
}

// Threads returns the number of threads the experiment in dir was started with, which results
// depend on, or otherwise.
func Threads(dir string, otherwise int) int {
	if p := begun(dir); p != nil {
		return p.Settings[0].Config.Threads
	}
	return otherwise
}

// Device returns the device the experiment in dir was started with, or otherwise.
func Device(dir string, otherwise string) string {
	if p := begun(dir); p != nil {
		return p.Settings[0].Config.Device
	}
	return otherwise
}

// BegunOn returns the dataset the experiment in dir was started on; "" if there is none.
func BegunOn(dir string) string {
	if p := begun(dir); p != nil {
		return p.data()
	}
	return ""
}
