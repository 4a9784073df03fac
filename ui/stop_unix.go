//go:build unix && !linux

package ui

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// stopGroup stops the process group, if its parent is a shell with job control. Go's runtime keeps its
// handler of a signal that has once been handled, so that SIGTSTP would have no effect.
func stopGroup() (restore func()) {
	parent := unix.Getppid()
	group, err := unix.Getpgid(parent)
	session, other := unix.Getsid(parent)
	own, _ := unix.Getsid(0)
	if err == nil && other == nil && session == own && group != unix.Getpgrp() {
		syscall.Kill(0, syscall.SIGSTOP)
	}
	return func() {}
}
