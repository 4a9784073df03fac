package lab

import (
	"context"
	"sync"
)

// gate blocks background work during foreground work, which a user waits for.
type gate struct {
	mu         sync.Mutex
	foreground int           // number of foreground requests
	free       chan struct{} // closed if there are none

	turns turns
}

func newGate() *gate {
	g := &gate{free: make(chan struct{})}
	close(g.free)
	return g
}

// enter blocks background work until the returned function is called.
func (g *gate) enter() (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.foreground++; g.foreground == 1 {
		g.free = make(chan struct{})
	}
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.foreground--; g.foreground == 0 {
			close(g.free)
		}
	})
}

// yield is background work's [plan.Yield] where it holds a program that other work may need: it
// waits until nothing computes in the foreground.
func (g *gate) yield(ctx context.Context) error {
	g.mu.Lock()
	free := g.free
	g.mu.Unlock()
	select {
	case <-free:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// turn is background work's [plan.Yield] where it holds nothing that other work may need: besides
// foreground work it lets other background jobs run first, see [WithPriority].
func (g *gate) turn(ctx context.Context) error {
	if p, ok := ctx.Value(priorityKey{}).(*Priority); ok {
		if err := g.turns.wait(ctx, p); err != nil {
			return err
		}
	}
	return g.yield(ctx)
}
