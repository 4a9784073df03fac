package ptx

import (
	"errors"
	"math/bits"
	"strings"
)

// asyncCopy is a copy from global to shared memory that is under way. Its data arrive as late
// as they may: when the thread waits for them.
type asyncCopy struct {
	to    uint64
	n     int
	group int // number of the thread's group of copies
	data  [16]byte
}

// compileAsync is cp.async and what waits for it.
func (b *body) compileAsync(s *statement) (effect, error) {
	name := s.name
	if at := strings.Index(name, ".L2::"); at >= 0 { // how much to prefetch
		name = name[:at]
	}
	switch name {
	case "cp.async.cg.shared.global", "cp.async.ca.shared.global":
		return b.compileCopy(s)
	case "cp.async.commit_group":
		return func(w *warp, m uint32) {
			for ; m != 0; m &= m - 1 {
				w.committed[bits.TrailingZeros32(m)&31]++
			}
		}, nil
	case "cp.async.wait_group":
		if len(s.args) != 1 {
			return nil, errUnknown
		}
		n, err := immediateOf(s.args[0], 1<<16)
		return func(w *warp, m uint32) { w.complete(m, n) }, err
	case "cp.async.wait_all":
		return func(w *warp, m uint32) {
			for rest := m; rest != 0; rest &= rest - 1 {
				w.committed[bits.TrailingZeros32(rest)&31]++
			}
			w.complete(m, 0)
		}, nil
	}
	return nil, errUnknown
}

func (b *body) compileCopy(s *statement) (effect, error) {
	if len(s.args) != 3 && len(s.args) != 4 || s.args[0].kind != address || s.args[1].kind != address {
		return nil, errUnknown
	}
	n, err := immediateOf(s.args[2], 16)
	if err != nil || n != 16 && (n != 4 && n != 8 || s.op[2] != "ca") {
		return nil, errUnknown
	}
	given := b.kernel.constant(uint64(n)) // of the n bytes the others are zeros
	if len(s.args) == 4 {
		var err1 error
		given, err1 = b.source(s.args[3])
		err = errors.Join(err, err1)
	}
	zero := b.kernel.constant(0)
	base := func(o operand, space string) (int, uint64) {
		if o.base < 0 {
			if o.space != space {
				err = errUnknown
			}
			return zero, uint64(o.offset)
		}
		return o.base, uint64(o.offset)
	}
	to, toOffset := base(s.args[0], "shared")
	from, fromOffset := base(s.args[1], "global")
	b.kernel.granuleS = smaller(b.kernel.granuleS, n)
	return func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			// Addresses of shared memory may lie in 32-bit registers.
			c := asyncCopy{to: w.regs[to][l] + toOffset, n: n, group: w.committed[l]}
			size := w.regs[given][l]
			if size > uint64(n) {
				w.fail(l, "%d bytes to copy of %d", size, n)
				return
			}
			at := w.regs[from][l] + fromOffset
			if size > 0 {
				if !w.aligned(l, at, n) {
					return
				}
				// All of a line is read on a GPU too; only what is asked for has to exist.
				for i := uint64(0); i < size; {
					one := uint64(1) << min(bits.TrailingZeros64(at+i), bits.Len64(size-i)-1, 4)
					window := w.global(l, at+i, int(one), false)
					if window == nil {
						return
					}
					i += uint64(copy(c.data[i:], window))
				}
			}
			if w.shared(l, c.to, n, true) == nil {
				return
			}
			w.group.setPending(c.to, n, true)
			w.copies[l] = append(w.copies[l], c)
		}
	}, err
}

// complete lets copies arrive, all but those of the last n groups.
func (w *warp) complete(m uint32, n int) {
	for ; m != 0; m &= m - 1 {
		l := bits.TrailingZeros32(m) & 31
		done := 0
		for _, c := range w.copies[l] {
			if c.group >= w.committed[l]-n {
				break
			}
			w.group.setPending(c.to, c.n, false)
			window := w.shared(l, c.to, c.n, true)
			if window == nil {
				return
			}
			copy(window, c.data[:])
			done++
		}
		w.copies[l] = w.copies[l][:copy(w.copies[l], w.copies[l][done:])]
	}
}
