package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestPoolRunsEachCallOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 5} {
		p := newPool(threads)
		p.acquire()
		for n := range 40 {
			counts := make([]atomic.Int32, n)
			working := make([]atomic.Bool, threads)
			p.each(n, func(worker, i int) {
				if working[worker].Swap(true) {
					t.Error("a worker in two calls at the same time")
				}
				counts[i].Add(1)
				working[worker].Store(false)
			})
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Fatalf("%d threads: call %d of %d happened %d times", threads, i, n, c)
				}
			}
			if n%10 == 0 {
				time.Sleep(5 * time.Millisecond) // the workers fall asleep
			}
		}
		p.release()
	}
}

func TestPoolServesSeveral(t *testing.T) {
	p := newPool(3)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			p.acquire()
			defer p.release()
			for range 500 {
				var sum atomic.Int64
				p.each(50, func(_, i int) { sum.Add(int64(i)) })
				if sum.Load() != 50*49/2 {
					t.Errorf("sum %d", sum.Load())
				}
			}
		})
	}
	wg.Wait()
}

func TestPoolLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	p := newPool(4)
	for range 3 {
		p.acquire()
		p.each(10, func(int, int) {})
		p.release()
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func BenchmarkHandOver(b *testing.B) {
	p := newPool(2)
	p.acquire()
	defer p.release()
	body := func(int, int) {}
	for b.Loop() {
		p.each(2, body)
	}
}

func TestPoolPanicsInTheCaller(t *testing.T) {
	p := newPool(3)
	p.acquire()
	defer p.release()
	for bad := range 20 {
		caught := func() (reason any) {
			defer func() { reason = recover() }()
			p.each(20, func(_, i int) {
				time.Sleep(50 * time.Microsecond) // so that workers take calls, too
				if i == bad {
					panic(bad)
				}
			})
			return nil
		}()
		if caught != bad {
			t.Fatalf("call %d panicked and the caller got %v", bad, caught)
		}
		var sum atomic.Int64
		p.each(10, func(_, i int) { sum.Add(int64(i)) })
		if sum.Load() != 45 {
			t.Fatalf("after a panic calls are lost: sum %d", sum.Load())
		}
	}
}
