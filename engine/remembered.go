package engine

import (
	"context"
	"slices"
	"sync"

	"hfcui/engine/measure"
)

// remembered keeps what was asked for last by what determines it.
type remembered[V any] struct {
	mu     sync.Mutex
	most   int // values kept
	byKey  map[string]V
	oldest []string // keys, in the order they came
}

func newRemembered[V any](most int) *remembered[V] {
	return &remembered[V]{most: most, byKey: map[string]V{}}
}

// get returns the value of a key, made by start if there is none yet.
func (r *remembered[V]) get(key string, start func() (V, error)) (V, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.byKey[key]; ok {
		return v, nil
	}
	v, err := start()
	if err != nil {
		return v, err
	}
	r.byKey[key] = v
	if r.oldest = append(r.oldest, key); len(r.oldest) > r.most {
		delete(r.byKey, r.oldest[0])
		r.oldest = slices.Delete(r.oldest, 0, 1)
	}
	return v, nil
}

// measurement is one that can be interrupted, and goes on where it stopped. R is a result.
type measurement[R any] interface {
	Result() R
	Run(ctx context.Context, model measure.Classifier, update func(R)) (R, error)
}

// held is a measurement that several may ask for and one at a time carries on.
type held[R any] struct {
	turn chan struct{} // has room for one: who puts something in it has the measurement
	m    measurement[R]
}

func newHeld[R any](m measurement[R]) *held[R] { return &held[R]{make(chan struct{}, 1), m} }

// carryOn tells update, unless it is nil, what is known already, and measures the rest with
// the model that open gives. begun and done tell how far a result is.
func (h *held[R]) carryOn(ctx context.Context, update func(R), begun, done func(R) bool, open func(R) (measure.Classifier, error)) (R, error) {
	var result R
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return result, ctx.Err()
	}
	result = h.m.Result()
	if update != nil && begun(result) {
		update(result)
	}
	if done(result) {
		return result, nil
	}
	model, err := open(result)
	if err != nil {
		return result, err
	}
	return h.m.Run(ctx, model, update)
}

// latest finds an element of a list that has those used last at its end, made anew if there is
// none, and puts it there. The first leaves a list of more than most.
func latest[E any](list *[]E, most int, is func(E) bool, anew func() E) E {
	var found E
	if i := slices.IndexFunc(*list, is); i >= 0 {
		found = (*list)[i]
		*list = slices.Delete(*list, i, i+1)
	} else {
		found = anew()
	}
	if *list = append(*list, found); len(*list) > most {
		*list = slices.Delete(*list, 0, 1)
	}
	return found
}
