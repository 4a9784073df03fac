// Package train is the page of training runs: starting, pausing, resuming and stopping one,
// and the curves of all that are followed.
package train

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/session"
)

// Page shows runs during training, by this process or another, as in their folders.
type Page struct {
	screen    session.Screen
	session   *session.Session
	options   Options
	busy      func() bool
	book      *runlog.RunBook
	curves    *runlog.CurveBook // of the figure being computed
	followers followers
	opened    bool // the runs of Watch are followed
	earlier   earlierMsg
	asks      kit.Newest[runlog.FigureRequest]
	fig       runlog.Figure
	l         trainLayout

	first  runlog.PanelKind // shown if there is room for one
	alone  bool             // one panel, as large as possible
	axis   runlog.Axis
	logX   bool
	logY   bool
	smooth int
	from   float64 // range of the axis; all if both are 0
	to     float64
	cursor float64 // on the axis; negative: none
	run    int     // the selected one, by its index in the book
	radius int     // −1: all
	table  tableSettings

	training  *ownRun // nil while this program trains nothing
	over      *ownRun // the one before
	following following
	evolving  evolving
}

// Options configures the page.
type Options struct {
	Training  *Training // nil: cannot train
	Watch     Watch     // the runs followed from the start
	Evolution Evolution // inspects checkpoints of runs; nil: none
	Folder    string    // base of relative run folders
}

// New returns the page; busy reports whether other pages are busy.
func New(s session.Screen, on *session.Session, o Options, busy func() bool) *Page {
	return &Page{screen: s, session: on, options: o, busy: busy, book: &runlog.RunBook{}, curves: &runlog.CurveBook{}, followers: newFollowers(), following: newFollowing(), cursor: -1, radius: -1}
}

var trainKeys = kit.Keymap[*Page]{
	{Act: kit.Up, Name: "previous run", Help: "previous, next run", Hint: "run", When: (*Page).several, Do: func(p *Page) tea.Cmd { return p.choose(p.row() - 1) }},
	{Act: kit.Down, Name: "next run", Also: true, When: (*Page).several, Do: func(p *Page) tea.Cmd { return p.choose(p.row() + 1) }},
	{Act: kit.Toggle, Name: "show or hide the run", Hint: "show/hide", When: (*Page).several, Do: (*Page).toggleRun},
	{Act: kit.Filter, Name: "filter runs by a regular expression…", Hint: "filter", When: (*Page).manyRuns, Do: (*Page).filterRuns},
	{Act: kit.SortRuns, When: (*Page).several, Do: (*Page).sortRuns},
	{Act: kit.GroupRuns, When: (*Page).manyRuns, Do: (*Page).groupRuns},
	{Act: kit.PinRun, When: (*Page).several, Do: (*Page).pinRun},
	{Act: kit.Configs, When: (*Page).configured, Do: (*Page).showConfigs},
	{Act: kit.Annotate, When: (*Page).begun, Do: (*Page).annotate},
	{Act: kit.Left, Name: "cursor left", Help: "move the cursor", Hint: "cursor", When: (*Page).begun, Do: func(p *Page) tea.Cmd { return p.step(-1) }},
	{Act: kit.Right, Name: "cursor right", Also: true, When: (*Page).begun, Do: func(p *Page) tea.Cmd { return p.step(1) }},
	{Act: kit.FarLeft, Name: "cursor left by a large step", Help: "cursor by a large step", When: (*Page).begun, Do: func(p *Page) tea.Cmd { return p.step(-10) }},
	{Act: kit.FarRight, Name: "cursor right by a large step", Also: true, When: (*Page).begun, Do: func(p *Page) tea.Cmd { return p.step(10) }},
	{Act: kit.Back, Name: "newest values", Hint: "now", When: func(p *Page) bool { return p.cursor >= 0 }, Do: (*Page).now},
	{Act: kit.NextView, Name: "next charts", Hint: "chart", When: func(p *Page) bool { return p.l.shown < int(runlog.Panels) }, Do: (*Page).nextPanel},
	{Act: kit.Larger, Name: "one chart, or several", Hint: "larger", Do: func(p *Page) tea.Cmd { p.alone = !p.alone; return p.request() }},
	{Act: kit.ZoomIn, Name: "zoom in", Help: "zoom in, out, all", Hint: "zoom", When: (*Page).begun, Do: func(p *Page) tea.Cmd { return p.zoom(0.5, p.middle()) }},
	{Act: kit.ZoomOut, Name: "zoom out", Also: true, When: (*Page).begun, Do: func(p *Page) tea.Cmd { return p.zoom(2, p.middle()) }},
	{Act: kit.ZoomAll, Name: "zoom: all", Also: true, When: (*Page).begun, Do: (*Page).whole},
	{Act: kit.RadiusDown, Name: "bands at the next smaller r, or all", Help: "bands of all runs at one r", Hint: "r", When: func(p *Page) bool { return len(p.fig.Radii) > 0 }, Do: func(p *Page) tea.Cmd { return p.stepRadius(-1) }},
	{Act: kit.RadiusUp, Name: "bands at the next larger r, or all", Also: true, When: func(p *Page) bool { return len(p.fig.Radii) > 0 }, Do: func(p *Page) tea.Cmd { return p.stepRadius(1) }},
	{Act: kit.NextImage, Name: "next evaluation image", Help: "next, previous evaluation image", Hint: "image", When: (*Page).imaged, Do: func(p *Page) tea.Cmd { return p.stepImage(1) }},
	{Act: kit.PreviousImage, Name: "previous image", Also: true, When: (*Page).imaged, Do: func(p *Page) tea.Cmd { return p.stepImage(-1) }},
	{Act: kit.SmoothCurves, Do: func(p *Page) tea.Cmd { p.smooth = (p.smooth + 1) % len(runlog.Smoothings); return p.request() }},
	{Act: kit.LogY, Name: "y axis of loss and learning rate: linear, logarithmic", Hint: "log", Do: func(p *Page) tea.Cmd { p.logY = !p.logY; return p.request() }},
	{Act: kit.LogX, Do: func(p *Page) tea.Cmd { p.logX = !p.logX; return p.request() }},
	{Act: kit.XAxis, Name: "x axis: epochs, steps or minutes", Hint: "axis", Do: (*Page).nextAxis},
}

