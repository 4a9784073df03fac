package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	xterm "github.com/charmbracelet/x/term"
)

// Terminal is a terminal that the program has for itself: this process's, in raw mode from Open
// to Close, or one at the end of a connection. Replies of the terminal never reach the program as
// keys, nor the shell: Close and Suspend wait for those that are outstanding.
type Terminal struct {
	*Probe
	input  *Input
	output *Output
	line   line // of this process's terminal; nil for a connection

	mu      sync.Mutex
	changed func(Capabilities)
	lost    func(error)
	ended   error         // why the input ended
	news    chan struct{} // has a value when a reply has arrived
	closing sync.Once
	end     context.CancelFunc
}

// line is a terminal's driver.
type line interface {
	// raw has the terminal pass on every byte unchanged.
	raw() error
	// restore restores the modes from before the first raw, and drops unread input.
	restore() error
}

// Open takes over this process's terminal: in raw mode, with its input read. The caller calls Close
// whatever happens.
func Open(in, out *os.File, env []string) (*Terminal, error) {
	if !xterm.IsTerminal(in.Fd()) || !xterm.IsTerminal(out.Fd()) {
		return nil, errors.New("standard input or output is not a terminal")
	}
	l := newLine(in, out)
	if err := l.raw(); err != nil {
		return nil, fmt.Errorf("cannot set the terminal to raw mode: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	reader, err := newReader(ctx, in)
	if err != nil {
		cancel()
		l.restore()
		return nil, fmt.Errorf("the terminal cannot be read: %w", err)
	}
	t := newTerminal(ctx, cancel, reader, out, env)
	t.line = l
	t.Probe.tty = out
	if s, ok := ttySize(out); ok {
		t.Probe.size = s
	}
	return t, nil
}

// Connect takes over the terminal at the end of a connection, e.g. an SSH session, whose client
// has it in raw mode. Resize tells its size.
func Connect(in io.Reader, out io.Writer, env []string) *Terminal {
	ctx, cancel := context.WithCancel(context.Background())
	return newTerminal(ctx, cancel, in, out, env)
}

func newTerminal(ctx context.Context, cancel context.CancelFunc, in io.Reader, out io.Writer, env []string) *Terminal {
	t := &Terminal{Probe: NewProbe(env), output: NewOutput(out), news: make(chan struct{}, 1), end: cancel}
	t.input = t.Probe.Input(ctx, in, t.capabilitiesChanged, t.inputEnded)
	return t
}

// Input is for tea.WithInput.
func (t *Terminal) Input() *Input { return t.input }

// Output is what the layer writes to.
func (t *Terminal) Output() *Output { return t.output }

// Local reports whether it is this process's terminal.
func (t *Terminal) Local() bool { return t.line != nil }

// Size returns the terminal's size in cells, in range.
func (t *Terminal) Size() (cols, rows int) {
	t.Probe.mu.Lock()
	defer t.Probe.mu.Unlock()
	if t.tty != nil {
		if s, ok := ttySize(t.tty); ok {
			t.size = s
		}
	}
	return ClampSize(t.size.cols, t.size.rows)
}

// Notify has changed called with the capabilities whenever a reply arrives, and lost once the
// terminal's input has ended. They must not wait for Close or Suspend.
func (t *Terminal) Notify(changed func(Capabilities), lost func(error)) {
	t.mu.Lock()
	t.changed, t.lost = changed, lost
	ended := t.ended
	t.mu.Unlock()
	if ended != nil {
		lost(ended)
	}
}

func (t *Terminal) capabilitiesChanged(c Capabilities) {
	signal(t.news)
	t.mu.Lock()
	f := t.changed
	t.mu.Unlock()
	if f != nil {
		f(c)
	}
}

func (t *Terminal) inputEnded(err error) {
	t.mu.Lock()
	t.ended = err
	f := t.lost
	t.mu.Unlock()
	signal(t.news)
	if f != nil {
		f(err)
	}
}

// timeoutLocal and timeoutSSH are how long Query waits for the last reply: a local terminal
// replies within milliseconds, over SSH it takes a round trip.
const (
	timeoutLocal = 150 * time.Millisecond
	timeoutSSH   = 600 * time.Millisecond
)

// Query queries the terminal before the program starts: it sends all queries at once and waits
// until the last one is replied to, the time is up (150 ms, 600 ms over SSH; up to three times that
// while replies are arriving), ctx is done, Ctrl-C is pressed or the terminal is gone. Keys pressed
// meanwhile are read later, as are replies that come later. A terminal that does not reply is not an
// error. On Windows nothing is sent: use Queries while Bubble Tea runs.
func (t *Terminal) Query(ctx context.Context) {
	if !QueriesFirst || t.Capabilities().Dumb {
		return
	}
	timeout := timeoutLocal
	if t.env.ssh {
		timeout = timeoutSSH
	}
	start := time.Now()
	t.QueryTmux(ctx, timeout) // without passthrough, waiting for the terminal outside would be in vain
	if ctx.Err() != nil {
		return
	}
	end := deadline{start.Add(timeout), start.Add(3 * timeout)}
	for t.ask(); ctx.Err() == nil && !t.done(); {
		timer := time.NewTimer(time.Until(end.until))
		select {
		case <-t.news:
			end.extend()
			if t.done() && t.tmuxDetected() {
				t.ask()
			}
		case <-timer.C:
			return
		case <-t.input.interrupt:
			return
		case <-ctx.Done():
		}
		timer.Stop()
		t.mu.Lock()
		gone := t.ended != nil
		t.mu.Unlock()
		if gone {
			return
		}
	}
}

// ask sends the queries. A terminal may print parts of a query it does not understand: they are
// erased.
func (t *Terminal) ask() {
	io.WriteString(t.output, "\x1b7"+t.Queries()+"\x1b8\x1b[K") // a closed terminal ends the input, too
}

// deadline is when to stop waiting. Input extends it, at most to last.
type deadline struct{ until, last time.Time }

// pause is how long a terminal may be silent between replies.
const pause = 50 * time.Millisecond

func (d *deadline) extend() {
	if t := time.Now().Add(pause); t.After(d.until) {
		d.until = t
	}
	if d.until.After(d.last) {
		d.until = d.last
	}
}

// done reports whether all replies have arrived.
func (p *Probe) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.complete()
}

// tmuxDetected reports whether the replies name a tmux that the environment did not, and which
// may pass queries through.
func (p *Probe) tmuxDetected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return isTmux(p.answers.name) && !p.wrapped && p.answers.tmux.passthrough != passthroughOff
}

