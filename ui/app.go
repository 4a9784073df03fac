// Package ui is the shell of the terminal program, which shows low-pass and high-pass images at a
// cutoff radius r, the model's predictions on each, and accuracy per band.
//
// App is the one tea.Model: it routes messages, owns the dialogs and the terminal, and draws
// the frame around the page on screen. Pages are packages below pages, listed in one table in
// pages.go; they share a session.Session and reach the shell through a session.Screen. Key
// tables drive dispatch, help, the palette and the hints on the last line. Nothing is computed
// and no I/O is done in Update or View: work runs in commands, at most one of each kind at a
// time, the newest request wins, and the result is routed back to the page that asked. View
// changes no state.
package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/ui/kit"
	"hfcui/ui/opener"
	experimentspage "hfcui/ui/pages/experiments"
	trainpage "hfcui/ui/pages/train"
	"hfcui/ui/picture"
	"hfcui/ui/session"
	"hfcui/ui/term"
)

// Interfaces to training, run folders and experiments; see the pages.
type (
	Training     = trainpage.Training
	TrainingRun  = trainpage.TrainingRun
	Watch        = trainpage.Watch
	Evolution    = trainpage.Evolution
	Reproducing  = experimentspage.Reproducing
	Reproduction = experimentspage.Reproduction
)

// Options configures the program. The zero value is valid.
type Options struct {
	Output   io.Writer  // nil: standard output
	Environ  []string   // nil: os.Environ()
	Pictures string     // "sixel", "kitty", "kitty-direct", "iterm2", "blocks"; "" queries the terminal
	Theme    string     // "dark", "light"; otherwise as the terminal's background is
	Folder   string     // where exports go; "" is the current one
	Recent   string     // file of recently opened items; "" keeps none
	Opened   lab.Choice // what the program was started with, "" by default
	Page     string     // one of PageNames; "" is the first
	Training *Training  // nil: cannot train
	Watch    Watch      // the runs the Train page follows from the start
	// Evolution inspects checkpoints of runs; nil: none.
	Evolution Evolution

	Experiments string       // parent of their folders; "" is runs
	Reproducing *Reproducing // nil: experiments are read-only

	Audience Audience // of those that share the Lab; nil: this program is alone

	session.Start // initial state of the session
}

// App is the program. It implements tea.Model.
type App struct {
	*session.Session
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	send    func(tea.Msg) // to the running program; nil before it runs

	terminal *term.Terminal // nil before it runs
	layer    *term.Layer
	screen   *term.Screen // nil before it runs
	stop     func()       // stops the process; nil if it cannot be suspended
	stage    stage
	charts   charts
	probe    *term.Probe
	caps     term.Capabilities
	protocol picture.Protocol
	asked    bool // the terminal has replied to queries, or timed out
	watching bool // tmux is asked from time to time
	settling bool // the size of cells will be asked for again
	hidden   bool // draw nothing: the program is quitting

	theme  *kit.Theme
	layout kit.Layout
	pages  []tab
	page   int // the one on screen
	kit.Dialogs
	drag func(kit.Mouse) tea.Cmd // what moving the pressed mouse does
	jobs jobs
	exports
	reports
	claims map[*kit.Job]claim // of running jobs

	recent   *opener.Recent
	unpaired string // the model that data were asked for last

	same  bool   // the last message did not change the screen
	shown string // the last frame

	audience audience

	message string                    // shown until the next key
	leave   bool                      // runs go on when the program has ended
	err     error                     // that ended the program
	fault   atomic.Pointer[kit.Crash] // panic while writing to the terminal
}

// New returns the program for a Lab, which the caller closes. With nil there is only the Train page.
func New(l session.Lab, o Options) *App {
	if o.Output == nil {
		o.Output = os.Stdout
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Folder == "" {
		o.Folder = "."
	}
	if o.Experiments == "" {
		o.Experiments = "runs"
	}
	a := &App{Session: session.New(l, o.Start, o.Experiments), options: o, theme: kit.DarkTheme, layer: term.New(o.Output), probe: term.NewProbe(o.Environ), charts: charts{wait: longestWait}}
	a.jobs.pause, a.claims = jobsPause, map[*kit.Job]claim{}
	a.layer.OnPanic(a.onPanic)
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.recent = opener.NewRecent(o.Recent)
	a.Session.Screen, a.Session.Announce, a.Session.RunFiles = &port{a, a.Session}, a.changed, a.ModelFiles
	a.Session.Opened = a.remember
	a.makePages()
	a.useCapabilities(a.probe.Capabilities())
	return a
}

// Init implements tea.Model.
func (a *App) Init() tea.Cmd {
	if a.asked {
		return a.watchTmux()
	}
	return a.ask()
}

// Update implements tea.Model. A panic ends the program in order.
func (a *App) Update(msg tea.Msg) (model tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			model, cmd = a, a.fail(kit.Recovered(r))
		}
	}()
	a.same = false
	cmd = tea.Batch(a.handle(msg), a.watchJobs(), a.Session.Lost())
	a.ArrangeDialogs(a.layout)
	a.publish()
	cmd = tea.Batch(cmd, a.compose())
	if a.screen != nil {
		v := a.View()
		a.screen.Show(v.Content, v.ReportFocus)
	}
	return a, cmd
}

