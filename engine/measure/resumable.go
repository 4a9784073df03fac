package measure

import "context"

// Result is the state of a measurement.
type Result interface {
	Started() bool  // there is a first result
	Finished() bool // nothing is left to measure
}

// Measurement can be interrupted and continues where it stopped.
type Measurement[R Result] interface {
	Result() R
	Run(ctx context.Context, c Classifier, update func(R)) (R, error)
}

// Resumable is a measurement that several callers may request and that runs once at a time.
type Resumable[R Result] struct {
	running     chan struct{} // semaphore of one
	measurement Measurement[R]
}

// NewResumable wraps a measurement, which must not be used elsewhere.
func NewResumable[R Result](m Measurement[R]) *Resumable[R] {
	return &Resumable[R]{make(chan struct{}, 1), m}
}

// Resume reports the result so far to update, which may be nil, and measures the rest with the
// classifier that open returns. Waiting for another caller ends with ctx, too.
func (r *Resumable[R]) Resume(ctx context.Context, update func(R), open func(R) (Classifier, error)) (R, error) {
	select {
	case r.running <- struct{}{}:
		defer func() { <-r.running }()
	case <-ctx.Done():
		var none R
		return none, ctx.Err()
	}
	result := r.measurement.Result()
	if update != nil && result.Started() {
		update(result)
	}
	if result.Finished() {
		return result, nil
	}
	c, err := open(result)
	if err != nil {
		return result, err
	}
	return r.measurement.Run(ctx, c, update)
}
