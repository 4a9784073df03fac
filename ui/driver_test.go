package ui

import (
	"io"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/opener"
	"hfcui/ui/term"
	"hfcui/ui/uitest"
)

func start(t *testing.T, w, h int) *uitest.Driver[*App] {
	t.Helper()
	return startWith(t, uitest.NewFakeLab(), Options{}, w, h)
}

func startWith(t *testing.T, lab *uitest.FakeLab, o Options, w, h int) *uitest.Driver[*App] {
	t.Helper()
	o.Output, o.Environ = io.Discard, []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	if o.Folder == "" {
		o.Folder = t.TempDir()
	}
	opener.Pause = 0
	d := &uitest.Driver[*App]{T: t, App: New(lab, o), Lab: lab}
	d.App.jobs.pause = 0 // for the same reason
	t.Cleanup(d.App.cancel)
	if _, p, ok := find[interface{ Rescan(every time.Duration) }](d.App); ok {
		p.Rescan(0) // or the program would never be at rest
	}
	d.Send(capabilitiesMsg{term.Capabilities{CellW: 9, CellH: 18, Dark: true, DarkKnown: true, Complete: true}})
	d.Send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}
