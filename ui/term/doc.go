// Package term talks to the terminal beneath Bubble Tea, which it does not import: Probe
// detects what a terminal supports, Layer draws pictures after the text of the frame they
// belong to. All state is per session; there are no globals.
//
// # Detection
//
// Terminal has the terminal for itself: Open puts this process's terminal into raw mode, Connect
// takes one at the end of a connection. Query runs before Bubble Tea starts and returns when the last
// query is replied to, which takes milliseconds on a local terminal. The first frame is thus laid out
// for what the terminal supports and the size of its cells. Replies that arrive late or in pieces
// are recorded when they come, and keys typed meanwhile are not lost:
//
//	t, err := term.Open(os.Stdin, os.Stdout, os.Environ())
//	defer t.Close()
//	t.Query(ctx)
//	t.Notify(func(c term.Capabilities) { program.Send(changed{c}) }, func(error) { program.Quit() })
//	layer := term.New(t.Output())
//	layer.Configure(t.Capabilities())
//	program = tea.NewProgram(model, tea.WithInput(t.Input()), tea.WithoutRenderer())
//
// After a resize the font may have changed: writing Queries to the layer repeats the queries.
//
// # Input
//
// Input tells keys from everything else a terminal sends, by a list of what keys send: replies, and
// whatever is unknown, odd or unfinished, never become keys (scan). The escape key begins like a
// reply: it waits for 50 ms, and while replies are outstanding for these (parser). Every batch of
// queries ends with a fence, DA1, so that it is known whether replies are outstanding (pending); Close
// and Suspend wait for them, for at most 1.5 s, and drop unread input, so that the shell reads none.
//
// # Output
//
// Screen takes the place of Bubble Tea's renderer. It draws frames when there are new ones, in a
// goroutine of its own, and Output lets no write wait for a terminal that has stopped reading: the
// program can always be ended. Sizes pass through ClampSize.
//
// # Drawing
//
// The View holds Layer.Blank where pictures go (or the lines of package picture, for
// pictures that are text) and one marker from Layer.Place near its top; all of it passes
// through Layer.Pin. See Layer for how that works. No picture may touch the last row, and at
// most 16 may be on the screen, which is what xterm stores: combine many small ones.
package term
