//go:build unix

package term

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	xterm "github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// ttySize returns the size the terminal driver reports.
func ttySize(f *os.File) (windowSize, bool) {
	w, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return windowSize{}, false
	}
	return windowSize{int(w.Col), int(w.Row), int(w.Xpixel), int(w.Ypixel)}, true
}

// ctrlC is the byte that Ctrl-C sends in raw mode.
const ctrlC = 0x03

// exchange sends the queries and reads the replies in raw mode. A reply that was incomplete
// when the time was up is completed by Input.
func (p *Probe) exchange(ctx context.Context, in, out *os.File, end deadline) (typed []byte, err error) {
	state, err := xterm.MakeRaw(in.Fd())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, xterm.Restore(in.Fd(), state)) }()
	// A terminal may print parts of a query it does not understand: they are erased.
	ask := func() error {
		_, err := out.WriteString("\x1b7" + p.Queries() + "\x1b8\x1b[K")
		return err
	}
	if err := ask(); err != nil {
		return nil, err
	}
	var held []byte
	buf := make([]byte, 4096)
	for !p.done() {
		ready, err := waitReadable(ctx, in.Fd(), end.until)
		if err != nil {
			return typed, err
		}
		if !ready {
			break
		}
		n, err := in.Read(buf)
		if n == 0 && (err == nil || errors.Is(err, io.EOF)) {
			break // hung up; the next reader will notice
		}
		if err != nil {
			return typed, err
		}
		end.extend()
		held = append(held, buf[:n]...)
		partial := split(held, func(seq []byte) { p.take(seq) }, func(b []byte) { typed = append(typed, b...) })
		held = append(held[:0], partial...)
		if bytes.IndexByte(typed, ctrlC) >= 0 {
			break // quit without waiting for the terminal
		}
		if p.done() && p.tmuxDetected() {
			if err := ask(); err != nil {
				return typed, err
			}
		}
	}
	if !neverKey(held) {
		return append(typed, held...), nil // an escape key
	}
	p.mu.Lock()
	p.partial = held
	p.mu.Unlock()
	return typed, nil
}

// waitReadable waits until there is something to read; it returns false once the time is up or
// ctx is done.
func waitReadable(ctx context.Context, fd uintptr, until time.Time) (bool, error) {
	const slice = 20 * time.Millisecond // how often to check ctx
	for ctx.Err() == nil {
		wait := time.Until(until)
		ready, err := readable(fd, max(min(wait, slice), 0))
		if ready || err != nil || wait <= slice {
			return ready, err
		}
	}
	return false, nil
}

// readable waits until fd can be read. It uses select because macOS cannot poll terminals.
func readable(fd uintptr, wait time.Duration) (bool, error) {
	if fd >= unix.FD_SETSIZE {
		return false, errors.New("the terminal's file descriptor is too large to wait for")
	}
	for deadline := time.Now().Add(wait); ; wait = max(time.Until(deadline), 0) {
		var set unix.FdSet
		set.Set(int(fd))
		t := unix.NsecToTimeval(wait.Nanoseconds())
		n, err := unix.Select(int(fd)+1, &set, nil, nil, &t)
		if err == nil || !errors.Is(err, unix.EINTR) {
			return n > 0, err
		}
	}
}

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
