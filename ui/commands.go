package ui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"
)

// settingKeys change what the model is asked, on every page.
var settingKeys = keymap[*App]{
	{keys: []string{"s"}, name: "smooth kernels, or not", hint: "smooth", when: (*App).modelled, do: func(a *App) tea.Cmd { return a.toggleSmooth() }},
	{keys: []string{"["}, name: "smooth less (ρ)", help: "strength of smoothing ρ", hint: "ρ", when: (*App).modelled, do: func(a *App) tea.Cmd { return a.stepRho(-1) }},
	{keys: []string{"]"}, name: "smooth more (ρ)", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.stepRho(1) }},
	{keys: []string{"m"}, name: "normalise band images: none, max, std", hint: "norm", when: (*App).modelled, do: func(a *App) tea.Cmd { return a.nextNormalization() }},
	{keys: []string{"b"}, name: "batch-norm: running or batch statistics", hint: "bn", when: func(a *App) bool { return a.info.BatchNorm }, do: func(a *App) tea.Cmd { return a.toggleStatistics() }},
	{keys: []string{"t"}, name: "split: test or train", hint: "split", when: func(a *App) bool { return len(a.info.Splits) > 1 }, do: func(a *App) tea.Cmd { return a.nextSplit() }},
	{keys: []string{"x"}, name: "export what is on this page into files", hint: "export", do: (*App).startExport},
}

// programKeys move about the program.
var programKeys keymap[*App]

// lastKeys are those whose hints always stand on the last line.
var lastKeys keymap[*App]

// Help and palette list the tables they are in, so these are filled once all is there.
func init() {
	lastKeys = keymap[*App]{
		{keys: []string{"?"}, name: "help", hint: "help", do: func(a *App) tea.Cmd { return a.open(newHelp(a)) }},
		{keys: []string{"q", "ctrl+c"}, shown: "q", name: "quit", hint: "quit", do: (*App).quit},
	}
	programKeys = append(pageKeys(), keymap[*App]{
		{keys: []string{"tab"}, shown: "tab", name: "next page", help: "next, previous page", when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show((a.page + 1) % len(a.pages)) }},
		{keys: []string{"shift+tab"}, shown: "⇧tab", name: "previous page", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show((a.page + len(a.pages) - 1) % len(a.pages)) }},
		{keys: []string{":", "ctrl+p"}, name: "all commands", hint: "commands", do: (*App).openPalette},
		{keys: []string{"ctrl+z"}, name: "suspend", do: (*App).suspend},
	}...)
}

// pageKeys go to the pages by their numbers.
func pageKeys() (keys keymap[*App]) {
	for i, name := range PageNames() {
		b := binding[*App]{keys: []string{strconv.Itoa(i + 1)}, name: "page " + title(name), also: i > 0, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(i) }}
		if i == 0 {
			b.help = "pages"
		}
		keys = append(keys, b)
	}
	return keys
}

// entries lists what can be pressed on every page, besides lastKeys.
func (a *App) entries() []entry {
	return append(settingKeys.entries(a), programKeys.entries(a)...)
}

// key handles a key press: it is the dialog's, the page's or the program's.
func (a *App) key(key string) tea.Cmd {
	a.message = ""
	switch {
	case key == "ctrl+c", a.layout.tooSmall && key == "q":
		return a.quit()
	case key == "ctrl+z":
		return a.suspend()
	case a.layout.tooSmall:
		return nil
	}
	if d := a.top(); d != nil {
		return d.press(key)
	}
	if cmd, ok := a.pages[a.page].press(key); ok {
		return cmd
	}
	for _, table := range []keymap[*App]{settingKeys, programKeys, lastKeys} {
		if cmd, ok := table.press(a, key); ok {
			return cmd
		}
	}
	return nil
}

// paste gives pasted text to the dialog; pages take none.
func (a *App) paste(text string) tea.Cmd {
	if d := a.top(); d != nil {
		d.insert(text)
	}
	return nil
}

// openPalette lists everything that can be done now, by name.
func (a *App) openPalette() tea.Cmd {
	var choices []choice
	list := append(a.pages[a.page].entries(), a.entries()...)
	for _, e := range append(list, lastKeys.entries(a)...) {
		if e.possible && e.name != "all commands" {
			choices = append(choices, choice{text: e.name, note: e.label, do: e.do})
		}
	}
	return a.open(newPicker(a, "Commands", ":", choices))
}
