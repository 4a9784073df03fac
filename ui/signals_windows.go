package ui

import "hfcui/ui/term"

type (
	stopMsg      struct{}
	continuedMsg struct{}
)

// followSignals does nothing: Bubble Tea reads the console's size as input, and processes are not
// suspended.
func (a *App) followSignals(*term.Terminal) (stop func()) { return func() {} }
