package term

import (
	"context"
	"errors"
	"io"
	"os"

	xterm "github.com/charmbracelet/x/term"
	"golang.org/x/sys/windows"
)

// QueriesFirst: Bubble Tea reads the console itself, so queries are sent while it runs.
const QueriesFirst = false

// ttySize returns the size of the console, which does not know its size in pixels.
func ttySize(f *os.File) (windowSize, bool) {
	w, h, err := xterm.GetSize(f.Fd())
	return windowSize{cols: w, rows: h}, err == nil
}

// console is a console's input and output.
type console struct {
	in, out  *os.File
	inState  *xterm.State // from before raw mode; nil while that is off
	outState *xterm.State
}

func newLine(in, out *os.File) line { return &console{in: in, out: out} }

// raw also has the console send and understand escape sequences.
func (c *console) raw() error {
	out, err := xterm.GetState(c.out.Fd())
	if err != nil {
		return err
	}
	in, err := xterm.MakeRaw(c.in.Fd())
	if err != nil {
		return err
	}
	if c.inState == nil {
		c.inState, c.outState = in, out
	}
	return errors.Join(
		addMode(c.in, windows.ENABLE_VIRTUAL_TERMINAL_INPUT),
		addMode(c.out, windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING|windows.DISABLE_NEWLINE_AUTO_RETURN))
}

func addMode(f *os.File, more uint32) error {
	var mode uint32
	if err := windows.GetConsoleMode(windows.Handle(f.Fd()), &mode); err != nil {
		return err
	}
	return windows.SetConsoleMode(windows.Handle(f.Fd()), mode|more)
}

func (c *console) restore() error {
	if c.inState == nil {
		return nil
	}
	windows.FlushConsoleInputBuffer(windows.Handle(c.in.Fd()))
	in := c.inState
	c.inState = nil
	return errors.Join(xterm.Restore(c.in.Fd(), in), xterm.Restore(c.out.Fd(), c.outState))
}

// newReader returns a reader of nothing: Bubble Tea reads the console.
func newReader(ctx context.Context, _ *os.File) (io.Reader, error) { return idle{ctx}, nil }

type idle struct{ ctx context.Context }

func (r idle) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, context.Canceled
}
