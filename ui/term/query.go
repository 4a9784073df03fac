package term

import (
	"context"
	"errors"
	"os"
	"time"

	xterm "github.com/charmbracelet/x/term"
)

// timeoutLocal and timeoutSSH are how long Query waits for the last reply: a local terminal
// replies within milliseconds, over SSH it takes a round trip.
const (
	timeoutLocal = 150 * time.Millisecond
	timeoutSSH   = 600 * time.Millisecond
)

// Query queries the terminal before Bubble Tea starts: in raw mode it sends all queries at
// once and reads until the last one is answered, the time is up (150 ms, 600 ms over SSH; up
// to three times that while replies are arriving), ctx is done, or Ctrl-C is pressed. typed
// holds the bytes that were not replies, i.e. keys pressed meanwhile, for Events. The probe is
// usable whatever the error; a terminal that does not reply is not an error. On Windows
// nothing is sent: use Queries while Bubble Tea runs.
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
	timeout := timeoutLocal
	if p.env.ssh {
		timeout = timeoutSSH
	}
	start := time.Now()
	p.QueryTmux(ctx, timeout) // without passthrough, waiting for the terminal outside would be in vain
	if ctx.Err() != nil {
		return p, nil, nil
	}
	typed, err = p.exchange(ctx, in, out, deadline{start.Add(timeout), start.Add(3 * timeout)})
	return p, typed, err
}

// deadline is when to stop waiting. Input extends it, at most to last.
type deadline struct{ until, last time.Time }
