package ui

import (
	tea "charm.land/bubbletea/v2"
)

// radiusKeys move r; pages that show something at r have them.
var radiusKeys = keymap[*App]{
	{keys: []string{"left", "h"}, shown: "←", name: "r smaller by 1", help: "r smaller, larger by 1", hint: "r", do: func(a *App) tea.Cmd { return a.stepRadius(-1) }},
	{keys: []string{"right", "l"}, shown: "→", name: "r larger by 1", also: true, do: func(a *App) tea.Cmd { return a.stepRadius(1) }},
	{keys: []string{"shift+left", "H"}, shown: "⇧←", name: "r much smaller", help: "r by a large step", do: func(a *App) tea.Cmd { return a.stepRadius(-a.bigStep()) }},
	{keys: []string{"shift+right", "L"}, shown: "⇧→", name: "r much larger", also: true, do: func(a *App) tea.Cmd { return a.stepRadius(a.bigStep()) }},
	{keys: []string{","}, name: "r smaller by 0.1", help: "r by 0.1", hint: "0.1", do: func(a *App) tea.Cmd { return a.stepRadius(-0.1) }},
	{keys: []string{"."}, name: "r larger by 0.1", also: true, do: func(a *App) tea.Cmd { return a.stepRadius(0.1) }},
	{keys: []string{"home"}, name: "r = 0: all is high", help: "r to 0, to past the corner", do: func(a *App) tea.Cmd { return a.setRadius(0) }},
	{keys: []string{"end"}, name: "r past the corner: all is low", also: true, do: func(a *App) tea.Cmd { return a.setRadius(a.maxR) }},
}

// imageKeys choose the image; pages that show one have them.
var imageKeys = keymap[*App]{
	{keys: []string{"up", "p", "k"}, shown: "↑", name: "previous image", help: "previous, next image (also p, n)", hint: "image", do: func(a *App) tea.Cmd { return a.stepIndex(-1) }},
	{keys: []string{"down", "n", "j"}, shown: "↓", name: "next image", also: true, do: func(a *App) tea.Cmd { return a.stepIndex(1) }},
	{keys: []string{"g"}, name: "go to an image by number", hint: "go to", do: func(a *App) tea.Cmd { return a.open(&jump{app: a}) }},
	{keys: []string{"c"}, name: "only images of one class", hint: "class", when: func(a *App) bool { return a.info.Labelled }, do: (*App).chooseClass},
}

// modelled tells whether a model is open, which most pages are about.
func (a *App) modelled() bool { return !a.alone() }

// settingKeys change what the model is asked, on every page.
var settingKeys = keymap[*App]{
	{keys: []string{"s"}, name: "smooth kernels, or not", hint: "smooth", when: (*App).modelled, do: (*App).toggleSmooth},
	{keys: []string{"["}, name: "smooth less (ρ)", help: "strength of smoothing ρ", hint: "ρ", when: (*App).modelled, do: func(a *App) tea.Cmd { return a.stepRho(-1) }},
	{keys: []string{"]"}, name: "smooth more (ρ)", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.stepRho(1) }},
	{keys: []string{"m"}, name: "normalise band images: none, max, std", hint: "norm", when: (*App).modelled, do: (*App).nextNormalization},
	{keys: []string{"b"}, name: "batch-norm: running or batch statistics", hint: "bn", when: func(a *App) bool { return a.info.BatchNorm }, do: (*App).toggleStatistics},
	{keys: []string{"t"}, name: "split: test or train", hint: "split", when: func(a *App) bool { return len(a.info.Splits) > 1 }, do: (*App).nextSplit},
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
	programKeys = keymap[*App]{
		{keys: []string{"1"}, name: "page Explore", help: "pages", when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(0) }},
		{keys: []string{"2"}, name: "page Bands", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(1) }},
		{keys: []string{"3"}, name: "page Kernels", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(2) }},
		{keys: []string{"4"}, name: "page Train", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(3) }},
		{keys: []string{"5"}, name: "page Experiments", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(4) }},
		{keys: []string{"6"}, name: "page Attack", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(5) }},
		{keys: []string{"7"}, name: "page Heatmap", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show(6) }},
		{keys: []string{"tab"}, shown: "tab", name: "next page", help: "next, previous page", when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show((a.page + 1) % len(a.pages)) }},
		{keys: []string{"shift+tab"}, shown: "⇧tab", name: "previous page", also: true, when: (*App).modelled, do: func(a *App) tea.Cmd { return a.show((a.page + len(a.pages) - 1) % len(a.pages)) }},
		{keys: []string{":", "ctrl+p"}, name: "all commands", hint: "commands", do: (*App).openPalette},
		{keys: []string{"ctrl+z"}, name: "suspend", do: (*App).suspend},
	}
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
	if d := a.dialog(); d != nil {
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
	if d := a.dialog(); d != nil {
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
			choices = append(choices, choice{e.name, e.label, e.do})
		}
	}
	return a.open(newPicker(a, "Commands", ":", choices))
}
