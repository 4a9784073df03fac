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
	"hfcui/engine/lab"
	"hfcui/engine/train"
)

// mostComparisons is how many models are looked at side by side with the open one.
const mostComparisons = 3

// shownModel is one of the models that are looked at side by side.
type shownModel struct {
	path string // as a request's Model has it: "" is the open one
	name string // safe to print
	slot int    // theme.model's: the same as long as it is there
	info lab.Info
}

// models lists the models that are looked at: the open one and those beside it.
func (s *session) models() []shownModel {
	open := shownModel{name: clean(s.info.Model), info: s.info}
	return append([]shownModel{open}, s.comparisons...)
}

// comparisonKeys choose the models that are looked at side by side; pages that show several have
// them.
var comparisonKeys = keymap[*session]{
	{keys: []string{"o"}, name: "other models beside this one", hint: "models", when: (*session).modelled, do: (*session).chooseComparison},
}

// comparisonMsg tells that a model was opened beside the open one, or why not.
type comparisonMsg struct {
	path string
	info lab.Info
	err  error
}

// chooseComparison opens the list of models that can be looked at side by side, and of those
// that are, to take them away.
func (s *session) chooseComparison() tea.Cmd {
	d := newPicker(s.screen, "Models side by side", "model", s.comparisonChoices(nil))
	d.typed = func(text string) choice {
		return choice{text: "the file " + text, note: "add", do: func() tea.Cmd { return s.addComparison(text) }}
	}
	s.screen.open(d)
	return s.findModelFiles(d)
}

// comparisonChoices lists models; files are of runs.
func (s *session) comparisonChoices(files []string) []choice {
	var list []choice
	there := map[string]bool{}
	for _, m := range s.comparisons {
		there[m.path] = true
		look := s.screen.theme().model(m.slot)
		list = append(list, choice{text: look.mark + " " + m.name, note: "take away", do: func() tea.Cmd { return s.dropComparison(m.path) }})
	}
	add := func(path, text, note string) {
		if !there[path] {
			there[path] = true
			list = append(list, choice{text: text, note: note, do: func() tea.Cmd { return s.addComparison(path) }})
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

// addComparison opens a model to be looked at beside the open one.
func (s *session) addComparison(path string) tea.Cmd {
	switch {
	case slices.ContainsFunc(s.comparisons, func(m shownModel) bool { return m.path == path }):
		s.screen.say(path + " is there already")
		return nil
	case len(s.comparisons) >= mostComparisons:
		s.screen.say("no more than three models beside the open one: take one away first (o)")
		return nil
	}
	s.screen.say("opening " + path)
	l, ctx := s.lab, s.screen.context()
	return s.screen.task(func() tea.Msg {
		at := fullPath(path)
		info, err := l.OpenComparison(ctx, at)
		return comparisonMsg{at, info, err}
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

// comparisonOpened takes over a model.
func (s *session) comparisonOpened(msg comparisonMsg) tea.Cmd {
	s.screen.say("")
	switch {
	case msg.err != nil:
		s.screen.say("not added: " + oneLine(msg.err))
		return nil
	case len(s.comparisons) >= mostComparisons, slices.ContainsFunc(s.comparisons, func(m shownModel) bool { return m.path == msg.path }):
		return nil
	}
	slot := 1
	for slices.ContainsFunc(s.comparisons, func(m shownModel) bool { return m.slot == slot }) {
		slot++
	}
	s.comparisons = append(s.comparisons, shownModel{msg.path, clean(msg.info.Model), slot, msg.info})
	if msg.info.Note != "" {
		s.screen.say(msg.info.Note) // once: the pages have no room for it
	}
	return s.announce(changedModels)
}

// dropComparison takes a model away.
func (s *session) dropComparison(path string) tea.Cmd {
	n := len(s.comparisons)
	s.comparisons = slices.DeleteFunc(slices.Clone(s.comparisons), func(m shownModel) bool { return m.path == path })
	if len(s.comparisons) == n {
		return nil
	}
	l := s.lab
	return tea.Batch(s.announce(changedModels), s.screen.task(func() tea.Msg {
		l.CloseComparison(path)
		return nil
	}))
}

// modelFilesMsg brings the models of runs for a list that waits for them.
type modelFilesMsg struct {
	list  *picker
	files []string
}

// findModelFiles looks for models of runs: those that are shown and those in the folder of
// runs.
func (s *session) findModelFiles(d *picker) tea.Cmd {
	files := slices.Clone(s.runFiles())
	ctx, root := s.screen.context(), s.runs
	return s.screen.task(func() tea.Msg { return modelFilesMsg{d, append(files, runModels(ctx, root)...)} })
}

func (s *session) modelFilesFound(msg modelFilesMsg) {
	at := msg.list.at
	msg.list.choices = s.comparisonChoices(msg.files)
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
