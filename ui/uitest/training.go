package uitest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"hfcui/engine/train"
)

// FakeTraining writes an epoch every few milliseconds.
type FakeTraining struct {
	Epochs  atomic.Int64
	Kept    atomic.Int64
	Configs chan train.Config
	Ended   []error  // what was under way when the program ended
	Left    []string // folders of runs left running

	Model    string // the open model
	Imported bool   // its network cannot be trained from scratch
}

func NewFakeTraining() *FakeTraining {
	return &FakeTraining{Configs: make(chan train.Config, 8), Model: "demo"}
}

// fakeRun is a training of it.
type fakeRun struct {
	*FakeTraining
	dir    string
	events *os.File
	done   chan struct{}
	err    error

	mu             sync.Mutex
	paused, wanted bool
}

func (r *fakeRun) set(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

func (r *fakeRun) Pause() { r.set(func() { r.paused = true }) }

func (r *fakeRun) Resume() { r.set(func() { r.paused = false }) }

func (r *fakeRun) Checkpoint() { r.set(func() { r.wanted = true }) }

func (r *fakeRun) Paused() (yes bool) { r.set(func() { yes = r.paused }); return yes }

// Progress stays the same.
func (r *fakeRun) Progress() *train.Progress {
	return &train.Progress{Epoch: 3, Epochs: 10, Doing: "train", Done: 1, Of: 4, Left: 4 * time.Minute}
}

func (r *fakeRun) Done() <-chan struct{} { return r.done }

func (r *fakeRun) Err() error { return r.err }

func (f *FakeTraining) Start(ctx context.Context, c train.Config, dir string) (*fakeRun, error) {
	f.Configs <- c
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	text, _ := json.Marshal(c)
	if err := os.WriteFile(filepath.Join(dir, train.ConfigFile), text, 0o644); err != nil {
		return nil, err
	}
	events, err := os.OpenFile(filepath.Join(dir, train.EventsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	r := &fakeRun{FakeTraining: f, dir: dir, events: events, done: make(chan struct{})}
	go r.train(ctx)
	return r, nil
}

func (r *fakeRun) stamp(kind string) train.Stamp {
	n := int(r.Epochs.Load())
	return train.Stamp{Type: kind, Time: time.Now(), Step: n, Epoch: n}
}

func (r *fakeRun) emit(e train.Event) {
	line, _ := json.Marshal(e)
	r.events.Write(append(line, '\n'))
}

func (r *fakeRun) train(ctx context.Context) {
	defer close(r.done)
	defer r.events.Close()
	for {
		select {
		case <-ctx.Done():
			r.emit(&train.EndEvent{Stamp: r.stamp("end"), Reason: train.Stopped})
			r.err = &train.StoppedError{Dir: r.dir, Step: int(r.Epochs.Load()), Err: ctx.Err()}
			return
		case <-time.After(5 * time.Millisecond):
		}
		r.set(func() {
			if !r.paused {
				r.Epochs.Add(1)
				r.emit(&train.EpochEvent{Stamp: r.stamp("epoch"), Loss: 1})
			}
			if r.wanted {
				r.wanted = false
				r.Kept.Add(1)
				r.emit(&train.CheckpointEvent{Stamp: r.stamp("checkpoint")})
			}
		})
	}
}

func (f *FakeTraining) Recipe() (c train.Config, scratch bool, err error) {
	c = train.Default("resnet20", "shapes")
	c.Model = f.Model
	return c, !f.Imported, nil
}

func (f *FakeTraining) Leave(dir string) { f.Left = append(f.Left, dir) }

func (f *FakeTraining) End(_ string, err error) { f.Ended = append(f.Ended, err) }
