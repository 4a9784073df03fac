package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	xterm "github.com/charmbracelet/x/term"

	"hfcui/ui/kit"
	"hfcui/ui/session"
	"hfcui/ui/term"
)

// framePause is how long after a change a frame is drawn. It is longer for watching only, since
// redrawing takes time from a run on the same machine.
const (
	framePause         = 4 * time.Millisecond
	watchingFramePause = 33 * time.Millisecond
)

// Run runs the program on this process's terminal until the user quits, the terminal is gone or ctx
// ends, and restores the terminal. The caller turns signals that end it into the end of ctx. The
// error, if any, is one line: the cause of ctx's end, or another.
func Run(ctx context.Context, lab session.Lab, o Options) error {
	in, out, err := terminal()
	if err != nil {
		return err
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if term.NewProbe(o.Environ).Capabilities().Dumb {
		return errors.New("the terminal has no cursor addressing (TERM is dumb or not set): use split, predict, bands, flips or kernels instead")
	}
	t, err := term.Open(in, out, o.Environ)
	if err != nil {
		return err
	}
	return begin(ctx, t, lab, o, nil)
}

// begin runs the program on a terminal, with messages from elsewhere, and closes it.
func begin(ctx context.Context, t *term.Terminal, lab session.Lab, o Options, messages <-chan tea.Msg) error {
	defer t.Close()
	o.Output = t.Output()
	a := New(lab, o)
	defer a.cancel()
	t.Query(ctx)
	if err := context.Cause(ctx); err != nil {
		return err // before the program has started
	}
	a.terminal, a.probe, a.asked = t, t.Probe, term.QueriesFirst
	a.layer.Pace(t.Probe)
	a.useCapabilities(a.probe.Capabilities())
	cols, rows := t.Size()
	return a.run(ctx, a.program(t.Input(), cols, rows), messages)
}

// run runs the program, and restores the terminal.
func (a *App) run(ctx context.Context, program *tea.Program, messages <-chan tea.Msg) error {
	t := a.terminal
	t.Notify(func(caps term.Capabilities) { a.send(capabilitiesMsg{caps}) }, func(err error) { a.send(ended{gone(err)}) })
	t.Output().OnResume(func() {
		a.screen.Lose()
		a.send(tea.ResumeMsg{})
	})
	defer context.AfterFunc(ctx, func() {
		t.Output().Hurry()
		a.send(ended{context.Cause(ctx)})
	})()
	if t.Local() {
		defer a.followSignals(t)()
	}
	go func() {
		for {
			select {
			case msg := <-messages:
				a.send(msg)
			case <-a.ctx.Done():
				return
			}
		}
	}()
	_, err := program.Run()
	a.cancel()
	t.Output().Hurry()
	err = a.verdict(err)
	a.layer.Restore()
	if restored := t.Close(); err == nil {
		err = restored
	}
	a.Wait()
	return err
}

// gone returns the error of a program whose terminal's input has ended.
func gone(err error) error {
	var p *term.Panic
	if errors.As(err, &p) {
		return kit.Recovered(p)
	}
	return errors.New("the terminal is gone: its window was closed or the connection was lost")
}

// program returns the program that runs a, and begins to draw; both end with a.
func (a *App) program(in io.Reader, cols, rows int) *tea.Program {
	pause := framePause
	if !a.Modeled() {
		pause = watchingFramePause
	}
	// Bubble Tea decodes input and runs the loop, the screen draws.
	const flushes = 1 // a second, of nothing
	program := tea.NewProgram(a, tea.WithInput(in), tea.WithOutput(a.layer), tea.WithWindowSize(cols, rows),
		tea.WithEnvironment(a.options.Environ), tea.WithoutRenderer(), tea.WithFPS(flushes), tea.WithoutSignalHandler())
	a.send = program.Send
	a.screen = term.NewScreen(a.layer, a.options.Environ, pause)
	a.screen.Configure(a.caps)
	go func() {
		var p *term.Panic
		if err := a.screen.Run(a.ctx); errors.As(err, &p) {
			a.onPanic(p)
		}
	}()
	return program
}

// Wait has pages end their work, or leave it running, once the program has ended.
func (a *App) Wait() {
	for _, t := range a.pages {
		if p, ok := t.page.(waiter); ok {
			p.Wait(a.leave)
		}
	}
}

// terminal returns the terminal to read from and to write to.
func terminal() (in, out *os.File, err error) {
	if !xterm.IsTerminal(os.Stdout.Fd()) {
		return nil, nil, errors.New("standard output is not a terminal: use split, predict, bands, flips or kernels instead")
	}
	if xterm.IsTerminal(os.Stdin.Fd()) {
		return os.Stdin, os.Stdout, nil
	}
	if in, _, err = tea.OpenTTY(); err != nil {
		return nil, nil, errors.New("no terminal for keyboard input: use split, predict, bands, flips or kernels instead")
	}
	return in, os.Stdout, nil
}
