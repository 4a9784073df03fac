// Package memtest tests that reading an untrusted file takes bounded memory.
package memtest

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// Bound is the maximum memory of reading a file beyond the file's size, in bytes.
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

// allocated returns the number of bytes allocated on the heap since the program started.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// Peak returns the peak growth of the heap while f runs in bytes, including uncollected garbage.
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
