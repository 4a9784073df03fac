package cl

import (
	"fmt"
	"time"
	"unsafe"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
)

// stream is a [hal.Stream].
type stream struct {
	d     *device
	queue uintptr
	// Uploads go through two areas of host memory that the device reads from fast, in turns.
	areas [2]area
	turn  int
}

// area is host memory that uploads are copied to.
type area struct {
	buffer uintptr
	memory []byte
	done   uintptr // event of the last upload from it; 0 for none
}

// areaSize is the largest piece of an upload in bytes.
const areaSize = 4 << 20

// Stream implements [hal.Device].
func (d *device) Stream(urgent bool) (hal.Stream, error) {
	queue, err := d.queue(urgent)
	if err != nil {
		return nil, err
	}
	return &stream{d: d, queue: queue}, nil
}

// Upload implements [hal.Stream].
func (s *stream) Upload(dst hal.Span, data []byte) error {
	id, err := s.d.memory(dst, len(data))
	if err != nil {
		return err
	}
	for from := 0; from < len(data); from += areaSize {
		piece := data[from:min(from+areaSize, len(data))]
		a := &s.areas[s.turn]
		s.turn = 1 - s.turn
		if err := s.ready(a, len(piece)); err != nil {
			return err
		}
		copy(a.memory, piece)
		err := s.d.check("upload", library.Call(s.d.enqueueWrite, s.queue, id, 0, uintptr(dst.Offset+from), uintptr(len(piece)),
			uintptr(unsafe.Pointer(&a.memory[0])), 0, 0, uintptr(unsafe.Pointer(&a.done))))
		if err != nil {
			return err
		}
	}
	return nil
}

// ready waits until an area has been read, and makes it large enough.
func (s *stream) ready(a *area, bytes int) error {
	if a.done != 0 {
		err := s.d.checkDone("upload", library.Call(s.d.waitForEvents, 1, uintptr(unsafe.Pointer(&a.done))))
		library.Call(s.d.releaseEvent, a.done)
		a.done = 0
		if err != nil {
			return err
		}
	}
	if bytes <= len(a.memory) {
		return nil
	}
	s.release(a)
	size := grain << 8
	for size < bytes {
		size *= 2
	}
	var status int32
	id := library.Call(s.d.createBuffer, s.d.context, readWrite|hostMemory, uintptr(size), 0, uintptr(unsafe.Pointer(&status)))
	if err := s.d.allocated(size, uintptr(status)); err != nil {
		return err
	}
	memory := library.Call(s.d.enqueueMap, s.queue, id, 1, mapWrite, 0, uintptr(size), 0, 0, 0, uintptr(unsafe.Pointer(&status)))
	if err := s.d.allocated(size, uintptr(status)); err != nil {
		library.Call(s.d.releaseMem, id)
		return err
	}
	a.buffer, a.memory = id, unsafe.Slice((*byte)(pointer(memory)), size)
	return nil
}

// release frees an area whose uploads are done.
func (s *stream) release(a *area) {
	if a.buffer != 0 {
		library.Call(s.d.enqueueUnmap, s.queue, a.buffer, uintptr(unsafe.Pointer(&a.memory[0])), 0, 0, 0)
		library.Call(s.d.releaseMem, a.buffer)
		a.buffer, a.memory = 0, nil
	}
}

// pointer makes a pointer of an address outside of Go's memory.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// Download implements [hal.Stream].
func (s *stream) Download(data []byte, src hal.Span) error {
	id, err := s.d.memory(src, len(data))
	if err != nil || len(data) == 0 {
		return err
	}
	return s.d.checkDone("download", library.Call(s.d.enqueueRead, s.queue, id, 1, uintptr(src.Offset), uintptr(len(data)),
		uintptr(unsafe.Pointer(&data[0])), 0, 0, 0))
}

// Copy implements [hal.Stream].
func (s *stream) Copy(dst, src hal.Span) error {
	to, err := s.d.memory(dst, src.Bytes)
	if err != nil {
		return err
	}
	from, err := s.d.memory(src, src.Bytes)
	if err != nil || src.Bytes == 0 {
		return err
	}
	return s.d.check("copy", library.Call(s.d.enqueueCopy, s.queue, from, to, uintptr(src.Offset), uintptr(dst.Offset), uintptr(src.Bytes), 0, 0, 0))
}

// memory is the buffer of a span, which is to have a size.
func (d *device) memory(s hal.Span, bytes int) (uintptr, error) {
	b, ok := s.Buffer.(*buffer)
	switch {
	case !ok || b.d != d:
		return 0, fmt.Errorf("%s: memory of another device", d.info.ID)
	case b.id.Load() == 0:
		return 0, fmt.Errorf("%s: memory that has been freed", d.info.ID)
	case s.Bytes != bytes:
		return 0, fmt.Errorf("%s: %d bytes for a span of %d", d.info.ID, bytes, s.Bytes)
	case s.Offset < 0 || s.Bytes < 0 || s.Bytes > b.bytes || s.Offset > b.bytes-s.Bytes:
		return 0, fmt.Errorf("%s: bytes %d to %d of a buffer of %d", d.info.ID, s.Offset, s.Offset+s.Bytes, b.bytes)
	}
	return b.id.Load(), nil
}

// Flush implements [hal.Stream].
func (s *stream) Flush() error { return s.d.check("flush", library.Call(s.d.flush, s.queue)) }

// Wait implements [hal.Stream].
func (s *stream) Wait() error { return s.d.checkDone("wait", library.Call(s.d.finish, s.queue)) }

// Time implements [hal.Stream]. It is the host's clock: a queue with the device's would be slower
// for all other work.
func (s *stream) Time(enqueue func() error) (time.Duration, error) {
	if err := s.Wait(); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := enqueue(); err != nil {
		return 0, err
	}
	err := s.Wait()
	return time.Since(start), err
}

// Close implements [hal.Stream].
func (s *stream) Close() error {
	err := s.Wait()
	for i := range s.areas {
		if a := &s.areas[i]; a.done != 0 {
			library.Call(s.d.releaseEvent, a.done)
			a.done = 0
		}
		s.release(&s.areas[i])
	}
	library.Call(s.d.releaseQueue, s.queue)
	return err
}
