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

// Training is how the program trains; *lab.Lab does the work.
type Training struct {
	// Recipe is what a new training begins with, or why nothing can be trained here.
	Recipe func() (train.Config, error)
	// Start begins to train in a folder, in the background, until ctx ends. The zero Config
	// is that of the run that is there.
	Start func(ctx context.Context, c train.Config, dir string) (TrainingRun, error)
	// Ended tells of a training that was under way when the program left the screen.
	Ended func(dir string, err error)
}

// TrainingRun is a training under way, as lab.Training describes it.
type TrainingRun interface {
	Pause()
	Resume()
	Paused() bool
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
	run       TrainingRun   // nil until it has begun
	err       error         // once done is closed
	done      chan struct{} // closed when it has ended
}

// paused tells that a person holds the training up.
func (t *ownRun) paused() bool { return t.run != nil && t.run.Paused() }

// goesOn tells that an ended training can be gone on with.
func (t *ownRun) goesOn() bool {
	var stopped *train.StoppedError
	return errors.As(t.err, &stopped) || errors.Is(t.err, context.Canceled)
}

// failed tells that an ended training came to no end of its own, nor to a person's.
func (t *ownRun) failed() bool { return t.err != nil && !t.goesOn() }

// trainingKeys begin and hold up a training of this program.
var trainingKeys = kit.Keymap[*Page]{
	{Keys: []string{"n"}, Name: "New run on the open dataset", Hint: "new", When: (*Page).canTrain, Do: (*Page).newTraining},
	{Keys: []string{"r"}, Name: "Resume run", Hint: "resume", When: (*Page).resumable, Do: (*Page).resume},
	{Keys: []string{"p"}, Name: "Pause or resume run", Hint: "pause", When: (*Page).trains, Do: (*Page).pause},
	{Keys: []string{"c"}, Name: "Save checkpoint", Hint: "checkpoint", When: (*Page).trains, Do: (*Page).checkpoint},
	{Keys: []string{"S"}, Name: "Stop run; it can be resumed", Hint: "stop", When: (*Page).trains, Do: (*Page).stop},
	{Keys: []string{"f"}, Name: "Show the run's newest checkpoint on every page", Hint: "follow", When: (*Page).canFollow, Do: (*Page).toggleFollowing},
}

// trains tells that a training of this program is on.
func (p *Page) trains() bool { return p.training != nil }

// canTrain tells that one can be begun.
func (p *Page) canTrain() bool { return p.options.Training != nil && !p.trains() }

// newTraining asks for its settings.
func (p *Page) newTraining() tea.Cmd {
	if why := p.session.Occupied; why != "" {
		p.screen.Say(why)
		return nil
	}
	c, err := p.options.Training.Recipe()
	if err != nil {
		p.screen.Say(kit.OneLine(err))
		return nil
	}
	return p.screen.Open(newRecipe(p, c))
}

// trainingBegun tells that the training is under way.
type trainingBegun struct{ run TrainingRun }

// begin trains in the background and follows the run.
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

// resumable tells that the chosen run can be gone on with.
func (p *Page) resumable() bool {
	if !p.canTrain() || p.run >= len(p.fig.Runs) {
		return false
	}
	r := p.fig.Runs[p.run]
	if p.over != nil && p.over.dir == r.Dir { // its folder is not asked: it is read a little later
		return p.over.goesOn()
	}
	return r.Config != nil && (r.State == follow.Silent || r.State == follow.Paused || r.State == follow.Ended && r.Reason != train.Finished && r.Reason != train.Diverged)
}

func (p *Page) resume() tea.Cmd {
	r := p.fig.Runs[p.run]
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
		p.screen.Say("paused; p resumes, c saves a checkpoint")
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

// stop ends the training; its folder stays and can be gone on with.
func (p *Page) stop() tea.Cmd {
	p.training.job.Cancel()
	p.screen.Say("stopping " + p.training.name + " after a checkpoint")
	return nil
}

// trainingReported takes the beginning and the end of the training.
func (p *Page) trainingReported(r kit.Report) tea.Cmd {
	t := p.training
	if begun, ok := r.Msg.(trainingBegun); ok {
		t.run = begun.run
	}
	if !r.Done {
		return p.request()
	}
	if p.screen.Context().Err() != nil {
		return nil // the program ends: wait tells what became of it
	}
	p.training, p.over, p.session.Occupied = nil, t, ""
	switch {
	case t.err == nil:
		p.screen.Say(t.name + " has finished")
	case t.goesOn():
		p.screen.Say(t.name + " is stopped; press r on the Train page to resume")
	default:
		p.screen.Say(t.name + ": " + kit.OneLine(t.err))
	}
	return p.request()
}

// Wait ends a training that is on when the program ends, and tells what became of it.
func (p *Page) Wait() {
	if t := p.training; t != nil {
		t.job.Cancel()
		<-t.done
		p.options.Training.Ended(t.dir, t.err)
	}
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
		}
	} else if t := p.over; t != nil && t.dir == r.Dir && t.failed() && !r.Begun {
		r.Status, r.Late = "failed", false // its folder may not even be there
	}
	return r
}

// withoutBands says why the chosen run shows no bands, or when they come.
func (p *Page) withoutBands() string {
	if p.run < len(p.fig.Runs) {
		if c := p.fig.Runs[p.run].Config; c != nil && c.Bands != nil {
			if c.Bands.Every > 1 {
				return fmt.Sprintf("Band accuracy is evaluated every %d epochs.", c.Bands.Every)
			}
			return "Band accuracy is evaluated after every epoch."
		}
	}
	if p.run < len(p.fig.Runs) && p.fig.Runs[p.run].Files > 0 {
		if p.options.Watch.Measure == nil {
			return "hfcui watch DIR --data DATA evaluates band accuracy of every new checkpoint."
		}
		return "Band accuracy appears when a checkpoint is evaluated."
	}
	return "This run evaluates no bands: use hfcui train --bands 4,8,12,16."
}