func (p *Page) Keys() kit.Tables {
	if p.options.Training == nil {
		return kit.Tables{trainKeys.On(p), followKeys.On(p)}
	}
	return kit.Tables{trainingKeys.On(p), trainKeys.On(p), followKeys.On(p)}
}

func (p *Page) several() bool { return len(p.fig.Runs) > 1 }

// manyRuns reports whether there are several runs, if only without the filter.
func (p *Page) manyRuns() bool { return p.fig.All > 1 }

func (p *Page) begun() bool { return p.fig.Most > 0 }

// row returns the row of the selected run in the table; −1 if there is none yet.
func (p *Page) row() int {
	for i := range p.fig.Runs {
		if slices.Contains(p.fig.Runs[i].Members, p.run) {
			return i
		}
	}
	return p.fig.Selected
}

// selected returns the row of the selected run, nil if there is none yet. It stands for the first run
// of a group.
func (p *Page) selected() *runlog.RunFacts {
	if i := p.row(); i >= 0 && i < len(p.fig.Runs) {
		return &p.fig.Runs[i]
	}
	return nil
}

// choose selects a row.
func (p *Page) choose(i int) tea.Cmd {
	if n := len(p.fig.Runs); n > 0 {
		p.run = p.fig.Runs[min(max(i, 0), n-1)].ID
	}
	return p.request()
}

func (p *Page) now() tea.Cmd {
	p.cursor = -1
	return p.request()
}

// step moves the cursor by columns of the first chart.
func (p *Page) step(by int) tea.Cmd {
	if p.cursor < 0 {
		p.cursor = p.fig.To
		if by > 0 {
			return p.request()
		}
	}
	plot := p.l.plots[p.l.order()[0]]
	share := p.fig.Position(p.cursor) + float64(by)/float64(max(1, plot.W-1))
	p.cursor = p.fig.At(min(max(share, 0), 1))
	return p.request()
}

// middle returns the center of zooming: the cursor, or the newest value.
func (p *Page) middle() float64 {
	if p.cursor >= 0 {
		return p.cursor
	}
	return p.fig.To
}

// zoom scales the visible range of the axis around a fixed position.
func (p *Page) zoom(by, about float64) tea.Cmd {
	f := &p.fig
	share := f.Position(about)
	from, to := f.At(share-by*share), f.At(share+by*(1-share))
	if to-from < f.Most/1e6 {
		return nil
	}
	if from <= 0 && to >= f.Most || to-from >= f.Most {
		return p.whole()
	}
	p.from, p.to = max(from, 0), min(to, f.Most)
	return p.request()
}

func (p *Page) whole() tea.Cmd {
	p.from, p.to = 0, 0
	return p.request()
}

func (p *Page) nextPanel() tea.Cmd {
	p.first = (p.first + runlog.PanelKind(p.l.shown)) % runlog.Panels
	return p.request()
}

func (p *Page) nextAxis() tea.Cmd {
	p.axis = (p.axis + 1) % runlog.Axes
	p.cursor, p.from, p.to = -1, 0, 0
	return p.request()
}

// stepRadius cycles through all radii together and each of them.
func (p *Page) stepRadius(by int) tea.Cmd {
	n := len(p.fig.Radii) + 1
	p.radius = (p.radius+1+by+n)%n - 1
	return p.request()
}

func (p *Page) Arrange(kit.Layout) { p.place() }

// place lays out the page for the current runs.
func (p *Page) place() {
	if !p.screen.Layout().TooSmall && p.screen.Layout().W > 0 {
		p.l = layoutTrain(p.screen.Layout(), len(p.fig.Runs), p.first, p.alone, p.screen.Cell())
	}
}

