package ptx

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// Generic addresses of shared and local memory; every thread and group has its own there.
const (
	sharedWindow = 0x7e00_0000_0000
	localWindow  = 0x7d00_0000_0000
	windowBytes  = 1 << 32
)

// access is what ld and st say besides their registers.
type access struct {
	space string // "" generic
	typ
	count  int // numbers, beside each other
	base   int // register of the address, -1 without
	offset uint64
}

// bytes is the size of the access.
func (a *access) bytes() int { return a.typ.bytes() * a.count }

// compileAccess reads modifiers and the address, and returns the operands of the numbers.
func (b *body) compileAccess(s *statement, place, data int) (*access, []operand, error) {
	if len(s.args) != 2 || s.args[place].kind != address {
		return nil, nil, errUnknown
	}
	a := &access{count: 1}
	var ok bool
	if a.typ, ok = parseType(s.op[len(s.op)-1]); !ok || a.kind == 'p' {
		return nil, nil, errUnknown
	}
	for _, modifier := range s.op[1 : len(s.op)-1] {
		switch modifier {
		case "global", "shared", "local", "param":
			a.space = modifier
		case "shared::cta":
			a.space = "shared"
		case "v2":
			a.count = 2
		case "v4":
			a.count = 4
		case "nc", "volatile", "ca", "cg", "cs":
			// Caches do not change results.
		default:
			return nil, nil, errUnknown
		}
	}
	at := s.args[place]
	a.base, a.offset = at.base, uint64(at.offset)
	if at.base < 0 && at.space != a.space || at.base >= 0 && a.space == "param" || a.bytes() > 16 {
		return nil, nil, errUnknown
	}
	if at.base < 0 {
		a.base = b.kernel.constant(0)
	}
	parts := []operand{s.args[data]}
	if parts[0].kind == vector {
		parts = parts[0].parts
	}
	if len(parts) != a.count {
		return nil, nil, errUnknown
	}
	return a, parts, nil
}

func (b *body) compileLoad(s *statement) (effect, error) {
	a, parts, err := b.compileAccess(s, 1, 0)
	if err != nil {
		return nil, err
	}
	slots := make([]int, len(parts))
	masks := make([]uint64, len(parts)) // of sign-extended values: the register's
	for i, p := range parts {
		if p.kind == named && p.name == "_" {
			slots[i] = -1
			continue
		}
		slot, err := b.result(p)
		if err != nil {
			return nil, err
		}
		slots[i], masks[i] = slot, p.reg.mask()
	}
	if a.space == "param" {
		v := s.args[1]
		if v.offset < 0 || v.offset+int64(a.bytes()) > int64(b.kernel.paramBytes()) {
			return nil, errors.New("the address is outside of the parameters")
		}
	}
	size, signed := a.typ.bytes(), a.kind == 's'
	if a.space == "shared" && len(slots) == 1 && slots[0] >= 0 && a.bits == 32 && !signed {
		return loadShared(slots[0], a.base, a.offset), nil
	}
	return func(w *warp, m uint32) {
		base := w.regs[a.base]
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			window := w.window(a.space, l, base[l]+a.offset, size*len(slots), false)
			if window == nil {
				return
			}
			for i, slot := range slots {
				v := load(window[i*size:], size)
				if signed {
					v = uint64(a.signed(v)) & masks[i]
				}
				if slot >= 0 {
					w.regs[slot][l] = v
				}
			}
		}
	}, nil
}

// loadShared is ld.shared of one number of 32 bits, which kernels spend much of their time in.
func loadShared(d, base int, offset uint64) effect {
	return func(w *warp, m uint32) {
		a, out := &w.regs[base], &w.regs[d]
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			window := w.shared(l, a[l]+offset, 4, false)
			if window == nil {
				return
			}
			out[l] = uint64(binary.LittleEndian.Uint32(window))
		}
	}
}

func (b *body) compileStore(s *statement) (effect, error) {
	a, parts, err := b.compileAccess(s, 0, 1)
	if err != nil || a.space == "param" {
		return nil, errUnknown
	}
	slots := make([]int, len(parts))
	for i, p := range parts {
		if slots[i], err = b.typed(p, a.typ); err != nil {
			return nil, err
		}
	}
	if a.space != "shared" && a.space != "local" {
		b.kernel.granule = smaller(b.kernel.granule, a.bytes())
	}
	if a.space != "global" && a.space != "local" {
		b.kernel.granuleS = smaller(b.kernel.granuleS, a.bytes())
	}
	size := a.typ.bytes()
	return func(w *warp, m uint32) {
		base := &w.regs[a.base]
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			window := w.window(a.space, l, base[l]+a.offset, size*len(slots), true)
			if window == nil {
				return
			}
			for i, slot := range slots {
				store(window[i*size:], size, w.regs[slot][l])
			}
		}
	}, nil
}

// smaller is the smaller of two sizes; 0 is none.
func smaller(a, b int) int {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// window returns n bytes of memory that thread l reads or writes; nil after a fault.
func (w *warp) window(space string, l int, at uint64, n int, write bool) []byte {
	switch space {
	case "global":
		return w.global(l, at, n, write)
	case "shared":
		return w.shared(l, at, n, write)
	case "local":
		return w.local(l, at, n)
	case "param":
		return w.group.params[at:][:n]
	}
	switch {
	case at-sharedWindow < windowBytes:
		return w.shared(l, at-sharedWindow, n, write)
	case at-localWindow < windowBytes:
		return w.local(l, at-localWindow, n)
	}
	return w.global(l, at, n, write)
}

func (w *warp) local(l int, at uint64, n int) []byte {
	size := uint64(w.kernel.Local)
	if at >= size || uint64(n) > size-at {
		w.fail(l, "%d bytes at %d are outside of the %d bytes of local memory", n, int64(at), size)
		return nil
	}
	return w.localBytes[uint64(l)*size+at:][:n]
}

func (w *warp) aligned(l int, at uint64, n int) bool {
	if at&uint64(n-1) != 0 {
		w.fail(l, "misaligned: address %#x is not a multiple of %d", at, n)
		return false
	}
	return true
}

// global checks an access to a buffer and notes it for the detection of races.
func (w *warp) global(l int, at uint64, n int, write bool) []byte {
	if !w.aligned(l, at, n) {
		return nil
	}
	e := w.near
	if e == nil || at < e.lo || at >= e.hi {
		if e = w.group.launch.find(at); e == nil {
			w.fail(l, "out of bounds: address %#x is in no buffer of this launch%s", at, w.group.launch.nearest(at))
			return nil
		}
		w.near = e
	}
	if uint64(n) > e.hi-at {
		w.fail(l, "out of bounds: %d bytes at %d of a buffer of %d", n, at-e.lo, e.hi-e.lo)
		return nil
	}
	offset := at - e.buffer.lo
	if w.kernel.granule > 0 && !w.noteGlobal(l, e.buffer, offset, n, write) {
		return nil
	}
	return e.buffer.data[offset:][:n]
}

func load(b []byte, size int) uint64 {
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

func store(b []byte, size int, v uint64) {
	switch size {
	case 1:
		b[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	default:
		binary.LittleEndian.PutUint64(b, v)
	}
}
