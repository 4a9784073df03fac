package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
)

// Training starts runs; implemented by *lab.Lab.
type Training struct {
	// Recipe returns the default configuration of a run, which starts from the open model, and
	// whether its network can be trained from scratch; or why training is impossible.
	Recipe func() (c train.Config, scratch bool, err error)
	// Start starts or resumes a run in a folder, in the background, until ctx ends. The zero Config
	// is that of the run in the folder.
	Start func(ctx context.Context, c train.Config, dir string) (TrainingRun, error)
	// Ended is called for a run that was active when the program quit.
	Ended func(dir string, err error)
	// Leave resumes the run in a folder as a process of its own, which outlives this one; nil: cannot.
	Leave func(dir string)
}

// TrainingRun is an active run, see lab.Training.
type TrainingRun interface {
	Pause()
	Resume()
	Paused() bool
	Progress() *train.Progress // nil before the first step
	Checkpoint()
	Done() <-chan struct{}
	Err() error
}

// ownRun is the run that this program trains. What is shown of it comes from its folder
// like that of all others.
type ownRun struct {
	dir, name string
	config    train.Config
	job       *kit.Job
	run       TrainingRun // nil until it has started
	stopping  bool
	err       error         // once done is closed
	done      chan struct{} // closed at its end
}

// Jobs lists the run of this process.
func (p *Page) Jobs() []kit.JobInfo {
	t := p.training
	if t == nil {
		return nil
	}
	j := kit.JobInfo{Name: "training", Of: kit.Clean(t.name), Share: -1, Stop: p.stop, Pause: p.pause, Kept: true}
	if t.run != nil {
		if now := t.run.Progress(); now != nil {
			j.At = fmt.Sprintf("epoch %d/%d", now.Epoch, now.Epochs)
			j.Leave = p.options.Training.Leave != nil
			epochs := float64(now.Epoch - 1)
			j.Count, j.Rate, j.Left = "evaluating "+now.Doing, kit.PerSecond(now.ImagesPerSecond, "images"), now.Left
			if now.Doing == "train" {
				epochs += float64(now.Done) / float64(max(1, now.Of))
				j.Count = "step " + kit.Grouped(now.Done) + " of " + kit.Grouped(now.Of) + " in this epoch"
			}
			j.Share = epochs / float64(max(1, now.Epochs))
		}
	}
	switch {
	case t.stopping:
		j.State, j.Stop, j.Pause = kit.JobStopping, nil, nil
	case t.paused():
		j.State = kit.JobPaused
	}
	return []kit.JobInfo{j}
}

// paused reports whether the run is paused.
func (t *ownRun) paused() bool { return t.run != nil && t.run.Paused() }

// evaluating reports whether the run is between two epochs, or after the last.
func (t *ownRun) evaluating() bool {
	if t.run == nil {
		return false
	}
	now := t.run.Progress()
	return now != nil && now.Doing != "train"
}

// goesOn reports whether an ended run can be resumed.
func (t *ownRun) goesOn() bool {
	var stopped *train.StoppedError
	return errors.As(t.err, &stopped) || errors.Is(t.err, context.Canceled)
}

// failed reports whether a run ended by an error.
func (t *ownRun) failed() bool { return t.err != nil && !t.goesOn() }

// trainingKeys start, pause and stop a run of this process.
var trainingKeys = kit.Keymap[*Page]{
	{Act: kit.New, Name: "New run on the open dataset", Hint: "new", When: (*Page).canTrain, Do: (*Page).newTraining},
	{Act: kit.Resume, Name: "Resume run", Hint: "resume", When: (*Page).resumable, Why: (*Page).notResumable, Do: (*Page).resume},
	{Act: kit.Pause, Name: "Pause or resume run", Hints: (*Page).pauseHint, When: (*Page).trains, Do: (*Page).pause},
	{Act: kit.SaveModel, Name: "Save checkpoint", Hint: "checkpoint", When: (*Page).trains, Do: (*Page).checkpoint},
	{Act: kit.Stop, Name: "Stop run; it can be resumed", Hint: "stop", When: (*Page).trains, Why: (*Page).notOwn, Do: (*Page).stop},
}

