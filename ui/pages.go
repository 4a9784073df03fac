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

// page is a page of the program.
type page interface {
	kit.Receiver
	// Keys are the tables of what can be pressed.
	Keys() kit.Tables
	// Arrange is called when the layout changes.
	Arrange(l kit.Layout)
	// Enter is called when the page is shown; Changed when the session has changed, on screen or not.
	Enter() tea.Cmd
	Changed(what session.Change) tea.Cmd
	// Draw draws the page's text and returns its pictures. It changes no state.
	Draw(c *kit.Canvas) []kit.Placed
	// Mouse handles a mouse event; false if it has no effect.
	Mouse(m kit.Mouse) (tea.Cmd, bool)
	// Speed returns the speed of the last result, for the status line.
	Speed() string
	// Export prepares the page's export.
	Export() (session.Exporter, error)
}

// Optional interfaces of pages.
type (
	// leaver is notified when another page is shown.
	leaver interface{ Leave() }
	// jobber lists its jobs, in a fixed order.
	jobber interface{ Jobs() []kit.JobInfo }
	// busier reports whether work is running on screen.
	busier interface{ Busy() bool }
	// idler is notified when a job of any page ends.
	idler interface{ Idle() tea.Cmd }
	// waiter ends its work when the program has ended, and reports the outcome; with leave, work
	// that can goes on as a process of its own.
	waiter interface{ Wait(leave bool) }
	// charter draws accuracy vs r on another page.
	charter interface {
		DrawChart(c *kit.Canvas, r kit.Rect)
	}
	// watcher shows runs.
	watcher interface {
		Watch(dirs, names []string) tea.Cmd
	}
	// modelLister lists the model files of runs it shows.
	modelLister interface{ ModelFiles() []string }
	// facter returns the status line if no model is open.
	facter interface{ Facts() []string }
)

// pageKind is a kind of page. Those that need no model exist without one.
type pageKind struct {
	name      string
	modelless bool
	make      func(a *App, s session.Screen) page
}

// pageKinds lists the pages in order, for help, palette, header and the values of Options.Page.
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

// PageNames lists the values of Options.Page.
func PageNames() []string {
	var list []string
	for _, k := range pageKinds() {
		list = append(list, k.name)
	}
	return list
}

// tab is a page with its name and number.
type tab struct {
	page
	name   string
	number int
}

// makePages creates the pages.
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

// DrawChart draws accuracy vs r on another page.
func (a *App) DrawChart(c *kit.Canvas, r kit.Rect) {
	if _, p, ok := find[charter](a); ok {
		p.DrawChart(c, r)
	}
}

// Watch shows runs on the Train page.
func (a *App) Watch(dirs, names []string) tea.Cmd {
	i, p, ok := find[watcher](a)
	if !ok {
		return nil
	}
	return tea.Batch(p.Watch(dirs, names), a.show(i))
}

// Busy reports whether work is running on screen, which should not be disturbed.
func (a *App) Busy() bool {
	return slices.ContainsFunc(a.pages, func(t tab) bool {
		p, ok := t.page.(busier)
		return ok && p.Busy()
	})
}

// ModelFiles lists the model files of displayed runs.
func (a *App) ModelFiles() []string {
	if _, p, ok := find[modelLister](a); ok {
		return p.ModelFiles()
	}
	return nil
}
