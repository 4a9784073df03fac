package ui

import (
	"fmt"
	"math"
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
)

// trainPage shows runs while they are trained, by this process or another: everything it
// knows comes from their folders.
type trainPage struct {
	screen    Screen
	session   *session
	options   TrainOptions
	busy      func() bool
	book      *runBook
	curves    *curveBook // of the figure that is being made
	followers followers
	opened    bool // the runs asked for at the start are followed
	asks      newest[figureRequest]
	fig       figure
	l         trainLayout

	first  panelKind // shown where there is room for one
	alone  bool      // one panel, as large as can be
	axis   axis
	logX   bool
	logY   bool
	smooth int
	from   float64 // part of the axis; all where both are 0
	to     float64
	cursor float64 // on the axis; negative: none
	run    int     // the chosen one
	radius int     // −1: all
	hidden uint64

	training  *training // nil while this program trains nothing
	over      *training // the one before
	following following
	evolving  evolving
}

// TrainOptions is what the page may do.
type TrainOptions struct {
	Training  *Training // nil: nothing can be trained here
	Watch     Watch     // the runs the page begins with
	Evolution Evolution // looks at checkpoints of runs; nil: nobody does
	Folder    string    // where runs go whose folder is not said in full
}

// newTrainPage returns the page; busy tells that other pages should not be disturbed.
func newTrainPage(s Screen, on *session, o TrainOptions, busy func() bool) *trainPage {
	return &trainPage{screen: s, session: on, options: o, busy: busy, book: &runBook{}, curves: &curveBook{}, followers: newFollowers(), following: newFollowing(), cursor: -1, radius: -1}
}

var trainKeys = keymap[*trainPage]{
	{keys: []string{"up", "k"}, shown: "↑", name: "previous run", help: "previous, next run", hint: "run", when: (*trainPage).several, do: func(p *trainPage) tea.Cmd { return p.choose(p.run - 1) }},
	{keys: []string{"down", "j"}, shown: "↓", name: "next run", also: true, when: (*trainPage).several, do: func(p *trainPage) tea.Cmd { return p.choose(p.run + 1) }},
	{keys: []string{"space"}, name: "show or hide the run", hint: "show/hide", when: (*trainPage).several, do: (*trainPage).toggleRun},
	{keys: []string{"left", "h"}, shown: "←", name: "cursor left: values there", help: "cursor: values at another time", hint: "cursor", when: (*trainPage).begun, do: func(p *trainPage) tea.Cmd { return p.step(-1) }},
	{keys: []string{"right", "l"}, shown: "→", name: "cursor right", also: true, when: (*trainPage).begun, do: func(p *trainPage) tea.Cmd { return p.step(1) }},
	{keys: []string{"shift+left", "H"}, shown: "⇧←", name: "cursor far left", help: "cursor by a large step", when: (*trainPage).begun, do: func(p *trainPage) tea.Cmd { return p.step(-10) }},
	{keys: []string{"shift+right", "L"}, shown: "⇧→", name: "cursor far right", also: true, when: (*trainPage).begun, do: func(p *trainPage) tea.Cmd { return p.step(10) }},
	{keys: []string{"esc"}, name: "newest values, no cursor", hint: "now", when: func(p *trainPage) bool { return p.cursor >= 0 }, do: (*trainPage).now},
	{keys: []string{"v"}, name: "other charts", hint: "chart", when: func(p *trainPage) bool { return p.l.shown < int(panels) }, do: (*trainPage).nextPanel},
	{keys: []string{"w"}, name: "one chart alone, or several", hint: "larger", do: func(p *trainPage) tea.Cmd { p.alone = !p.alone; return p.request() }},
	{keys: []string{"+", "="}, name: "zoom in", help: "zoom in, out, all", hint: "zoom", when: (*trainPage).begun, do: func(p *trainPage) tea.Cmd { return p.zoom(0.5, p.middle()) }},
	{keys: []string{"-"}, name: "zoom out", also: true, when: (*trainPage).begun, do: func(p *trainPage) tea.Cmd { return p.zoom(2, p.middle()) }},
	{keys: []string{"0"}, name: "zoom: all of it", also: true, when: (*trainPage).begun, do: (*trainPage).whole},
	{keys: []string{","}, name: "bands at a smaller radius, or all", help: "bands at one radius, of all runs", hint: "radius", when: func(p *trainPage) bool { return len(p.fig.radii) > 0 }, do: func(p *trainPage) tea.Cmd { return p.stepRadius(-1) }},
	{keys: []string{"."}, name: "bands at a larger radius, or all", also: true, when: func(p *trainPage) bool { return len(p.fig.radii) > 0 }, do: func(p *trainPage) tea.Cmd { return p.stepRadius(1) }},
	{keys: []string{"i"}, name: "next image for checkpoints to be asked about", help: "another image for checkpoints to be asked about", hint: "image", when: (*trainPage).imaged, do: func(p *trainPage) tea.Cmd { return p.stepImage(1) }},
	{keys: []string{"I"}, name: "previous image", also: true, when: (*trainPage).imaged, do: func(p *trainPage) tea.Cmd { return p.stepImage(-1) }},
	{keys: []string{"a"}, name: "smooth curves: more, or not", hint: "smooth curves", do: func(p *trainPage) tea.Cmd { p.smooth = (p.smooth + 1) % len(smoothings); return p.request() }},
	{keys: []string{"y"}, name: "loss and rate on a logarithmic axis, or not", hint: "log", do: func(p *trainPage) tea.Cmd { p.logY = !p.logY; return p.request() }},
	{keys: []string{"o"}, name: "epochs on a logarithmic axis, or not", do: func(p *trainPage) tea.Cmd { p.logX = !p.logX; return p.request() }},
	{keys: []string{"e"}, name: "against epochs, steps or minutes", hint: "axis", do: (*trainPage).nextAxis},
}

