package ui

import (
	"context"
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

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
func RunRemote(ctx context.Context, lab session.Lab, o Options, t Remote) error {
	if o.Environ == nil {
		o.Environ = []string{}
	}
	o.Output = t.Out
	a := New(lab, o)
	defer a.cancel()
	reading, read := context.WithCancel(context.Background())
	defer read()
	a.probe.Resize(t.Cols, t.Rows, 0, 0)
	input := a.probe.Input(reading, t.In, func(caps term.Capabilities) { a.send(capabilitiesMsg{caps}) })
	program := tea.NewProgram(a, append(a.ProgramOptions(), tea.WithInput(input), tea.WithWindowSize(t.Cols, t.Rows), tea.WithColorProfile(colorprofile.Env(o.Environ)), tea.WithoutSignalHandler())...)
	a.send = program.Send
	defer context.AfterFunc(ctx, func() { program.Send(ended{context.Cause(ctx)}) })()
	go func() {
		for {
			select {
			case msg := <-t.Messages:
				program.Send(msg)
			case <-reading.Done():
				return
			}
		}
	}()
	_, err := program.Run()
	if err = a.verdict(err); err != nil {
		a.layer.Restore()
	}
	a.Wait()
	return err
}
