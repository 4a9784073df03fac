package lab

import (
	"context"
	"fmt"

	"hfcui/engine/experiment"
)

// Reproduction is one of the paper's experiments running in the background of a Lab. Its results
// are in its folder.
type Reproduction struct{ job[experiment.Progress] }

// Reproduce starts or resumes an experiment in dir, on the open data, and writes its report. It has
// the priority of training, and a Lab runs one of either at a time. The end of ctx is like Stop.
func (l *Lab) Reproduce(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (*Reproduction, error) {
	p, err := l.plan(e, size, dir)
	if err != nil {
		return nil, err
	}
	r := &Reproduction{}
	err = r.start(ctx, l, "an experiment", dir, func(ctx context.Context) error {
		grid, err := experiment.Reproduce(ctx, dir, p, l.data, l.gate.yield, r.report)
		if err == nil {
			_, err = experiment.Report(dir, p, grid)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Expect estimates the duration of an experiment in dir on the open data, after measuring the
// training speed of its networks for a second or a few.
func (l *Lab) Expect(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (experiment.Cost, error) {
	p, err := l.plan(e, size, dir)
	if err != nil {
		return experiment.Cost{}, err
	}
	return p.Expect(ctx, l.data, l.gate.yield)
}

// plan returns the plan of an experiment on the open data.
func (l *Lab) plan(e experiment.Experiment, size experiment.Size, dir string) (experiment.Plan, error) {
	if l.source == "" {
		return experiment.Plan{}, errNoData
	}
	if on := experiment.BegunOn(dir); on != "" && on != l.source {
		return experiment.Plan{}, fmt.Errorf("%s was started on %s, but %s is open: open it with --data %s", dir, on, l.source, on)
	}
	if l.data.Train == nil || l.data.Test == nil {
		return experiment.Plan{}, fmt.Errorf("%s lacks training or test images: open another dataset with --data", l.data.Name)
	}
	return e.Plan(size, l.source, experiment.Threads(dir, l.threads)).On(experiment.Device(dir, l.opened.Device)), nil
}
