package lab

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// compete runs jobs that compute in steps of a millisecond for a while, and returns the steps of each.
func compete(t *testing.T, g *gate, d time.Duration, jobs ...*Priority) []int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	steps := make([]atomic.Int64, len(jobs))
	done := make(chan struct{})
	for i, p := range jobs {
		go func() {
			own, end := context.WithCancel(WithPriority(ctx, p))
			defer end()
			for g.turn(own) == nil {
				time.Sleep(time.Millisecond)
				steps[i].Add(1)
			}
			done <- struct{}{}
		}()
	}
	for range jobs {
		<-done
	}
	var list []int64
	for i := range steps {
		list = append(list, steps[i].Load())
	}
	return list
}

// The job on screen gets most of the time, and the others some.
func TestTurnsShown(t *testing.T) {
	shown, hidden := &Priority{}, &Priority{}
	shown.Show(true)
	n := compete(t, newGate(), 500*time.Millisecond, hidden, shown)
	if n[0] == 0 || n[1] < 4*n[0] {
		t.Errorf("the job out of sight made %d steps, the one on screen %d", n[0], n[1])
	}
}

// Jobs out of sight share.
func TestTurnsShared(t *testing.T) {
	n := compete(t, newGate(), 300*time.Millisecond, &Priority{}, &Priority{})
	if 2*n[0] < n[1] || 2*n[1] < n[0] {
		t.Errorf("%d and %d steps", n[0], n[1])
	}
}

// A job that was alone before is not held up for that, and one that computes nothing, e.g. a paused
// training run, does not hold up others.
func TestTurnsJoin(t *testing.T) {
	g := newGate()
	old, paused := &Priority{}, &Priority{}
	old.used = time.Hour
	if err := g.turn(WithPriority(t.Context(), paused)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if n := compete(t, g, turnPatience+100*time.Millisecond, old); n[0] == 0 {
		t.Error("a paused job holds the device")
	}
	if old.used > time.Minute {
		t.Errorf("still %v behind after %v", old.used, time.Since(start))
	}
}

// The next job begins as soon as one ends, and waiting ends with the context.
func TestTurnsEnd(t *testing.T) {
	g := newGate()
	first, cancel := context.WithCancel(t.Context())
	if err := g.turn(WithPriority(first, &Priority{})); err != nil {
		t.Fatal(err)
	}
	second, end := context.WithTimeout(WithPriority(t.Context(), &Priority{}), turnPatience/5)
	defer end()
	if err := g.turn(second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting ended with %v", err)
	}
	cancel()
	start := time.Now()
	if err := g.turn(WithPriority(t.Context(), &Priority{})); err != nil || time.Since(start) > turnPatience/2 {
		t.Errorf("waited %v, %v", time.Since(start), err)
	}
}
