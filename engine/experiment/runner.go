package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/plan"
	"hfcui/engine/train"
)

// PlanFile holds the plan in an experiment's folder.
const PlanFile = "experiment.json"

// Progress is the progress of an experiment.
type Progress struct {
	Setting   string
	Seed      uint64
	Run, Runs int // the current one, counted from 1
	Done      bool
	Skipped   bool           // the run was complete already
	Reused    bool           // the run was copied from another experiment's folder
	Training  train.Progress // of the current run
	Measuring string         // the current measurement after training; "" during training
	Part      float64        // of the experiment, 0 to 1
	Left      time.Duration  // estimate; 0: unknown
}

// Reproduce completes a plan in dir and returns the grid of all its runs. When ctx ends all
// results are kept, and the error is a *train.StoppedError or the context's; another call
// resumes. yield and update may be nil; all computation yields.
func Reproduce(ctx context.Context, dir string, p Plan, data *dataset.Data, yield plan.Yield, update func(Progress)) (Grid, error) {
	if err := begin(dir, p); err != nil {
		return nil, err
	}
	if update == nil {
		update = func(Progress) {}
	}
	if p.Test > 0 {
		smaller := *data
		smaller.Test = dataset.Subset(data.Test, p.Test)
		data = &smaller
	}
	c := runner{dir: dir, plan: p, data: data, yield: yield, update: update, devices: map[string]plan.Device{}}
	runs := p.sized(data)
	for _, r := range runs {
		c.total += r.cost()
	}
	var grid Grid
	for i, r := range p.runs() {
		c.size = runs[i]
		if err := yield.Wait(ctx); err != nil {
			return nil, err
		}
		run, err := c.run(ctx, i, r)
		if err != nil {
			return nil, err
		}
		grid = append(grid, run)
	}
	return grid, nil
}

// begin writes the plan to dir, or checks that it matches the plan there.
func begin(dir string, p Plan) error {
	text, err := p.document()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("experiment folder: %w: use a writable one with --run", err)
	}
	path := filepath.Join(dir, PlanFile)
	saved, err := checkpoints.ReadRegular(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return write(path, text)
	case err != nil:
		return err
	}
	var was Plan
	if err := json.Unmarshal(saved, &was); err != nil {
		return fmt.Errorf("%s: %w: use another folder with --run", path, err)
	}
	if !was.computes(p) {
		return fmt.Errorf("%s holds the experiment %s %s on %s, started with other settings: resume with those, or use another folder with --run",
			dir, was.Name, was.Size, was.data())
	}
	return nil
}

// computes reports whether p and other are equal except for wording.
func (p Plan) computes(other Plan) bool {
	p.About, p.Notes, other.About, other.Notes = "", nil, "", nil
	a, err := p.document()
	b, errOther := other.document()
	return err == nil && errOther == nil && bytes.Equal(a, b)
}

// document returns the plan as JSON, as in experiment.json.
func (p Plan) document() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	return append(text, '\n'), err
}

// data returns the dataset that all settings are trained on.
func (p Plan) data() string {
	if len(p.Settings) == 0 {
		return ""
	}
	return p.Settings[0].Config.Data
}

