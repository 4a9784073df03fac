package spectral

import (
	"sync"
	"sync/atomic"
)

// pool runs numbered tasks on several goroutines that end with the call, so that there is nothing
// to close. It is not safe for concurrent use.
type pool struct {
	threads int
	tasks   int64
	task    func(worker, i int)
	next    atomic.Int64
	workers atomic.Int64
	done    sync.WaitGroup
	spawned func() // created once: a go statement with arguments would allocate
	failure atomic.Pointer[any]
}

func newPool(threads int) *pool {
	p := &pool{threads: max(threads, 1)}
	p.spawned = func() {
		defer p.done.Done()
		p.drain(int(p.workers.Add(1)))
	}
	return p
}

// each calls task for i = 0 … n-1 in any order and returns when all calls have. worker <
// p.threads differs between concurrent calls. A panic in a task is re-raised in the caller,
// where it can be recovered.
func (p *pool) each(n int, task func(worker, i int)) {
	threads := min(p.threads, n)
	if threads <= 1 {
		for i := range n {
			task(0, i)
		}
		return
	}
	p.tasks, p.task = int64(n), task
	p.next.Store(0)
	p.workers.Store(0)
	p.failure.Store(nil)
	p.done.Add(threads - 1)
	for range threads - 1 {
		go p.spawned()
	}
	p.drain(0)
	p.done.Wait()
	p.task = nil
	if failure := p.failure.Load(); failure != nil {
		panic(*failure)
	}
}

// drain runs tasks until there are none left.
func (p *pool) drain(worker int) {
	defer func() {
		if reason := recover(); reason != nil {
			failure := reason // escapes to the heap only here
			p.failure.Store(&failure)
			p.next.Store(p.tasks) // stop the others
		}
	}()
	for i := p.next.Add(1) - 1; i < p.tasks; i = p.next.Add(1) - 1 {
		p.task(worker, int(i))
	}
}
