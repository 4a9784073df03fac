//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package term

import "golang.org/x/sys/unix"

// flushInput drops input that has not been read.
func flushInput(fd uintptr) {
	const readQueue = 1 // FREAD
	unix.IoctlSetPointerInt(int(fd), unix.TIOCFLUSH, readQueue)
}
