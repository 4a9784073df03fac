package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/experiment"
	"hfcui/engine/train"
)

// Reproducing is how the program does experiments; *lab.Lab does the work.
type Reproducing struct {
	// Expect measures what an experiment takes here, or says why it cannot be done.
	Expect func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (experiment.Cost, error)
	// Start does what is left of an experiment in a folder, in the background, until ctx
	// ends.
	Start func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (Reproduction, error)
	// Ended tells of an experiment that was under way when the program left the screen.
	Ended func(e experiment.Experiment, size experiment.Size, dir string, err error)
}

// Reproduction is an experiment under way, as lab.Reproduction describes it.
type Reproduction interface {
	Progress() *experiment.Progress
	Done() <-chan struct{}
	Err() error
}

// reproduction is the experiment that this program does. Its settings, runs and report are
// read from its folder like those of all others.
type reproduction struct {
	experiment.Experiment
	size     experiment.Size
	dir      string
	job      *job
	progress *experiment.Progress // the newest; nil before there is any
	stopping bool
	err      error         // once done is closed
	done     chan struct{} // closed when it has ended
}

func (r *reproduction) called() string { return r.Name + " " + string(r.size) }

// reproducingKeys begin and end experiments of this program.
var reproducingKeys = keymap[*experimentsPage]{
	{keys: []string{"n"}, name: "begin the experiment on the open data", hint: "begin", when: (*experimentsPage).canBegin, do: (*experimentsPage).ask},
	{keys: []string{"r"}, name: "go on with the experiment", hint: "go on", when: (*experimentsPage).canGoOn, do: (*experimentsPage).ask},
	{keys: []string{"S"}, name: "stop the experiment; it can be gone on with", hint: "stop", when: (*experimentsPage).reproduces, do: (*experimentsPage).stop},
}

// reproduces tells that this program does an experiment that is not being stopped yet.
func (p *experimentsPage) reproduces() bool { return p.doing != nil && !p.doing.stopping }

// canBegin tells that the chosen one can be begun here.
func (p *experimentsPage) canBegin() bool {
	f := p.chosen().folder()
	return p.reproducing != nil && p.doing == nil && f.Plan == nil && f.Err == nil
}

// canGoOn tells that there is something left to do of the chosen one, and nobody at it.
func (p *experimentsPage) canGoOn() bool {
	f := p.chosen().folder()
	return p.reproducing != nil && p.doing == nil && f.Plan != nil && f.Err == nil && !f.Running &&
		(f.Done < len(f.Runs) || f.Summary == nil || f.Stale)
}

// own tells whether the experiment shown at i is the one this program does.
func (p *experimentsPage) own(s experimentState) bool {
	return p.doing != nil && p.doing.Name == s.Name && p.doing.size == s.size
}

// ask opens the dialog that says what the chosen one takes.
func (p *experimentsPage) ask() tea.Cmd {
	if why := p.session.occupied; why != "" {
		p.screen.say(why)
		return nil
	}
	s := *p.chosen()
	d := &beginning{page: p, state: s}
	expect, dir := p.reproducing.Expect, s.folder().Dir
	j, cmd := p.screen.start(func(ctx context.Context, _ func(tea.Msg)) tea.Msg {
		cost, err := expect(ctx, s.Experiment, s.size, dir)
		return expectedMsg{cost, err}
	})
	d.job, p.asked = j, d
	return tea.Batch(cmd, p.screen.open(d))
}

// expectedMsg tells what an experiment takes.
type expectedMsg struct {
	cost experiment.Cost
	err  error
}

// newsPause is how often progress is shown.
const newsPause = 250 * time.Millisecond

// begin does an experiment in the background.
func (p *experimentsPage) begin(s experimentState) tea.Cmd {
	r := &reproduction{Experiment: s.Experiment, size: s.size, dir: s.folder().Dir, done: make(chan struct{})}
	start := p.reproducing.Start
	j, cmd := p.screen.start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		defer close(r.done)
		run, err := start(ctx, r.Experiment, r.size, r.dir)
		if r.err = err; err != nil {
			return nil
		}
		news := time.NewTicker(newsPause)
		defer news.Stop()
		for {
			select {
			case <-run.Done():
				r.err = run.Err()
				return nil
			case <-news.C:
				if now := run.Progress(); now != nil {
					tell(*now)
				}
			}
		}
	})
	r.job, p.doing = j, r
	p.session.occupied = r.called() + " is under way: stop it on the Experiments page first"
	return tea.Batch(cmd, p.scan(0))
}

// stop ends the experiment; its folder stays and can be gone on with.
func (p *experimentsPage) stop() tea.Cmd {
	p.doing.stopping = true
	p.doing.job.cancel()
	p.screen.say("stopping " + p.doing.called() + " after a checkpoint")
	return nil
}

