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

// PlanFile is where an experiment's folder says what is done.
const PlanFile = "experiment.json"

// Progress is how far an experiment is.
type Progress struct {
	Setting   string
	Seed      uint64
	Run, Runs int // the one under way, counted from 1
	Done      bool
	Skipped   bool           // it had been done before
	TakenOver bool           // it was trained in another experiment's folder
	Training  train.Progress // of the run under way
	Measuring string         // what is measured of it, which has ended; "" while it is trained
	Part      float64        // of the whole experiment, 0 to 1
	Left      time.Duration  // 0: not known
}

// Carry does what is left of a plan in dir and gives the grid of all its runs. When ctx
// ends everything done is kept, and the error is a *train.StoppedError or the context's.
// yield and update may be nil; all that is computed yields.
func Carry(ctx context.Context, dir string, p Plan, data *dataset.Data, yield plan.Yield, update func(Progress)) (Grid, error) {
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
	c := carrier{dir: dir, plan: p, data: data, yield: yield, update: update, devices: map[string]plan.Device{}}
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

// begin writes what is done, or holds it against what was begun in dir.
func begin(dir string, p Plan) error {
	text, err := p.document()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("experiment folder: %w: name one that may be written with --run", err)
	}
	path := filepath.Join(dir, PlanFile)
	saved, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return write(path, text)
	case err != nil:
		return err
	}
	var was Plan
	if err := json.Unmarshal(saved, &was); err != nil {
		return fmt.Errorf("%s: %w: name another folder with --run", path, err)
	}
	again, err := was.document()
	if err == nil && !bytes.Equal(again, text) {
		err = fmt.Errorf("%s holds the experiment %s %s on %s, begun with other settings: go on as it was begun, or name another folder with --run",
			dir, was.Name, was.Size, was.data())
	}
	return err
}

// document is the plan as experiment.json has it.
func (p Plan) document() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	return append(text, '\n'), err
}

// data is what all settings are trained on.
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

// carrier goes through a plan's runs.
type carrier struct {
	dir     string
	plan    Plan
	data    *dataset.Data
	yield   plan.Yield
	update  func(Progress)
	devices map[string]plan.Device

	size        runOf   // of the run under way: what it costs is this one's
	total, done float64 // cost
	made        float64 // of done, what was done here
	spent       time.Duration
}

// device is one for a Config; what is compiled on it is shared by nobody.
func (c *carrier) device(config train.Config) (plan.Device, error) {
	if d := c.devices[config.DType]; d != nil {
		return d, nil
	}
	d, err := config.OpenDevice()
	if err == nil {
		c.devices[config.DType] = d
	}
	return d, err
}

// run does one run, or reads what it came to.
func (c *carrier) run(ctx context.Context, i int, r runOf) (Run, error) {
	dir, begun := filepath.Join(c.dir, r.dir()), time.Now()
	tell := Progress{Setting: r.Setting, Seed: r.Config.Seed, Run: i + 1, Runs: len(c.plan.runs())}
	run := Run{Setting: r.Setting, Seed: r.Config.Seed}
	device, err := c.device(r.Config)
	if err != nil {
		return run, err
	}
	if c.data.Test != nil {
		tell.TakenOver = c.takeOver(r, dir, c.data.Test.Len())
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

// under tells how far the run under way is.
func (c *carrier) under(tell Progress, p train.Progress, begun time.Time) {
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

// measuring tells how far one of the measurements of a run that has ended is.
func (c *carrier) measuring(tell Progress, what string, part float64, begun time.Time, trained bool) {
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

// ended tells that a run is done.
func (c *carrier) ended(tell Progress, begun time.Time, skipped bool) {
	c.done += c.size.cost()
	if !skipped {
		c.made += c.size.cost()
		c.spent += time.Since(begun)
	}
	tell.Done, tell.Skipped = true, skipped
	c.tell(tell, c.done, c.made, c.spent)
}

func (c *carrier) tell(p Progress, done, made float64, spent time.Duration) {
	p.Part = done / c.total
	if made > 0 {
		p.Left = time.Duration(float64(spent) / made * (c.total - done))
	}
	c.update(p)
}

// read takes what a run's events say.
func (r *Run) read(dir string) error {
	path := filepath.Join(dir, train.EventsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // torn
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
		r.Epochs, r.Bands = nil, nil // what it was before says nothing
	}
	return nil
}