// Close waits for outstanding replies, for at most 1.5 s after they were asked for, drops input that
// has not been read and restores the terminal's modes. What the program has written must be undone
// before, see Layer.Restore. A second call does nothing.
func (t *Terminal) Close() (err error) {
	t.closing.Do(func() {
		t.drain()
		t.end()
		t.output.Close()
		if t.line != nil {
			select { // nobody reads what comes for whoever has the terminal next
			case <-t.input.unread:
			case <-time.After(time.Second):
			}
			err = t.line.restore()
		}
	})
	return err
}

// drain waits for outstanding replies.
func (t *Terminal) drain() {
	for {
		wait := time.Until(t.exitUntil())
		t.mu.Lock()
		gone := t.ended != nil
		t.mu.Unlock()
		if wait <= 0 || gone || t.output.Stopped() {
			return
		}
		select {
		case <-t.news:
		case <-time.After(min(wait, drainStep)):
		}
	}
}

// drainStep is how often drain looks whether replies are still to be waited for.
const drainStep = 20 * time.Millisecond

// Suspend gives the terminal back while stop runs, which stops the process until the shell
// continues it. What the program has written must be undone before.
func (t *Terminal) Suspend(stop func()) error {
	t.drain()
	if t.line == nil {
		return nil
	}
	if err := t.line.restore(); err != nil {
		return err
	}
	stop()
	return t.line.raw()
}

// Continue takes the terminal over again after something else has stopped and continued the
// process. In the background it waits to be in the foreground.
func (t *Terminal) Continue() error {
	if t.line == nil {
		return nil
	}
	return t.line.raw()
}
