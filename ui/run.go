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

// framesPerSecond is the maximum frame rate, which determines latency. It is lower for watching
// only, since redrawing takes time from a run on the same machine.
const (
	framesPerSecond         = 120
	watchingFramesPerSecond = 30
)

// Run runs the program on this process's terminal until the user quits or ctx ends, and restores
// the terminal. The caller turns signals into the end of ctx. The error, if any, is one line: the
// cause of ctx's end, or another.
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
		err = context.Cause(ctx) // before the program has started
	}
	if err != nil {
		return err
	}
	if probe.Capabilities().Dumb {
		return errors.New("the terminal has no cursor addressing (TERM is dumb or not set): use split, predict, bands, flips or kernels instead")
	}
	a.probe = probe
	a.asked = runtime.GOOS != "windows" // where queries are sent while the program runs
	a.useCapabilities(probe.Capabilities())
	reading, read := context.WithCancel(context.Background()) // outlives a.ctx, since replies may be late
	defer read()
	input := probe.Input(reading, in, func(caps term.Capabilities) { a.send(capabilitiesMsg{caps}) })
	program := tea.NewProgram(a, append(a.ProgramOptions(), tea.WithInput(input), tea.WithoutSignalHandler(), tea.WithColorProfile(a.caps.Profile))...)
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
		a.layer.Restore() // restore the terminal in any case
	}
	a.Wait()
	return err
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

// ProgramOptions returns the options of the tea.Program that runs a.
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
