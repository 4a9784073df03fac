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

// paster is a dialog that does something after text was pasted.
type paster interface{ Pasted() tea.Cmd }

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
	about     string // what it shows, for help
	words     string // other words by which the palette finds it
	modelless bool
	evaluates bool // under the settings of evaluation, whose keys are hinted there
	make      func(a *App, s session.Screen) page
}

// pageKinds lists the pages in order, for help, palette, header and the values of Options.Page.
func pageKinds() []pageKind {
	return []pageKind{{
		name: "explore", evaluates: true,
		about: "An image split at the cutoff radius r into a low-pass and a high-pass image that add up to it, and the model's predictions on the three.",
		words: "image spectrum low-pass high-pass split flip prediction home",
		make:  func(a *App, s session.Screen) page { return explorepage.New(s, a.Session, a.DrawChart) },
	}, {
		name: "bands", evaluates: true,
		about: "Accuracy on low-pass and on high-pass images vs cutoff radius r, and on whole images. 95 % CIs narrow while more images are evaluated. On data such as CIFAR-10-C the views that follow are accuracy by corruption and severity, on whole, low-pass and high-pass images; means are unweighted, over corruptions of the mean over severities.",
		words: "accuracy curve frequency evaluate robustness bound",
		make:  func(a *App, s session.Screen) page { return bandspage.New(s, a.Session) },
	}, {
		name: "kernels", evaluates: true,
		about: "A layer's convolution kernels before and after smoothing, their roughness, and their frequency response. Rough kernels pass high frequencies.",
		words: "filters weights layers smoothing frequency response roughness",
		make:  func(a *App, s session.Screen) page { return kernelspage.New(s, a.Session, a.options.Folder) },
	}, {
		name: "train", modelless: true,
		about: "Training runs as they are written, by this program or another: loss, accuracy, accuracy per band, learning rate, and what checkpoints have learned.",
		words: "fit runs curves loss watch checkpoint learning rate",
		make: func(a *App, s session.Screen) page {
			return trainpage.New(s, a.Session, trainpage.Options{Training: a.options.Training, Watch: a.options.Watch, Evolution: a.options.Evolution, Folder: a.options.Folder}, a.Busy)
		},
	}, {
		name:  "experiments",
		about: "The paper's experiments on the open dataset: what each compares, progress of its runs, and whether its criteria are met.",
		words: "reproduce paper figure table criteria",
		make: func(a *App, s session.Screen) page {
			return experimentspage.New(s, a.Session, a.options.Experiments, a.options.Reproducing, a.Watch)
		},
	}, {
		name: "attack", evaluates: true,
		about: "An adversarial example: the perturbation δ that an attack finds within the budget ε, the spectrum of δ, and robust accuracy vs ε and vs smoothing ρ.",
		words: "adversarial robustness perturbation pgd fgsm epsilon",
		make:  func(a *App, s session.Screen) page { return attackpage.New(s, a.Session) },
	}, {
		name: "heatmap", evaluates: true,
		about: "Fourier heat map: error rate when a Fourier basis vector of norm ν is added to every evaluation image. The center is the zero frequency; the ring is at r.",
		words: "fourier sensitivity robustness noise",
		make:  func(a *App, s session.Screen) page { return heatmappage.New(s, a.Session) },
	}}
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
	pageKind
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
		a.pages = append(a.pages, tab{p, k, i + 1})
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
