package train

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Control pauses and resumes a run and requests checkpoints. Its methods do not block. The zero
// value is not paused; every run has its own.
type Control struct {
	mu      sync.Mutex
	paused  time.Time     // since when; zero while it is not paused
	idle    time.Duration // in earlier pauses
	wanted  bool          // a checkpoint is requested
	changed chan struct{} // closed to wake a paused run; nil if none waits

	telling  sync.Mutex
	standing bool // paused, according to the run's events
}

// Pause pauses the run before its next instruction, with its state in memory. Its clock stops, too.
// A PauseEvent marks the moment.
func (c *Control) Pause() {
	c.change(func() {
		if c.paused.IsZero() {
			c.paused = time.Now()
		}
	})
}

// Resume resumes a paused run.
func (c *Control) Resume() {
	c.change(func() {
		if !c.paused.IsZero() {
			c.idle += time.Since(c.paused)
			c.paused = time.Time{}
		}
	})
}

// Paused reports whether the run is or will be paused.
func (c *Control) Paused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.paused.IsZero()
}

// Checkpoint requests a checkpoint after the current step, also in a pause. A CheckpointEvent
// follows when it is written.
func (c *Control) Checkpoint() { c.change(func() { c.wanted = true }) }

func (c *Control) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// pausedFor returns the total time of pauses; 0 for nil.
func (c *Control) pausedFor() time.Duration {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused.IsZero() {
		return c.idle
	}
	return c.idle + time.Since(c.paused)
}

// takeWanted reports and clears a request for a checkpoint; false for nil.
func (c *Control) takeWanted() bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := c.wanted
	c.wanted = false
	return wanted
}

// hold returns nil if the run may continue: it is not paused, or a checkpoint is requested, for
// which the current step has to end. Otherwise it returns a channel that closes on a change.
func (c *Control) hold() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused.IsZero() || c.wanted {
		return nil
	}
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// wait blocks while the run is paused, until ctx ends. tell is called when the run pauses and
// resumes. Several goroutines may wait: those that train and those that read images for evaluation.
func (c *Control) wait(ctx context.Context, tell func(paused bool)) error {
	for {
		runtime.Gosched() // let foreground work start
		changed := c.hold()
		c.stand(changed != nil, tell)
		if changed == nil {
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stand calls tell on a change.
func (c *Control) stand(still bool, tell func(paused bool)) {
	c.telling.Lock()
	defer c.telling.Unlock()
	if c.standing != still {
		c.standing = still
		tell(still)
	}
}
