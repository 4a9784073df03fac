package ui

import (
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// exportMsg lists the files written.
type exportMsg struct {
	names []string
	err   error
}

// startExport exports the page to files.
func (a *App) startExport() tea.Cmd {
	e, err := a.pages[a.page].Export()
	if err != nil {
		a.say(kit.OneLine(err))
		return nil
	}
	folder := a.options.Folder
	return kit.Task(func() tea.Msg {
		if full, err := filepath.Abs(folder); err == nil {
			folder = full // more informative than "."
		}
		names, err := e.Save(folder)
		return exportMsg{names, err}
	})
}

// exported reports the files written.
func (a *App) exported(msg exportMsg) {
	if msg.err != nil {
		a.say("not exported: " + kit.OneLine(msg.err))
		return
	}
	folder := filepath.Dir(msg.names[0])
	lines := []kit.HelpLine{{Text: "in " + kit.Clean(folder)}}
	for _, name := range msg.names {
		lines = append(lines, kit.HelpLine{Text: kit.Clean(filepath.Base(name))})
	}
	d := kit.NewReader(a, "Wrote "+kit.Counted(len(msg.names), "file"), lines)
	d.Pass = a.key
	a.Open(d)
}
