package session

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/checkpoints"
	"hfcui/engine/lab"
	"hfcui/engine/train"
	"hfcui/ui/kit"
)

// MostComparisons is the maximum number of comparison models.
const MostComparisons = 3

// ShownModel is the open model or a comparison model.
type ShownModel struct {
	Path string // as in a request's Model: "" is the open one
	Name string // safe to print
	Slot int    // of Theme.Model, fixed while it is open
	info lab.Info
}

// ClassName returns the name of one of its classes, safe to print.
func (m ShownModel) ClassName(i int) string { return className(m.info.Classes, i) }

// Scored reports whether the labels of the data are the model's classes.
func (m ShownModel) Scored() bool { return m.info.Labeled }

// Models lists the open model and the comparison models.
func (s *Session) Models() []ShownModel {
	return append([]ShownModel{s.open()}, s.Comparisons...)
}

// Documented is the JSON of a report about the model at a path, with how that was read, as commands
// print it.
func (s *Session) Documented(path string, report any) lab.Document {
	if m, ok := s.Model(path); ok && path != "" {
		return lab.Document{Report: report, Reading: m.info.Reading}
	}
	return lab.Document{Report: report, Reading: s.Reading}
}

func (s *Session) open() ShownModel { return ShownModel{Name: kit.Clean(s.Info.Model), info: s.Info} }

// Model is the one of those at a path; false where it was taken away.
func (s *Session) Model(path string) (ShownModel, bool) {
	models := s.Models()
	i := slices.IndexFunc(models, func(m ShownModel) bool { return m.Path == path })
	if i < 0 {
		return ShownModel{}, false
	}
	return models[i], true
}

// NextModel is the path of the one after that at a path, and of the first after the last.
func (s *Session) NextModel(path string) string {
	models := s.Models()
	i := slices.IndexFunc(models, func(m ShownModel) bool { return m.Path == path })
	return models[(i+1)%len(models)].Path
}

// ComparisonKeys select comparison models, on pages that show several models.
var ComparisonKeys = kit.Keymap[*Session]{
	{Act: kit.Compare, Name: "Compare models", When: (*Session).Modeled, Do: (*Session).chooseComparison},
}

// NoComparison is why what needs comparison models is unavailable.
var NoComparison = "no comparison models: press " + kit.Compare.Label + " to add one"

// ComparisonMsg is the outcome of opening a comparison model.
type ComparisonMsg struct {
	Path string
	Info lab.Info
	err  error
	then []string // to open next
}

// chooseComparison opens the list of models to add to or remove from the comparison.
func (s *Session) chooseComparison() tea.Cmd {
	d := kit.NewPicker(s.Screen, "Compare models", "model", s.comparisonChoices(nil))
	d.Typed = func(text string) kit.Choice {
		return kit.Choice{Text: "file " + text, Note: "add", Do: func() tea.Cmd { return s.AddComparison(text) }}
	}
	s.Screen.Open(d)
	return s.findModelFiles(d)
}

// comparisonChoices lists models; files are those of runs.
func (s *Session) comparisonChoices(files []string) []kit.Choice {
	var list []kit.Choice
	there := map[string]bool{}
	for _, m := range s.Comparisons {
		there[m.Path] = true
		look := s.Screen.Theme().Model(m.Slot)
		list = append(list, kit.Choice{Text: look.Mark + " " + m.Name, Note: "remove", Do: func() tea.Cmd { return s.DropComparison(m.Path) }})
	}
	add := func(path, text, note string) {
		if !there[path] {
			there[path] = true
			list = append(list, kit.Choice{Text: text, Note: note, Do: func() tea.Cmd { return s.AddComparison(path) }})
		}
	}
	var embedded []string
	for _, name := range checkpoints.EmbeddedNames() {
		if name != s.Info.Model && !there[name] {
			embedded = append(embedded, name)
		}
	}
	room := MostComparisons - len(s.Comparisons)
	if slices.Contains(checkpoints.EmbeddedNames(), s.Info.Model) && len(embedded) > 1 && len(embedded) <= room {
		list = append(list, kit.Choice{Text: strings.Join(embedded, " + "), Note: "add all", Do: func() tea.Cmd { return s.addAll(embedded) }})
	}
	for _, name := range embedded {
		add(name, name, "embedded")
	}
	for _, path := range files {
		add(path, kit.Clean(filepath.Dir(path)), "run")
	}
	return list
}

