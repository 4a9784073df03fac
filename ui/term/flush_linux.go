package term

import "golang.org/x/sys/unix"

// flushInput drops input that has not been read.
func flushInput(fd uintptr) { unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCIFLUSH) }
