package experiments

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/experiment"
	"hfcui/engine/train"
	"hfcui/ui/kit"
)

// Reproducing runs experiments; implemented by *lab.Lab.
type Reproducing struct {
	// Expect estimates the cost of an experiment on this machine, or returns why it cannot run.
	Expect func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (experiment.Cost, error)
	// Start starts or resumes an experiment in a folder, in the background, until ctx ends.
	Start func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (Reproduction, error)
	// Ended is called for an experiment that was running when the program quit.
	Ended func(e experiment.Experiment, size experiment.Size, dir string, err error)
	// Leave resumes an experiment as a process of its own, which outlives this one; nil: cannot.
	Leave func(e experiment.Experiment, size experiment.Size, dir string)
}

// Reproduction is a running experiment, see lab.Reproduction.
type Reproduction interface {
	Progress() *experiment.Progress
	Done() <-chan struct{}
	Err() error
}

// reproduction is the experiment running in this process. Its settings, runs and report are read
// from its folder as those of all others.
type reproduction struct {
	experiment.Experiment
	size     experiment.Size
	dir      string
	job      *kit.Job
	progress *experiment.Progress // latest; nil before the first
	stopping bool
	err      error         // once done is closed
	done     chan struct{} // closed at its end
}

func (r *reproduction) called() string { return r.Name + " " + string(r.size) }

// reproducingKeys start and stop experiments.
var reproducingKeys = kit.Keymap[*Page]{
	{Act: kit.New, Name: "Run the experiment on the open dataset", Hint: "start", When: (*Page).canBegin, Do: (*Page).ask},
	{Act: kit.Resume, Name: "Resume the experiment", Hint: "resume", When: (*Page).canGoOn, Do: (*Page).ask},
	{Act: kit.Stop, Name: "Stop the experiment; it can be resumed", Hint: "stop", When: (*Page).reproduces, Do: (*Page).stop},
}

// reproduces reports whether an experiment is running here and is not being stopped.
func (p *Page) reproduces() bool { return p.doing != nil && !p.doing.stopping }

// canBegin reports whether the selected one can be started here.
func (p *Page) canBegin() bool {
	f := p.chosen().folder()
	return p.reproducing != nil && p.doing == nil && f.Plan == nil && f.Err == nil
}

// canGoOn reports whether the selected one is incomplete and not running.
func (p *Page) canGoOn() bool {
	f := p.chosen().folder()
	return p.reproducing != nil && p.doing == nil && f.Plan != nil && f.Err == nil && !f.Running &&
		(f.Done < len(f.Runs) || f.Summary == nil || f.Stale)
}

// own reports whether an experiment is the one running here.
func (p *Page) own(s experimentState) bool {
	return p.doing != nil && p.doing.Name == s.Name && p.doing.size == s.size
}

// ask opens the dialog with the cost of the selected one.
func (p *Page) ask() tea.Cmd {
	if why := p.session.Occupied; why != "" {
		p.screen.Say(why)
		return nil
	}
	s := *p.chosen()
	d := &beginning{page: p, state: s}
	expect, dir := p.reproducing.Expect, s.folder().Dir
	j, cmd := p.screen.Start(func(ctx context.Context, _ func(tea.Msg)) tea.Msg {
		cost, err := expect(ctx, s.Experiment, s.size, dir)
		return expectedMsg{cost, err}
	})
	d.job, p.asked = j, d
	return tea.Batch(cmd, p.screen.Open(d))
}

// expectedMsg is the expected cost of an experiment.
type expectedMsg struct {
	cost experiment.Cost
	err  error
}

// newsPause is the time between displays of progress.
const newsPause = 250 * time.Millisecond

// begin starts an experiment in the background.
func (p *Page) begin(s experimentState) tea.Cmd {
	r := &reproduction{Experiment: s.Experiment, size: s.size, dir: s.folder().Dir, done: make(chan struct{})}
	start := p.reproducing.Start
	j, cmd := p.screen.Start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
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
	p.session.Occupied = r.called() + " is running: stop it on the Experiments page first"
	return tea.Batch(cmd, p.scan(0))
}

