package ptx

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Machine has global memory and runs kernels. Launches may run at the same time. The zero
// Machine is ready to use.
type Machine struct {
	Workers int   // goroutines that run the groups of a launch; 1 if 0
	Limit   int64 // instructions that the threads of a warp may execute; 0 is very many

	mu      sync.Mutex
	buffers []*buffer // by address
	next    uint64    // free address
	serial  uint32    // of the next group
	steps   atomic.Int64
}

// buffer is allocated memory.
type buffer struct {
	lo     uint64
	data   []byte
	shadow []atomic.Pointer[shadowPage]
}

// extent is part of a buffer that a launch may access.
type extent struct {
	lo, hi uint64
	buffer *buffer
}

const (
	firstAddress = 0x1_0000_0000
	// gap is between buffers, so that an access beyond one is not in another.
	gap = 1 << 16
)

// Alloc allocates zeroed memory and returns its address, a multiple of 256.
func (m *Machine) Alloc(bytes int) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &buffer{lo: max(m.next, firstAddress), data: make([]byte, bytes)}
	b.shadow = make([]atomic.Pointer[shadowPage], bytes/pageMarks+1)
	m.next = (b.lo + uint64(bytes) + gap) &^ 255
	m.buffers = append(m.buffers, b)
	return b.lo
}

// Free frees memory by its address.
func (m *Machine) Free(at uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, b := range m.buffers {
		if b.lo == at {
			m.buffers = slices.Delete(m.buffers, i, i+1)
			return nil
		}
	}
	return fmt.Errorf("no memory at %#x to free", at)
}

// Bytes returns memory for the host to read and write.
func (m *Machine) Bytes(at uint64, bytes int) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.find(at, bytes)
	if err != nil {
		return nil, err
	}
	return b.data[at-b.lo:][:bytes:bytes], nil
}

// Steps returns how many instructions all threads together have executed.
func (m *Machine) Steps() int64 { return m.steps.Load() }

func (m *Machine) find(at uint64, bytes int) (*buffer, error) {
	for _, b := range m.buffers {
		if at >= b.lo && bytes >= 0 && at-b.lo <= uint64(len(b.data)) && uint64(bytes) <= uint64(len(b.data))-(at-b.lo) {
			return b, nil
		}
	}
	return nil, fmt.Errorf("%d bytes at %#x are in no buffer", bytes, at)
}

// begin gives a launch its memory, and its groups their numbers.
func (m *Machine) begin(r *launchState) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.serial = m.serial + 1 // so that no mark of a first launch is zero
	m.serial += r.count
	if r.Ranges == nil {
		for _, b := range m.buffers {
			r.extents = append(r.extents, extent{b.lo, b.lo + uint64(len(b.data)), b})
		}
		return nil
	}
	for _, part := range r.Ranges {
		b, err := m.find(part.At, part.Bytes)
		if err != nil {
			return err
		}
		r.extents = append(r.extents, extent{part.At, part.At + uint64(part.Bytes), b})
	}
	r.extents = union(r.extents)
	return nil
}

// union sorts extents and joins those that overlap.
func union(extents []extent) []extent {
	slices.SortFunc(extents, func(a, b extent) int {
		if a.lo < b.lo {
			return -1
		}
		return 1
	})
	var joined []extent
	for _, e := range extents {
		if n := len(joined); n > 0 && e.lo < joined[n-1].hi {
			joined[n-1].hi = max(joined[n-1].hi, e.hi)
		} else {
			joined = append(joined, e)
		}
	}
	return joined
}
