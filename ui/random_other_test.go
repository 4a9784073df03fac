//go:build !linux

package ui

import "time"

// threadTime is not known: what an event takes in all is held to its own limit.
func threadTime() time.Duration { return 0 }
