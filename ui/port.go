package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// receiver takes what its own work in the background tells: a page, or the session.
type receiver interface{ Receive(msg tea.Msg) tea.Cmd }

// routed is a message on its way to the one whose work it comes from.
type routed struct {
	to  receiver
	msg tea.Msg
}

// port is the program as one receiver sees it. It implements Screen.
type port struct {
	app *App
	to  receiver
}

func (p *port) Open(d kit.Dialog) tea.Cmd { return p.app.Open(d) }
func (p *port) CloseDialog() tea.Cmd      { return p.app.CloseDialog() }
func (p *port) Top() kit.Dialog           { return p.app.Top() }
func (p *port) Theme() *kit.Theme         { return p.app.theme }
func (p *port) Layout() kit.Layout        { return p.app.layout }
func (p *port) Cell() kit.CellSize        { return p.app.cell() }
func (p *port) Context() context.Context  { return p.app.ctx }
func (p *port) Say(text string)           { p.app.say(text) }
func (p *port) Same()                     { p.app.same = true }

func (p *port) Render(cols, rows int) kit.RenderSpec { return p.app.render(cols, rows) }
func (p *port) Drag(f func(m kit.Mouse) tea.Cmd)     { p.app.drag = f }

func (p *port) Ready() bool {
	return p.app.asked && p.app.layout.W > 0 && !p.app.layout.TooSmall
}

func (p *port) Shown() bool {
	shown, ok := p.app.pages[p.app.page].page.(receiver)
	return ok && shown == p.to
}

func (p *port) Present(pictures []kit.Placed, generation int, msg tea.Msg) {
	p.app.present(pictures, generation, msg)
}

func (p *port) Task(work func() tea.Msg) tea.Cmd { return p.After(kit.Task(work)) }

func (p *port) After(wait tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		if msg := wait(); msg != nil {
			return routed{p.to, msg}
		}
		return nil
	}
}

func (p *port) Start(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*kit.Job, tea.Cmd) {
	j, wait := kit.StartJob(p.app.ctx, work)
	return j, p.After(wait)
}

// deliver hands on a message of work in the background and, where the work goes on, waits for
// the next.
func (a *App) deliver(m routed) tea.Cmd {
	switch msg := m.msg.(type) {
	case kit.Crash:
		return a.fail(msg)
	case kit.Report:
		if c, ok := msg.Msg.(kit.Crash); ok {
			return a.fail(c)
		}
		cmd := m.to.Receive(msg)
		if msg.Done {
			return tea.Batch(cmd, a.Idle())
		}
		return tea.Batch(cmd, (&port{a, m.to}).After(msg.Job.Wait))
	}
	a.stage.delivered(m.msg)
	return m.to.Receive(m.msg)
}

// Idle tells pages that a job ended.
func (a *App) Idle() tea.Cmd {
	var cmds []tea.Cmd
	for _, t := range a.pages {
		if p, ok := t.page.(idler); ok {
			cmds = append(cmds, p.Idle())
		}
	}
	return tea.Batch(cmds...)
}
