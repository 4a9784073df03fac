package session

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// Screen is what a page, or the session, may do to the program around it. Its methods are for
// Update and View, except present.
type Screen interface {
	kit.DialogStack
	// Theme is the one for the terminal's background, layout where everything lies; its w is 0
	// before the terminal's size is known.
	Theme() *kit.Theme
	Layout() kit.Layout
	// Cell is the size that pictures are laid out for; render is how pictures of so many
	// columns and rows are drawn on this terminal.
	Cell() kit.CellSize
	Render(cols, rows int) kit.RenderSpec
	// Ready tells that pictures can be drawn: the terminal is large enough, and has said what
	// it can show, or had its time.
	Ready() bool
	// Shown tells whether the page is on screen.
	Shown() bool
	// Context ends with the program.
	Context() context.Context
	// Say shows a line in place of the status line until the next key; "" takes it away.
	Say(text string)
	// Drag has f handle where the pressed mouse moves.
	Drag(f func(m kit.Mouse) tea.Cmd)
	// Task runs work once in the background; what it returns comes to the page's receive.
	Task(work func() tea.Msg) tea.Cmd
	// After brings msg to the page's receive.
	After(wait tea.Cmd) tea.Cmd
	// Start runs work that reports as it goes; the page's receive gets every report.
	Start(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*kit.Job, tea.Cmd)
	// Present shows pictures ahead of the frame that msg, which receive is about to get, leads
	// to, if the frame on screen has nothing but blanks in their places. Pictures of another
	// generation of the session are not shown. It is called from the goroutine that made them.
	Present(pictures []kit.Placed, generation int, msg tea.Msg)
	// Same says that the message being handled changes nothing on screen.
	Same()
}
