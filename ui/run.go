package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	tea "charm.land/bubbletea/v2"
	xterm "github.com/charmbracelet/x/term"

	"hfcui/ui/term"
)

// framesPerSecond is how often the screen may change: what a key changes waits half of
// this at the mean.
const framesPerSecond = 120

// Run runs the program on this process's terminal until it is quit, and leaves the
// terminal as it was found. The error, if any, is one line on why it ended.
func Run(ctx context.Context, lab Lab, o Options) error {
	in, out, err := terminal()
	if err != nil {
		return err
	}
	o.Output = out
	a := New(lab, o)
	defer a.cancel()
	defer context.AfterFunc(ctx, a.cancel)()
	probe, typed, err := term.Query(ctx, in, out, a.options.Environ)
	if err != nil {
		return err
	}
	if probe.Capabilities().Dumb {
		return errors.New("this terminal cannot move its cursor (TERM is dumb or not set): use split, predict, bands, flips or kernels, which need none of that")
	}
	a.probe = probe
	a.asked = runtime.GOOS != "windows" // there the questions are asked while the program runs
	a.useCapabilities(probe.Capabilities())
	input := probe.Input(in, func(caps term.Capabilities) { a.send(capabilitiesMsg{caps}) })
	program := tea.NewProgram(a, append(a.ProgramOptions(), tea.WithContext(ctx), tea.WithInput(input), tea.WithoutSignalHandler())...)
	a.send = program.Send
	defer watchSignals(program)()
	go func() {
		for _, e := range term.Events(typed) {
			program.Send(e)
		}
	}()
	_, err = program.Run()
	if err = a.verdict(err); err != nil {
		a.layer.Restore() // whatever went wrong, and wherever: the terminal comes first
	}
	return err
}

// terminal returns the terminal to read from and to write to.
func terminal() (in, out *os.File, err error) {
	if !xterm.IsTerminal(os.Stdout.Fd()) {
		return nil, nil, errors.New("standard output is not a terminal: use split, predict, bands, flips or kernels, which need none")
	}
	if xterm.IsTerminal(os.Stdin.Fd()) {
		return os.Stdin, os.Stdout, nil
	}
	if in, _, err = tea.OpenTTY(); err != nil {
		return nil, nil, errors.New("no terminal to read keys from: use split, predict, bands, flips or kernels, which need none")
	}
	return in, os.Stdout, nil
}

// ProgramOptions are what a tea.Program needs to run a.
func (a *App) ProgramOptions() []tea.ProgramOption {
	return []tea.ProgramOption{
		tea.WithOutput(a.layer.Output()),
		tea.WithEnvironment(a.options.Environ),
		tea.WithFPS(framesPerSecond),
	}
}

// watchSignals ends the program in order when the process is told to end. Bubble Tea
// itself knows nothing of SIGHUP. A second signal ends the process at once.
func watchSignals(program *tea.Program) (stop func()) {
	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			name := map[os.Signal]string{os.Interrupt: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP"}[s]
			program.Send(ended{fmt.Errorf("ended by %s", name)})
		case <-done:
		}
	}()
	return func() { signal.Stop(signals); close(done) }
}
