package ui

import (
	"path/filepath"

	tea "charm.land/bubbletea/v2"
)

// exportMsg tells which files were written.
type exportMsg struct {
	names []string
	err   error
}

// startExport writes what is on the page into files.
func (a *App) startExport() tea.Cmd {
	e, err := a.pages[a.page].export()
	if err != nil {
		a.say(oneLine(err))
		return nil
	}
	folder := a.options.Folder
	return task(func() tea.Msg {
		if full, err := filepath.Abs(folder); err == nil {
			folder = full // "." says nothing to the reader
		}
		names, err := e.save(folder)
		return exportMsg{names, err}
	})
}

// exported says what was written.
func (a *App) exported(msg exportMsg) {
	if msg.err != nil {
		a.say("not exported: " + oneLine(msg.err))
		return
	}
	folder := filepath.Dir(msg.names[0])
	lines := []helpLine{{text: "in " + clean(folder)}}
	for _, name := range msg.names {
		lines = append(lines, helpLine{text: clean(filepath.Base(name))})
	}
	d := newReader(a, "Wrote "+counted(len(msg.names), "file"), lines)
	d.pass = a.key
	a.open(d)
}
