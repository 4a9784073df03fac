package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// pool runs loops in parallel on persistent goroutines. The caller works, too, so a pool of n
// threads has n−1.
//
// Starting a loop costs well under a microsecond while the workers are awake: they spin for the
// next one for a while before they sleep. There is one loop at a time; a caller that finds the pool
// busy, or its workers asleep, runs the loop alone.
type pool struct {
	threads int
	busy    sync.Mutex // locked by the caller of the current loop

	// epoch is odd while a loop is open to workers. Its body, size and next may only
	// change while it is even and joined is 0.
	epoch  atomic.Uint64
	joined atomic.Int64
	next   atomic.Int64
	size   int64
	body   func(worker, i int)
	failed atomic.Pointer[any] // what a worker panicked with in this loop

	asleep atomic.Int64
	wake   chan struct{}
	users  int // guarded by busy
	closed atomic.Bool
	done   sync.WaitGroup
}

func newPool(threads int) *pool {
	return &pool{threads: threads, wake: make(chan struct{}, threads)}
}

// acquire starts the workers for the first user.
func (p *pool) acquire() {
	p.busy.Lock()
	defer p.busy.Unlock()
	p.users++
	if p.users == 1 {
		p.closed.Store(false)
		for id := 1; id < p.threads; id++ {
			p.done.Go(func() { p.work(id) })
		}
	}
}

// release ends the workers with the last user.
func (p *pool) release() {
	p.busy.Lock()
	defer p.busy.Unlock()
	p.users--
	if p.users == 0 {
		p.closed.Store(true)
		p.rouse()
		p.done.Wait()
	}
}

// each calls body for 0 … n−1 and returns when all calls have. worker is 0 for calls on this
// goroutine and less than threads for others, and unique among concurrent calls. A panic on another
// goroutine is re-raised here.
func (p *pool) each(n int, body func(worker, i int)) {
	if n <= 1 || p.threads == 1 || !p.busy.TryLock() {
		for i := range n {
			body(0, i)
		}
		return
	}
	defer p.busy.Unlock()
	p.body, p.size = body, int64(n)
	p.next.Store(0)
	p.epoch.Add(1)
	p.rouse()
	defer p.finish()
	p.share(0)
}

// finish waits for the workers that have joined the loop, also after a panic on this goroutine: the
// next loop must not start before.
func (p *pool) finish() {
	p.epoch.Add(1)
	for spins := 0; p.joined.Load() > 0; spins++ {
		pause(spins)
	}
	if reason := p.failed.Swap(nil); reason != nil {
		panic(*reason)
	}
}

// share runs the remaining iterations of the open loop.
func (p *pool) share(worker int) {
	for i := p.next.Add(1) - 1; i < p.size; i = p.next.Add(1) - 1 {
		p.body(worker, int(i))
	}
}

// work is a worker's main loop.
func (p *pool) work(id int) {
	for seen := uint64(0); ; {
		epoch := p.await(seen)
		if p.closed.Load() {
			return
		}
		// After joining, check again: the loop may have ended, and another started, before the
		// caller could see the join.
		p.joined.Add(1)
		if p.epoch.Load() == epoch {
			p.join(id)
		}
		p.joined.Add(-1)
		seen = epoch
	}
}

// join runs a worker's share. A panic is passed to the caller: here it would end the program
// without restoring the terminal.
func (p *pool) join(id int) {
	defer func() {
		if r := recover(); r != nil {
			reason := r // its address is an allocation: only here
			p.failed.CompareAndSwap(nil, &reason)
		}
	}()
	p.share(id)
}

// spins is the number of polls before a worker sleeps: tens of microseconds, longer than sequential
// instructions take.
const spins = 20_000

// await waits for a loop other than the last seen, and returns its epoch.
func (p *pool) await(seen uint64) uint64 {
	ready := func() (uint64, bool) {
		e := p.epoch.Load()
		return e, e&1 == 1 && e != seen || p.closed.Load()
	}
	for {
		for i := range spins {
			if e, ok := ready(); ok {
				return e
			}
			pause(i)
		}
		p.asleep.Add(1)
		if e, ok := ready(); ok && p.unsleep() {
			return e
		}
		<-p.wake
	}
}

// unsleep decrements the number of sleepers; false if it is 0.
func (p *pool) unsleep() bool {
	for {
		n := p.asleep.Load()
		if n == 0 {
			return false
		}
		if p.asleep.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// rouse wakes all sleeping workers.
func (p *pool) rouse() {
	for p.unsleep() {
		p.wake <- struct{}{}
	}
}

// pause yields occasionally.
func pause(i int) {
	if i&63 == 63 {
		runtime.Gosched()
	}
}
