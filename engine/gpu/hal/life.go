package hal

import (
	"fmt"
	"sync/atomic"
)

// Life is what a device embeds to know whether it has stopped working, after which it only can be
// opened anew. Its zero value is a device that works.
type Life struct{ lost atomic.Pointer[Lost] }

// Lost reports whether the device has stopped working.
func (l *Life) Lost() bool { return l.lost.Load() != nil }

// Err returns the error of a device that has stopped working, of type [*Lost]; nil if it works.
func (l *Life) Err() error {
	if lost := l.lost.Load(); lost != nil {
		return lost
	}
	return nil
}

// End records that the device has stopped working while something was done, and returns its error: the
// first one stays.
func (l *Life) End(device, what string, cause error) error {
	l.lost.CompareAndSwap(nil, &Lost{Device: device, Cause: fmt.Errorf("%s: %w", what, cause)})
	return l.Err()
}
