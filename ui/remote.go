package ui

import (
	"context"
	"io"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/session"
	"hfcui/ui/term"
)

// Remote is a terminal at the end of a connection, whose capabilities are asked for through it.
type Remote struct {
	In         io.Reader
	Out        io.Writer
	Cols, Rows int            // at the start, in range
	Messages   <-chan tea.Msg // window sizes, news of the audience
}

// RunRemote runs the program on a terminal elsewhere until its user quits, the connection ends or ctx
// does. o.Environ is the connection's, and never nil. The error, if any, is one line.
func RunRemote(ctx context.Context, lab session.Lab, o Options, r Remote) error {
	if o.Environ == nil {
		o.Environ = []string{}
	}
	t := term.Connect(r.In, r.Out, o.Environ)
	t.Resize(r.Cols, r.Rows, 0, 0)
	return begin(ctx, t, lab, o, r.Messages)
}
