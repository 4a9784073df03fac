package ui

import (
	"hfcui/ui/kit"
	"hfcui/ui/term"
)

// onPanic takes a panic in writing to the terminal, which happens in a goroutine that must
// not wait for the program. The program may be ending already: verdict looks for it then.
func (a *App) onPanic(p *term.Panic) {
	c := kit.Recovered(p)
	if a.fault.CompareAndSwap(nil, &c) && a.send != nil {
		go a.send(c)
	}
}
