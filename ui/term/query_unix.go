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

// ttySize asks the terminal's driver.
func ttySize(f *os.File) (windowSize, bool) {
	w, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return windowSize{}, false
	}
	return windowSize{int(w.Col), int(w.Row), int(w.Xpixel), int(w.Ypixel)}, true
}

// ctrlC is what the key sends in raw mode.
const ctrlC = 0x03

// converse asks and reads the answers in raw mode. The beginning of an answer that did not
// come in time is left to Input.
func (p *Probe) converse(ctx context.Context, in, out *os.File, end deadline) (typed []byte, err error) {
	state, err := xterm.MakeRaw(in.Fd())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, xterm.Restore(in.Fd(), state)) }()
	// What a terminal may print of a question that it does not understand is taken back.
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
			break // hung up; whoever reads next will notice
		}
		if err != nil {
			return typed, err
		}
		end.putOff()
		held = append(held, buf[:n]...)
		begun := separate(held, func(seq []byte) { p.take(seq) }, func(b []byte) { typed = append(typed, b...) })
		held = append(held[:0], begun...)
		if bytes.IndexByte(typed, ctrlC) >= 0 {
			break // whoever wants to leave does not wait for a terminal
		}
		if p.done() && p.foundTmux() {
			if err := ask(); err != nil {
				return typed, err
			}
		}
	}
	if !unmistakable(held) {
		return append(typed, held...), nil // an escape key
	}
	p.mu.Lock()
	p.begun = held
	p.mu.Unlock()
	return typed, nil
}

// waitReadable waits until there is something to read; false when the time is over or ctx
// is before.
func waitReadable(ctx context.Context, fd uintptr, until time.Time) (bool, error) {
	const slice = 20 * time.Millisecond // after which to look whether ctx was canceled
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

// pause is how long a terminal that is answering may be silent.
const pause = 50 * time.Millisecond

func (d *deadline) putOff() {
	if t := time.Now().Add(pause); t.After(d.until) {
		d.until = t
	}
	if d.until.After(d.last) {
		d.until = d.last
	}
}

// done tells that all answers have come.
func (p *Probe) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.complete()
}

// foundTmux tells that the answers name a tmux that the environment did not and that may
// pass questions through.
func (p *Probe) foundTmux() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return isTmux(p.answers.name) && !p.wrapped && p.allowed != passesNot
}
