package ui

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/experiment"
)

// experimentsPage lists the paper's experiments. What it knows of them comes from their
// folders, whoever writes them.
type experimentsPage struct {
	screen      Screen
	session     *session
	folder      string       // that they lie in
	reproducing *Reproducing // nil: they are only looked at
	watchRuns   func(dirs, names []string) tea.Cmd
	l           experimentsLayout
	looker      *experiment.Looker
	every       time.Duration // between looks at the folders; 0: only when the page is entered
	scanning    bool
	list        []experimentState
	at          int // the chosen one
	top         int // first line of what is said of it

	asked *beginning    // the dialog that asks whether to begin
	doing *reproduction // nil while this program does no experiment
}

// experimentState is what is known of one experiment.
type experimentState struct {
	experiment.Experiment
	size    experiment.Size // the one that is shown
	planned map[experiment.Size]experiment.Plan
	folders map[experiment.Size]experiment.Folder
}

func (s experimentState) plan() experiment.Plan     { return s.planned[s.size] }
func (s experimentState) folder() experiment.Folder { return s.folders[s.size] }

var experimentSizes = []experiment.Size{experiment.Quick, experiment.Full}

// lookPause is how long folders are left alone between looks.
const lookPause = time.Second

// newExperimentsPage returns the page for the experiments in a folder. Without reproducing they
// are only looked at; watch shows runs on the page that has them.
func newExperimentsPage(s Screen, on *session, folder string, reproducing *Reproducing, watch func(dirs, names []string) tea.Cmd) *experimentsPage {
	p := &experimentsPage{screen: s, session: on, folder: folder, reproducing: reproducing, watchRuns: watch, looker: &experiment.Looker{}, every: lookPause}
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

var experimentsKeys = keymap[*experimentsPage]{
	{keys: []string{"up", "k"}, shown: "↑", name: "previous experiment", help: "previous, next experiment", hint: "experiment", do: func(p *experimentsPage) tea.Cmd { return p.choose(p.at - 1) }},
	{keys: []string{"down", "j"}, shown: "↓", name: "next experiment", also: true, do: func(p *experimentsPage) tea.Cmd { return p.choose(p.at + 1) }},
	{keys: []string{"f"}, name: "the experiment's full size, or the quick one", hint: "quick/full", do: (*experimentsPage).otherSize},
	{keys: []string{"o"}, name: "its runs on the Train page", hint: "runs", when: (*experimentsPage).begun, do: (*experimentsPage).watch},
	{keys: []string{"pgdown", "space"}, shown: "pgdn/", name: "scroll down what is said of it", help: "scroll what is said of it", hint: "scroll", when: (*experimentsPage).long, do: func(p *experimentsPage) tea.Cmd { return p.scroll(p.l.detail.h - 1) }},
	{keys: []string{"pgup"}, name: "scroll up what is said of it", also: true, when: (*experimentsPage).long, do: func(p *experimentsPage) tea.Cmd { return p.scroll(1 - p.l.detail.h) }},
}

func (p *experimentsPage) entries() []entry {
	return append(reproducingKeys.entries(p), experimentsKeys.entries(p)...)
}

func (p *experimentsPage) press(key string) (tea.Cmd, bool) {
	if cmd, ok := reproducingKeys.press(p, key); ok {
		return cmd, true
	}
	return experimentsKeys.press(p, key)
}

// chosen is the experiment that is told of.
func (p *experimentsPage) chosen() *experimentState { return &p.list[p.at] }

func (p *experimentsPage) choose(i int) tea.Cmd {
	p.at, p.top = min(max(i, 0), len(p.list)-1), 0
	return nil
}

func (p *experimentsPage) otherSize() tea.Cmd {
	s := p.chosen()
	p.top = 0
	if s.size == experiment.Quick {
		s.size = experiment.Full
	} else {
		s.size = experiment.Quick
	}
	return nil
}

// begun tells that the chosen one has runs to look at.
func (p *experimentsPage) begun() bool {
	for _, r := range p.chosen().folder().Runs {
		if r.Begun {
			return true
		}
	}
	return false
}

// watch shows the chosen one's runs on the Train page.
func (p *experimentsPage) watch() tea.Cmd {
	s := p.chosen()
	var dirs, names []string
	for _, r := range s.folder().Runs {
		if r.Begun {
			dirs, names = append(dirs, r.Dir), append(names, fmt.Sprintf("%s %s seed %d", s.Name, r.Setting, r.Seed))
		}
	}
	return p.watchRuns(dirs, names)
}

// long tells that not all that is said fits.
func (p *experimentsPage) long() bool { return p.lines() > p.l.detail.h }

func (p *experimentsPage) scroll(by int) tea.Cmd {
	p.top = min(max(p.top+by, 0), max(0, p.lines()-p.l.detail.h))
	return nil
}

func (p *experimentsPage) arrange(l layout) {
	if !l.tooSmall {
		p.l = layoutExperiments(l, len(p.list))
	}
}

func (p *experimentsPage) enter() tea.Cmd { return p.scan(0) }

func (p *experimentsPage) changed(change) tea.Cmd { return nil }

// foldersMsg is what the folders say now.
type foldersMsg struct{ folders [][]experiment.Folder }

// scan looks at all folders after a pause; one scan at a time.
func (p *experimentsPage) scan(after time.Duration) tea.Cmd {
	if p.scanning {
		return nil
	}
	p.scanning = true
	looker, root, ctx := p.looker, p.folder, p.screen.context()
	return p.screen.task(func() tea.Msg {
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
				list = append(list, looker.Look(experiment.Dir(root, e, size), now))
			}
			msg.folders = append(msg.folders, list)
		}
		return msg
	})
}

// receive takes what work in the background tells.
func (p *experimentsPage) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case foldersMsg:
		return p.received(msg)
	case report:
		return p.reported(msg)
	}
	return nil
}

// received takes in what the folders say, and looks on while the page is on screen.
func (p *experimentsPage) received(msg foldersMsg) tea.Cmd {
	p.scanning = false
	for i, list := range msg.folders {
		for k, f := range list {
			p.list[i].folders[experimentSizes[k]] = f
		}
	}
	if !p.screen.shown() || p.every <= 0 {
		return nil
	}
	return p.scan(p.every)
}

// export prepares writing the chosen one's tables and verdicts, as its report has them.
func (p *experimentsPage) export() (exporter, error) {
	s := p.chosen()
	summary := s.folder().Summary
	if summary == nil {
		return exporter{}, errors.New("no report to export yet: it comes when all runs are done")
	}
	return exporter{base: s.Name + "-" + string(s.size), files: []exportFile{{suffix: ".json", write: func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(summary)
	}}}}, nil
}

func (p *experimentsPage) speed() string {
	if p.doing != nil {
		return p.doing.called() + ": " + p.doing.sayProgress()
	}
	f := p.chosen().folder()
	if f.Running && f.Left > 0 {
		return fmt.Sprintf("%s: %s left", p.chosen().Name, durationText(f.Left))
	}
	return ""
}

func (p *experimentsPage) mouse(m mouse) (tea.Cmd, bool) {
	switch {
	case m.pressed && p.l.table.contains(m.x, m.y) && m.y > p.l.table.y:
		return p.choose(p.l.first(p.at, len(p.list)) + m.y - p.l.table.y - 1), true
	case m.wheel != 0 && p.l.table.contains(m.x, m.y):
		return p.choose(p.at + m.wheel), true
	case m.wheel != 0 && p.l.detail.contains(m.x, m.y):
		return p.scroll(m.wheel), true
	}
	return nil, false
}