// followKeys show a run's model on every page.
var followKeys = kit.Keymap[*Page]{
	{Act: kit.UseNewest, Hint: "follow", When: (*Page).canFollow, Do: (*Page).toggleFollowing},
}

// trains reports whether this process is training.
func (p *Page) trains() bool { return p.training != nil }

// pauseHint is what the key of Pause would do.
func (p *Page) pauseHint() string {
	if p.training != nil && p.training.paused() {
		return "resume"
	}
	return "pause"
}

// canTrain reports whether a run can be started.
func (p *Page) canTrain() bool { return p.options.Training != nil && !p.trains() }

// newTraining opens the dialog of a new run.
func (p *Page) newTraining() tea.Cmd {
	if why := p.session.Occupied; why != "" {
		p.screen.Say(why)
		return nil
	}
	c, scratch, err := p.options.Training.Recipe()
	if err != nil {
		p.screen.Say(kit.OneLine(err))
		return nil
	}
	return p.screen.Open(newRecipe(p, c, scratch))
}

// trainingBegun reports that the run has started.
type trainingBegun struct{ run TrainingRun }

// begin starts a run in the background and follows it.
func (p *Page) begin(dir string, c train.Config) tea.Cmd {
	t := &ownRun{dir: dir, name: filepath.Base(dir), config: c, done: make(chan struct{})}
	start := p.options.Training.Start
	j, cmd := p.screen.Start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		defer close(t.done)
		run, err := start(ctx, c, dir)
		if t.err = err; err != nil {
			return nil
		}
		tell(trainingBegun{run})
		<-run.Done()
		t.err = run.Err()
		return nil
	})
	t.job, p.training = j, t
	p.session.Occupied = "a training run is active: stop it on the Train page first"
	follow := p.follow(dir, t.name)
	p.run = p.book.Add(dir, t.name)
	return tea.Batch(cmd, follow, p.request())
}

// resumable reports whether the selected run can be resumed, or while none is shown, an earlier one.
func (p *Page) resumable() bool {
	r := p.selected()
	if r == nil && p.canTrain() {
		return len(p.earlier.resumable) > 0
	}
	if !p.canTrain() || r == nil || r.Grouped {
		return false
	}
	if p.over != nil && p.over.dir == r.Dir { // the state of its folder is read with a delay
		return p.over.goesOn()
	}
	return r.Config != nil && (r.State == follow.Silent || r.State == follow.Paused || r.State == follow.Ended && r.Reason != train.Finished && r.Reason != train.Diverged)
}

// notResumable says why the selected run cannot be resumed; "" without a run.
func (p *Page) notResumable() string {
	r := p.selected()
	switch {
	case r == nil:
		return ""
	case r.Grouped:
		return r.Name + " is a group of runs"
	case p.training != nil && p.training.dir == r.Dir && p.training.stopping:
		return r.Name + " is being stopped"
	case p.training != nil && p.training.dir == r.Dir && p.training.paused():
		return r.Name + " is paused: " + kit.Pause.Label + " resumes it"
	case p.training != nil && p.training.dir == r.Dir:
		return r.Name + " is already running"
	case p.training != nil:
		return p.training.name + " is running: stop it first"
	case r.State == follow.Running:
		return r.Name + " is already running in another process"
	case r.Reason == train.Diverged:
		return r.Name + " has diverged"
	case r.State == follow.Ended && r.Reason == train.Finished, p.over != nil && p.over.dir == r.Dir && p.over.err == nil:
		return r.Name + " is finished"
	case p.over != nil && p.over.dir == r.Dir && p.over.failed():
		return r.Name + " has failed"
	case r.Config == nil:
		return r.Name + " has no configuration"
	}
	return ""
}

