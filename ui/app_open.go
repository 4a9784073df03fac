package ui

import (
	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/ui/opener"
)

// openSomething opens the dialog.
func (a *App) openSomething(wanted opener.Wanted) tea.Cmd {
	d := opener.New(a.Session, a, a.recent, wanted)
	a.Open(d)
	return d.Init(&port{a, d})
}

// ShowImage implements opener.Host.
func (a *App) ShowImage() tea.Cmd { return a.show(0) }

// askForData asks, once, for the data of a model that was opened without.
func (a *App) askForData() tea.Cmd {
	if !a.Unpaired() {
		a.unpaired = ""
		return nil
	}
	if a.unpaired == a.Info.Model || a.Top() != nil || !a.may(MayOpen) {
		return nil
	}
	a.unpaired = a.Info.Model
	return a.openSomething(opener.OnlyData)
}

// remember keeps what was opened for the list of recent items.
func (a *App) remember(c lab.Choice) tea.Cmd {
	return a.recent.Remember(a.Session.Screen, opener.Opened(c)...)
}

// rememberStart keeps what the program was started with, unless it was opened by default.
func (a *App) rememberStart() tea.Cmd {
	if !a.Modeled() {
		return nil
	}
	return a.remember(a.options.Opened)
}
