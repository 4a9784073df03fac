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
	var questions tea.Cmd
	if a.caps.Tmux { // which replies for its client: another may be attached by now
		questions = a.queryTmux(true)
	} else {
		questions = a.query()
	}
	if a.asked {
		return questions
	}
	return tea.Batch(questions, tea.Tick(answerTime, func(time.Time) tea.Msg { return silentMsg{} }))
}

// query sends the queries.
func (a *App) query() tea.Cmd {
	return kit.Task(func() tea.Msg {
		a.layer.Write([]byte(a.probe.Queries())) // if the terminal is gone, its input ends the program
		return nil
	})
}

// tmuxTime is how long to wait for tmux, tmuxPeriod how often to ask it what it does not tell.
const (
	tmuxTime   = time.Second
	tmuxPeriod = 2 * time.Second
)

// tmuxMsg has tmux's state before and now. ask: the terminal is asked next.
type tmuxMsg struct {
	before, now term.Tmux
	ask         bool
}

// queryTmux asks tmux in the background.
func (a *App) queryTmux(ask bool) tea.Cmd {
	return kit.Task(func() tea.Msg {
		before := a.probe.Tmux()
		return tmuxMsg{before, a.probe.QueryTmux(a.ctx, tmuxTime), ask}
	})
}

// watchTmux has tmux asked from time to time: without focus-events it does not tell that it has drawn
// something else in the place of pictures, or that another terminal is attached.
func (a *App) watchTmux() tea.Cmd {
	if t := a.probe.Tmux(); !t.Known || t.FocusEvents || a.watching {
		return nil
	}
	a.watching = true
	query := a.queryTmux(false)
	return tea.Tick(tmuxPeriod, func(time.Time) tea.Msg { return query() })
}

// tmuxReplied draws everything again where tmux did not keep it.
func (a *App) tmuxReplied(msg tmuxMsg) tea.Cmd {
	a.same = true
	if !msg.ask {
		a.watching = false
	}
	watch := a.watchTmux()
	switch {
	case msg.now.Another(msg.before):
		a.same = false
		a.redrawAll()
		return tea.Batch(a.query(), watch)
	case a.caps.Forgets && msg.now.Uncovered(msg.before, a.input):
		a.same = false
		a.layer.Redraw()
	}
	if msg.ask {
		return tea.Batch(a.query(), watch)
	}
	return watch
}

// settle asks once more for the size of cells, if they seem to be no whole pixels, once the terminal
// has settled after a resize.
func (a *App) settle() tea.Cmd {
	if a.settling || !a.probe.Unsettled() {
		return nil
	}
	a.settling = true
	return tea.Tick(term.Settling, func(time.Time) tea.Msg { return settledMsg{} })
}

// settledMsg is sent once the terminal has settled.
type settledMsg struct{}

// redrawAll has text and pictures sent again.
func (a *App) redrawAll() {
	a.layer.Redraw()
	if a.screen != nil {
		a.screen.Redraw()
	}
}

// redraw is redrawAll for a screen that is not what it should be, of a terminal that may be another.
func (a *App) redraw() tea.Cmd {
	a.redrawAll()
	return a.ask()
}

// reply handles other messages, which may be replies of the terminal.
func (a *App) reply(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case capabilitiesMsg:
		return tea.Batch(a.useCapabilities(msg.caps), a.settle())
	case settledMsg:
		a.settling = false
		if a.probe.Unsettled() { // xterm.js has stretched what it was sent meanwhile
			return a.redraw()
		}
		a.same = true
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
	if same := a.render(0, 0) == before && a.asked == asked; same || a.layout.W == 0 || a.layout.TooSmall {
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
	if a.screen != nil {
		a.screen.Configure(caps)
	}
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

// depth returns the colors of half blocks; a font without them has shades.
func (a *App) depth() colorprofile.Profile {
	if a.caps.Has != nil && !a.caps.Has('▀') {
		return colorprofile.ASCII
	}
	return a.caps.Profile
}

// render returns the spec of pictures of a size on this terminal.
func (a *App) render(cols, rows int) kit.RenderSpec {
	return kit.RenderSpec{
		Cols: cols, Rows: rows, Cell: a.cell(), Protocol: a.protocol,
		Depth: a.depth(), Registers: a.caps.Colors, Dark: a.caps.Dark,
		Previews: a.layer.Slow(),
	}
}
