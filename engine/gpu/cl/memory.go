package cl

import (
	"sync/atomic"
	"unsafe"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
)

// buffer is a [hal.Buffer].
type buffer struct {
	d     *device
	id    atomic.Uintptr // 0 once freed
	bytes int
	size  int // of its memory
}

// grain is the size that the device's memory is filled in; buffers are multiples of it.
const grain = 16

// Alloc implements [hal.Device]. Drivers may reserve memory only when it is first used, so that
// it takes the zeros to know whether there is enough. More than the device has is refused: some
// drivers would take it from the host's memory, which is slow, and on the CPU the system might end
// a process.
func (d *device) Alloc(bytes int) (hal.Buffer, error) {
	size := (max(bytes, 1) + grain - 1) / grain * grain
	free := min(d.largest, d.info.Memory-d.used.Add(int64(size))+int64(size))
	if int64(size) > free {
		d.used.Add(-int64(size))
		return nil, &hal.OutOfMemory{Device: d.info.ID, Need: int64(bytes), Free: max(free, 0)}
	}
	id, err := d.alloc(bytes, size)
	if err != nil {
		d.used.Add(-int64(size))
		return nil, err
	}
	b := &buffer{d: d, bytes: bytes, size: size}
	b.id.Store(id)
	return b, nil
}

// alloc allocates zeroed memory of a size, of which bytes are asked for.
func (d *device) alloc(bytes, size int) (uintptr, error) {
	var status int32
	id := library.Call(d.createBuffer, d.context, readWrite, uintptr(size), 0, uintptr(unsafe.Pointer(&status)))
	if err := d.allocated(bytes, uintptr(status)); err != nil {
		return 0, err
	}
	if err := d.zero(id, size, bytes); err != nil {
		library.Call(d.releaseMem, id)
		return 0, err
	}
	return id, nil
}

// allocated is check of a function that allocates.
func (d *device) allocated(bytes int, r uintptr) error {
	switch c := code(int32(r)); c {
	case allocationFailure, outOfHostMemory, outOfResources, invalidBufferSize:
		if !d.Lost() {
			return &hal.OutOfMemory{Device: d.info.ID, Need: int64(bytes)}
		}
	}
	return d.check("allocating memory", r)
}

func (d *device) zero(id uintptr, size, bytes int) error {
	d.zeroingMu.Lock()
	defer d.zeroingMu.Unlock()
	var zeros [grain]byte
	err := d.allocated(bytes, library.Call(d.enqueueFill, d.zeroing, id, uintptr(unsafe.Pointer(&zeros[0])), grain, 0, uintptr(size), 0, 0, 0))
	if err != nil {
		return err
	}
	return d.allocated(bytes, library.Call(d.finish, d.zeroing))
}

// Bytes implements [hal.Buffer].
func (b *buffer) Bytes() int { return b.bytes }

// Free implements [hal.Buffer]: OpenCL frees what commands use once they are done.
func (b *buffer) Free() {
	if id := b.id.Swap(0); id != 0 {
		library.Call(b.d.releaseMem, id)
		b.d.used.Add(-int64(b.size))
	}
}
