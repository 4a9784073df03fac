package ptx

import (
	"fmt"
	"math"
	"math/bits"
)

const everyone = ^uint32(0)

// warp is 32 threads, or fewer at the end of a group. Threads that are at the same place in
// the code execute it together; when they part, those furthest behind go first, so that they
// meet again.
type warp struct {
	group  *group
	kernel *Kernel
	first  int // number of the first thread in the group
	exists uint32

	registerFile
	pcs       [32]int // of threads that are not being executed
	ready     uint32  // neither waiting nor at their end
	waiting   uint32  // for the others of the warp, at an instruction of all
	atBarrier uint32
	near      *extent // the last one accessed
	at        int     // instruction being executed
	steps     int64
	fault     *Fault

	copies    [32][]asyncCopy
	committed [32]int
}

// registerFile is what the threads of a warp have to themselves.
type registerFile struct {
	regs       []lanes
	preds      []uint32
	localBytes []byte
}

func (w *warp) fail(l int, format string, args ...any) {
	if w.fault == nil {
		in := &w.kernel.code[w.at]
		w.fault = &Fault{w.kernel.Name, in.line, in.text, w.group.id, w.first + l, fmt.Sprintf(format, args...)}
	}
}

// line is that of the instruction being executed.
func (w *warp) line() uint32 { return uint32(w.kernel.code[w.at].line) }

// set writes a register of the threads in m.
func (w *warp) set(slot int, v *lanes, m uint32) {
	out := &w.regs[slot]
	for ; m != 0; m &= m - 1 {
		l := bits.TrailingZeros32(m) & 31
		out[l] = v[l]
	}
}

func (w *warp) setPred(slot int, v, m uint32) { w.preds[slot] = w.preds[slot]&^m | v&m }

// reset makes the warp ready for a group.
func (w *warp) reset() {
	w.ready, w.waiting, w.atBarrier, w.near, w.steps = w.exists, 0, 0, nil, 0
	w.pcs = [32]int{}
	for l := range w.copies {
		w.copies[l], w.committed[l] = w.copies[l][:0], 0
	}
}

// run executes threads until each has ended or waits at a barrier.
func (w *warp) run() {
	for w.fault == nil {
		if w.ready != 0 {
			w.advance()
		} else if w.waiting != 0 {
			w.meet()
		} else {
			return
		}
	}
}

// park leaves threads at a place in the code.
func (w *warp) park(m uint32, pc int) {
	for ; m != 0; m &= m - 1 {
		w.pcs[bits.TrailingZeros32(m)&31] = pc
	}
}

// behind returns the ready threads that are furthest behind, their place, and the place of the
// next ones.
func (w *warp) behind() (m uint32, pc, next int) {
	pc, next = math.MaxInt, math.MaxInt
	for rest := w.ready; rest != 0; rest &= rest - 1 {
		l := bits.TrailingZeros32(rest) & 31
		switch at := w.pcs[l]; {
		case at < pc:
			m, pc, next = 1<<l, at, pc
		case at == pc:
			m |= 1 << l
		case at < next:
			next = at
		}
	}
	return m, pc, next
}

// advance executes the threads furthest behind until they part, wait, or reach others.
func (w *warp) advance() {
	m, pc, next := w.behind()
	code := w.kernel.code
	for m != 0 && w.fault == nil {
		if pc >= next {
			w.park(m, pc)
			return
		}
		if pc >= len(code) {
			w.at = len(code) - 1
			w.fail(bits.TrailingZeros32(m), "the thread runs past the end of the code")
			return
		}
		in := &code[pc]
		w.at = pc
		if w.steps += int64(bits.OnesCount32(m)); w.steps > w.group.launch.limit {
			w.fail(bits.TrailingZeros32(m), "the warp executed %d instructions: an endless loop", w.steps)
			return
		}
		active := m
		if in.guard >= 0 {
			p := w.preds[in.guard]
			if in.negate {
				p = ^p
			}
			active &= p
		}
		if in.kind == plain {
			if active != 0 {
				in.run(w, active)
			}
			pc++
			continue
		}
		if active == 0 {
			pc++
			continue
		}
		switch in.kind {
		case branch:
			if active != m {
				w.park(active, in.targets[0])
				w.park(m&^active, pc+1)
				return
			}
			pc = in.targets[0]
		case branchTable:
			w.branchTable(in, active)
			w.park(m&^active, pc+1)
			return
		case exit:
			w.ready &^= active
			m &^= active
			pc++
		case barrier:
			w.park(active, pc)
			w.ready &^= active
			w.atBarrier |= active
			m &^= active
			pc++
		case together:
			if active == everyone {
				in.run(w, active)
			} else {
				w.park(active, pc)
				w.ready &^= active
				w.waiting |= active
				m &^= active
			}
			pc++
		}
	}
}

func (w *warp) branchTable(in *instruction, m uint32) {
	for ; m != 0; m &= m - 1 {
		l := bits.TrailingZeros32(m) & 31
		i := w.regs[in.selector][l]
		if i >= uint64(len(in.targets)) {
			w.fail(l, "branch target %d of %d", i, len(in.targets))
			return
		}
		w.pcs[l] = in.targets[i]
	}
}

// meet executes an instruction of the whole warp, when all threads have come to it.
func (w *warp) meet() {
	first := bits.TrailingZeros32(w.waiting) & 31
	w.at = w.pcs[first]
	for l, pc := range w.pcs {
		if w.waiting>>l&1 == 0 || pc != w.at {
			w.fail(l, "the threads of a warp do not execute this together: thread %d waits for thread %d", w.first+first, w.first+l)
			return
		}
	}
	w.kernel.code[w.at].run(w, everyone)
	w.ready, w.waiting = w.waiting, 0
	w.park(w.ready, w.at+1)
}