func (p *trainPage) entries() []entry {
	return append(trainingKeys.entries(p), trainKeys.entries(p)...)
}

func (p *trainPage) press(key string) (tea.Cmd, bool) {
	if cmd, ok := trainingKeys.press(p, key); ok {
		return cmd, true
	}
	return trainKeys.press(p, key)
}

func (p *trainPage) several() bool { return len(p.fig.runs) > 1 }
func (p *trainPage) begun() bool   { return p.fig.most > 0 }

// choose chooses a run.
func (p *trainPage) choose(i int) tea.Cmd {
	p.run = min(max(i, 0), max(len(p.fig.runs)-1, 0))
	return p.request()
}

func (p *trainPage) toggleRun() tea.Cmd {
	if p.run < 64 {
		p.hidden ^= 1 << p.run
	}
	return p.request()
}

func (p *trainPage) now() tea.Cmd {
	p.cursor = -1
	return p.request()
}

// step moves the cursor by columns of the first chart.
func (p *trainPage) step(by int) tea.Cmd {
	if p.cursor < 0 {
		p.cursor = p.fig.to
		if by > 0 {
			return p.request()
		}
	}
	plot := p.l.plots[p.l.order()[0]]
	share := p.fig.position(p.cursor) + float64(by)/float64(max(1, plot.w-1))
	p.cursor = p.fig.at(min(max(share, 0), 1))
	return p.request()
}

// middle is what is zoomed about: the cursor, or the newest where there is none.
func (p *trainPage) middle() float64 {
	if p.cursor >= 0 {
		return p.cursor
	}
	return p.fig.to
}

// zoom shows a part of the axis so much as large, about a place that stays.
func (p *trainPage) zoom(by, about float64) tea.Cmd {
	f := &p.fig
	share := f.position(about)
	from, to := f.at(share-by*share), f.at(share+by*(1-share))
	if to-from < f.most/1e6 {
		return nil
	}
	if from <= 0 && to >= f.most || to-from >= f.most {
		return p.whole()
	}
	p.from, p.to = max(from, 0), min(to, f.most)
	return p.request()
}

func (p *trainPage) whole() tea.Cmd {
	p.from, p.to = 0, 0
	return p.request()
}

func (p *trainPage) nextPanel() tea.Cmd {
	p.first = (p.first + panelKind(p.l.shown)) % panels
	return p.request()
}

func (p *trainPage) nextAxis() tea.Cmd {
	p.axis = (p.axis + 1) % axes
	p.cursor, p.from, p.to = -1, 0, 0
	return p.request()
}

// stepRadius goes through all radii together and each of them.
func (p *trainPage) stepRadius(by int) tea.Cmd {
	n := len(p.fig.radii) + 1
	p.radius = (p.radius+1+by+n)%n - 1
	return p.request()
}

func (p *trainPage) arrange(layout) { p.place() }

// place lays the page out for the runs there are.
func (p *trainPage) place() {
	if !p.screen.layout().tooSmall && p.screen.layout().w > 0 {
		p.l = layoutTrain(p.screen.layout(), len(p.fig.runs), p.first, p.alone, p.screen.cell())
	}
}

