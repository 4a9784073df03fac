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
	app     *App
	l       experimentsLayout
	looker  *experiment.Looker
	every   time.Duration // between looks at the folders; 0: only when the page is entered
	looking bool
	list    []experimentState
	at      int // the chosen one
	top     int // first line of what is said of it
	lines   int // how many there are

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

func newExperimentsPage(a *App) *experimentsPage {
	p := &experimentsPage{app: a, looker: &experiment.Looker{}, every: lookPause}
	for _, e := range experiment.All() {
		s := experimentState{Experiment: e, size: experiment.Quick, planned: map[experiment.Size]experiment.Plan{}, folders: map[experiment.Size]experiment.Folder{}}
		for _, size := range experimentSizes {
			s.planned[size] = e.Plan(size, "", 1)
			s.folders[size] = experiment.Folder{Dir: experiment.Dir(a.options.Experiments, e, size)}
		}
		p.list = append(p.list, s)
	}
	return p
}

func (p *experimentsPage) name() string { return "experiments" }

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
	var cmds []tea.Cmd
	for _, r := range s.folder().Runs {
		if r.Begun {
			cmds = append(cmds, p.app.train.follow(r.Dir, fmt.Sprintf("%s %s seed %d", s.Name, r.Setting, r.Seed)))
		}
	}
	for i, other := range p.app.pages {
		if other == page(p.app.train) {
			cmds = append(cmds, p.app.show(i))
		}
	}
	return tea.Batch(cmds...)
}

// long tells that not all that is said fits.
func (p *experimentsPage) long() bool { return p.lines > p.l.detail.h }

func (p *experimentsPage) scroll(by int) tea.Cmd {
	p.top = min(max(p.top+by, 0), max(0, p.lines-p.l.detail.h))
	return nil
}

func (p *experimentsPage) arrange(l layout) {
	if !l.tooSmall {
		p.l = layoutExperiments(l, len(p.list))
	}
}

func (p *experimentsPage) enter() tea.Cmd { return p.look(0) }

func (p *experimentsPage) changed(change) tea.Cmd { return nil }

// foldersMsg is what the folders say now.
type foldersMsg struct{ folders [][]experiment.Folder }

// look looks at all folders after a pause; one look at a time.
func (p *experimentsPage) look(after time.Duration) tea.Cmd {
	if p.looking {
		return nil
	}
	p.looking = true
	looker, root, ctx := p.looker, p.app.options.Experiments, p.app.ctx
	return task(func() tea.Msg {
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

// received takes in what the folders say, and looks on while the page is on screen.
func (p *experimentsPage) received(msg foldersMsg) tea.Cmd {
	p.looking = false
	for i, list := range msg.folders {
		for k, f := range list {
			p.list[i].folders[experimentSizes[k]] = f
		}
	}
	if !p.app.on(p) || p.every <= 0 {
		return nil
	}
	return p.look(p.every)
}

// export prepares writing the chosen one's tables and verdicts, as its report has them.
func (p *experimentsPage) export() (exporter, error) {
	s := p.chosen()
	summary := s.folder().Summary
	if summary == nil {
		return exporter{}, errors.New("no report to export yet: it comes when all runs are done")
	}
	return exporter{base: s.Name + "-" + string(s.size), files: []exportFile{{".json", func(w io.Writer) error {
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
