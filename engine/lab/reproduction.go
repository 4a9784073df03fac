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
	now, end, err := l.model(ctx, "")
	if err != nil {
		return nil, err
	}
	defer end()
	p, err := l.plan(now.data, e, size, dir)
	if err != nil {
		return nil, err
	}
	r := &Reproduction{}
	err = r.start(ctx, l, "an experiment", dir, now.data, func(ctx context.Context) error {
		grid, err := experiment.Reproduce(ctx, dir, p, now.data.Data, l.gate.turn, r.report)
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
	now, end, err := l.model(ctx, "")
	if err != nil {
		return experiment.Cost{}, err
	}
	defer end()
	p, err := l.plan(now.data, e, size, dir)
	if err != nil {
		return experiment.Cost{}, err
	}
	return p.Expect(ctx, now.data.Data, l.gate.turn)
}

// plan returns the plan of an experiment on the open data.
func (l *Lab) plan(data *source, e experiment.Experiment, size experiment.Size, dir string) (experiment.Plan, error) {
	if data.origin == "" {
		return experiment.Plan{}, errNoData
	}
	if on := experiment.BegunOn(dir); on != "" && on != data.origin {
		return experiment.Plan{}, fmt.Errorf("%s was started on %s, but %s is open: open %s", dir, on, data.origin, on)
	}
	if data.Train == nil || data.Test == nil {
		return experiment.Plan{}, fmt.Errorf("%s lacks training or test images: open another dataset", data.Name)
	}
	return e.Plan(size, data.origin, experiment.Threads(dir, l.threads)).On(experiment.Device(dir, l.compute.Load().chosen())), nil
}
