//go:build !unix

package term

import (
	"context"
	"os"
	"time"

	xterm "github.com/charmbracelet/x/term"
)

// ttySize asks the console, which knows nothing of pixels.
func ttySize(f *os.File) (windowSize, bool) {
	w, h, err := xterm.GetSize(f.Fd())
	return windowSize{cols: w, rows: h}, err == nil
}

// converse leaves asking to Bubble Tea's reader: a console has no way to wait for input of
// which some may be left to others.
func (p *Probe) converse(context.Context, *os.File, *os.File, deadline) ([]byte, error) {
	return nil, nil
}

func readable(uintptr, time.Duration) (bool, error) { return false, nil }
