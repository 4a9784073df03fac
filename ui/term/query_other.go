//go:build !unix

package term

import (
	"context"
	"os"
	"time"

	xterm "github.com/charmbracelet/x/term"
)

// resizeTo takes the size in cells from the console; pixels it does not tell.
func (p *Probe) resizeTo(f *os.File) {
	if w, h, err := xterm.GetSize(f.Fd()); err == nil {
		p.Resize(w, h, 0, 0)
	}
}

// converse leaves asking to Bubble Tea's reader: a console has no way to wait for input of
// which some may be left to others.
func (p *Probe) converse(context.Context, *os.File, *os.File, deadline) ([]byte, error) {
	return nil, nil
}

func readable(uintptr, time.Duration) (bool, error) { return false, nil }
