package ui

import (
	"runtime"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
	"hfcui/ui/term"
)

// answerTime is how long the terminal has to say what it can show before half blocks are
// drawn. A later answer is still taken.
const answerTime = 600 * time.Millisecond

// capabilitiesMsg brings what the terminal is now known to be able to do.
type capabilitiesMsg struct{ caps term.Capabilities }

// silentMsg tells that the time to answer is over.
type silentMsg struct{}

// ask asks the terminal what it can do and how large its cells are. The answers come as
// capabilitiesMsg, or on Windows as events of their own.
func (a *App) ask() tea.Cmd {
	questions := tea.Raw(a.probe.Queries())
	if a.asked {
		return questions
	}
	return tea.Batch(questions, tea.Tick(answerTime, func(time.Time) tea.Msg { return silentMsg{} }))
}

// reply takes what nobody else wants: perhaps an answer of the terminal.
func (a *App) reply(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case capabilitiesMsg:
		return a.useCapabilities(msg.caps)
	case silentMsg:
		if a.asked {
			return nil
		}
		a.asked = true
		return a.changed(session.ChangedScreen)
	}
	if runtime.GOOS == "windows" && a.probe.Feed(event(msg)) {
		return a.useCapabilities(a.probe.Capabilities())
	}
	return nil
}

// event turns Bubble Tea's messages back into the events they were made from.
func event(msg tea.Msg) any {
	switch msg := msg.(type) {
	case tea.TerminalVersionMsg:
		return uv.TerminalVersionEvent(msg)
	case tea.BackgroundColorMsg:
		return uv.BackgroundColorEvent(msg)
	case tea.ModeReportMsg:
		return uv.ModeReportEvent(msg)
	}
	return msg
}

// useCapabilities adapts to what is known of the terminal, and draws anew if that matters.
func (a *App) useCapabilities(caps term.Capabilities) tea.Cmd {
	before, asked := a.render(0, 0), a.asked
	a.adopt(caps)
	same := a.render(0, 0) == before && a.asked == asked
	if same || a.layout.W == 0 || a.layout.TooSmall {
		return nil
	}
	for _, p := range a.pages {
		p.Arrange(a.layout)
	}
	return a.changed(session.ChangedScreen)
}

// adopt takes over what is known of the terminal.
func (a *App) adopt(caps term.Capabilities) {
	a.caps = caps
	a.asked = a.asked || caps.Complete
	name, _ := caps.Choose(a.options.Pictures)
	a.protocol, _ = picture.Parse(name)
	a.theme = kit.ThemeFor(caps.Dark)
	a.layer.Configure(caps)
}

// cell is the size in pixels that pictures are laid out for.
func (a *App) cell() kit.CellSize {
	if a.protocol == picture.HalfBlocks { // half blocks: two square halves a cell
		return kit.CellSize{W: 1, H: 2}
	}
	c := kit.CellSize{W: max(1, a.caps.CellW), H: max(1, a.caps.CellH)}
	if a.protocol == picture.Sixel {
		c.MostW, c.MostH = a.caps.MaxW/c.W, a.caps.MaxH/c.H
	}
	return c
}

// render is how pictures of a size are drawn on this terminal.
func (a *App) render(cols, rows int) kit.RenderSpec {
	return kit.RenderSpec{
		Cols: cols, Rows: rows, Cell: a.cell(), Protocol: a.protocol,
		Depth: a.caps.Profile, Registers: a.caps.Colors, Dark: a.caps.Dark,
	}
}
