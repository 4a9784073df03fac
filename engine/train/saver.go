package train

import (
	"fmt"
	"runtime/debug"
	"time"
)

const (
	// checkpointPause is the maximum time between checkpoints. They are more frequent at the start
	// and after resuming, so that a run that is often killed makes progress.
	checkpointPause = 15 * time.Second
	firstPause      = time.Second
	// Copying the state blocks training and may take 1/copyShare of the time; writing, mostly
	// waiting for the disk, runs in the background on one core.
	copyShare  = 200
	writeShare = 50
)

// saver writes checkpoints in the background.
type saver struct {
	folder *folder
	config Config

	started, last time.Time
	pause         time.Duration // minimum until the next, by the cost of the last one
	copy          snapshot
	writing       chan saved // nil if no checkpoint is being written
}

// saved is the outcome of a checkpoint.
type saved struct {
	position position
	pause    time.Duration // until the next
	err      error
}

// begins marks the start of training.
func (s *saver) begins(now time.Time) { s.started, s.last = now, now }

// due reports whether a checkpoint is due; ends of epochs are preferred.
func (s *saver) due(epochEnds bool) bool {
	now := time.Now()
	since := now.Sub(s.last)
	if s.writing != nil || since < s.pause {
		return false
	}
	return epochEnds || since >= min(checkpointPause, max(firstPause, now.Sub(s.started)/2))
}

// begin copies the run's state and starts writing it. No other write may be pending.
func (s *saver) begin(at position, r *run) error {
	s.last = time.Now()
	if err := r.trainer.Sync(); err != nil {
		return err
	}
	state, err := r.trainer.State()
	if err != nil {
		return err
	}
	s.copy.take(at, r.model, state)
	copied := time.Since(s.last)
	s.writing = make(chan saved, 1)
	go func() {
		begun := time.Now()
		err := s.writeOrFail()
		took := time.Since(begun)
		s.writing <- saved{at, max(copyShare*copied, writeShare*took), err}
	}()
	return nil
}

// writeOrFail is write with panics, which would end the program, as errors.
func (s *saver) writeOrFail() (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("writing a checkpoint: %v\n%s", reason, debug.Stack())
		}
	}()
	return s.write()
}

// write writes the copy, after the events before it are on disk.
func (s *saver) write() error {
	if err := s.copy.finite(); err != nil {
		return err
	}
	if err := s.folder.events.Sync(); err != nil {
		return folderError(s.folder.dir, err)
	}
	return s.copy.write(s.folder.dir, s.config)
}

// poll returns the outcome of a completed checkpoint, if any.
func (s *saver) poll() (saved, bool) {
	if len(s.writing) == 0 { // also if none is being written
		return saved{}, false
	}
	return s.wait()
}

// wait waits for the pending checkpoint, if any.
func (s *saver) wait() (saved, bool) {
	if s.writing == nil {
		return saved{}, false
	}
	done := <-s.writing
	s.writing, s.pause = nil, done.pause
	return done, true
}
