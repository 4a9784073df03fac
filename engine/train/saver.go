package train

import (
	"fmt"
	"runtime/debug"
	"time"
)

const (
	// checkpointPause is the longest time between checkpoints. A run that is young, or was
	// just taken up again, makes them sooner, so that one that is killed often gets on.
	checkpointPause = 15 * time.Second
	firstPause      = time.Second
	// A checkpoint's copy holds up the training and may take 1/copyShare of the time; its
	// writing, mostly waiting for the disk, is beside it on one of the cores.
	copyShare  = 200
	writeShare = 50
)

// saver writes checkpoints beside the training.
type saver struct {
	folder *folder
	config Config

	started, last time.Time
	pause         time.Duration // the shortest before the next, for what the last one cost
	copy          snapshot
	writing       chan saved // nil while nothing is being written
}

// saved is what became of a checkpoint.
type saved struct {
	position position
	pause    time.Duration // to be made before the next
	err      error
}

// begins is said when training begins.
func (s *saver) begins(now time.Time) { s.started, s.last = now, now }

// due tells whether it is time for a checkpoint; the end of an epoch is a good one.
func (s *saver) due(epochEnds bool) bool {
	now := time.Now()
	since := now.Sub(s.last)
	if s.writing != nil || since < s.pause {
		return false
	}
	return epochEnds || since >= min(checkpointPause, max(firstPause, now.Sub(s.started)/2))
}

// begin copies the run's state and starts to write it. Nothing must be being written.
func (s *saver) begin(at position, r *run) {
	s.last = time.Now()
	s.copy.take(at, r.model, r.trainer.State())
	copied := time.Since(s.last)
	s.writing = make(chan saved, 1)
	go func() {
		begun := time.Now()
		err := s.writeOrFail()
		took := time.Since(begun)
		s.writing <- saved{at, max(copyShare*copied, writeShare*took), err}
	}()
}

// writeOrFail is write where a panic, which here would end the whole program, is an error.
func (s *saver) writeOrFail() (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("writing a checkpoint: %v\n%s", reason, debug.Stack())
		}
	}()
	return s.write()
}

// write writes the copy. Events that it counts on are on the disk before it is.
func (s *saver) write() error {
	if err := s.copy.finite(); err != nil {
		return err
	}
	if err := s.folder.events.Sync(); err != nil {
		return folderError(s.folder.dir, err)
	}
	return s.copy.write(s.folder.dir, s.config)
}

// poll gives what became of a checkpoint that has been written since.
func (s *saver) poll() (saved, bool) {
	if len(s.writing) == 0 { // also where nothing is being written
		return saved{}, false
	}
	return s.wait()
}

// wait waits for the checkpoint that is being written, if there is one.
func (s *saver) wait() (saved, bool) {
	if s.writing == nil {
		return saved{}, false
	}
	done := <-s.writing
	s.writing, s.pause = nil, done.pause
	return done, true
}
