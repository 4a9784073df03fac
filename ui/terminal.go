package ui

import (
	"runtime"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"

	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
	"hfcui/ui/term"
)

// answerTime is the time to wait for the terminal's replies before drawing half blocks. Later
// replies are still accepted.
const answerTime = 600 * time.Millisecond

// capabilitiesMsg has the terminal's known capabilities.
type capabilitiesMsg struct{ caps term.Capabilities }

// silentMsg is sent after answerTime.
type silentMsg struct{}

// ask queries the terminal's capabilities and cell size. Replies arrive as capabilitiesMsg, or on
// Windows as events.
func (a *App) ask() tea.Cmd {
	questions := tea.Raw(a.probe.Queries())
	if a.asked {
		return questions
	}
	return tea.Batch(questions, tea.Tick(answerTime, func(time.Time) tea.Msg { return silentMsg{} }))
}

// reply handles other messages, which may be replies of the terminal.
func (a *App) reply(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case capabilitiesMsg:
		return a.useCapabilities(msg.caps)
	case silentMsg:
		if a.asked {
			return nil
		}
		a.asked = true
		a.adopt(a.caps)
		return a.changed(session.ChangedScreen)
	}
	if runtime.GOOS == "windows" && a.probe.Feed(event(msg)) {
		return a.useCapabilities(a.probe.Capabilities())
	}
	return nil
}

// event converts Bubble Tea's messages back to the original events.
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

// useCapabilities adapts to the terminal's capabilities, and redraws if needed.
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

// adopt stores the terminal's capabilities.
func (a *App) adopt(caps term.Capabilities) {
	if a.options.Theme == "dark" || a.options.Theme == "light" {
		caps.Dark, caps.DarkKnown = a.options.Theme == "dark", true
	}
	a.caps = caps
	a.asked = a.asked || caps.Complete
	name, _ := caps.Choose(a.options.Pictures)
	a.protocol, _ = picture.Parse(name)
	known := caps.DarkKnown || !a.asked // most are dark; the reply is about to come
	a.theme = kit.ThemeOn(caps.Dark, known, caps.Profile > colorprofile.ASCII)
	a.layer.Configure(caps)
}

// cell returns the cell size for the layout of pictures.
func (a *App) cell() kit.CellSize {
	if a.protocol == picture.HalfBlocks { // half blocks: two square halves per cell
		return kit.CellSize{W: 1, H: 2}
	}
	c := kit.CellSize{W: max(1, a.caps.CellW), H: max(1, a.caps.CellH), ExactW: a.caps.ExactW, ExactH: a.caps.ExactH}
	if a.protocol == picture.Sixel {
		c.MostW, c.MostH, c.Bands = a.caps.MaxW/c.W, a.caps.MaxH/c.H, a.caps.Bands
	}
	return c
}

// plain reports whether the terminal has no colors.
func (a *App) plain() bool {
	return a.caps.Profile == colorprofile.ASCII || a.caps.Profile == colorprofile.NoTTY
}

// render returns the spec of pictures of a size on this terminal.
func (a *App) render(cols, rows int) kit.RenderSpec {
	return kit.RenderSpec{
		Cols: cols, Rows: rows, Cell: a.cell(), Protocol: a.protocol,
		Depth: a.caps.Profile, Registers: a.caps.Colors, Dark: a.caps.Dark,
	}
}
