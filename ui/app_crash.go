package ui

import (
	"hfcui/ui/kit"
	"hfcui/ui/term"
)

// onPanic records a panic while writing to the terminal, in a goroutine that must not wait for the
// program. If the program is already ending, verdict returns it.
func (a *App) onPanic(p *term.Panic) {
	c := kit.Recovered(p)
	if a.fault.CompareAndSwap(nil, &c) && a.send != nil {
		go a.send(c)
	}
}