// reported takes what its jobs tell.
func (p *experimentsPage) reported(r report) tea.Cmd {
	if d := p.asked; d != nil && r.job == d.job {
		if msg, ok := r.msg.(expectedMsg); ok {
			d.cost, d.err, d.known = msg.cost, msg.err, true
		}
		return nil
	}
	doing := p.doing
	if doing == nil || r.job != doing.job {
		return nil
	}
	if now, ok := r.msg.(experiment.Progress); ok {
		doing.progress = &now
	}
	if !r.done || p.screen.context().Err() != nil { // the program ends: wait tells what became of it
		return nil
	}
	p.doing, p.session.occupied = nil, ""
	var stopped *train.StoppedError
	switch {
	case doing.err == nil:
		p.screen.say(doing.called() + " is done: its verdicts are on the Experiments page")
	case errors.As(doing.err, &stopped), errors.Is(doing.err, context.Canceled):
		p.screen.say(doing.called() + " is stopped; r on the Experiments page goes on")
	default:
		p.screen.say(doing.called() + ": " + oneLine(doing.err))
	}
	return p.scan(0)
}

// wait ends an experiment that is on when the program ends, and tells what became of it.
func (p *experimentsPage) wait() {
	if r := p.doing; r != nil {
		r.job.cancel()
		<-r.done
		p.reproducing.Ended(r.Experiment, r.size, r.dir, r.err)
	}
}

// sayProgress says how far the experiment is that this program does.
func (r *reproduction) sayProgress() string {
	now := r.progress
	if now == nil {
		return "begins"
	}
	parts := []string{fmt.Sprintf("%.0f %%", 100*now.Part), fmt.Sprintf("run %d of %d: %s, seed %d", now.Run, now.Runs, now.Setting, now.Seed)}
	if now.Measuring != "" && !now.Done {
		parts = append(parts, "measuring "+now.Measuring)
	} else if t := now.Training; t.Epochs > 0 && !now.Done {
		parts = append(parts, fmt.Sprintf("epoch %d of %d", t.Epoch, t.Epochs))
	}
	if now.Left > 0 {
		parts = append(parts, durationText(now.Left)+" left")
	}
	return strings.Join(parts, " · ")
}

// beginning asks whether to do an experiment, and says what that takes.
type beginning struct {
	fixed
	noText
	page  *experimentsPage
	state experimentState
	job   *job // measures
	known bool
	cost  experiment.Cost
	err   error
}

var beginningKeys = keymap[*beginning]{
	{keys: []string{"enter"}, shown: "enter", name: "do it", hint: "do it", when: (*beginning).ready, do: (*beginning).start},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: (*beginning).close},
}

func (d *beginning) entries() []entry { return beginningKeys.entries(d) }

func (d *beginning) press(key string) tea.Cmd {
	cmd, _ := beginningKeys.press(d, key)
	return cmd
}

func (d *beginning) mouse(mouse) tea.Cmd { return nil }

// ready tells that it is known what it takes.
func (d *beginning) ready() bool { return d.known && d.err == nil }

func (d *beginning) close() tea.Cmd {
	d.job.cancel()
	d.page.asked = nil
	return d.page.screen.closeDialog()
}

func (d *beginning) start() tea.Cmd {
	d.close()
	return d.page.begin(d.state)
}

func (d *beginning) heading() string {
	if d.state.folder().Plan != nil {
		return "Go on with " + d.state.Name + ", " + string(d.state.size)
	}
	return "Do " + d.state.Name + ", " + string(d.state.size)
}

// lines is what the dialog says.
func (d *beginning) lines(th *theme) []said {
	f, plan := d.state.folder(), d.state.plan()
	runs := fmt.Sprintf("%s × seeds %s: %s", counted(len(plan.Settings), "setting"), seedsText(plan.Seeds), counted(plan.Cells(), "run"))
	if f.Done > 0 {
		runs += fmt.Sprintf(", %d of them done", f.Done)
	}
	on := d.page.session.info.Data
	if f.Plan != nil {
		on = f.Data()
	}
	lines := []said{{text: d.state.About}, {text: runs}, {text: "on " + on + ", in the folder " + f.Dir}}
	if on != "cifar10" {
		lines = append(lines, said{style: th.dim, text: "The paper's data is CIFAR-10: hfcui --data cifar10 opens it."})
	}
	lines = append(lines, said{})
	switch {
	case !d.known:
		lines = append(lines, said{style: th.dim, text: "Measuring how fast its networks are trained here …"})
	case d.err != nil:
		lines = append(lines, said{style: th.warn, text: oneLine(d.err)})
	default:
		lines = append(lines, said{style: bold, text: d.takes(f)})
	}
	return append(lines, said{style: th.dim, text: "The explorer goes before it. S stops it: what is done is kept, and r goes on."})
}

// takes says what the experiment costs.
func (d *beginning) takes(f experiment.Folder) string {
	left := 1 - f.Part
	if f.Plan != nil && f.Done == len(f.Runs) {
		return "All runs are done: what is left is the report"
	}
	return fmt.Sprintf("About %s: as much as %s images trained on, at %s a second as just measured",
		durationText(time.Duration(left*float64(d.cost.Time))), shortCount(int(left*d.cost.Images)), shortCount(int(d.cost.Speed)))
}

const beginningWidth = 66

func (d *beginning) size(maxW, maxH int) (int, int) {
	w := min(beginningWidth, maxW)
	return w, min(len(wrap(d.lines(d.page.screen.theme()), w)), maxH)
}

func (d *beginning) draw(c *canvas, r rect, th *theme) {
	for i, s := range wrap(d.lines(th), r.w) {
		if i < r.h {
			c.left(r.row(i), s.style, s.text)
		}
	}
}
