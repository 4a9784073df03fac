// Package memtest bounds the memory that reading a file from outside may take, in tests.
package memtest

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// Bound is the memory in bytes that reading a file may take beyond the file's size.
const Bound = 64 << 20

// Within runs read, and fails the test if its heap exceeds size bytes, the file's, by more than
// Bound. Counting allocations is cheap enough for fuzzing; only a run that allocates more in total
// is repeated to observe its peak, so read must be repeatable.
func Within(t testing.TB, size int, read func()) {
	t.Helper()
	before := allocated()
	read()
	if allocated()-before <= uint64(size)+Bound {
		return
	}
	if extra := Peak(read) - int64(size); extra > Bound {
		t.Errorf("%d MiB of memory beyond a file of %d bytes", extra>>20, size)
	}
}

// allocated is the number of bytes allocated on the heap since the program started.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// Peak is by how many bytes the heap grows at most while f runs, garbage that is not collected yet
// included.
func Peak(f func()) int64 {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	before := heap()
	done, most := make(chan bool), make(chan uint64)
	go func() {
		peak := uint64(0)
		for {
			peak = max(peak, heap())
			select {
			case <-done:
				most <- peak
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return int64(<-most) - int64(before)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
