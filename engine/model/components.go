package model

import (
	"context"
	"fmt"

	"hfcui/engine/measure"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Splitting is a Classifier whose device may split images.
type Splitting interface {
	measure.Classifier
	// Splits reports whether the device splits images.
	Splits() bool
	// ComponentLogits is Logits for n components of c from number from on. c does not change between
	// calls with it. It returns false, and does nothing, where the device cannot split the images.
	ComponentLogits(ctx context.Context, dst []float32, c *plan.Components, from, n int) (bool, error)
	// Distances sets dst to the distances of c's low-pass images from their whole images, [radii][images].
	// It returns false as ComponentLogits does.
	Distances(ctx context.Context, dst []plan.Distance, c *plan.Components) (bool, error)
}

var _ Splitting = (*Evaluator)(nil)

// Splits implements Splitting.
func (e *Evaluator) Splits() bool {
	_, ok := e.exe.(plan.Splitting)
	return ok
}

// split has the device split c's images, unless it has; nil if it cannot.
func (e *Evaluator) split(ctx context.Context, c *plan.Components) (plan.Splitting, error) {
	exe, ok := e.exe.(plan.Splitting)
	if !ok || e.components == c {
		return exe, nil
	}
	e.components = nil
	if done, err := exe.Split(ctx, nets.InputName, c); !done || err != nil {
		return nil, err
	}
	e.components = c
	return exe, nil
}

// ComponentLogits implements Splitting.
func (e *Evaluator) ComponentLogits(ctx context.Context, dst []float32, c *plan.Components, from, n int) (bool, error) {
	if err := e.checkBatch(n, len(dst)); err != nil {
		return false, err
	}
	exe, err := e.split(ctx, c)
	if exe == nil || err != nil {
		return false, err
	}
	classes := e.model.Net.Classes
	for at := 0; at < n; at += e.microBatch {
		to := min(n, at+e.microBatch)
		if err := exe.SetComponents(from+at, to-at); err != nil {
			return false, err
		}
		if err := e.run(ctx, dst[at*classes:to*classes]); err != nil {
			return false, err
		}
	}
	return true, nil
}

// Distances implements Splitting.
func (e *Evaluator) Distances(ctx context.Context, dst []plan.Distance, c *plan.Components) (bool, error) {
	exe, err := e.split(ctx, c)
	if exe == nil || err != nil {
		return false, err
	}
	return true, exe.Distances(dst)
}

// checkBatch returns an error unless a batch may have n images and a number of output values.
func (e *Evaluator) checkBatch(n, outputs int) error {
	switch {
	case n < 1 || n > e.batch:
		return fmt.Errorf("%d images for a batch of %d", n, e.batch)
	case n < e.batch && e.wholeBatch():
		return fmt.Errorf("batch statistics need batches of exactly %d images, not %d", e.batch, n)
	case outputs < n*e.model.Net.Classes:
		return fmt.Errorf("%d output values for %d images", outputs, n)
	}
	return nil
}
