package ptx

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Launch is a launch of a kernel.
type Launch struct {
	Kernel  *Kernel
	Groups  [3]int
	Threads int     // in a group, which is one-dimensional
	Params  []byte  // laid out as in C
	Ranges  []Range // memory that the kernel may access; all of the machine's when nil
}

// Range is memory of a machine.
type Range struct {
	At    uint64
	Bytes int
}

// Fault is what a kernel does wrong.
type Fault struct {
	Kernel  string
	Line    int    // of the PTX
	Text    string // of the instruction
	Group   [3]int
	Thread  int
	Problem string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("%s, PTX line %d (%s), group %v, thread %d: %s", f.Kernel, f.Line, f.Text, f.Group, f.Thread, f.Problem)
}

// defaultLimit is how many instructions of its threads a warp may execute.
const defaultLimit = 1 << 36

// launchState is what all groups of a launch share.
type launchState struct {
	Launch
	serial  uint32 // number of the first group
	count   uint32
	shift   int // log₂ of the bytes of a granule of global memory
	limit   int64
	extents []extent // by address, disjoint
	next    atomic.Int64
}

// group is a group of threads and its memory, used for one group after another.
type group struct {
	launch     *launchState
	id         [3]int
	serial     uint32
	params     []byte
	warps      []*warp
	shared     []byte
	cells      []cell
	cellShift  int
	epoch      uint32 // barriers so far
	firstEpoch uint32 // of this group
}

// Run runs a kernel. What it does wrong is a *Fault.
func (m *Machine) Run(l Launch) error {
	k := l.Kernel
	count := 1
	for _, n := range l.Groups {
		if n < 1 || n >= 1<<31 || count*n >= 1<<31 {
			return fmt.Errorf("kernel %s: %v groups", k.Name, l.Groups)
		}
		count *= n
	}
	if limit := smaller(k.MaxThreads, maxThreads); l.Threads < 1 || l.Threads > limit {
		return fmt.Errorf("kernel %s: %d threads in a group; it was compiled for 1 to %d", k.Name, l.Threads, limit)
	}
	if len(l.Params) != k.paramBytes() {
		return fmt.Errorf("kernel %s: %d bytes of parameters instead of %d", k.Name, len(l.Params), k.paramBytes())
	}
	r := &launchState{Launch: l, count: uint32(count), limit: m.Limit, shift: bits.Len(uint(max(k.granule, 1))) - 1}
	if r.limit == 0 {
		r.limit = defaultLimit
	}
	if err := m.begin(r); err != nil {
		return fmt.Errorf("kernel %s: %w", k.Name, err)
	}
	return m.runGroups(r, min(max(m.Workers, 1), count))
}

