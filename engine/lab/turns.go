package lab

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Background jobs take turns on the device, so that each runs at full speed while it runs: those
// of the page on screen most of the time, others rarely, none never.
const (
	shownShare   = 9                      // turns of a job of the page on screen for each of another
	turnSlice    = 40 * time.Millisecond  // the shortest turn, which keeps caches warm
	turnPatience = 250 * time.Millisecond // until a job that makes no progress is passed over
	turnDebt     = time.Second            // the largest lead of one job over another that is made up for
)

// Priority is a background job's claim to the device, passed on by contexts. The zero value is that
// of a job out of sight.
type Priority struct {
	shown atomic.Bool
	once  sync.Once
	used  time.Duration // device time divided by the share; guarded by turns.mu
}

// Show sets whether the job's page is on screen.
func (p *Priority) Show(shown bool) { p.shown.Store(shown) }

type priorityKey struct{}

// WithPriority returns a context under which background work takes turns with other such work.
// Work under any other context does not wait for it.
func WithPriority(ctx context.Context, p *Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// turns shares the device among background jobs. The zero value is ready.
type turns struct {
	mu      sync.Mutex
	holder  *Priority // whose turn it is; nil: nobody's
	since   time.Time // the start of the turn
	seen    time.Time // the holder's last call
	waiting []*Priority
	changed chan struct{} // closed when the holder changes; nil if nobody waits
}

// wait returns when it is the turn of p, until ctx ends. It costs little while p is alone.
func (t *turns) wait(ctx context.Context, p *Priority) error {
	p.once.Do(func() { context.AfterFunc(ctx, func() { t.end(p) }) })
	t.mu.Lock()
	for !t.mine(p, time.Now()) {
		t.waiting = append(t.waiting, p)
		if t.changed == nil {
			t.changed = make(chan struct{})
		}
		changed, late := t.changed, time.NewTimer(turnPatience-time.Since(t.seen))
		t.mu.Unlock()
		select {
		case <-changed:
		case <-late.C:
		case <-ctx.Done():
		}
		late.Stop()
		t.mu.Lock()
		if i := slices.Index(t.waiting, p); i >= 0 {
			t.waiting = slices.Delete(t.waiting, i, i+1)
		}
		if err := ctx.Err(); err != nil {
			t.leave(p)
			t.mu.Unlock()
			return err
		}
	}
	t.mu.Unlock()
	return nil
}

// mine registers a request of p to compute, and reports whether it may. t.mu is held.
func (t *turns) mine(p *Priority, now time.Time) bool {
	if t.holder == p {
		t.charge(now)
		if len(t.waiting) == 0 || now.Sub(t.since) < turnSlice {
			return true
		}
		next := t.next(p)
		if t.since = now; next != p {
			t.pass(next, now)
		}
		return next == p
	}
	t.join(p)
	if t.holder == nil || now.Sub(t.seen) > turnPatience {
		t.charge(now)
		t.pass(t.next(p), now)
	}
	return t.holder == p
}

// charge adds the time since the holder's last call to what it has used.
func (t *turns) charge(now time.Time) {
	if h := t.holder; h != nil {
		share := time.Duration(1)
		if h.shown.Load() {
			share = shownShare
		}
		h.used += now.Sub(t.seen) / share
	}
	t.seen = now
}

// next returns which of p and those waiting has used least.
func (t *turns) next(p *Priority) *Priority {
	for _, q := range t.waiting {
		if q.used < p.used {
			p = q
		}
	}
	return p
}

// pass gives the turn to p, which may be nil.
func (t *turns) pass(p *Priority, now time.Time) {
	t.holder, t.since, t.seen = p, now, now
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// join has a job neither make up for the time before it came, nor pay for that when it was alone.
func (t *turns) join(p *Priority) {
	others := t.waiting
	if t.holder != nil {
		others = append(slices.Clone(others), t.holder)
	}
	others = slices.DeleteFunc(slices.Clone(others), func(q *Priority) bool { return q == p })
	if len(others) == 0 {
		return
	}
	least, most := others[0].used, others[0].used
	for _, q := range others {
		least, most = min(least, q.used), max(most, q.used)
	}
	p.used = min(max(p.used, least), most+turnDebt)
}

// leave ends the turn of a job that has ended, if it is its turn. t.mu is held.
func (t *turns) leave(p *Priority) {
	if t.holder == p {
		t.charge(time.Now())
		t.pass(nil, time.Now())
	}
}

// end removes p when its job has ended.
func (t *turns) end(p *Priority) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leave(p)
}
