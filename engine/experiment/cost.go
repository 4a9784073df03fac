package experiment

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"hfcui/engine/benchmark"
	"hfcui/engine/dataset"
	"hfcui/engine/plan"
)

// Cost is what a plan takes in all.
type Cost struct {
	Images float64       // as many would take as long to be trained on
	Speed  float64       // images a second, over all runs
	Time   time.Duration // at this speed
}

// Expect measures how fast the plan's networks are trained now, with nothing else to do for
// the moment, and says what the plan takes on data at these speeds. What is measured after
// runs is counted. yield may be nil.
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

// Images is how many images a plan's runs are trained on in all, every pass counted, where
// there are so many training images; what adversarial training looks for is counted, too.
// What is measured afterwards is not.
func (p Plan) Images(all int) float64 {
	sum := 0.0
	for _, r := range p.sizedTo(all, 0) {
		sum += r.cost() - r.after
	}
	return sum
}

// sized are the plan's runs as large as data makes them.
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

// cost is roughly how long a run takes, in images' forward and backward passes, with what is
// measured when it has ended.
func (r plannedRun) cost() float64 {
	n := float64(r.Config.Epochs) * float64(max(1, r.Config.Limit))
	if a := r.Config.Adversarial; a != nil {
		n *= 1 + attackCost*float64(a.Steps)
	}
	return n + r.after
}

// attackCost is what a gradient with respect to images takes, of what training on them does.
const attackCost = 0.8

// begun is the plan in an experiment's folder; nil where there is none to read.
func begun(dir string) *Plan {
	var p Plan
	text, err := os.ReadFile(filepath.Join(dir, PlanFile))
	if err != nil || json.Unmarshal(text, &p) != nil || len(p.Settings) == 0 {
		return nil
	}
	return &p
}

// Threads gives how many threads the experiment in dir was begun with, or else: results
// depend on it.
func Threads(dir string, otherwise int) int {
	if p := begun(dir); p != nil {
		return p.Settings[0].Config.Threads
	}
	return otherwise
}

// Device gives the device that the experiment in dir was begun with, or else, as Threads
// does.
func Device(dir string, otherwise string) string {
	if p := begun(dir); p != nil {
		return p.Settings[0].Config.Device
	}
	return otherwise
}

// BegunOn gives the data that the experiment in dir was begun on; "" where none was.
func BegunOn(dir string) string {
	if p := begun(dir); p != nil {
		return p.data()
	}
	return ""
}
