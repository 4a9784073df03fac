package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/ui/kit"
)

// port implements Screen for a receiver.
type port struct {
	app *App
	to  kit.Receiver
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

func (p *port) Shown() bool { return p.app.shows(p.to) }

func (p *port) Present(pictures []kit.Placed, generation int, msg tea.Msg) {
	p.app.present(pictures, generation, msg)
}

func (p *port) Task(work func() tea.Msg) tea.Cmd { return p.After(kit.Task(work)) }

func (p *port) After(cmd tea.Cmd) tea.Cmd { return kit.Route(p.to, cmd) }

func (p *port) Start(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*kit.Job, tea.Cmd) {
	claim := claim{to: p.to, priority: &lab.Priority{}, since: time.Now()}
	claim.priority.Show(p.app.sees(p.to))
	j, wait := kit.StartJob(lab.WithPriority(p.app.ctx, claim.priority), work)
	p.app.claims[j] = claim
	return j, p.After(wait)
}

// claim is a job's claim to the device.
type claim struct {
	to       kit.Receiver // whose job it is
	priority *lab.Priority
	since    time.Time // when it started
}

// sees reports whether the work of a receiver is for what is on screen: its page, or every page.
func (a *App) sees(to kit.Receiver) bool {
	return to == kit.Receiver(a.Session) || a.shows(to)
}

// shows reports whether a receiver is the page on screen.
func (a *App) shows(to kit.Receiver) bool {
	shown, ok := a.pages[a.page].page.(kit.Receiver)
	return ok && shown == to
}

// prefer gives priority to the jobs of the page on screen.
func (a *App) prefer() {
	for _, c := range a.claims {
		c.priority.Show(a.sees(c.to))
	}
}

// Idle notifies pages that a job has ended.
func (a *App) Idle() tea.Cmd {
	var cmds []tea.Cmd
	for _, t := range a.pages {
		if p, ok := t.page.(idler); ok {
			cmds = append(cmds, p.Idle())
		}
	}
	return tea.Batch(cmds...)
}
