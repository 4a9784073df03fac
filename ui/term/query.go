package term

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"

	xterm "github.com/charmbracelet/x/term"
)

// patienceLocal and patienceSSH are how long Query waits for the fence: a terminal on the
// same machine answers within milliseconds, through SSH it takes a round trip.
const (
	patienceLocal = 150 * time.Millisecond
	patienceSSH   = 600 * time.Millisecond
)

// Query asks the terminal before Bubble Tea starts: raw mode, all questions at once, and
// reading until the last one is answered or the time is over (150 ms, 600 ms through SSH;
// a terminal that is in the midst of answering gets some more), ctx is, or Ctrl-C is
// pressed. typed are bytes that were no replies: what the user has pressed meanwhile, for
// Events. The probe is of use whatever the error; terminals that answer nothing are no
// error. On Windows nothing is asked: ask with Queries while Bubble Tea runs.
func Query(ctx context.Context, in, out *os.File, env []string) (p *Probe, typed []byte, err error) {
	p = NewProbe(env)
	if !xterm.IsTerminal(in.Fd()) || !xterm.IsTerminal(out.Fd()) {
		return p, nil, errors.New("standard input or output is not a terminal")
	}
	p.tty = out
	if s, ok := ttySize(out); ok {
		p.size = s
	}
	if p.Capabilities().Dumb {
		return p, nil, nil
	}
	patience := patienceLocal
	if p.env.ssh {
		patience = patienceSSH
	}
	start := time.Now()
	p.askTmux(ctx, patience)
	if ctx.Err() != nil {
		return p, nil, nil
	}
	typed, err = p.converse(ctx, in, out, deadline{start.Add(patience), start.Add(3 * patience)})
	return p, typed, err
}

// deadline is until when to wait. What comes puts it off, to last at most.
type deadline struct{ until, last time.Time }

// askTmux asks tmux whether it passes anything through: without that the terminal outside
// would never answer, and one would wait in vain. Versions before 3.3 always do and know
// no such option.
func (p *Probe) askTmux(ctx context.Context, patience time.Duration) {
	if !p.env.tmux || p.env.ssh {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said, err := exec.CommandContext(ctx, "tmux", "display-message", "-p", "#{allow-passthrough}").Output()
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = passes
	if s := strings.TrimSpace(string(said)); s == "0" || s == "off" {
		p.allowed = passesNot
	}
}
