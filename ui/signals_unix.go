//go:build unix

package ui

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/term"
)

// stopMsg asks the program to suspend, as a signal does from outside.
type stopMsg struct{}

// continuedMsg is sent when something other than suspend has stopped the process, and it runs again.
type continuedMsg struct{}

var handledSignals = []os.Signal{syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT}

// followSignals has the program follow the terminal's size, and suspend and resume when signals say
// so, until the returned function is called.
func (a *App) followSignals(t *term.Terminal) (stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, handledSignals...)
	end := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				switch s {
				case syscall.SIGWINCH:
					cols, rows := t.Size()
					a.send(tea.WindowSizeMsg{Width: cols, Height: rows})
				case syscall.SIGTSTP:
					a.send(stopMsg{})
				case syscall.SIGCONT:
					a.send(continuedMsg{})
				}
			case <-end:
				return
			}
		}
	}()
	a.stop = func() { stopProcess(signals) }
	return func() {
		signal.Stop(signals)
		close(end)
	}
}

// stopProcess stops the process group, as the terminal's Ctrl-Z would, until the shell continues it.
// signals are those that followSignals handles.
func stopProcess(signals chan os.Signal) {
	signal.Stop(signals) // the signals that stop and continue are not others' then
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	restore := stopGroup()
	select {
	case <-continued:
	case <-time.After(stopTime): // without a shell, nobody could continue it: the system does not stop it
	}
	restore()
	signal.Stop(continued)
	signal.Notify(signals, handledSignals...)
}

// stopTime is how long the system may take to stop the process.
const stopTime = 300 * time.Millisecond
