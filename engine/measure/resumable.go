package measure

import (
	"context"
	"slices"
	"sync"
)

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

	mu      sync.Mutex
	waiting []*func(R) // updates of callers that wait for the one that measures
}

// NewResumable wraps a measurement, which must not be used elsewhere.
func NewResumable[R Result](m Measurement[R]) *Resumable[R] {
	return &Resumable[R]{running: make(chan struct{}, 1), measurement: m}
}

// Resume reports the result so far to update, which may be nil, and measures the rest with the
// classifier that open returns. While another caller measures, its results are reported, too, from its
// goroutine; should it be canceled, the measurement continues here. Waiting ends with ctx.
func (r *Resumable[R]) Resume(ctx context.Context, update func(R), open func(R) (Classifier, error)) (R, error) {
	if err := r.wait(ctx, update); err != nil {
		var none R
		return none, err
	}
	defer func() { <-r.running }()
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
	return r.measurement.Run(ctx, c, func(now R) {
		if update != nil {
			update(now)
		}
		r.tell(now)
	})
}

// wait takes the semaphore. Until then update, unless nil, gets the results of the caller that has it.
func (r *Resumable[R]) wait(ctx context.Context, update func(R)) error {
	select {
	case r.running <- struct{}{}:
		return nil
	default:
	}
	if update != nil {
		r.mu.Lock()
		r.waiting = append(r.waiting, &update)
		r.mu.Unlock()
		defer func() {
			r.mu.Lock()
			r.waiting = slices.DeleteFunc(r.waiting, func(f *func(R)) bool { return f == &update })
			r.mu.Unlock()
		}()
	}
	select {
	case r.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell reports a result to the callers that wait. They must not be left meanwhile: an update never comes
// after Resume has returned.
func (r *Resumable[R]) tell(now R) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, update := range r.waiting {
		(*update)(now)
	}
}
