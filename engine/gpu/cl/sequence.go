package cl

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
)

// sequence is a [hal.Sequence].
type sequence struct {
	s        *stream
	launches []launch
	parts    map[hal.Span]uintptr // sub-buffers
}

// launch is a kernel with its arguments.
type launch struct {
	kernel        *kernel
	object        uintptr
	global, local [3]uintptr // threads of the grid and of a group
	ran           *atomic.Bool
}

// Prepare implements [hal.Stream].
func (s *stream) Prepare(launches []hal.Launch) (hal.Sequence, error) {
	q := &sequence{s: s, launches: make([]launch, 0, len(launches)), parts: map[hal.Span]uintptr{}}
	for _, l := range launches {
		if err := q.add(l); err != nil {
			return nil, errors.Join(err, q.Close())
		}
	}
	return q, nil
}

func (q *sequence) add(h hal.Launch) error {
	d := q.s.d
	k, ok := h.Kernel.(*kernel)
	if !ok || k.p.d != d {
		return fmt.Errorf("%s: a kernel of another device", d.info.ID)
	}
	if min(h.Groups[0], h.Groups[1], h.Groups[2], h.Threads) < 1 || h.Threads > d.info.Threads {
		return fmt.Errorf("%s: kernel %s in %v groups of %d threads, of at most %d", d.info.ID, k.name, h.Groups, h.Threads, d.info.Threads)
	}
	object, err := k.object()
	if err != nil {
		return err
	}
	q.launches = append(q.launches, launch{
		kernel: k, object: object, ran: k.ran(h.Groups, h.Threads),
		global: [3]uintptr{uintptr(h.Groups[0] * h.Threads), uintptr(h.Groups[1]), uintptr(h.Groups[2])},
		local:  [3]uintptr{uintptr(h.Threads), 1, 1},
	})
	for i, a := range h.Args {
		if err := q.bind(object, i, a); err != nil {
			return fmt.Errorf("argument %d of kernel %s: %w", i, k.name, err)
		}
	}
	return nil
}

// bind sets an argument of a kernel.
func (q *sequence) bind(object uintptr, i int, argument any) error {
	d := q.s.d
	var r uintptr
	switch a := argument.(type) {
	case int32:
		r = library.Call(d.setKernelArg, object, uintptr(i), 4, uintptr(unsafe.Pointer(&a)))
	case float32:
		r = library.Call(d.setKernelArg, object, uintptr(i), 4, uintptr(unsafe.Pointer(&a)))
	case hal.Span:
		id, err := q.part(a)
		if err != nil {
			return err
		}
		r = library.Call(d.setKernelArg, object, uintptr(i), unsafe.Sizeof(id), uintptr(unsafe.Pointer(&id)))
	default:
		return fmt.Errorf("%s: a %T", d.info.ID, argument)
	}
	return d.check("binding", r)
}

// part is the memory object of a span: its buffer if it begins there, else a sub-buffer.
func (q *sequence) part(s hal.Span) (uintptr, error) {
	d := q.s.d
	id, err := d.memory(s, s.Bytes)
	if err != nil || s.Offset == 0 || s.Bytes == 0 {
		return id, err
	}
	if part, ok := q.parts[s]; ok {
		return part, nil
	}
	area := [2]uintptr{uintptr(s.Offset), uintptr(s.Bytes)}
	var status int32
	part := library.Call(d.createSubBuffer, id, readWrite, region, uintptr(unsafe.Pointer(&area[0])), uintptr(unsafe.Pointer(&status)))
	if err := d.check(fmt.Sprintf("sub-buffer from byte %d", s.Offset), uintptr(status)); err != nil {
		return 0, err
	}
	q.parts[s] = part
	return part, nil
}

// Enqueue implements [hal.Sequence].
func (q *sequence) Enqueue(from, to int) error {
	d, first := q.s.d, false
	for i := from; i < to; i++ {
		l := &q.launches[i]
		r := library.Call(d.enqueueKernel, q.s.queue, l.object, 3, 0, uintptr(unsafe.Pointer(&l.global[0])), uintptr(unsafe.Pointer(&l.local[0])), 0, 0, 0)
		if r != 0 {
			return d.check("launching "+l.kernel.name, r)
		}
		first = first || !l.ran.Load()
	}
	if first {
		return q.settle(q.launches[from:to])
	}
	return nil
}

// settle waits for kernels that ran for the first time. Drivers that compiled them only now may
// have replaced Go's signal handlers, and have more to keep in the cache.
func (q *sequence) settle(launches []launch) error {
	defer restoreSignals()
	if err := q.s.Wait(); err != nil {
		return err
	}
	grown := map[*program]bool{}
	for _, l := range launches {
		if !l.ran.Swap(true) {
			grown[l.kernel.p] = true
		}
	}
	for p := range grown {
		p.save()
	}
	return nil
}

// Len implements [hal.Sequence].
func (q *sequence) Len() int { return len(q.launches) }

// Close implements [hal.Sequence].
func (q *sequence) Close() error {
	for _, l := range q.launches {
		library.Call(q.s.d.releaseKernel, l.object)
	}
	for _, part := range q.parts {
		library.Call(q.s.d.releaseMem, part)
	}
	q.launches, q.parts = nil, nil
	return nil
}
