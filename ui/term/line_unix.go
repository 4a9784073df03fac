//go:build unix

package term

import (
	"context"
	"errors"
	"io"
	"os"

	xterm "github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// QueriesFirst: the terminal can be queried before Bubble Tea runs.
const QueriesFirst = true

// ttySize returns the size the terminal driver reports.
func ttySize(f *os.File) (windowSize, bool) {
	w, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return windowSize{}, false
	}
	return windowSize{int(w.Col), int(w.Row), int(w.Xpixel), int(w.Ypixel)}.clamped(), true
}

// unixLine is the driver of a terminal.
type unixLine struct {
	in     *os.File
	before *xterm.State // from before raw mode; nil while that is off
}

func newLine(in, _ *os.File) line { return &unixLine{in: in} }

func (l *unixLine) raw() error {
	state, err := xterm.MakeRaw(l.in.Fd())
	if l.before == nil {
		l.before = state
	}
	return err
}

func (l *unixLine) restore() error {
	if l.before == nil {
		return nil
	}
	flushInput(l.in.Fd())
	state := l.before
	l.before = nil
	return xterm.Restore(l.in.Fd(), state)
}

// newReader returns a reader of the terminal that ends with ctx.
func newReader(ctx context.Context, f *os.File) (io.Reader, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if f.Fd() >= unix.FD_SETSIZE || r.Fd() >= unix.FD_SETSIZE {
		return nil, errors.Join(errors.New("the terminal's file descriptor is too large to wait for"), r.Close(), w.Close())
	}
	context.AfterFunc(ctx, func() { w.Close() })
	return &reader{f: f, end: r}, nil
}

// reader reads a terminal until its other file has something to be read, its end. It uses select
// because macOS cannot poll terminals.
type reader struct{ f, end *os.File }

func (r *reader) Read(b []byte) (int, error) {
	for {
		var set unix.FdSet
		tty, end := int(r.f.Fd()), int(r.end.Fd())
		set.Set(tty)
		set.Set(end)
		if _, err := unix.Select(max(tty, end)+1, &set, nil, nil, nil); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return 0, err
		}
		if set.IsSet(end) {
			r.end.Close()
			return 0, context.Canceled
		}
		n, err := unix.Read(tty, b)
		switch {
		case errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN):
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}
