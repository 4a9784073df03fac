package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/opener"
	"hfcui/ui/session"
)

// exportKeys export what is on any page.
var exportKeys = kit.Keymap[*App]{
	{Act: kit.Export, Name: "Export page…", Hint: "export", Do: (*App).startExport},
}

// programKeys navigate the program.
var programKeys kit.Keymap[*App]

// lastKeys are always among the hints on the last line.
var lastKeys kit.Keymap[*App]

// Help and palette list the tables they are in, which init therefore fills.
func init() {
	lastKeys = kit.Keymap[*App]{
		{Act: kit.Open, Name: "Open model, data, image, runs …", Do: func(a *App) tea.Cmd { return a.openSomething(opener.Anything) }},
		{Act: kit.Help, Name: "help", Hint: "help", Do: func(a *App) tea.Cmd { return a.Open(newHelp(a)) }},
		{Act: kit.Quit, Name: "quit", Hint: "quit", Do: (*App).askQuit},
	}
	programKeys = append(append(pageKeys(), modelKeys()...), kit.Keymap[*App]{
		{Act: kit.Next, Name: "next page", Help: "next, previous page", When: (*App).Modeled, Do: func(a *App) tea.Cmd { return a.show((a.page + 1) % len(a.pages)) }},
		{Act: kit.Previous, Name: "previous page", Also: true, When: (*App).Modeled, Do: func(a *App) tea.Cmd { return a.show((a.page + len(a.pages) - 1) % len(a.pages)) }},
		{Act: kit.Jobs, Name: "Jobs…", Help: "jobs: progress, ETA, stop", Hint: kit.NoHint, Do: (*App).openJobs},
		{Act: kit.Palette, Name: "all commands", Hint: "commands", Do: (*App).openPalette},
		{Act: kit.Redraw, Name: "redraw the screen", Do: (*App).redraw},
		{Act: kit.Suspend, Name: "suspend", Do: (*App).suspend},
	}...)
}

// pageKeys select pages by number.
func pageKeys() (keys kit.Keymap[*App]) {
	for i, k := range pageKinds() {
		b := kit.Binding[*App]{Act: kit.ToPage[i], Name: "page " + kit.Title(k.name), Words: k.words, Also: i > 0, When: (*App).Modeled, Do: func(a *App) tea.Cmd { return a.show(i) }}
		if i == 0 {
			b.Help = "pages"
		}
		keys = append(keys, b)
	}
	return keys
}

// modelKeys are the session's that open a model.
func modelKeys() (keys kit.Keymap[*App]) {
	for _, b := range session.ModelKeys {
		keys = append(keys, kit.Binding[*App]{Act: b.Act, Name: b.Name, When: (*App).Modeled, Do: func(a *App) tea.Cmd { return b.Do(a.Session) }})
	}
	return keys
}

// entries lists the bindings on every page, besides lastKeys. Those of settings are hinted where
// they apply.
func (a *App) entries() []kit.Entry {
	list := session.SettingKeys.Entries(a.Session)
	if !a.pages[a.page].evaluates {
		list = kit.Unhinted(list)
	}
	for _, table := range a.tables() {
		list = append(list, table.Entries(a)...)
	}
	return list
}

// key dispatches a key press to the dialog, the page or the program.
func (a *App) key(key string) tea.Cmd {
	a.message = ""
	switch {
	case key == "ctrl+c":
		return a.askQuit()
	case a.layout.TooSmall && key == "q":
		return a.quit()
	case key == "ctrl+z":
		return a.suspend()
	case key == "ctrl+l":
		return a.redraw()
	case a.layout.TooSmall:
		return nil
	}
	if d := a.Top(); d != nil {
		return d.Press(key)
	}
	if why := a.refusal(kit.ActionOf(key)); why != "" {
		a.say(why)
		return nil
	}
	if cmd, ok := a.pages[a.page].Keys().Press(key); ok {
		return cmd
	}
	if cmd, ok := session.SettingKeys.Press(a.Session, key); ok {
		return cmd
	}
	for _, table := range append(a.tables(), lastKeys) {
		if cmd, ok := table.Press(a, key); ok {
			return cmd
		}
	}
	a.say(a.unbound(key))
	return nil
}

// unbound returns why a key has no effect.
func (a *App) unbound(key string) string {
	for _, e := range a.bound() {
		if slices.Contains(e.Keys(), key) && e.Why != "" {
			return "unavailable: " + e.Why
		}
	}
	label := kit.KeyLabel(key)
	if act := kit.ActionOf(key); act != nil {
		return label + " (" + act.Meaning + ") is unavailable here; ? lists keys"
	}
	return label + ": no command; ? lists keys"
}

// bound lists the bindings of the page on screen and of the program.
func (a *App) bound() []kit.Entry {
	return a.permitted(slices.Concat(a.pages[a.page].Keys().Entries(), a.entries(), lastKeys.Entries(a)))
}

// tables lists the program's key tables, besides lastKeys.
func (a *App) tables() []kit.Keymap[*App] {
	if a.shared() {
		return []kit.Keymap[*App]{exportKeys, audienceKeys, programKeys}
	}
	return []kit.Keymap[*App]{exportKeys, programKeys}
}

// paste passes pasted text to the dialog; pages have no text input.
func (a *App) paste(text string) tea.Cmd {
	if d := a.Top(); d != nil {
		d.Insert(text)
		if p, ok := d.(paster); ok {
			return p.Pasted()
		}
	}
	return nil
}

// openPalette opens the list of available commands.
func (a *App) openPalette() tea.Cmd {
	return a.Open(kit.NewPicker(a, "Commands", ":", a.choices()))
}

// choices lists the available commands: those of the page and the program, then those of other
// pages, which are gone to, and last what moves cursors and sliders.
func (a *App) choices() []kit.Choice {
	var commands, others, moves []kit.Choice
	listed := map[string]bool{}
	for _, e := range a.bound() {
		choice := kit.Choice{Text: e.Name, Note: e.Label, Words: e.Words, Do: e.Do}
		listed[e.Name] = true
		switch {
		case !e.Possible, e.Act == kit.Palette:
		case e.Act.Group == kit.GroupMove, e.Act.Group == kit.GroupRadius:
			moves = append(moves, choice)
		default:
			commands = append(commands, choice)
		}
	}
	for i, p := range a.pages {
		for _, e := range a.permitted(p.Keys().Entries()) {
			if e.Possible && !listed[e.Name] && e.Group() != kit.GroupMove {
				listed[e.Name] = true
				others = append(others, kit.Choice{Text: e.Name, Note: kit.Title(p.name) + "  " + e.Label, Words: e.Words, Do: func() tea.Cmd {
					cmd := a.show(i)
					return tea.Batch(cmd, e.Do())
				}})
			}
		}
	}
	theme := kit.Choice{Text: "Theme: " + themeNames[a.caps.Dark] + " → " + themeNames[!a.caps.Dark], Words: "dark light background colors", Do: a.otherTheme}
	return slices.Concat(commands, []kit.Choice{theme}, others, moves)
}

// themeNames are the themes for dark backgrounds and others.
var themeNames = map[bool]string{true: "dark", false: "light"}

// otherTheme switches from the dark theme to the light one, or back.
func (a *App) otherTheme() tea.Cmd {
	a.options.Theme = themeNames[!a.caps.Dark]
	return a.useCapabilities(a.caps)
}
