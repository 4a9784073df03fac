package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// Reports of background work redraw charts, which are large pictures. While keys are pressed they
// wait for inputPause after the last one, so that the pictures a key asks for are not behind those
// on the line to the terminal. Those that have waited for longestHold are shown together with what
// the next key changes.
const (
	inputPause  = 400 * time.Millisecond
	longestHold = 2 * time.Second
)

// reports are reports of background work that wait for input to pause.
type reports struct {
	input   time.Time // of the last key or mouse event
	held    []heldReport
	ticking bool // pauseMsg is on its way
}

// heldReport is a report and when it came.
type heldReport struct {
	kit.Routed
	at time.Time
}

// pauseMsg tells that input may have paused.
type pauseMsg struct{}

// deliver hands on a message of work in the background, now or once input pauses. A job that ends is
// taken notice of at once, since other work may wait for that; it is shown later, too, unless the last
// key started it.
func (a *App) deliver(m kit.Routed) tea.Cmd {
	r, ok := m.Msg.(kit.Report)
	if _, pictured := a.look(); !ok || !pictured || time.Since(a.input) >= inputPause {
		return a.hand(m)
	}
	if !r.Done {
		a.held, a.same = append(a.held, heldReport{m, time.Now()}), true
		return a.awaitPause()
	}
	later := a.claims[r.Job].since.Before(a.input)
	cmd := a.hand(m)
	if later && !a.hidden {
		a.same = true
		return tea.Batch(cmd, a.awaitPause())
	}
	return cmd
}

// awaitPause has paused called when input may have paused.
func (a *App) awaitPause() tea.Cmd {
	if a.ticking {
		return nil
	}
	a.ticking = true
	return tea.Tick(inputPause-time.Since(a.input), func(time.Time) tea.Msg { return pauseMsg{} })
}

// paused hands on what waits for a pause, if there is one.
func (a *App) paused() tea.Cmd {
	a.ticking = false
	if time.Since(a.input) < inputPause {
		a.same = true
		return a.awaitPause()
	}
	return a.handHeld(0)
}

// handHeld hands on reports that have waited for some time.
func (a *App) handHeld(least time.Duration) tea.Cmd {
	var cmds []tea.Cmd
	now := time.Now()
	a.held = slices.DeleteFunc(a.held, func(h heldReport) bool {
		if now.Sub(h.at) < least {
			return false
		}
		a.same = false
		cmds = append(cmds, a.hand(h.Routed))
		return true
	})
	return tea.Batch(cmds...)
}

// hand hands on a message of work in the background.
func (a *App) hand(m kit.Routed) tea.Cmd {
	a.stage.delivered(m.Msg)
	if r, ok := m.Msg.(kit.Report); ok && r.Done {
		delete(a.claims, r.Job)
	}
	cmd, ended, crashed := m.Deliver()
	switch {
	case crashed != nil:
		return a.fail(crashed)
	case ended:
		return tea.Batch(cmd, a.Idle())
	}
	return cmd
}