// AddComparison opens a comparison model.
func (s *Session) AddComparison(path string) tea.Cmd { return s.addComparison(path, nil) }

func (s *Session) addComparison(path string, then []string) tea.Cmd {
	switch {
	case slices.ContainsFunc(s.Comparisons, func(m ShownModel) bool { return m.Path == path }):
		s.Screen.Say(path + " is already open")
		return nil
	case len(s.Comparisons) >= MostComparisons:
		s.Screen.Say("at most three comparison models: remove one first (o)")
		return nil
	}
	s.Screen.Say("opening " + path)
	l := s.Lab
	job, cmd := s.Screen.Start(func(ctx context.Context, _ func(tea.Msg)) tea.Msg {
		at := FullPath(path)
		info, err := l.OpenComparison(ctx, at)
		return ComparisonMsg{at, info, err, then}
	})
	s.opening = append(s.opening, opening{path, job})
	return cmd
}

// opening is a comparison model being opened.
type opening struct {
	path string
	job  *kit.Job
}

// addAll opens several comparison models, one after the other.
func (s *Session) addAll(paths []string) tea.Cmd {
	if len(paths) == 0 {
		return nil
	}
	return s.addComparison(paths[0], paths[1:])
}

// FullPath expands "~" to the home folder; names of embedded models are unchanged.
func FullPath(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		if home, err := os.UserHomeDir(); err == nil {
			return home + rest
		}
	}
	return path
}

// ComparisonOpened adds a comparison model.
func (s *Session) ComparisonOpened(msg ComparisonMsg) tea.Cmd {
	s.Screen.Say("")
	switch {
	case errors.Is(msg.err, context.Canceled):
		return nil
	case msg.err != nil:
		s.Screen.Say("not added: " + kit.OneLine(msg.err))
		return nil
	case len(s.Comparisons) >= MostComparisons, slices.ContainsFunc(s.Comparisons, func(m ShownModel) bool { return m.Path == msg.Path }):
		return nil
	}
	slot := 1
	for slices.ContainsFunc(s.Comparisons, func(m ShownModel) bool { return m.Slot == slot }) {
		slot++
	}
	s.Comparisons = append(s.Comparisons, ShownModel{msg.Path, kit.Clean(msg.Info.Model), slot, msg.Info})
	if msg.Info.Note != "" {
		s.Screen.Say(msg.Info.Note) // once, as pages have no room for it
	}
	return tea.Batch(s.Announce(ChangedModels), s.addAll(msg.then))
}

// DropComparison removes a comparison model.
func (s *Session) DropComparison(path string) tea.Cmd {
	n := len(s.Comparisons)
	s.Comparisons = slices.DeleteFunc(slices.Clone(s.Comparisons), func(m ShownModel) bool { return m.Path == path })
	if len(s.Comparisons) == n {
		return nil
	}
	l := s.Lab
	return tea.Batch(s.Announce(ChangedModels), s.Screen.Task(func() tea.Msg {
		l.CloseComparison(path)
		return nil
	}))
}

// modelFilesMsg has the models of runs for a waiting list.
type modelFilesMsg struct {
	list  *kit.Picker
	files []string
}

// findModelFiles searches for models of runs: displayed ones and those in the folder of runs.
func (s *Session) findModelFiles(d *kit.Picker) tea.Cmd {
	files := slices.Clone(s.RunFiles())
	ctx, root := s.Screen.Context(), s.runs
	return s.Screen.Task(func() tea.Msg { return modelFilesMsg{d, append(files, runModels(ctx, root)...)} })
}

func (s *Session) modelFilesFound(msg modelFilesMsg) {
	at := msg.list.At
	msg.list.Choices = s.comparisonChoices(msg.files)
	msg.list.Search()
	msg.list.Move(at)
}

// Limits of the search for models of runs.
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
			return nil // skip unreadable folders
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