// enter follows the runs that were asked for, the first time.
func (p *trainPage) enter() tea.Cmd {
	var cmd tea.Cmd
	if w := p.options.Watch; !p.opened {
		p.opened = true
		cmd = p.watch(w.Folders, w.Names)
	}
	return tea.Batch(cmd, p.request())
}

func (p *trainPage) changed(change) tea.Cmd { return p.request() }

// figureMsg is a figure that was asked for.
type figureMsg struct{ figure figure }

// request asks for the figure that should be on screen.
func (p *trainPage) request() tea.Cmd {
	if !p.screen.shown() && !p.following.on || p.screen.layout().tooSmall || p.screen.layout().w == 0 {
		return nil
	}
	p.place()
	p.book.mu.Lock()
	q := figureRequest{version: p.book.version}
	p.book.mu.Unlock()
	for k, plot := range p.l.plots {
		q.columns[k] = max(0, plot.w)
	}
	q.axis, q.logX, q.logY, q.smooth, q.from, q.to = p.axis, p.logX, p.logY, p.smooth, p.from, p.to
	q.cursor, q.run, q.radius, q.hidden = p.cursor, p.run, p.radius, p.hidden
	evolve := p.evolve()
	if p.asks.ask(q) {
		return tea.Batch(evolve, p.compute(q))
	}
	return evolve
}

func (p *trainPage) compute(q figureRequest) tea.Cmd {
	book, curves, lab := p.book, p.curves, p.session.lab
	return p.screen.task(func() tea.Msg {
		if lab != nil {
			defer lab.Foreground()()
		}
		_, runs := book.read()
		return figureMsg{curves.makeFigure(runs, q)}
	})
}

// receive takes what work in the background tells.
func (p *trainPage) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case figureMsg:
		return p.received(msg)
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
	case report:
		return p.reported(msg)
	}
	return nil
}

// idle shows a checkpoint that waited for what was being measured.
func (p *trainPage) idle() tea.Cmd { return p.followNewest() }

// facts are for the status line where no model is open.
func (p *trainPage) facts() []string { return []string{"watching " + counted(len(p.fig.runs), "run")} }

// modelFiles lists the last checkpoints of the runs.
func (p *trainPage) modelFiles() []string {
	var files []string
	for _, r := range p.fig.runs {
		if r.kept > 0 {
			files = append(files, filepath.Join(r.dir, train.ModelFile))
		}
	}
	return files
}

// watch follows runs.
func (p *trainPage) watch(dirs, names []string) tea.Cmd {
	var cmds []tea.Cmd
	for i, dir := range dirs {
		cmds = append(cmds, p.follow(dir, names[i]))
	}
	return tea.Batch(cmds...)
}

// received takes over a figure.
func (p *trainPage) received(msg figureMsg) tea.Cmd {
	next, again := p.asks.finish()
	p.fig = msg.figure
	p.run = min(p.run, max(len(p.fig.runs)-1, 0))
	if n := len(p.fig.radii); n > 0 && p.radius >= n {
		p.radius = -1
	}
	if again {
		return p.compute(next)
	}
	return tea.Batch(p.followNewest(), p.request()) // more runs are laid out anew
}

func (p *trainPage) speed() string {
	if p.run < len(p.fig.runs) {
		if r := p.fig.runs[p.run]; r.what != "" {
			return fmt.Sprintf("%s: %s", r.name, r.what)
		}
	}
	return ""
}

func (p *trainPage) mouse(m mouse) (tea.Cmd, bool) {
	if p.l.table.contains(m.x, m.y) && m.pressed && m.y > p.l.table.y {
		return p.choose(p.l.top(p.run, len(p.fig.runs)) + m.y - p.l.table.y - 1), true
	}
	for _, k := range p.l.order() {
		plot := p.l.plots[k]
		area := newRect(plot.x-1, plot.y, plot.w+2, plot.h+1)
		if k == panelKernels || !area.contains(m.x, m.y) || !p.begun() {
			continue
		}
		return p.point(plot, m), true
	}
	return nil, false
}

// point handles the mouse on a chart: pressed or dragged it moves the cursor, the wheel
// zooms about where it is.
func (p *trainPage) point(plot rect, m mouse) tea.Cmd {
	share := min(max(float64(m.x-plot.x)/float64(max(1, plot.w-1)), 0), 1)
	switch {
	case m.wheel != 0:
		return p.zoom(math.Pow(2, float64(m.wheel)), p.fig.at(share))
	case m.pressed, m.moved:
		p.screen.drag(func(m mouse) tea.Cmd { return p.point(plot, m) })
		p.cursor = p.fig.at(share)
		return p.request()
	}
	return nil
}