// stop stops the experiment, which can be resumed.
func (p *Page) stop() tea.Cmd {
	p.doing.stopping = true
	p.doing.job.Cancel()
	p.screen.Say("stopping " + p.doing.called() + " after a checkpoint")
	return nil
}

// reported handles reports of its jobs.
func (p *Page) reported(r kit.Report) tea.Cmd {
	if d := p.asked; d != nil && r.Job == d.job {
		if msg, ok := r.Msg.(expectedMsg); ok {
			d.cost, d.err, d.known = msg.cost, msg.err, true
		}
		return nil
	}
	doing := p.doing
	if doing == nil || r.Job != doing.job {
		return nil
	}
	if now, ok := r.Msg.(experiment.Progress); ok {
		doing.progress = &now
	}
	if !r.Done || p.screen.Context().Err() != nil { // the program quits: Wait reports the outcome
		return nil
	}
	p.doing, p.session.Occupied = nil, ""
	var stopped *train.StoppedError
	switch {
	case doing.err == nil:
		p.screen.Say(doing.called() + " is done: see which criteria are met on the Experiments page")
	case errors.As(doing.err, &stopped), errors.Is(doing.err, context.Canceled):
		p.screen.Say(doing.called() + " is stopped; press " + kit.Resume.Label + " on the Experiments page to resume")
	default:
		p.screen.Say(doing.called() + ": " + kit.OneLine(doing.err))
	}
	return p.scan(0)
}

// Wait stops an experiment that is running when the program quits, and reports the outcome; with
// leave, it goes on as a process of its own.
func (p *Page) Wait(leave bool) {
	r := p.doing
	if r == nil {
		return
	}
	r.job.Cancel()
	<-r.done
	var stopped *train.StoppedError
	if leave && (errors.As(r.err, &stopped) || errors.Is(r.err, context.Canceled)) && p.reproducing.Leave != nil {
		p.reproducing.Leave(r.Experiment, r.size, r.dir)
		return
	}
	p.reproducing.Ended(r.Experiment, r.size, r.dir, r.err)
}

// Jobs lists the experiment running here, and the estimate of another's cost.
func (p *Page) Jobs() []kit.JobInfo {
	var list []kit.JobInfo
	if r := p.doing; r != nil {
		j := kit.JobInfo{Name: "experiment", Of: r.called() + " in " + kit.Clean(r.dir), Share: -1, Stop: p.stop, Kept: true}
		if now := r.progress; now != nil {
			j.Leave = p.reproducing.Leave != nil
			j.Share, j.Left = now.Part, now.Left
			j.Count = fmt.Sprintf("run %d of %d: %s, seed %d", now.Run, now.Runs, kit.Clean(now.Setting), now.Seed)
			j.Rate = kit.PerSecond(now.Training.ImagesPerSecond, "images")
		}
		if r.stopping {
			j.State, j.Stop = kit.JobStopping, nil
		}
		list = append(list, j)
	}
	if d := p.asked; d != nil && !d.known {
		list = append(list, kit.JobInfo{Name: "cost estimate", Of: d.state.Name + " " + string(d.state.size), Share: -1, Stop: d.close})
	}
	return list
}

// sayProgress describes the progress of the experiment.
func (r *reproduction) sayProgress() string {
	now := r.progress
	if now == nil {
		return "starting"
	}
	parts := []string{fmt.Sprintf("%.0f %%", 100*now.Part), fmt.Sprintf("run %d of %d: %s, seed %d", now.Run, now.Runs, now.Setting, now.Seed)}
	if now.Measuring != "" && !now.Done {
		parts = append(parts, "evaluating "+now.Measuring)
	} else if t := now.Training; t.Epochs > 0 && !now.Done {
		parts = append(parts, fmt.Sprintf("epoch %d of %d", t.Epoch, t.Epochs))
	}
	if now.Left > 0 {
		parts = append(parts, "ETA "+kit.DurationText(now.Left))
	}
	return strings.Join(parts, " · ")
}

