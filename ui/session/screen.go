package session

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// Screen is a page's, or the session's, interface to the program. Its methods are for Update and
// View, except Present.
type Screen interface {
	kit.DialogStack
	// Theme is that of the terminal's background. The layout's W is 0 before the terminal's size is
	// known.
	Theme() *kit.Theme
	Layout() kit.Layout
	// Cell is the cell size for the layout of pictures; Render returns the spec of pictures of a
	// size in cells.
	Cell() kit.CellSize
	Render(cols, rows int) kit.RenderSpec
	// Ready reports whether pictures can be drawn: the terminal is large enough, and has replied to
	// queries or timed out.
	Ready() bool
	// Shown reports whether the page is on screen.
	Shown() bool
	// Context ends with the program.
	Context() context.Context
	// Say shows a message in the status line until the next key; "" removes it.
	Say(text string)
	// Drag makes f handle the movements of the pressed mouse.
	Drag(f func(m kit.Mouse) tea.Cmd)
	// Task runs work in the background; its result goes to the page's Receive.
	Task(work func() tea.Msg) tea.Cmd
	// After sends wait's message to the page's Receive.
	After(wait tea.Cmd) tea.Cmd
	// Start runs a job; its reports go to the page's Receive.
	Start(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*kit.Job, tea.Cmd)
	// Present shows pictures ahead of the frame of msg, which Receive is about to get, if their
	// places in the frame on screen are blank. Pictures of another generation of the session are
	// not shown. It is called from the goroutine that rendered them.
	Present(pictures []kit.Placed, generation int, msg tea.Msg)
	// Same declares that the current message does not change the screen.
	Same()
}
