package experiment

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"hfcui/engine/benchmark"
	"hfcui/engine/dataset"
)

// Cost is what a plan takes in all.
type Cost struct {
	Images float64       // trained on, as Plan.Images counts them
	Speed  float64       // images a second, over all runs
	Time   time.Duration // at this speed
}

// Expect measures how fast the plan's networks are trained now, with nothing else to do for
// the moment, and says what the plan takes on data at these speeds. What is measured after
// runs is counted as far as cost is.
func (p Plan) Expect(ctx context.Context, data *dataset.Data) (Cost, error) {
	all := 0
	if data.Train != nil {
		all = data.Train.Len()
	}
	type work struct {
		net, dtype     string
		batch, threads int
	}
	speeds := map[work]float64{}
	var c Cost
	seconds := 0.0
	for _, r := range p.sized(all) {
		w := work{r.Config.Net, r.Config.DType, r.Config.Batch, r.Config.Threads}
		if speeds[w] == 0 {
			m, err := benchmark.Run(ctx, benchmark.Config{Work: "train", Net: w.net, DType: w.dtype, Batch: w.batch, Threads: w.threads})
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
func (p Plan) Images(all int) float64 {
	sum := 0.0
	for _, r := range p.sized(all) {
		sum += r.cost()
	}
	return sum
}

// sized are the plan's runs where there are so many training images.
func (p Plan) sized(all int) []runOf {
	runs := p.runs()
	for i, r := range runs {
		if r.Config.Limit <= 0 || r.Config.Limit > all {
			runs[i].Config.Limit = all
		}
	}
	return runs
}

// cost is roughly how long a run takes, in images' forward and backward passes.
func (r runOf) cost() float64 {
	n := float64(r.Config.Epochs) * float64(max(1, r.Config.Limit))
	if a := r.Config.Adversarial; a != nil {
		n *= 1 + attackCost*float64(a.Steps)
	}
	return n
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

// BegunOn gives the data that the experiment in dir was begun on; "" where none was.
func BegunOn(dir string) string {
	if p := begun(dir); p != nil {
		return p.data()
	}
	return ""
}