// notOwn says why the selected run cannot be stopped here; "" unless it runs.
func (p *Page) notOwn() string {
	if r := p.selected(); r != nil && !r.Grouped && (r.State == follow.Running || r.State == follow.Paused) {
		return r.Name + " is trained by another process: ctrl+c in its terminal, or kill with its process ID, saves a checkpoint and stops it"
	}
	return ""
}

func (p *Page) resume() tea.Cmd {
	r := p.selected()
	if r == nil {
		return p.resumeEarlier()
	}
	if p.over != nil && p.over.dir == r.Dir {
		return p.begin(r.Dir, p.over.config)
	}
	return p.begin(r.Dir, train.Config{})
}

func (p *Page) pause() tea.Cmd {
	switch t := p.training; {
	case t.run == nil:
	case t.paused():
		t.run.Resume()
	default:
		t.run.Pause()
		p.screen.Say("paused; " + kit.Pause.Label + " resumes, " + kit.SaveModel.Label + " saves a checkpoint")
	}
	return p.request()
}

func (p *Page) checkpoint() tea.Cmd {
	if t := p.training; t.run != nil {
		t.run.Checkpoint()
		p.screen.Say("saving a checkpoint after this step to " + t.dir)
	}
	return nil
}

// stop stops the run, which can be resumed.
func (p *Page) stop() tea.Cmd {
	p.training.stopping = true
	p.training.job.Cancel()
	p.screen.Say("stopping " + p.training.name + " after a checkpoint")
	return nil
}

// trainingReported handles the start and the end of the run.
func (p *Page) trainingReported(r kit.Report) tea.Cmd {
	t := p.training
	if begun, ok := r.Msg.(trainingBegun); ok {
		t.run = begun.run
	}
	if !r.Done {
		return p.request()
	}
	if p.screen.Context().Err() != nil {
		return nil // the program quits: Wait reports the outcome
	}
	p.training, p.over, p.session.Occupied = nil, t, ""
	switch {
	case t.err == nil:
		p.screen.Say(t.name + " has finished")
	case t.goesOn():
		p.screen.Say(t.name + " is stopped; press " + kit.Resume.Label + " on the Train page to resume")
	default:
		p.screen.Say(t.name + ": " + kit.OneLine(t.err))
	}
	return p.request()
}

// Wait stops a run that is active when the program quits, and reports the outcome; with leave, the
// run goes on as a process of its own.
func (p *Page) Wait(leave bool) {
	t := p.training
	if t == nil {
		return
	}
	t.job.Cancel()
	<-t.done
	var stopped *train.StoppedError
	if leave && errors.As(t.err, &stopped) && p.options.Training.Leave != nil {
		p.options.Training.Leave(t.dir)
		return
	}
	p.options.Training.Ended(t.dir, t.err)
}

// ownFacts puts what this program knows of its own training into its line.
func (p *Page) ownFacts(r runlog.RunFacts) runlog.RunFacts {
	if t := p.training; t != nil && t.dir == r.Dir {
		r.Late = false
		switch {
		case t.paused():
			r.Status, r.Paused = "paused", true
		case !r.Begun:
			r.Status = "begins"
		case t.evaluating():
			r.Status = "evaluating"
		}
	} else if t := p.over; t != nil && t.dir == r.Dir && t.failed() && !r.Begun {
		r.Status, r.Late = "failed", false // its folder may not exist
	}
	return r
}

// withoutBands returns why the selected run has no bands yet.
func (p *Page) withoutBands() string {
	r := p.selected()
	if r != nil {
		if c := r.Config; c != nil && c.Bands != nil {
			if c.Bands.Every > 1 {
				return fmt.Sprintf("Band accuracy is evaluated every %d epochs.", c.Bands.Every)
			}
			return "Band accuracy is evaluated after every epoch."
		}
	}
	if r != nil && r.Files > 0 {
		if p.options.Watch.Measure == nil {
			return "hfcui watch DIR --data DATA evaluates band accuracy of every new checkpoint."
		}
		return "Band accuracy appears when a checkpoint is evaluated."
	}
	return "This run evaluates no bands: use hfcui train --bands 4,8,12,16."
}
