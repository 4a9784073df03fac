package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// Screen is what a page, or the session, may do to the program around it. Its methods are for
// Update and View, except present.
type Screen interface {
	dialogStack
	// theme is the one for the terminal's background, layout where everything lies; its w is 0
	// before the terminal's size is known.
	theme() *theme
	layout() layout
	// cell is the size that pictures are laid out for; render is how pictures of so many
	// columns and rows are drawn on this terminal.
	cell() cellSize
	render(cols, rows int) renderSpec
	// ready tells that pictures can be drawn: the terminal is large enough, and has said what
	// it can show, or had its time.
	ready() bool
	// shown tells whether the page is on screen.
	shown() bool
	// context ends with the program.
	context() context.Context
	// say shows a line in place of the status line until the next key; "" takes it away.
	say(text string)
	// drag has f handle where the pressed mouse moves.
	drag(f func(m mouse) tea.Cmd)
	// task runs work once in the background; what it returns comes to the page's receive.
	task(work func() tea.Msg) tea.Cmd
	// after brings msg to the page's receive.
	after(wait tea.Cmd) tea.Cmd
	// start runs work that reports as it goes; the page's receive gets every report.
	start(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*job, tea.Cmd)
	// present shows pictures ahead of the frame that msg, which receive is about to get, leads
	// to, if the frame on screen has nothing but blanks in their places. Pictures of another
	// generation of the session are not shown. It is called from the goroutine that made them.
	present(pictures []placed, generation int, msg tea.Msg)
	// same says that the message being handled changes nothing on screen.
	same()
}
