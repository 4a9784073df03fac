package train

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Control holds a run up, lets it go on and asks it for checkpoints, while it runs. None of
// its methods waits. The zero value lets a run go on; each run has its own.
type Control struct {
	mu      sync.Mutex
	paused  time.Time     // since when; zero while it is not paused
	idle    time.Duration // in pauses before
	wanted  bool          // a checkpoint
	changed chan struct{} // closed when a paused run has to look again; nil while nothing waits

	telling  sync.Mutex
	standing bool // as the run's events have it
}

// Pause lets the run stand still between two instructions. Its state stays in memory, and
// the run's clock stands still, too. A PauseEvent tells when it does.
func (c *Control) Pause() {
	c.change(func() {
		if c.paused.IsZero() {
			c.paused = time.Now()
		}
	})
}

// Resume lets a paused run go on.
func (c *Control) Resume() {
	c.change(func() {
		if !c.paused.IsZero() {
			c.idle += time.Since(c.paused)
			c.paused = time.Time{}
		}
	})
}

// Paused tells whether the run is to stand still.
func (c *Control) Paused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.paused.IsZero()
}

// Checkpoint has the state written as soon as the step under way has ended, also in a pause.
// A CheckpointEvent tells when that is done.
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

// pausedFor is how long the run has been paused in all; nil has never been.
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

// takeWanted tells whether a checkpoint is wanted, once; of nil none is.
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

// hold is nil when the run may go on: it is not paused, or a checkpoint is wanted, for which
// the step under way has to end. Else there is something new when the channel closes.
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

// wait blocks while the run is paused, until ctx ends. tell is called when the run stands
// still, and when it goes on. Several goroutines may wait: those that train and those that
// read images to be measured.
func (c *Control) wait(ctx context.Context, tell func(paused bool)) error {
	for {
		runtime.Gosched() // so that what waits for a processor, to begin in the foreground, gets one
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

// stand tells of a change.
func (c *Control) stand(still bool, tell func(paused bool)) {
	c.telling.Lock()
	defer c.telling.Unlock()
	if c.standing != still {
		c.standing = still
		tell(still)
	}
}
