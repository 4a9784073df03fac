package cl

import (
	"sync"
	"syscall"
	"unsafe"
)

// Drivers that compile with LLVM (PoCL and others) install handlers of their own for SIGSEGV,
// SIGFPE, SIGINT and more when they start, when they compile, and when a kernel first runs. With
// them a nil dereference in Go would end the program instead of panicking, and Ctrl-C would not
// be seen. So Go's handlers are put back after each of these.

// sigaction is the kernel's struct, on amd64 and arm64.
type sigaction struct{ handler, flags, restorer, mask uintptr }

const (
	lastSignal        = 31 // those above belong to libc or are real-time ones
	byDefault, ignore = 0, 1
)

// before are the handlers before a driver was loaded.
var before struct {
	sync.Once
	actions [lastSignal + 1]sigaction
	known   map[uintptr]bool // their addresses
}

func rememberSignals() {
	before.Do(func() {
		before.known = map[uintptr]bool{byDefault: true, ignore: true}
		for s := 1; s <= lastSignal; s++ {
			signalAction(s, nil, &before.actions[s])
			before.known[before.actions[s].handler] = true
		}
	})
}

// restoreSignals puts back the handlers that a driver has replaced. What os/signal has changed
// meanwhile stays.
func restoreSignals() {
	for s := 1; s <= lastSignal; s++ {
		var now sigaction
		if signalAction(s, nil, &now) && !before.known[now.handler] {
			signalAction(s, &before.actions[s], nil)
		}
	}
}

// signalAction is rt_sigaction. SIGKILL and SIGSTOP have no handlers: it returns false.
func signalAction(signal int, set, get *sigaction) bool {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), 8, 0, 0)
	return errno == 0
}