func write(path string, text []byte) error {
	return checkpoints.WriteAtomic(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// runner executes the runs of a plan.
type runner struct {
	dir     string
	plan    Plan
	data    *dataset.Data
	yield   plan.Yield
	update  func(Progress)
	devices map[string]plan.Device

	size        plannedRun // the current run, sized for the data, for its cost
	total, done float64    // cost
	made        float64    // the part of done that was computed by this runner
	spent       time.Duration
}

// device opens the device of a Config, once per data type.
func (c *runner) device(config train.Config) (plan.Device, error) {
	if d := c.devices[config.DType]; d != nil {
		return d, nil
	}
	d, err := config.OpenDevice()
	if err == nil {
		c.devices[config.DType] = d
	}
	return d, err
}

// run executes one run, or reads its results if it is complete.
func (c *runner) run(ctx context.Context, i int, r plannedRun) (Run, error) {
	dir, begun := filepath.Join(c.dir, r.dir()), time.Now()
	tell := Progress{Setting: r.Setting, Seed: r.Config.Seed, Run: i + 1, Runs: len(c.plan.runs())}
	run := Run{Setting: r.Setting, Seed: r.Config.Seed}
	device, err := c.device(r.Config)
	if err != nil {
		return run, err
	}
	if c.data.Test != nil {
		tell.Reused = c.reuse(r, dir, c.data.Test.Len())
	}
	if s, err := train.ReadStatus(dir); err == nil && s.End != nil && s.End.Reason == train.Diverged {
		run.Diverged = s.End.Error
		c.ended(tell, begun, true)
		return run, run.read(dir)
	}
	result, err := train.Run(ctx, dir, r.Config, c.data, device, train.Options{Progress: func(p train.Progress) {
		c.under(tell, p, begun)
	}, Yield: c.yield})
	var diverged *train.DivergedError
	if errors.As(err, &diverged) {
		run.Diverged = diverged.Error()
		c.ended(tell, begun, false)
		return run, run.read(dir)
	}
	if err != nil {
		return run, err
	}
	measured := len(c.plan.After) > 0 && len(readMeasured(dir, c.plan.After)) < len(c.plan.After)
	s := subject{result.Model, plan.Yielding(device, c.yield), c.yield, c.data}
	run.After, err = c.after(ctx, dir, s, func(what string, part float64) { c.measuring(tell, what, part, begun, result.Already) })
	if err != nil {
		return run, err
	}
	c.ended(tell, begun, result.Already && !measured)
	return run, run.read(dir)
}

// under reports the progress of training.
func (c *runner) under(tell Progress, p train.Progress, begun time.Time) {
	tell.Training = p
	here := 0.0
	if p.Epochs > 0 && p.Of > 0 {
		here = float64(p.Epoch) / float64(p.Epochs)
		if p.Doing == "train" {
			here = (float64(p.Epoch-1) + float64(p.Done)/float64(p.Of)) / float64(p.Epochs)
		}
	}
	here *= c.size.cost() - c.size.after
	c.tell(tell, c.done+here, c.made+here, c.spent+time.Since(begun))
}

// measuring reports the progress of a measurement after training.
func (c *runner) measuring(tell Progress, what string, part float64, begun time.Time, trained bool) {
	tell.Measuring = what
	if part > 0 {
		tell.Measuring = fmt.Sprintf("%s %.0f %%", what, 100*part)
	}
	here, made := c.size.cost()-c.size.after, 0.0
	if !trained {
		made = here
	}
	c.tell(tell, c.done+here, c.made+made, c.spent+time.Since(begun))
}

// ended reports that a run is complete.
func (c *runner) ended(tell Progress, begun time.Time, skipped bool) {
	c.done += c.size.cost()
	if !skipped {
		c.made += c.size.cost()
		c.spent += time.Since(begun)
	}
	tell.Done, tell.Skipped = true, skipped
	c.tell(tell, c.done, c.made, c.spent)
}

func (c *runner) tell(p Progress, done, made float64, spent time.Duration) {
	p.Part = done / c.total
	if made > 0 {
		p.Left = time.Duration(float64(spent) / made * (c.total - done))
	}
	c.update(p)
}

// read reads a run's events.
func (r *Run) read(dir string) error {
	path := filepath.Join(dir, train.EventsFile)
	text, err := checkpoints.ReadRegular(path)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // written in part
		}
		e, err := train.Decode(line)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		switch e := e.(type) {
		case *train.EpochEvent:
			r.Epochs = append(r.Epochs, e)
		case *train.BandsEvent:
			r.Bands = append(r.Bands, e)
		case *train.EndEvent:
			r.Weights = e.Weights
		}
	}
	if r.Diverged != "" {
		r.Epochs, r.Bands = nil, nil // accuracies before divergence are meaningless
	}
	return nil
}
