package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// receiver takes what its own work in the background tells: a page, or the session.
type receiver interface{ receive(msg tea.Msg) tea.Cmd }

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

func (p *port) open(d dialog) tea.Cmd    { return p.app.open(d) }
func (p *port) closeDialog() tea.Cmd     { return p.app.closeDialog() }
func (p *port) top() dialog              { return p.app.top() }
func (p *port) theme() *theme            { return p.app.theme }
func (p *port) layout() layout           { return p.app.layout }
func (p *port) cell() cellSize           { return p.app.cell() }
func (p *port) context() context.Context { return p.app.ctx }
func (p *port) say(text string)          { p.app.say(text) }
func (p *port) same()                    { p.app.same = true }

func (p *port) render(cols, rows int) renderSpec { return p.app.render(cols, rows) }
func (p *port) drag(f func(m mouse) tea.Cmd)     { p.app.drag = f }

func (p *port) ready() bool {
	return p.app.asked && p.app.layout.w > 0 && !p.app.layout.tooSmall
}

func (p *port) shown() bool {
	shown, ok := p.app.pages[p.app.page].page.(receiver)
	return ok && shown == p.to
}

func (p *port) present(pictures []placed, generation int, msg tea.Msg) {
	p.app.present(pictures, generation, msg)
}

func (p *port) task(work func() tea.Msg) tea.Cmd { return p.after(task(work)) }

func (p *port) after(wait tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		if msg := wait(); msg != nil {
			return routed{p.to, msg}
		}
		return nil
	}
}

func (p *port) start(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*job, tea.Cmd) {
	j, wait := startJob(p.app.ctx, work)
	return j, p.after(wait)
}

// deliver hands on a message of work in the background and, where the work goes on, waits for
// the next.
func (a *App) deliver(m routed) tea.Cmd {
	switch msg := m.msg.(type) {
	case crash:
		return a.fail(msg)
	case report:
		if c, ok := msg.msg.(crash); ok {
			return a.fail(c)
		}
		cmd := m.to.receive(msg)
		if msg.done {
			return tea.Batch(cmd, a.idle())
		}
		return tea.Batch(cmd, (&port{a, m.to}).after(msg.job.wait))
	}
	a.stage.delivered(m.msg)
	return m.to.receive(m.msg)
}

// idle tells pages that a job ended.
func (a *App) idle() tea.Cmd {
	var cmds []tea.Cmd
	for _, t := range a.pages {
		if p, ok := t.page.(idler); ok {
			cmds = append(cmds, p.idle())
		}
	}
	return tea.Batch(cmds...)
}
