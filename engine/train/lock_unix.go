//go:build unix

package train

import (
	"errors"
	"os"
	"syscall"
)

// lock takes f for this process until it is closed, or the process ends in any way. It
// reports whether another has it.
func lock(f *os.File) (taken bool, err error) {
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}