// handle dispatches messages.
func (a *App) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return a.resize(term.ClampSize(msg.Width, msg.Height))
	case tea.KeyPressMsg:
		a.input = time.Now()
		a.layer.Acted()
		return tea.Batch(a.key(msg.String()), a.handHeld(longestHold))
	case tea.PasteMsg:
		return a.paste(msg.Content)
	case tea.MouseMsg:
		a.input = time.Now()
		a.layer.Acted()
		return tea.Batch(a.mouse(msg), a.handHeld(longestHold))
	case stopMsg:
		return a.suspend()
	case continuedMsg:
		return a.continued()
	case tea.ResumeMsg:
		a.layer.Redraw()
		return tea.Batch(a.ask(), a.sized())
	case tea.FocusMsg:
		if a.caps.Forgets {
			a.layer.Redraw()
		}
		return a.ask()
	case tmuxMsg:
		return a.tmuxReplied(msg)
	case AudienceMsg:
		return a.audienceChanged(msg)
	case kit.Crash:
		return a.fail(msg)
	case ended:
		return a.fail(msg.err)
	case kit.Routed:
		return a.deliver(msg)
	case retryMsg:
		a.charts.retry = false
	case chartsMsg:
		a.drawn(msg)
	case exportMsg:
		a.exported(msg)
	case exportLook:
		return msg.dialog.looked(msg)
	case pauseMsg:
		return a.paused()
	case jobsTick:
		a.jobsTicked()
	default:
		return a.reply(msg)
	}
	return nil
}

// ended is sent to end the program with an error.
type ended struct{ err error }

// fail ends the program; Run returns err.
func (a *App) fail(err error) tea.Cmd {
	if a.err == nil {
		a.err = err
	}
	return a.quit()
}

// quit ends the program.
func (a *App) quit() tea.Cmd {
	a.cancel()
	a.hidden = true
	return tea.Quit
}

// suspend stops the program until the shell continues it.
func (a *App) suspend() tea.Cmd {
	if a.shared() {
		a.say("a connection cannot be suspended here; ~^Z suspends ssh")
		return nil
	}
	if a.stop == nil {
		a.say("the program cannot be suspended here")
		return nil
	}
	return kit.Task(func() tea.Msg {
		a.screen.Leave()
		defer a.screen.Enter()
		if err := a.terminal.Suspend(a.stop); err != nil {
			return ended{err}
		}
		return tea.ResumeMsg{}
	})
}

// continued takes the terminal over again.
func (a *App) continued() tea.Cmd {
	return kit.Task(func() tea.Msg {
		if err := a.terminal.Continue(); err != nil {
			return ended{err}
		}
		a.screen.Lose()
		return tea.ResumeMsg{}
	})
}

// sized looks whether the terminal has changed its size while nothing told so.
func (a *App) sized() tea.Cmd {
	if a.terminal == nil {
		return nil
	}
	w, h := a.layout.W, a.layout.H
	return kit.Task(func() tea.Msg {
		if cols, rows := a.terminal.Size(); cols != w || rows != h {
			return tea.WindowSizeMsg{Width: cols, Height: rows}
		}
		return nil
	})
}

// say shows a message in the status line until the next key.
func (a *App) say(s string) { a.message = kit.Clean(s) }

// changed notifies every page of a change.
func (a *App) changed(what session.Change) tea.Cmd {
	var cmds []tea.Cmd
	if l := kit.NewLayout(a.layout.W, a.layout.H, kit.Clean(a.Notice())); a.layout.W > 0 && !l.TooSmall && l != a.layout {
		a.layout = l
		for _, p := range a.pages {
			p.Arrange(a.layout)
		}
		what |= session.ChangedScreen
	}
	for _, p := range a.pages {
		cmds = append(cmds, p.Changed(what))
	}
	if what&session.ChangedModel != 0 {
		cmds = append(cmds, a.askForData())
	}
	return tea.Batch(cmds...)
}

// show switches to a page.
func (a *App) show(i int) tea.Cmd {
	if i == a.page {
		return nil
	}
	if p, ok := a.pages[a.page].page.(leaver); ok {
		p.Leave()
	}
	a.page = i
	a.prefer()
	return a.pages[i].Enter()
}

// resize handles another size of the terminal.
func (a *App) resize(w, h int) tea.Cmd {
	first := a.layout.W == 0
	a.layer.Resize(w, h)
	if a.screen != nil {
		a.screen.Resize(w, h)
	}
	a.probe.Resize(w, h, 0, 0)
	a.adopt(a.probe.Capabilities())
	a.layout = kit.NewLayout(w, h, kit.Clean(a.Notice()))
	for _, p := range a.pages {
		p.Arrange(a.layout)
	}
	if a.layout.TooSmall {
		return nil
	}
	cmd := tea.Batch(a.changed(session.ChangedScreen), a.pages[a.page].Enter())
	if first {
		return tea.Batch(cmd, a.Check(), a.rememberStart(), a.askForData(), a.audienceChanged(a.audience.AudienceMsg))
	}
	return tea.Batch(cmd, a.ask()) // the font may have changed, too
}

// verdict returns the result of Run after the program has ended.
func (a *App) verdict(err error) error {
	var c kit.Crash
	var unread *term.Panic // while reading: returned by Bubble Tea
	switch fault := a.fault.Load(); {
	case errors.As(a.err, &c):
		return c.Report()
	case fault != nil:
		return fault.Report()
	case errors.As(err, &unread):
		return kit.Recovered(unread).Report()
	case a.err != nil:
		return a.err
	case err == nil, errors.Is(err, tea.ErrInterrupted):
		return nil
	}
	return err
}
