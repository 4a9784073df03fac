package ui

import (
	"context"
	"errors"
	"os"
	"runtime"

	tea "charm.land/bubbletea/v2"
	xterm "github.com/charmbracelet/x/term"

	"hfcui/ui/kit"
	"hfcui/ui/session"
	"hfcui/ui/term"
)

// framesPerSecond is how often the screen may change: what a key changes waits half of
// this at the mean. Watching alone it is less: looking for changes costs the training that
// is watched, when it runs on the same machine.
const (
	framesPerSecond         = 120
	watchingFramesPerSecond = 30
)

// Run runs the program on this process's terminal until it is quit, and leaves the
// terminal as it was found. The end of ctx ends it in order, whatever it is doing; signals
// are the caller's to turn into that. The error, if any, is one line on why it ended: the
// cause of ctx's end if that was it.
func Run(ctx context.Context, lab session.Lab, o Options) error {
	in, out, err := terminal()
	if err != nil {
		return err
	}
	o.Output = out
	a := New(lab, o)
	defer a.cancel()
	probe, typed, err := term.Query(ctx, in, out, a.options.Environ)
	if err == nil {
		err = context.Cause(ctx) // there is no program yet that could be ended
	}
	if err != nil {
		return err
	}
	if probe.Capabilities().Dumb {
		return errors.New("the terminal has no cursor addressing (TERM is dumb or not set): use split, predict, bands, flips or kernels instead")
	}
	a.probe = probe
	a.asked = runtime.GOOS != "windows" // there the questions are asked while the program runs
	a.useCapabilities(probe.Capabilities())
	reading, read := context.WithCancel(context.Background()) // longer than a.ctx: replies come late
	defer read()
	input := probe.Input(reading, in, func(caps term.Capabilities) { a.send(capabilitiesMsg{caps}) })
	program := tea.NewProgram(a, append(a.ProgramOptions(), tea.WithInput(input), tea.WithoutSignalHandler())...)
	a.send = program.Send
	defer context.AfterFunc(ctx, func() { program.Send(ended{context.Cause(ctx)}) })()
	go func() {
		program.Send(kit.Protect(func() tea.Msg {
			for _, e := range term.Events(typed) {
				program.Send(e)
			}
			return nil
		}))
	}()
	_, err = program.Run()
	if err = a.verdict(err); err != nil {
		a.layer.Restore() // whatever went wrong, and wherever: the terminal comes first
	}
	a.Wait()
	return err
}

// Wait has pages end their work, once the program has ended.
func (a *App) Wait() {
	for _, t := range a.pages {
		if p, ok := t.page.(waiter); ok {
			p.Wait()
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

// ProgramOptions are what a tea.Program needs to run a.
func (a *App) ProgramOptions() []tea.ProgramOption {
	frames := framesPerSecond
	if !a.Modeled() {
		frames = watchingFramesPerSecond
	}
	return []tea.ProgramOption{
		tea.WithOutput(a.layer.Output()),
		tea.WithEnvironment(a.options.Environ),
		tea.WithFPS(frames),
	}
}
