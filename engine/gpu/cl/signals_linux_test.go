package cl_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"hfcui/engine/gpu/cl"
	"hfcui/engine/gpu/cl/cltest"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
)

func handlers() map[syscall.Signal]uintptr {
	m := make(map[syscall.Signal]uintptr)
	for s := syscall.Signal(1); s < 32; s++ {
		var action [4]uintptr
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&action)), 8, 0, 0)
		m[s] = action[0]
	}
	return m
}

// before are the handlers before a driver is loaded.
var before = handlers()

// Go's handlers are those that are called after a driver has started, compiled and run a kernel.
func TestSignals(t *testing.T) {
	cltest.Open(t)
	d, err := cl.Open(0, cl.Options{})
	must(t, err)
	defer d.Close()
	same := func(when string) {
		t.Helper()
		for s, h := range handlers() {
			if h != before[s] {
				t.Errorf("after %s the handler of %v is another", when, s)
			}
		}
	}
	same("opening")
	number := int64(1)
	if !testing.Short() {
		number = time.Now().UnixNano() % 1_000_000 // source that the driver has in no cache: seconds
	}
	m := source.Module{Name: "new", Code: fmt.Sprintf("KERNEL f(GLOBAL float *x) { x[THREAD] += %d.0f; }\n", number)}
	k := load(t, d, m, "f")
	same("compiling")
	s := stream(t, d, false)
	b := alloc(t, d, 4*64)
	for _, threads := range []int{64, 32} { // PoCL compiles again for every size of a group
		q, err := s.Prepare([]hal.Launch{{Kernel: k, Groups: [3]int{1, 1, 1}, Threads: threads, Args: []any{hal.All(b)}}})
		must(t, err)
		must(t, q.Enqueue(0, 1))
		same(fmt.Sprint("the first launch of ", threads, " threads"))
		must(t, q.Close())
	}
	panics(t, "nil dereference", func() { *(*int)(nilPointer()) = 1 })
	panics(t, "division by zero", func() { t.Log(1 / (b.Bytes() - 256)) })
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	must(t, syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	select {
	case <-c:
	case <-time.After(5 * time.Second):
		t.Error("SIGUSR1 did not arrive")
	}
}

//go:noinline
func nilPointer() unsafe.Pointer { return nil }

func panics(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s does not panic", what)
		}
	}()
	f()
}

// The profiler's signal arrives on threads of the driver's, too.
func TestProfiling(t *testing.T) {
	d := cltest.Open(t)
	var profile bytes.Buffer
	must(t, pprof.StartCPUProfile(&profile))
	defer pprof.StopCPUProfile()
	must(t, turns(d, rand.New(rand.NewPCG(3, 4))))
}
