package engine

import (
	"errors"
	"fmt"
	"sync"
)

// slot is where a Lab has what takes hours: a training or an experiment, one at a time.
type slot struct {
	mu     sync.Mutex
	now    occupant // the last one that was started; it may have ended
	closed bool
}

// occupant is what is in a slot until it is done.
type occupant interface {
	Stop()
	Done() <-chan struct{}
	called() string // "a training in runs/first"
}

// take puts o into the slot, or says why there is no room.
func (s *slot) take(o occupant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errors.New("nothing can begin: the data is closed")
	case s.now != nil && !closed(s.now.Done()):
		return fmt.Errorf("%s is under way: stop it first", s.now.called())
	}
	s.now = o
	return nil
}

// end stops what is in the slot and waits for its end. Nothing else gets in.
func (s *slot) end() {
	s.mu.Lock()
	s.closed = true
	o := s.now
	s.mu.Unlock()
	if o != nil {
		o.Stop()
		<-o.Done()
	}
}

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
