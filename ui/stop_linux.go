package ui

import (
	"syscall"
	"unsafe"
)

// stopGroup sends the process group SIGTSTP. Go's runtime keeps its handler of a signal that has once
// been handled, under which this one has no effect: it gets its default action until
// restore is called.
func stopGroup() (restore func()) {
	type action [8]uintptr // the kernel's struct, on any architecture; zeros are the default action
	const maskSize = 8
	var standard, before action
	change := func(to, from *action) {
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGTSTP), uintptr(unsafe.Pointer(to)), uintptr(unsafe.Pointer(from)), maskSize, 0, 0)
	}
	change(&standard, &before)
	syscall.Kill(0, syscall.SIGTSTP)
	return func() { change(&before, nil) }
}
