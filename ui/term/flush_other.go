//go:build unix && !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package term

// flushInput drops input that has not been read.
func flushInput(uintptr) {}
