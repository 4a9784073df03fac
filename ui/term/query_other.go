//go:build !unix

package term

import (
	"context"
	"os"
	"time"

	xterm "github.com/charmbracelet/x/term"
)

// ttySize returns the size of the console, which does not know its size in pixels.
func ttySize(f *os.File) (windowSize, bool) {
	w, h, err := xterm.GetSize(f.Fd())
	return windowSize{cols: w, rows: h}, err == nil
}

// exchange does nothing: a console cannot wait for input and leave the rest of it to others,
// so queries are sent while Bubble Tea reads.
func (p *Probe) exchange(context.Context, *os.File, *os.File, deadline) ([]byte, error) {
	return nil, nil
}

func readable(uintptr, time.Duration) (bool, error) { return false, nil }
