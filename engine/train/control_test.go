package train

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A run that is held up now and then, also while it measures, is the run that it would have
// been, and says when it stood still.
func TestPausedRunIsTheSame(t *testing.T) {
	c, data := small()
	device := testDevice(t)
	whole, held := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "held")
	if _, err := Run(t.Context(), whole, c, data, device, Options{}); err != nil {
		t.Fatal(err)
	}
	control := new(Control)
	pauses, paused := 0, make(chan struct{}, 1000)
	go func() {
		for range paused {
			if pauses++; pauses%3 == 0 {
				control.Checkpoint()
			}
			time.Sleep(time.Millisecond)
			control.Resume()
		}
	}()
	o := Options{Control: control, Progress: func(Progress) { control.Pause(); paused <- struct{}{} }}
	type key struct{}
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 1), time.Hour) // a pause does not depend on it
	defer cancel()
	if _, err := Run(ctx, held, c, data, device, o); err != nil {
		t.Fatal(err)
	}
	close(paused)
	sameRun(t, held, whole)
	still, count := false, 0
	for _, e := range readEvents(t, held) {
		switch e.(type) {
		case *PauseEvent:
			if still {
				t.Error("paused twice")
			}
			still = true
			count++
		case *ResumeEvent:
			if !still {
				t.Error("goes on without a pause")
			}
			still = false
		case *StepEvent, *EpochEvent, *BandsEvent:
			if still {
				t.Errorf("%+v in a pause", e)
			}
		}
	}
	if count < 5 || still {
		t.Errorf("%d pauses, the last one ended: %v", count, !still)
	}
}

// A run that ends in a pause keeps what it did.
func TestStoppedInAPause(t *testing.T) {
	c, data := small()
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	control := new(Control)
	o := Options{Control: control, Progress: func(p Progress) {
		if p.Done == 3 {
			control.Pause()
		}
	}, Event: func(e Event) {
		if _, ok := e.(*PauseEvent); ok {
			cancel()
		}
	}}
	if _, err := Run(ctx, dir, c, data, testDevice(t), o); err == nil {
		t.Fatal("it did not end")
	}
	events := readEvents(t, dir)
	if end, ok := events[len(events)-1].(*EndEvent); !ok || end.Reason != Stopped || end.Step < 3 {
		t.Errorf("%+v", events[len(events)-1])
	}
}

// A run yields, also without a Control and under a context made of another, between
// instructions and while it measures; an error it is given ends it.
func TestRunYields(t *testing.T) {
	c, data := small()
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, 1))
	defer cancel()
	yields := map[string]int{}
	doing := "train"
	var mu sync.Mutex
	o := Options{
		Yield: func(ctx context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			yields[doing]++
			return ctx.Err()
		},
		Progress: func(p Progress) {
			mu.Lock()
			defer mu.Unlock()
			doing = p.Doing
		},
	}
	if _, err := Run(ctx, filepath.Join(t.TempDir(), "run"), c, data, testDevice(t), o); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"train", "test", "bands"} {
		if yields[what] < 10 {
			t.Errorf("a run yields %d times in %s", yields[what], what)
		}
	}
	ended := errors.New("ended")
	o = Options{Yield: func(context.Context) error { return ended }}
	if _, err := Run(ctx, filepath.Join(t.TempDir(), "run"), c, data, testDevice(t), o); !errors.Is(err, ended) {
		t.Errorf("a run that may not go on ends with %v", err)
	}
}
