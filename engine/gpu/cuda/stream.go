package cuda

import (
	"errors"
	"sync"
	"time"

	"hfcui/engine/gpu/hal"
)

// stream is a [hal.Stream].
type stream struct {
	d     *device
	id    Stream
	areas [2]area
	turn  int
	timer [2]Event  // made when first used
	dnn   DNNHandle // opened when first used

	marksMu sync.Mutex
	marks   []Event // all that have been made
	free    []Event // those that are not in use
}

// area is host memory of the driver, which copies go through: the device copies from and to it by
// itself, while the other area is filled or emptied.
type area struct {
	memory []byte
	done   Event // after the last copy
	busy   bool  // done has been recorded and not been waited for
}

// areaSize is the largest piece of a copy in bytes.
const areaSize = 4 << 20

// Stream implements [hal.Device].
func (d *device) Stream(urgent bool) (hal.Stream, error) {
	id, err := d.context.OpenStream(urgent)
	if err := d.check("opening a stream", err); err != nil {
		return nil, err
	}
	return &stream{d: d, id: id}, nil
}

// next returns the area whose turn it is, free and of a size.
func (s *stream) next(bytes int) (*area, error) {
	a := &s.areas[s.turn]
	s.turn = 1 - s.turn
	if err := s.settle(a); err != nil {
		return nil, err
	}
	if a.done == 0 {
		var err error
		if a.done, err = s.d.context.NewEvent(false); err != nil {
			return nil, s.d.check("staging", err)
		}
	}
	if bytes <= len(a.memory) {
		return a, nil
	}
	size := 4096
	for size < bytes {
		size *= 2
	}
	memory, err := s.d.context.AllocHost(size)
	if err != nil {
		return nil, s.d.check("staging", err)
	}
	old := a.memory
	a.memory = memory
	if old != nil {
		return a, s.d.check("staging", s.d.context.FreeHost(old))
	}
	return a, nil
}

// settle waits for the area's last copy.
func (s *stream) settle(a *area) error {
	if !a.busy {
		return nil
	}
	a.busy = false
	return s.d.check("copying", s.d.context.WaitEvent(a.done))
}

// sent notes that a copy of the area has been enqueued.
func (s *stream) sent(a *area, err error) error {
	if err == nil {
		err = s.d.context.Record(s.id, a.done)
	}
	a.busy = err == nil
	return s.d.check("copying", err)
}

// Upload implements [hal.Stream].
func (s *stream) Upload(dst hal.Span, data []byte) error {
	at, err := s.d.address(dst, len(data))
	if err != nil {
		return err
	}
	for from := 0; from < len(data); from += areaSize {
		piece := data[from:min(from+areaSize, len(data))]
		a, err := s.next(len(piece))
		if err != nil {
			return err
		}
		copy(a.memory, piece)
		if err := s.sent(a, s.d.context.Upload(s.id, at+Address(from), a.memory[:len(piece)])); err != nil {
			return err
		}
	}
	return nil
}

// Download implements [hal.Stream]. While a piece arrives, the one before is copied to data.
func (s *stream) Download(data []byte, src hal.Span) error {
	at, err := s.d.address(src, len(data))
	if err != nil {
		return err
	}
	var before *area
	var piece []byte
	finish := func() error {
		if before == nil {
			return nil
		}
		if err := s.settle(before); err != nil {
			return err
		}
		copy(piece, before.memory)
		return nil
	}
	for from := 0; from < len(data); from += areaSize {
		to := data[from:min(from+areaSize, len(data))]
		a, err := s.next(len(to))
		if err != nil {
			return err
		}
		if err := s.sent(a, s.d.context.Download(s.id, a.memory[:len(to)], at+Address(from))); err != nil {
			return err
		}
		if err := finish(); err != nil {
			return err
		}
		before, piece = a, to
	}
	if before == nil {
		return s.Wait()
	}
	return finish()
}

// Copy implements [hal.Stream].
func (s *stream) Copy(dst, src hal.Span) error {
	to, err := s.d.address(dst, src.Bytes)
	if err != nil {
		return err
	}
	from, err := s.d.address(src, src.Bytes)
	if err != nil || src.Bytes == 0 {
		return err
	}
	return s.d.check("copying", s.d.context.Copy(s.id, to, from, src.Bytes))
}

// Flush implements [hal.Stream]: work starts when it is enqueued.
func (s *stream) Flush() error { return s.d.check("flush", nil) }

// Wait implements [hal.Stream].
func (s *stream) Wait() error { return s.d.check("running", s.d.context.Wait(s.id)) }

// mark is a [hal.Mark].
type mark struct {
	s     *stream
	event Event
}

// Mark implements [hal.Stream].
func (s *stream) Mark() (hal.Mark, error) {
	e, err := s.markEvent()
	if err == nil {
		err = s.d.context.Record(s.id, e)
	}
	return &mark{s, e}, s.d.check("marking", err)
}

// markEvent returns an event that is not in use.
func (s *stream) markEvent() (Event, error) {
	s.marksMu.Lock()
	defer s.marksMu.Unlock()
	if n := len(s.free); n > 0 {
		e := s.free[n-1]
		s.free = s.free[:n-1]
		return e, nil
	}
	e, err := s.d.context.NewEvent(false)
	if err == nil {
		s.marks = append(s.marks, e)
	}
	return e, err
}

// Wait implements [hal.Mark].
func (m *mark) Wait() error {
	err := m.s.d.check("running", m.s.d.context.WaitEvent(m.event))
	m.s.marksMu.Lock()
	defer m.s.marksMu.Unlock()
	m.s.free = append(m.s.free, m.event)
	return err
}

// Time implements [hal.Stream].
func (s *stream) Time(enqueue func() error) (time.Duration, error) {
	c := s.d.context
	for i := range s.timer {
		if s.timer[i] == 0 {
			var err error
			if s.timer[i], err = c.NewEvent(true); err != nil {
				return 0, s.d.check("timing", err)
			}
		}
	}
	if err := s.d.check("timing", c.Record(s.id, s.timer[0])); err != nil {
		return 0, err
	}
	if err := enqueue(); err != nil {
		return 0, err
	}
	err := c.Record(s.id, s.timer[1])
	if err == nil {
		err = c.WaitEvent(s.timer[1])
	}
	if err := s.d.check("timing", err); err != nil {
		return 0, err
	}
	took, err := c.Elapsed(s.timer[0], s.timer[1])
	return took, s.d.check("timing", err)
}

// Close implements [hal.Stream].
func (s *stream) Close() error {
	err := s.Wait()
	c := s.d.context
	var errs []error
	for i := range s.areas {
		if a := &s.areas[i]; a.memory != nil {
			errs = append(errs, c.FreeHost(a.memory))
		}
	}
	for _, e := range append(s.marks, s.areas[0].done, s.areas[1].done, s.timer[0], s.timer[1]) {
		if e != 0 {
			errs = append(errs, c.FreeEvent(e))
		}
	}
	s.areas, s.timer, s.marks, s.free = [2]area{}, [2]Event{}, nil, nil
	errs = append(errs, s.d.closeDNN(s.dnn), c.CloseStream(s.id))
	if err != nil {
		return err
	}
	return s.d.check("closing a stream", errors.Join(errs...))
}
