// Package experiments is the page of the paper's experiments: the progress of their runs, the
// verdicts on their criteria, and starting and stopping one.
package experiments

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/experiment"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Page lists the paper's experiments, as in their folders, whichever process writes them.
type Page struct {
	screen      session.Screen
	session     *session.Session
	folder      string       // of the experiments' folders
	reproducing *Reproducing // nil: read-only
	watchRuns   func(dirs, names []string) tea.Cmd
	l           experimentsLayout
	looker      *experiment.Scanner
	every       time.Duration // between scans of the folders; 0: only when the page is entered
	scanning    bool
	list        []experimentState
	at          int // the selected one
	top         int // first visible line of its details

	asked *beginning    // the dialog that confirms the start
	doing *reproduction // running here; nil: none
}

// experimentState is the state of an experiment.
type experimentState struct {
	experiment.Experiment
	size    experiment.Size // the size shown
	planned map[experiment.Size]experiment.Plan
	folders map[experiment.Size]experiment.Folder
}

func (s experimentState) plan() experiment.Plan     { return s.planned[s.size] }
func (s experimentState) folder() experiment.Folder { return s.folders[s.size] }

var experimentSizes = []experiment.Size{experiment.Quick, experiment.Full}

// lookPause is the time between scans of the folders.
const lookPause = time.Second

// New returns the page of the experiments in a folder. Without reproducing it is read-only; watch
// shows runs on the Train page.
func New(s session.Screen, on *session.Session, folder string, reproducing *Reproducing, watch func(dirs, names []string) tea.Cmd) *Page {
	p := &Page{screen: s, session: on, folder: folder, reproducing: reproducing, watchRuns: watch, looker: &experiment.Scanner{}, every: lookPause}
	for _, e := range experiment.All() {
		state := experimentState{Experiment: e, size: experiment.Quick, planned: map[experiment.Size]experiment.Plan{}, folders: map[experiment.Size]experiment.Folder{}}
		for _, size := range experimentSizes {
			state.planned[size] = e.Plan(size, "", 1)
			state.folders[size] = experiment.Folder{Dir: experiment.Dir(folder, e, size)}
		}
		p.list = append(p.list, state)
	}
	return p
}

var experimentsKeys = kit.Keymap[*Page]{
	{Act: kit.Up, Name: "previous experiment", Help: "previous, next experiment", Hint: "experiment", Do: func(p *Page) tea.Cmd { return p.choose(p.at - 1) }},
	{Act: kit.Down, Name: "next experiment", Also: true, Do: func(p *Page) tea.Cmd { return p.choose(p.at + 1) }},
	{Act: kit.NextView, Name: "quick or full size", Hint: "quick/full", Do: (*Page).otherSize},
	{Act: kit.Accept, Name: "show its runs on the Train page", Hint: "runs", When: (*Page).begun, Do: (*Page).watch},
	{Act: kit.PageDown, Name: "scroll details down", Help: "scroll details", Hint: "scroll", When: (*Page).long, Do: func(p *Page) tea.Cmd { return p.scroll(p.l.detail.H - 1) }},
	{Act: kit.PageUp, Name: "scroll details up", Also: true, When: (*Page).long, Do: func(p *Page) tea.Cmd { return p.scroll(1 - p.l.detail.H) }},
}

func (p *Page) Keys() kit.Tables {
	return kit.Tables{reproducingKeys.On(p), experimentsKeys.On(p)}
}

// chosen is the experiment that is told of.
func (p *Page) chosen() *experimentState { return &p.list[p.at] }

func (p *Page) choose(i int) tea.Cmd {
	p.at, p.top = min(max(i, 0), len(p.list)-1), 0
	return nil
}

func (p *Page) otherSize() tea.Cmd {
	s := p.chosen()
	p.top = 0
	if s.size == experiment.Quick {
		s.size = experiment.Full
	} else {
		s.size = experiment.Quick
	}
	return nil
}

