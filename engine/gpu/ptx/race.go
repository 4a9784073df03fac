package ptx

import (
	"fmt"
	"sync/atomic"
)

// Global memory remembers its last accesses in pages of marks, a writer's and a reader's for
// every granule, which has as many bytes as the smallest store of the kernel that runs. A mark
// has the number of the group in its upper half (numbers are not used again by later
// launches), then 20 bits of the group's epoch and 12 of the thread.
const (
	pageMarks   = 1024
	threadBits  = 12
	threadMask  = 1<<threadBits - 1
	manyThreads = threadMask     // of one group
	manyGroups  = threadMask - 1 // of a launch
)

type shadowPage struct{ writer, reader [pageMarks]atomic.Uint64 }

func mark(serial, epoch uint32, thread int) uint64 {
	return uint64(serial)<<32 | uint64(epoch&(1<<20-1))<<threadBits | uint64(thread)
}

// page returns the shadow of granule i of a buffer.
func (b *buffer) page(i uint64) *shadowPage {
	at := &b.shadow[i/pageMarks]
	if p := at.Load(); p != nil {
		return p
	}
	at.CompareAndSwap(nil, new(shadowPage))
	return at.Load()
}

// noteGlobal notes an access and reports whether it races with none before. Each side of a
// race first leaves its mark and then looks for the other's, so that of two groups that run at
// the same time one notices.
func (w *warp) noteGlobal(l int, b *buffer, offset uint64, n int, write bool) bool {
	launch := w.group.launch
	me := mark(w.group.serial, w.group.epoch-w.group.firstEpoch, w.first+l)
	for i := offset >> launch.shift; i <= (offset+uint64(n)-1)>>launch.shift; i++ {
		page := b.page(i)
		writer, reader := &page.writer[i%pageMarks], &page.reader[i%pageMarks]
		if write {
			if old := writer.Swap(me); launch.races(old, me) {
				w.fail(l, "race: %s wrote the same global memory%s", launch.who(old), between(old, me))
				return false
			}
			if old := reader.Load(); launch.races(old, me) {
				w.fail(l, "race: %s read the same global memory%s", launch.who(old), between(old, me))
				return false
			}
			continue
		}
		for old := reader.Load(); ; old = reader.Load() {
			merged := launch.merge(old, me)
			if merged == old || reader.CompareAndSwap(old, merged) {
				break
			}
		}
		if old := writer.Load(); launch.races(old, me) {
			w.fail(l, "race: %s wrote the same global memory%s", launch.who(old), between(old, me))
			return false
		}
	}
	return true
}

// now reports whether a mark is from this launch.
func (r *launchState) now(mark uint64) bool { return uint32(mark>>32)-r.serial < r.count }

// races reports whether nothing orders the accesses of two marks. Groups are never ordered;
// threads of a group are by barriers.
func (r *launchState) races(old, me uint64) bool {
	if !r.now(old) {
		return false
	}
	if old&threadMask == manyGroups || old>>32 != me>>32 {
		return true
	}
	return old>>threadBits == me>>threadBits && old != me
}

// merge returns the mark of all readers so far.
func (r *launchState) merge(old, me uint64) uint64 {
	switch {
	case !r.now(old):
		return me
	case old&threadMask == manyGroups:
		return old
	case old>>32 != me>>32:
		return old&^threadMask | manyGroups
	case old>>threadBits != me>>threadBits: // before a barrier
		return me
	case old != me:
		return old | manyThreads
	}
	return old
}

func (r *launchState) who(mark uint64) string {
	group := r.groupOf(int(uint32(mark>>32) - r.serial))
	switch thread := mark & threadMask; thread {
	case manyGroups:
		return "another group"
	case manyThreads:
		return fmt.Sprintf("several threads of group %v", group)
	default:
		return fmt.Sprintf("thread %d of group %v", thread, group)
	}
}

func between(old, me uint64) string {
	if old&threadMask == manyGroups || old>>32 != me>>32 {
		return "; groups of a launch run in any order"
	}
	return " with no barrier in between"
}

func readers(reader uint16) string {
	if reader == severalThreads {
		return "several threads"
	}
	return fmt.Sprintf("thread %d", int(reader)-1)
}
