package experiment

import (
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/train"
)

// Experiment is one of the paper's experiments.
type Experiment struct {
	Name  string
	About string // one line
	// Grid declares the runs at a size; Plan fills in names, data and threads.
	Grid func(Size) Plan
}

// Size is the scale of an experiment.
type Size string

const (
	// Quick uses a small net, few images and three seeds, for two cores and half an hour.
	Quick Size = "quick"
	// Full is the paper's set-up, with three seeds where the paper names none.
	Full Size = "full"
)

// all is in the paper's order, those that measure trained models last.
var all = []Experiment{
	{"fig3", "natural vs shuffled labels", fig3},
	{"table1", "trained on low- or high-pass images, tested on whole images", table1},
	{"fig4", "batch sizes", fig4},
	{"fig5", "heuristics: dropout, mixup, batch norm, adversarial training", fig5},
	{"architectures", "LeNet, AlexNet, VGG and ResNet", architectures},
	{"optimizers", "SGD, Adam, AdaGrad, AdaDelta and RMSprop", optimizers},
	{"fig6", "batch norm when trained on low-pass images", fig6},
	{"fig2", "samples explained by their high-pass image alone, vs a permutation null", fig2},
	{"fig7", "first-layer kernels of natural and adversarial training", fig7},
	{"table2", "robustness of smoothed kernels, natural and adversarial training", table2},
	{"svd", "Fig. 2 by singular values: is it just noise?", svd},
}

// All lists the experiments.
func All() []Experiment { return slices.Clone(all) }

// Names lists the experiments' names.
func Names() []string {
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = e.Name
	}
	return names
}

// ByName returns the experiment of that name.
func ByName(name string) (Experiment, error) {
	for _, e := range all {
		if e.Name == name {
			return e, nil
		}
	}
	return Experiment{}, fmt.Errorf("no experiment %q: use %s", name, strings.Join(Names(), ", "))
}

// Plan returns the plan of the experiment at a size, on a dataset, with that many threads.
func (e Experiment) Plan(size Size, data string, threads int) Plan {
	p := e.Grid(size)
	p.Name, p.About, p.Size = e.Name, e.About, size
	for i := range p.Settings {
		p.Settings[i].Config.Data, p.Settings[i].Config.Threads = data, threads
	}
	return p
}

// On returns the plan with all runs on the device of that name.
func (p Plan) On(device string) Plan {
	p.Settings = slices.Clone(p.Settings)
	for i := range p.Settings {
		p.Settings[i].Config.Device = device
	}
	return p
}

// Plan is a grid of runs and the contents of its report.
type Plan struct {
	Name     string    `json:"name"`
	About    string    `json:"about"`
	Size     Size      `json:"size"`
	Seeds    []uint64  `json:"seeds"`
	Test     int       `json:"test,omitempty"` // only the first Test test images; 0: all
	Settings []Setting `json:"settings"`

	// After is measured after training, in addition to what Config measures during it.
	After []Measurement `json:"after,omitempty"`

	Notes    []string    `json:"notes"` // of the report
	Tables   []Table     `json:"-"`
	Figures  []Figure    `json:"-"`
	Criteria []Criterion `json:"-"`
}

// Setting is one row of the grid. Its Config is trained once for every seed.
type Setting struct {
	Name   string       `json:"name"`
	Config train.Config `json:"config"`
}

// add appends a setting that differs from base by change.
func (p *Plan) add(name string, base train.Config, change func(*train.Config)) {
	if change != nil {
		change(&base)
	}
	p.Settings = append(p.Settings, Setting{name, base})
}

// plannedRun is a run of the grid.
type plannedRun struct {
	Setting string
	Config  train.Config
	after   float64 // cost of its measurements after training
}

// dir is the run's folder inside the experiment's.
func (r plannedRun) dir() string {
	return fmt.Sprintf("%s-seed%d", strings.ReplaceAll(r.Setting, " ", "-"), r.Config.Seed)
}

// runs lists the runs seed by seed, so that the first seeds are complete when an experiment is
// stopped early.
func (p Plan) runs() []plannedRun {
	var list []plannedRun
	for _, seed := range p.Seeds {
		for _, s := range p.Settings {
			c := s.Config
			c.Seed = seed
			list = append(list, plannedRun{s.Name, c, 0})
		}
	}
	return list
}

// paperRadii are the radii of the paper's figures.
var paperRadii = []float64{4, 8, 12, 16}

// threeSeeds are the seeds of every experiment; the paper reports none.
var threeSeeds = []uint64{1, 2, 3}

// paperBase is the paper's set-up: the net of its code, without batch norm, Adam at 1e-4,
// batches of 100, 100 epochs, Xavier initialization.
func paperBase() train.Config {
	c := train.Default("preact-resnet32-nobn", "")
	c.Optimizer, _, _ = train.Usual("adam")
	c.LearningRate, c.Schedule, c.Init = 1e-4, "constant", "xavier"
	c.Batch, c.Epochs = 100, 100
	return c
}

// quickBase is the paper's set-up scaled down to a two-hundredth of the compute.
func quickBase(images, epochs int) train.Config {
	c := paperBase()
	c.Net, c.Init = "resnet8-nobn", "he"
	c.LearningRate, c.Schedule = 4e-3, "onecycle"
	c.Batch, c.Epochs, c.Limit = 50, epochs, images
	return c
}

// ended returns b measured once, after the last epoch.
func ended(b train.Bands) *train.Bands {
	b.Every = 1 << 20
	return &b
}

// bandsOf returns b as a measurement after training.
func bandsOf(b train.Bands) Measurement { return Measurement{Bands: &b} }

// parts measures accuracy on low- and high-pass images divided by their own maximum, as the
// paper's code does.
func parts(split string, n int, bn string) train.Bands {
	return train.Bands{Radii: paperRadii, Every: 1, Limit: n, Split: split, Normalize: "max", BN: bn}
}