// beginning is the dialog that shows an experiment's cost and confirms its start.
type beginning struct {
	kit.Fixed
	kit.NoText
	page  *Page
	state experimentState
	job   *kit.Job // estimates the cost
	known bool
	cost  experiment.Cost
	err   error
}

var beginningKeys = kit.Keymap[*beginning]{
	{Act: kit.Accept, Name: "start", Hint: "start", When: (*beginning).ready, Do: (*beginning).start},
	{Act: kit.Back, Name: "close", Hint: "close", Do: (*beginning).close},
}

func (d *beginning) Entries() []kit.Entry { return beginningKeys.Entries(d) }

func (d *beginning) Press(key string) tea.Cmd {
	cmd, _ := beginningKeys.Press(d, key)
	return cmd
}

func (d *beginning) Mouse(kit.Mouse) tea.Cmd { return nil }

// ready reports whether the cost is known.
func (d *beginning) ready() bool { return d.known && d.err == nil }

func (d *beginning) close() tea.Cmd {
	d.job.Cancel()
	d.page.asked = nil
	return d.page.screen.CloseDialog()
}

func (d *beginning) start() tea.Cmd {
	d.close()
	return d.page.begin(d.state)
}

func (d *beginning) Heading() string {
	if d.state.folder().Plan != nil {
		return "Resume " + d.state.Name + ", " + string(d.state.size)
	}
	return "Run " + d.state.Name + ", " + string(d.state.size)
}

// lines returns the dialog's text.
func (d *beginning) lines(th *kit.Theme) []said {
	f, plan := d.state.folder(), d.state.plan()
	runs := fmt.Sprintf("%s × seeds %s: %s", kit.Counted(len(plan.Settings), "setting"), seedsText(plan.Seeds), kit.Counted(plan.Cells(), "run"))
	if f.Done > 0 {
		runs += fmt.Sprintf(", %d of them done", f.Done)
	}
	on := d.page.session.Info.Data
	if f.Plan != nil {
		on = f.Data()
	}
	lines := []said{{text: d.state.About}, {text: runs}, {text: "on " + on + ", in folder " + f.Dir}}
	if on != "cifar10" {
		lines = append(lines, said{style: th.Dim, text: "The paper uses CIFAR-10: hfcui --data cifar10."})
	}
	lines = append(lines, said{})
	switch {
	case !d.known:
		lines = append(lines, said{style: th.Dim, text: "Measuring training throughput (images/s) …"})
	case d.err != nil:
		lines = append(lines, said{style: th.Warn, text: kit.OneLine(d.err)})
	default:
		lines = append(lines, said{style: kit.Bold, text: d.takes(f)})
	}
	return append(lines, said{style: th.Dim, text: "The explorer has priority. " + kit.Stop.Label + " stops it, " + kit.Resume.Label + " resumes it."})
}

// takes describes the experiment's cost.
func (d *beginning) takes(f experiment.Folder) string {
	left := 1 - f.Part
	if f.Plan != nil && f.Done == len(f.Runs) {
		return "All runs are done; only the report is missing"
	}
	return fmt.Sprintf("About %s: %s training images at the measured %s images/s",
		kit.DurationText(time.Duration(left*float64(d.cost.Time))), kit.ShortCount(int(left*d.cost.Images)), kit.ShortCount(int(d.cost.Speed)))
}

const beginningWidth = 66

func (d *beginning) Size(maxW, maxH int) (int, int) {
	w := min(beginningWidth, maxW)
	return w, min(len(wrap(d.lines(d.page.screen.Theme()), w)), maxH)
}

func (d *beginning) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	for i, s := range wrap(d.lines(th), r.W) {
		if i < r.H {
			c.Left(r.Row(i), s.style, s.text)
		}
	}
}
