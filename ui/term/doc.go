// Package term talks to the terminal beneath Bubble Tea, which it does not import: Probe
// detects what a terminal supports, Layer draws pictures after the text of the frame they
// belong to. All state is per session; there are no globals.
//
// # Detection
//
// Query runs before Bubble Tea starts and returns when the last query is answered, which
// takes milliseconds on a local terminal and may overlap with loading a model. The first
// frame is thus laid out for what the terminal supports and the size of its cells, and no
// reply is in flight when Bubble Tea starts to read. Replies that arrive late or in pieces
// are handled by Input, and keys typed meanwhile are not lost:
//
//	probe, typed, err := term.Query(ctx, os.Stdin, os.Stdout, os.Environ())
//	input := probe.Input(ctx, os.Stdin, func(c term.Capabilities) { go program.Send(changed{c}) })
//	layer := term.New(os.Stdout)
//	layer.Configure(probe.Capabilities())
//	program = tea.NewProgram(model, tea.WithInput(input), tea.WithOutput(layer.Output()))
//	for _, e := range term.Events(typed) { go program.Send(e) }
//
// After a resize the font may have changed: tea.Raw(probe.Queries()) repeats the queries. In
// an SSH session the terminal is at the other end and Query does not apply: use NewProbe
// with the session's environment, Input around the session, Resize with the client's window,
// and Queries through tea.Raw; until Capabilities.Complete or a timeout it is unknown what
// to draw.
//
// # Drawing
//
// The View holds Layer.Blank where pictures go (or the lines of package picture, for
// pictures that are text) and one marker from Layer.Place near its top; all of it passes
// through Layer.Pin. See Layer for how that works. No picture may touch the last row, and at
// most 16 may be on the screen, which is what xterm stores: combine many small ones.
package term
