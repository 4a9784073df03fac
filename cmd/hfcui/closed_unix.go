//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// closed tells whether a standard file was closed when the program began. Go's runtime
// opens /dev/null for reading and writing in place of such a file, where a shell's
// redirection opens it for writing alone: that is how they are told apart. A caller that
// hands over /dev/null for both is taken for one that closed the file.
func closed(f *os.File) bool {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil {
		return true
	}
	here, err := f.Stat()
	if err != nil {
		return true
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(here, null) && flags&unix.O_ACCMODE == unix.O_RDWR
}
