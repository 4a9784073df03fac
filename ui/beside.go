package ui

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/checkpoints"
	"hfcui/engine"
	"hfcui/engine/train"
)

// mostBeside is how many models are looked at side by side with the open one.
const mostBeside = 3

// shownModel is one of the models that are looked at side by side.
type shownModel struct {
	path string // as a request's Model has it: "" is the open one
	name string // safe to print
	slot int    // theme.model's: the same as long as it is there
	info engine.Info
}

// models lists the models that are looked at: the open one and those beside it.
func (s *session) models() []shownModel {
	open := shownModel{name: clean(s.info.Model), info: s.info}
	return append([]shownModel{open}, s.beside...)
}

// besideKeys choose the models that are looked at side by side; pages that show several have
// them.
var besideKeys = keymap[*App]{
	{keys: []string{"o"}, name: "other models beside this one", hint: "models", when: (*App).modelled, do: (*App).chooseBeside},
}

// besideMsg tells that a model was opened beside the open one, or why not.
type besideMsg struct {
	path string
	info engine.Info
	err  error
}

// chooseBeside opens the list of models that can be looked at side by side, and of those
// that are, to take them away.
func (a *App) chooseBeside() tea.Cmd {
	d := newPicker(a, "Models side by side", "model", a.besideChoices(nil))
	d.typed = func(text string) choice {
		return choice{"the file " + text, "add", func() tea.Cmd { return a.openBeside(text) }}
	}
	a.open(d)
	return a.findModelFiles(d)
}

// besideChoices lists models; files are of runs.
func (a *App) besideChoices(files []string) []choice {
	var list []choice
	there := map[string]bool{}
	for _, m := range a.beside {
		there[m.path] = true
		look := a.theme.model(m.slot)
		list = append(list, choice{look.mark + " " + m.name, "take away", func() tea.Cmd { return a.closeBeside(m.path) }})
	}
	add := func(path, text, note string) {
		if !there[path] {
			there[path] = true
			list = append(list, choice{text, note, func() tea.Cmd { return a.openBeside(path) }})
		}
	}
	for _, name := range checkpoints.EmbeddedNames() {
		add(name, name, "built in")
	}
	for _, path := range files {
		add(path, clean(filepath.Dir(path)), "a run")
	}
	return list
}

// openBeside opens a model to be looked at beside the open one.
func (a *App) openBeside(path string) tea.Cmd {
	switch {
	case slices.ContainsFunc(a.beside, func(m shownModel) bool { return m.path == path }):
		a.say(path + " is there already")
		return nil
	case len(a.beside) >= mostBeside:
		a.say("no more than three models beside the open one: take one away first (o)")
		return nil
	}
	a.say("opening " + path)
	lab, ctx := a.lab, a.ctx
	return task(func() tea.Msg {
		at := fullPath(path)
		info, err := lab.OpenBeside(ctx, at)
		return besideMsg{at, info, err}
	})
}

// fullPath is a file's path where "~" is the person's own folder; names of built-in models
// stay.
func fullPath(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"+string(filepath.Separator)); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

// besideOpened takes over a model.
func (a *App) besideOpened(msg besideMsg) tea.Cmd {
	a.message = ""
	switch {
	case msg.err != nil:
		a.say("not added: " + oneLine(msg.err))
		return nil
	case len(a.beside) >= mostBeside, slices.ContainsFunc(a.beside, func(m shownModel) bool { return m.path == msg.path }):
		return nil
	}
	slot := 1
	for slices.ContainsFunc(a.beside, func(m shownModel) bool { return m.slot == slot }) {
		slot++
	}
	a.beside = append(a.beside, shownModel{msg.path, clean(msg.info.Model), slot, msg.info})
	if msg.info.Note != "" {
		a.say(msg.info.Note) // once: the pages have no room for it
	}
	return a.changed(changedModels)
}

// closeBeside takes a model away.
func (a *App) closeBeside(path string) tea.Cmd {
	n := len(a.beside)
	a.beside = slices.DeleteFunc(slices.Clone(a.beside), func(m shownModel) bool { return m.path == path })
	if len(a.beside) == n {
		return nil
	}
	lab := a.lab
	return tea.Batch(a.changed(changedModels), task(func() tea.Msg {
		lab.CloseBeside(path)
		return nil
	}))
}

// modelFilesMsg brings the models of runs for a list that waits for them.
type modelFilesMsg struct {
	list  *picker
	files []string
}

// findModelFiles looks for models of runs: those of the Train page and those in the folder
// of experiments.
func (a *App) findModelFiles(d *picker) tea.Cmd {
	var files []string
	for _, r := range a.train.fig.runs {
		if r.kept > 0 {
			files = append(files, filepath.Join(r.dir, train.ModelFile))
		}
	}
	ctx, root := a.ctx, a.options.Experiments
	return task(func() tea.Msg { return modelFilesMsg{d, append(files, runModels(ctx, root)...)} })
}

func (a *App) modelFilesFound(msg modelFilesMsg) {
	at := msg.list.at
	msg.list.choices = a.besideChoices(msg.files)
	msg.list.search()
	msg.list.move(at)
}

// Bounds of what is looked through for models of runs.
const (
	mostModelFiles  = 200
	deepestRun      = 4
	mostRunsEntries = 20_000
)

// runModels lists the models of runs in a folder and the folders in it.
func runModels(ctx context.Context, root string) []string {
	var files []string
	seen := 0
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		seen++
		switch {
		case ctx.Err() != nil, len(files) >= mostModelFiles, seen > mostRunsEntries:
			return fs.SkipAll
		case err != nil:
			return nil // what cannot be read is not offered
		case d.IsDir():
			if rest, err := filepath.Rel(root, path); err == nil && strings.Count(rest, string(filepath.Separator)) >= deepestRun {
				return fs.SkipDir
			}
		case d.Name() == train.ModelFile:
			files = append(files, path)
		}
		return nil
	})
	return files
}