// Enter starts following the runs of Watch, the first time.
func (p *Page) Enter() tea.Cmd {
	var cmd tea.Cmd
	if w := p.options.Watch; !p.opened {
		p.opened = true
		cmd = p.Watch(w.Folders, w.Names)
	}
	return tea.Batch(cmd, p.findEarlier(), p.request())
}

func (p *Page) Changed(session.Change) tea.Cmd { return p.request() }

// figureMsg is a requested figure.
type figureMsg struct{ figure runlog.Figure }

// request asks for the figure that should be on screen.
func (p *Page) request() tea.Cmd {
	if !p.screen.Shown() && !p.following.on || p.screen.Layout().TooSmall || p.screen.Layout().W == 0 {
		return nil
	}
	p.place()
	p.book.Mu.Lock()
	q := runlog.FigureRequest{Version: p.book.Version}
	p.book.Mu.Unlock()
	for k, plot := range p.l.plots {
		q.Columns[k] = max(0, plot.W)
	}
	q.Axis, q.LogX, q.LogY, q.Smooth, q.From, q.To = p.axis, p.logX, p.logY, p.smooth, p.from, p.to
	q.Cursor, q.Run, q.Radius = p.cursor, p.run, p.radius
	p.table.apply(&q)
	return tea.Batch(p.evolve(), p.asks.Start(q, p.compute))
}

func (p *Page) compute(q runlog.FigureRequest) tea.Cmd {
	book, curves, lab := p.book, p.curves, p.session.Lab
	return p.screen.Task(func() tea.Msg {
		if lab != nil {
			defer lab.Foreground()()
		}
		_, runs := book.Read()
		return figureMsg{curves.MakeFigure(runs, q)}
	})
}

// Receive handles messages of background work.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case figureMsg:
		return p.received(msg)
	case earlierMsg:
		p.earlier = msg
	case modelMsg:
		return p.modelOpened(msg)
	case followTick:
		p.following.timed = false
		return p.followNewest()
	case evolutionMsg:
		return p.evolvedTo(msg)
	case evolutionTick:
		p.evolving.timed = false
		return p.evolve()
	case noteMsg:
		return p.noted(msg)
	case kit.Report:
		return p.reported(msg)
	}
	return nil
}

// Idle shows a checkpoint that waited for a measurement.
func (p *Page) Idle() tea.Cmd { return p.followNewest() }

// Facts returns the status line if no model is open.
func (p *Page) Facts() []string { return []string{"watching " + kit.Counted(p.fig.All, "run")} }

// ModelFiles lists the last checkpoints of the runs.
func (p *Page) ModelFiles() []string {
	var files []string
	for i := range p.fig.Runs {
		if r := &p.fig.Runs[i]; r.Kept > 0 {
			files = append(files, filepath.Join(r.Dir, train.ModelFile))
		}
	}
	return files
}

// Watch follows runs.
func (p *Page) Watch(dirs, names []string) tea.Cmd {
	var cmds []tea.Cmd
	for i, dir := range dirs {
		cmds = append(cmds, p.follow(dir, names[i]))
	}
	return tea.Batch(cmds...)
}

// received displays a figure.
func (p *Page) received(msg figureMsg) tea.Cmd {
	p.fig = msg.figure
	if n := len(p.fig.Radii); n > 0 && p.radius >= n {
		p.radius = -1
	}
	if again := p.asks.Ended(p.compute); again != nil {
		return again
	}
	return tea.Batch(p.followNewest(), p.request()) // more runs change the layout
}

func (p *Page) Speed() string {
	var words []string
	if r := p.selected(); r != nil && r.What != "" {
		words = append(words, fmt.Sprintf("%s: %s", r.Name, r.What))
	}
	if text := p.table.text(&p.fig); text != "" {
		words = append(words, text)
	}
	return strings.Join(words, " · ")
}

func (p *Page) Mouse(m kit.Mouse) (tea.Cmd, bool) {
	if p.l.table.Contains(m.X, m.Y) && m.Pressed && m.Y > p.l.table.Y {
		return p.choose(p.l.top(p.row(), len(p.fig.Runs)) + m.Y - p.l.table.Y - 1), true
	}
	for _, k := range p.l.order() {
		plot := p.l.plots[k]
		area := kit.NewRect(plot.X-1, plot.Y, plot.W+2, plot.H+1)
		if !k.Chart() || !area.Contains(m.X, m.Y) || !p.begun() {
			continue
		}
		return p.point(plot, m), true
	}
	return nil, false
}

// point handles the mouse on a chart: press and drag move the cursor, the wheel zooms at the pointer.
func (p *Page) point(plot kit.Rect, m kit.Mouse) tea.Cmd {
	share := min(max(float64(m.X-plot.X)/float64(max(1, plot.W-1)), 0), 1)
	switch {
	case m.Wheel != 0:
		return p.zoom(math.Pow(2, float64(m.Wheel)), p.fig.At(share))
	case m.Pressed, m.Moved:
		p.screen.Drag(func(m kit.Mouse) tea.Cmd { return p.point(plot, m) })
		p.cursor = p.fig.At(share)
		return p.request()
	}
	return nil
}
