package train

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes f for this process until it is closed, or the process ends in any way. It
// reports whether another has it. The locked byte lies far behind the file's end, for
// others may not read what is locked.
func lock(f *os.File) (taken bool, err error) {
	at := &windows.Overlapped{OffsetHigh: math.MaxInt32}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return true, nil
	}
	return false, err
}
