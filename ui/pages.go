package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// page is one of the program's pages.
type page interface {
	receiver
	// entries lists what can be pressed; press does it.
	entries() []entry
	press(key string) (tea.Cmd, bool)
	// arrange is told the layout whenever it changes.
	arrange(l layout)
	// enter is called when the page comes on screen; changed when something of the
	// session is different, on screen or not.
	enter() tea.Cmd
	changed(what change) tea.Cmd
	// draw draws the page's text and returns the pictures that go with it. It changes nothing.
	draw(c *canvas) []placed
	// mouse handles what happens at a cell; false when it means nothing there.
	mouse(m mouse) (tea.Cmd, bool)
	// speed tells how fast the last answer came, for the status line.
	speed() string
	// export prepares writing what is on the page into files.
	export() (exporter, error)
}

// What a page may have besides.
type (
	// leaver is told that another page comes on screen.
	leaver interface{ leave() }
	// runner tells what it measures or looks for, and what share of it is done.
	runner interface {
		running() (what string, share float64, ok bool)
	}
	// busier tells that somebody looks on while something is measured or looked for.
	busier interface{ busy() bool }
	// idler is told that a job of some page ended.
	idler interface{ idle() tea.Cmd }
	// waiter ends its own work when the program has ended, and tells what became of it.
	waiter interface{ wait() }
	// charter draws accuracy against r on a page that has room for it.
	charter interface{ drawChart(c *canvas, r rect) }
	// watcher shows runs.
	watcher interface {
		watch(dirs, names []string) tea.Cmd
	}
	// modelLister lists the model files of runs it shows.
	modelLister interface{ modelFiles() []string }
	// facter has facts for the status line where no model is open.
	facter interface{ facts() []string }
)

// pageKind is a page there is. Those that need no model are there when none is open.
type pageKind struct {
	name      string
	modelless bool
	make      func(a *App, s Screen) page
}

// pageKinds are the pages in the order of their numbers: help, palette, header and the names
// that Options.Page can have are made from it.
func pageKinds() []pageKind {
	return []pageKind{
		{"explore", false, func(a *App, s Screen) page { return newExplore(s, a.session, a.drawChart) }},
		{"bands", false, func(a *App, s Screen) page { return newBandsPage(s, a.session) }},
		{"kernels", false, func(a *App, s Screen) page { return newKernelsPage(s, a.session, a.options.Folder) }},
		{"train", true, func(a *App, s Screen) page {
			return newTrainPage(s, a.session, TrainOptions{Training: a.options.Training, Watch: a.options.Watch, Evolution: a.options.Evolution, Folder: a.options.Folder}, a.busy)
		}},
		{"experiments", false, func(a *App, s Screen) page {
			return newExperimentsPage(s, a.session, a.options.Experiments, a.options.Reproducing, a.watch)
		}},
		{"attack", false, func(a *App, s Screen) page { return newAttackPage(s, a.session) }},
		{"heatmap", false, func(a *App, s Screen) page { return newHeatmapPage(s, a.session) }},
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
		if !a.modelled() && !k.modelless {
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

// drawChart draws accuracy against r for another page than the one it is from.
func (a *App) drawChart(c *canvas, r rect) {
	if _, p, ok := find[charter](a); ok {
		p.drawChart(c, r)
	}
}

// watch shows runs on the page that has them.
func (a *App) watch(dirs, names []string) tea.Cmd {
	i, p, ok := find[watcher](a)
	if !ok {
		return nil
	}
	return tea.Batch(p.watch(dirs, names), a.show(i))
}

// busy tells that what is measured or looked for should come to its end undisturbed.
func (a *App) busy() bool {
	return slices.ContainsFunc(a.pages, func(t tab) bool {
		p, ok := t.page.(busier)
		return ok && p.busy()
	})
}

// modelFiles lists the model files of runs that pages show.
func (a *App) modelFiles() []string {
	if _, p, ok := find[modelLister](a); ok {
		return p.modelFiles()
	}
	return nil
}
