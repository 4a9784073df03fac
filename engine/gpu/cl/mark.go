package cl

import (
	"unsafe"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
)

// mark is a [hal.Mark].
type mark struct {
	d     *device
	event uintptr
}

// Mark implements [hal.Stream].
func (s *stream) Mark() (hal.Mark, error) {
	m := &mark{d: s.d}
	if err := s.d.check("mark", library.Call(s.d.enqueueMarker, s.queue, 0, 0, uintptr(unsafe.Pointer(&m.event)))); err != nil {
		return nil, err
	}
	return m, s.Flush()
}

// Wait implements [hal.Mark].
func (m *mark) Wait() error {
	err := m.d.checkDone("wait", library.Call(m.d.waitForEvents, 1, uintptr(unsafe.Pointer(&m.event))))
	library.Call(m.d.releaseEvent, m.event)
	return err
}
