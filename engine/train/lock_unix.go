//go:build unix

package train

import (
	"errors"
	"os"
	"syscall"
)

// lock locks f for this process until it is closed or the process ends. It reports whether another
// process has it.
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
