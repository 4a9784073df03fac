package engine

import (
	"context"
	"sync"
)

// gate lets what a person waits for go before background work.
type gate struct {
	mu     sync.Mutex
	inside int
	free   chan struct{} // closed while nobody is inside
}

func newGate() *gate {
	g := &gate{free: make(chan struct{})}
	close(g.free)
	return g
}

// enter holds up background work until the returned function is called.
func (g *gate) enter() (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside++; g.inside == 1 {
		g.free = make(chan struct{})
	}
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.inside--; g.inside == 0 {
			close(g.free)
		}
	})
}

// background returns a context for work that stands back: asking it whether it is
// cancelled, as programs do between instructions, waits until nobody is inside.
func (g *gate) background(ctx context.Context) context.Context { return backgroundContext{ctx, g} }

type backgroundContext struct {
	context.Context
	gate *gate
}

func (c backgroundContext) Err() error {
	c.gate.mu.Lock()
	free := c.gate.free
	c.gate.mu.Unlock()
	select {
	case <-free:
	case <-c.Context.Done():
	}
	return c.Context.Err()
}