// runGroups shares the groups out to workers, and returns the fault of the first group that
// has one.
func (m *Machine) runGroups(r *launchState, workers int) error {
	var mu sync.Mutex
	var first *Fault
	firstGroup := int64(r.count)
	work := func() {
		g := newGroup(r)
		for i := r.next.Add(1) - 1; i < int64(r.count); i = r.next.Add(1) - 1 {
			fault := g.run(int(i))
			m.steps.Add(g.steps())
			if fault != nil {
				mu.Lock()
				if i < firstGroup {
					first, firstGroup = fault, i
				}
				mu.Unlock()
				r.next.Store(int64(r.count))
				return
			}
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	if first != nil {
		return first
	}
	return nil
}

func (r *launchState) groupOf(i int) [3]int {
	x, y := r.Groups[0], r.Groups[1]
	return [3]int{i % x, i / x % y, i / x / y}
}

func newGroup(r *launchState) *group {
	k := r.Kernel
	g := &group{launch: r, params: r.Params, shared: make([]byte, k.Shared), epoch: 1}
	granule := smaller(k.granuleS, 16)
	g.cellShift = bits.Len(uint(granule)) - 1
	g.cells = make([]cell, (k.Shared+granule-1)/granule)
	for first := 0; first < r.Threads; first += 32 {
		w := &warp{group: g, kernel: k, first: first, exists: everyone}
		if rest := r.Threads - first; rest < 32 {
			w.exists = 1<<rest - 1
		}
		if k.barriers || first == 0 {
			w.registerFile = k.newRegisters()
		} else {
			w.registerFile = g.warps[0].registerFile // warps run one after another, each to its end
		}
		g.warps = append(g.warps, w)
	}
	return g
}

// newRegisters returns registers of a warp; those of constants have their values.
func (k *Kernel) newRegisters() registerFile {
	r := registerFile{make([]lanes, k.registers), make([]uint32, k.preds), make([]byte, 32*k.Local)}
	r.preds[1] = everyone
	for v, slot := range k.constants {
		for l := range r.regs[slot] {
			r.regs[slot][l] = v
		}
	}
	return r
}

// begin makes the memory and registers ready for group i.
func (g *group) begin(i int) {
	g.id, g.serial = g.launch.groupOf(i), g.launch.serial+uint32(i)
	g.epoch++
	g.firstEpoch = g.epoch
	for _, w := range g.warps {
		w.reset()
	}
}

// setSpecials sets a warp's special registers.
func (g *group) setSpecials(w *warp) {
	for name, slot := range g.launch.Kernel.specials {
		for l := range w.regs[slot] {
			w.regs[slot][l] = g.special(name, w.first, l)
		}
	}
}

// special returns the value of a special register in thread l of a warp.
func (g *group) special(name string, first, l int) uint64 {
	base, axis, _ := strings.Cut(name, ".")
	d := strings.Index("xyz", axis)
	switch base {
	case "%laneid":
		return uint64(l)
	case "%ctaid":
		return uint64(g.id[d])
	case "%nctaid":
		return uint64(g.launch.Groups[d])
	case "%tid":
		if d == 0 {
			return uint64(first + l)
		}
		return 0
	}
	if d == 0 { // %ntid
		return uint64(g.launch.Threads)
	}
	return 1
}

// run runs group i, from barrier to barrier.
func (g *group) run(i int) *Fault {
	for g.begin(i); ; g.epoch++ {
		waiting := 0
		for _, w := range g.warps {
			if g.epoch == g.firstEpoch {
				g.setSpecials(w)
			}
			if w.run(); w.fault != nil {
				return w.fault
			}
			waiting += bits.OnesCount32(w.atBarrier)
		}
		if waiting == 0 {
			return nil
		}
		if f := g.barrier(waiting); f != nil {
			return f
		}
	}
}

// barrier lets threads go on from a barrier when all have come to it.
func (g *group) barrier(waiting int) *Fault {
	pc := -1
	var at *warp
	for _, w := range g.warps {
		for rest := w.atBarrier; rest != 0; rest &= rest - 1 {
			l := bits.TrailingZeros32(rest) & 31
			switch w.at = w.pcs[l]; {
			case pc < 0:
				pc, at = w.pcs[l], w
			case w.pcs[l] != pc:
				w.fail(l, "divergent barrier: other threads of the group wait at the barrier of line %d", g.launch.Kernel.code[pc].line)
				return w.fault
			}
		}
	}
	if waiting < g.launch.Threads {
		at.at = pc
		at.fail(bits.TrailingZeros32(at.atBarrier)&31, "divergent barrier: %d of the group's %d threads wait, the others have ended", waiting, g.launch.Threads)
		return at.fault
	}
	for _, w := range g.warps {
		w.park(w.atBarrier, pc+1)
		w.ready, w.atBarrier = w.atBarrier, 0
	}
	return nil
}

func (g *group) steps() (n int64) {
	for _, w := range g.warps {
		n += w.steps
	}
	return n
}

// find returns the extent that an address is in.
func (r *launchState) find(at uint64) *extent {
	i, _ := slices.BinarySearchFunc(r.extents, at, func(e extent, at uint64) int {
		if e.lo <= at {
			return -1
		}
		return 1
	})
	if i == 0 || at >= r.extents[i-1].hi {
		return nil
	}
	return &r.extents[i-1]
}

// nearest says where an address is that is in no extent.
func (r *launchState) nearest(at uint64) string {
	for i := range slices.Backward(r.extents) {
		if e := &r.extents[i]; e.lo <= at {
			if beyond := at - e.hi; beyond < 1<<20 {
				return fmt.Sprintf(" (%d bytes past the end of one of %d bytes)", beyond, e.hi-e.lo)
			}
			break
		}
	}
	return ""
}