// begun reports whether the selected one has runs.
func (p *Page) begun() bool {
	for _, r := range p.chosen().folder().Runs {
		if r.Begun {
			return true
		}
	}
	return false
}

// watch shows the selected one's runs on the Train page.
func (p *Page) watch() tea.Cmd {
	s := p.chosen()
	var dirs, names []string
	for _, r := range s.folder().Runs {
		if r.Begun {
			dirs, names = append(dirs, r.Dir), append(names, fmt.Sprintf("%s %s seed %d", s.Name, r.Setting, r.Seed))
		}
	}
	return p.watchRuns(dirs, names)
}

// long reports whether the details are longer than the screen.
func (p *Page) long() bool { return p.lines() > p.l.detail.H }

func (p *Page) scroll(by int) tea.Cmd {
	p.top = min(max(p.top+by, 0), max(0, p.lines()-p.l.detail.H))
	return nil
}

func (p *Page) Arrange(l kit.Layout) {
	if !l.TooSmall {
		p.l = layoutExperiments(l, len(p.list))
	}
}

// Rescan has the folders scanned every so often; 0: only when the page is entered.
func (p *Page) Rescan(every time.Duration) { p.every = every }

func (p *Page) Enter() tea.Cmd { return p.scan(0) }

func (p *Page) Changed(session.Change) tea.Cmd { return nil }

// foldersMsg is the state of the folders.
type foldersMsg struct{ folders [][]experiment.Folder }

// scan looks at all folders after a pause; one scan at a time.
func (p *Page) scan(after time.Duration) tea.Cmd {
	if p.scanning {
		return nil
	}
	p.scanning = true
	looker, root, ctx := p.looker, p.folder, p.screen.Context()
	return p.screen.Task(func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(after):
		}
		var msg foldersMsg
		now := time.Now()
		for _, e := range experiment.All() {
			var list []experiment.Folder
			for _, size := range experimentSizes {
				list = append(list, looker.Scan(experiment.Dir(root, e, size), now))
			}
			msg.folders = append(msg.folders, list)
		}
		return msg
	})
}

// Receive handles messages of background work.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case foldersMsg:
		return p.received(msg)
	case kit.Report:
		return p.reported(msg)
	}
	return nil
}

// received updates the state, and continues scanning while the page is on screen.
func (p *Page) received(msg foldersMsg) tea.Cmd {
	p.scanning = false
	for i, list := range msg.folders {
		for k, f := range list {
			p.list[i].folders[experimentSizes[k]] = f
		}
	}
	if !p.screen.Shown() || p.every <= 0 {
		return nil
	}
	return p.scan(p.every)
}

// Export prepares the tables and verdicts of the selected one, as in its report.
func (p *Page) Export() (session.Exporter, error) {
	s := p.chosen()
	summary := s.folder().Summary
	if summary == nil {
		return session.Exporter{}, errors.New("no report to export yet: wait until all runs are done")
	}
	return session.Exporter{Base: s.Name + "-" + string(s.size), Files: []session.ExportFile{{Suffix: ".json", Write: func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(summary)
	}}}}, nil
}

func (p *Page) Speed() string {
	if p.doing != nil {
		return p.doing.called() + ": " + p.doing.sayProgress()
	}
	f := p.chosen().folder()
	if f.Running && f.Left > 0 {
		return fmt.Sprintf("%s: ETA %s", p.chosen().Name, kit.DurationText(f.Left))
	}
	return ""
}

func (p *Page) Mouse(m kit.Mouse) (tea.Cmd, bool) {
	switch {
	case m.Pressed && p.l.table.Contains(m.X, m.Y) && m.Y > p.l.table.Y:
		return p.choose(p.l.first(p.at, len(p.list)) + m.Y - p.l.table.Y - 1), true
	case m.Wheel != 0 && p.l.table.Contains(m.X, m.Y):
		return p.choose(p.at + m.Wheel), true
	case m.Wheel != 0 && p.l.detail.Contains(m.X, m.Y):
		return p.scroll(m.Wheel), true
	}
	return nil, false
}
