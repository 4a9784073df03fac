package ptx

// cell is what is known about the last accesses to a few bytes of shared memory: as many as
// the kernel's smallest store has. Epochs count barriers, over all groups that use the memory.
type cell struct {
	written, read         uint32 // epochs
	writer, reader        uint16 // threads, plus one; severalThreads
	writeLine, readerLine uint32
	pending               bool // an asynchronous copy is under way
}

const severalThreads = 1<<16 - 1

// shared checks an access of thread l to shared memory, and notes it.
func (w *warp) shared(l int, at uint64, n int, write bool) []byte {
	g := w.group
	size := uint64(len(g.shared))
	if at >= size || uint64(n) > size-at {
		w.fail(l, "out of bounds: %d bytes at %d of %d bytes of shared memory", n, int64(at), size)
		return nil
	}
	if !w.aligned(l, at, n) {
		return nil
	}
	me := uint16(w.first + l + 1)
	for i := at >> g.cellShift; i <= (at+uint64(n)-1)>>g.cellShift; i++ {
		c := &g.cells[i]
		if write || c.pending || c.written < g.firstEpoch || c.written == g.epoch && c.writer != me {
			if !w.noteShared(l, at, c, write) {
				return nil
			}
			continue
		}
		if c.read != g.epoch {
			c.read, c.reader, c.readerLine = g.epoch, me, w.line()
		} else if c.reader != me {
			c.reader = severalThreads
		}
	}
	return g.shared[at:][:n]
}

// noteShared notes a write, or says why an access is wrong.
func (w *warp) noteShared(l int, at uint64, c *cell, write bool) bool {
	g, me := w.group, uint16(w.first+l+1)
	switch {
	case c.pending && c.written >= g.firstEpoch:
		w.fail(l, "shared memory at %d: the asynchronous copy of line %d (thread %d) has not been waited for", at, c.writeLine, int(c.writer)-1)
	case !write && c.written < g.firstEpoch:
		w.fail(l, "uninitialized: nobody has written shared memory at %d", at)
	case c.written == g.epoch && c.writer != me:
		w.fail(l, "race: thread %d wrote shared memory at %d, line %d, with no barrier in between", int(c.writer)-1, at, c.writeLine)
	case write && c.read == g.epoch && c.reader != me:
		w.fail(l, "race: %s read shared memory at %d, line %d, with no barrier in between", readers(c.reader), at, c.readerLine)
	default:
		c.written, c.writer, c.writeLine, c.pending = g.epoch, me, w.line(), false
		return true
	}
	return false
}

func (g *group) setPending(at uint64, n int, pending bool) {
	for i := at >> g.cellShift; i <= (at+uint64(n)-1)>>g.cellShift; i++ {
		g.cells[i].pending = pending
	}
}
