package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	attackpage "hfcui/ui/pages/attack"
	bandspage "hfcui/ui/pages/bands"
	experimentspage "hfcui/ui/pages/experiments"
	explorepage "hfcui/ui/pages/explore"
	heatmappage "hfcui/ui/pages/heatmap"
	kernelspage "hfcui/ui/pages/kernels"
	trainpage "hfcui/ui/pages/train"
	"hfcui/ui/session"
)

// page is one of the program's pages.
type page interface {
	kit.Receiver
	// Keys are the tables of what can be pressed.
	Keys() kit.Tables
	// Arrange is told the layout whenever it changes.
	Arrange(l kit.Layout)
	// Enter is called when the page comes on screen; changed when something of the
	// session is different, on screen or not.
	Enter() tea.Cmd
	Changed(what session.Change) tea.Cmd
	// Draw draws the page's text and returns the pictures that go with it. It changes nothing.
	Draw(c *kit.Canvas) []kit.Placed
	// Mouse handles what happens at a cell; false when it means nothing there.
	Mouse(m kit.Mouse) (tea.Cmd, bool)
	// Speed tells how fast the last answer came, for the status line.
	Speed() string
	// Export prepares writing what is on the page into files.
	Export() (session.Exporter, error)
}

// What a page may have besides.
type (
	// leaver is told that another page comes on screen.
	leaver interface{ Leave() }
	// runner tells what it measures or looks for, and what share of it is done.
	runner interface {
		Running() (what string, share float64, ok bool)
	}
	// busier tells that somebody looks on while something is measured or looked for.
	busier interface{ Busy() bool }
	// idler is told that a job of some page ended.
	idler interface{ Idle() tea.Cmd }
	// waiter ends its own work when the program has ended, and tells what became of it.
	waiter interface{ Wait() }
	// charter draws accuracy against r on a page that has room for it.
	charter interface {
		DrawChart(c *kit.Canvas, r kit.Rect)
	}
	// watcher shows runs.
	watcher interface {
		Watch(dirs, names []string) tea.Cmd
	}
	// modelLister lists the model files of runs it shows.
	modelLister interface{ ModelFiles() []string }
	// facter has facts for the status line where no model is open.
	facter interface{ Facts() []string }
)

// pageKind is a page there is. Those that need no model are there when none is open.
type pageKind struct {
	name      string
	modelless bool
	make      func(a *App, s session.Screen) page
}

// pageKinds are the pages in the order of their numbers: help, palette, header and the names
// that Options.Page can have are made from it.
func pageKinds() []pageKind {
	return []pageKind{
		{"explore", false, func(a *App, s session.Screen) page { return explorepage.New(s, a.Session, a.DrawChart) }},
		{"bands", false, func(a *App, s session.Screen) page { return bandspage.New(s, a.Session) }},
		{"kernels", false, func(a *App, s session.Screen) page { return kernelspage.New(s, a.Session, a.options.Folder) }},
		{"train", true, func(a *App, s session.Screen) page {
			return trainpage.New(s, a.Session, trainpage.Options{Training: a.options.Training, Watch: a.options.Watch, Evolution: a.options.Evolution, Folder: a.options.Folder}, a.Busy)
		}},
		{"experiments", false, func(a *App, s session.Screen) page {
			return experimentspage.New(s, a.Session, a.options.Experiments, a.options.Reproducing, a.Watch)
		}},
		{"attack", false, func(a *App, s session.Screen) page { return attackpage.New(s, a.Session) }},
		{"heatmap", false, func(a *App, s session.Screen) page { return heatmappage.New(s, a.Session) }},
	}
}

// PageNames lists the pages, by the names that Options.Page takes.
func PageNames() []string {
	var list []string
	for _, k := range pageKinds() {
		list = append(list, k.name)
	}
	return list
}

// tab is a page of this program, with its name and the number it is called by.
type tab struct {
	page
	name   string
	number int
}

// makePages makes the pages there are with what is open.
func (a *App) makePages() {
	for i, k := range pageKinds() {
		if !a.Modeled() && !k.modelless {
			continue
		}
		screen := &port{app: a}
		p := k.make(a, screen)
		screen.to = p
		if k.name == a.options.Page {
			a.page = len(a.pages)
		}
		a.pages = append(a.pages, tab{p, k.name, i + 1})
	}
}

// find returns the first page of a kind.
func find[T any](a *App) (i int, p T, ok bool) {
	for i, t := range a.pages {
		if p, ok := t.page.(T); ok {
			return i, p, true
		}
	}
	return 0, p, false
}

// DrawChart draws accuracy against r for another page than the one it is from.
func (a *App) DrawChart(c *kit.Canvas, r kit.Rect) {
	if _, p, ok := find[charter](a); ok {
		p.DrawChart(c, r)
	}
}

// Watch shows runs on the page that has them.
func (a *App) Watch(dirs, names []string) tea.Cmd {
	i, p, ok := find[watcher](a)
	if !ok {
		return nil
	}
	return tea.Batch(p.Watch(dirs, names), a.show(i))
}

// Busy tells that what is measured or looked for should come to its end undisturbed.
func (a *App) Busy() bool {
	return slices.ContainsFunc(a.pages, func(t tab) bool {
		p, ok := t.page.(busier)
		return ok && p.Busy()
	})
}

// ModelFiles lists the model files of runs that pages show.
func (a *App) ModelFiles() []string {
	if _, p, ok := find[modelLister](a); ok {
		return p.ModelFiles()
	}
	return nil
}
