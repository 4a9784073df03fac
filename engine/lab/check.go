package lab

import (
	"context"
	"sync"

	"hfcui/engine/bands"
	"hfcui/engine/candidates"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// Reading is how the open model was read, and what a check against labels found.
type Reading struct {
	model.Reading
	candidates.Result
}

// Unverified is the note where assumptions about a model could not be compared with labels.
const Unverified = "assumptions about the model were not checked against labels"

// Unchecked reports whether something is assumed of the model that was not checked.
func (r Reading) Unchecked() bool { return r.Checked == 0 && r.Open() }

// Reading describes how the open model was read, with what a check of it has found so far.
func (l *Lab) Reading() Reading {
	now := l.selected.Load()
	return Reading{now.model.Reading(), now.checks.known(now.split)}
}

// Check compares what is assumed of the open model with what else it could be, on labeled
// images of the selected split, as background work. Nothing is checked without labels, or where
// kernels were smoothed, whose gain a wrong normalization would make up for. update, which may
// be nil, is called with the number of images evaluated. The result is kept.
func (l *Lab) Check(ctx context.Context, update func(evaluated int)) (Reading, error) {
	now, end, err := l.resolve(ctx, "", "", &bands.Setting{})
	if err != nil {
		return Reading{}, err
	}
	defer end()
	r := Reading{Reading: now.model.Reading()}
	if now.checkLabels() != nil || len(now.model.Smoothings()) > 0 {
		return r, nil
	}
	c := &now.checks
	select {
	case c.running <- struct{}{}:
		defer func() { <-c.running }()
	case <-ctx.Done():
		return r, ctx.Err()
	}
	if r.Result = c.known(now.split); r.Checked > 0 {
		return r, nil
	}
	r.Result, err = candidates.Check(ctx, candidates.Request{
		Model: now.model, Given: now.given, Images: now.Inputs, Update: update, Device: plan.Yielding(l.compute.Load(), l.gate.turn),
		Reopen: func(d model.Description) (*model.Model, error) {
			m, err := model.LoadAs(now.path, d)
			if err != nil || now.outputs == nil {
				return m, err
			}
			return m.Select(now.outputs)
		},
	})
	if err == nil {
		c.keep(now.split, r.Result)
	}
	return r, err
}

// checks are the results of checks of a model by split. One check runs at a time.
type checks struct {
	running chan struct{} // semaphore of one
	mu      sync.Mutex
	done    map[string]candidates.Result
}

func newChecks() checks {
	return checks{running: make(chan struct{}, 1), done: map[string]candidates.Result{}}
}

func (c *checks) known(split string) candidates.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done[split]
}

func (c *checks) keep(split string, r candidates.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[split] = r
}
