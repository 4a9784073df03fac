package train

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lock locks f for this process until it is closed or the process ends. It reports whether another
// process has it. The locked byte is far beyond the file's end, as locked bytes cannot be read by
// others.
func lock(f *os.File) (taken bool, err error) {
	at := &windows.Overlapped{OffsetHigh: math.MaxInt32}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return true, nil
	}
	return false, err
}
