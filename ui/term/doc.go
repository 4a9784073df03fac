// Package term is the program's way to the terminal: Probe finds out what a terminal can
// do, Layer draws pictures after the text of the frame they belong to. All state belongs
// to a session; none is global. The package imports nothing of Bubble Tea but works
// beneath it.
//
// # Asking
//
// Query asks before Bubble Tea starts and is done when the last question is answered,
// within milliseconds on a terminal of this machine. It may run while a model is loaded.
// So the first frame is laid out for what the terminal can do and for the size of its
// cells, and no reply is in flight when Bubble Tea begins to read. A terminal that answers
// late, or in pieces, is met by Input, which keeps replies whole; and what the user typed
// meanwhile is not lost:
//
//	probe, typed, err := term.Query(ctx, os.Stdin, os.Stdout, os.Environ())
//	input := probe.Input(ctx, os.Stdin, func(c term.Capabilities) { go program.Send(changed{c}) })
//	layer := term.New(os.Stdout)
//	layer.Configure(probe.Capabilities())
//	program = tea.NewProgram(model, tea.WithInput(input), tea.WithOutput(layer.Output()))
//	for _, e := range term.Events(typed) { go program.Send(e) }
//
// After a resize the font may have changed: tea.Raw(probe.Queries()) asks again. In an SSH
// session there is no Query, as the terminal is at the other end: NewProbe with the
// session's environment, Input around the session, Resize with the client's window, and
// Queries through tea.Raw; until Capabilities.Complete, or for as long as one likes to
// wait, it is not known what to draw.
//
// # Drawing
//
// The View holds Layer.Blank where pictures go (or the lines that package picture made,
// for pictures that are text), one marker from Layer.Place near its top, and goes through
// Layer.Pin as a whole. Layer says how that works. No picture may lie on the last row, and
// not more than 16 may be on the screen, which is what xterm keeps: compose many small ones
// into one.
package term
