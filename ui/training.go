package ui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
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

// training is the run that this program trains. What is shown of it comes from its folder
// like that of all others.
type training struct {
	dir, name string
	config    train.Config
	job       *job
	run       TrainingRun   // nil until it has begun
	err       error         // once done is closed
	done      chan struct{} // closed when it has ended
}

// paused tells that a person holds the training up.
func (t *training) paused() bool { return t.run != nil && t.run.Paused() }

// goesOn tells that an ended training can be gone on with.
func (t *training) goesOn() bool {
	var stopped *train.StoppedError
	return errors.As(t.err, &stopped) || errors.Is(t.err, context.Canceled)
}

// failed tells that an ended training came to no end of its own, nor to a person's.
func (t *training) failed() bool { return t.err != nil && !t.goesOn() }

// trainingKeys begin and hold up a training of this program.
var trainingKeys = keymap[*trainPage]{
	{keys: []string{"n"}, name: "new training on the open data", hint: "new", when: (*trainPage).canTrain, do: (*trainPage).newTraining},
	{keys: []string{"r"}, name: "go on with the run that was stopped", hint: "go on", when: (*trainPage).resumable, do: (*trainPage).resume},
	{keys: []string{"p"}, name: "pause the training, or let it go on", hint: "pause", when: (*trainPage).trains, do: (*trainPage).pause},
	{keys: []string{"c"}, name: "checkpoint now", hint: "checkpoint", when: (*trainPage).trains, do: (*trainPage).checkpoint},
	{keys: []string{"S"}, name: "stop the training; it can be gone on with", hint: "stop", when: (*trainPage).trains, do: (*trainPage).stop},
	{keys: []string{"f"}, name: "all pages follow the run's newest checkpoint, or not", hint: "follow", when: (*trainPage).canFollow, do: (*trainPage).toggleFollowing},
}

// trains tells that a training of this program is on.
func (p *trainPage) trains() bool { return p.training != nil }

// canTrain tells that one can be begun.
func (p *trainPage) canTrain() bool { return p.options.Training != nil && !p.trains() }

// newTraining asks for its settings.
func (p *trainPage) newTraining() tea.Cmd {
	if why := p.session.occupied; why != "" {
		p.screen.say(why)
		return nil
	}
	c, err := p.options.Training.Recipe()
	if err != nil {
		p.screen.say(oneLine(err))
		return nil
	}
	return p.screen.open(newRecipe(p, c))
}

// trainingBegun tells that the training is under way.
type trainingBegun struct{ run TrainingRun }

// begin trains in the background and follows the run.
func (p *trainPage) begin(dir string, c train.Config) tea.Cmd {
	t := &training{dir: dir, name: filepath.Base(dir), config: c, done: make(chan struct{})}
	start := p.options.Training.Start
	j, cmd := p.screen.start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
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
	p.session.occupied = "a training is under way: stop it on the Train page first"
	follow := p.follow(dir, t.name)
	p.run = p.book.add(dir, t.name)
	return tea.Batch(cmd, follow, p.request())
}

// resumable tells that the chosen run can be gone on with.
func (p *trainPage) resumable() bool {
	if !p.canTrain() || p.run >= len(p.fig.runs) {
		return false
	}
	r := p.fig.runs[p.run]
	if p.over != nil && p.over.dir == r.dir { // its folder is not asked: it is read a little later
		return p.over.goesOn()
	}
	return r.config != nil && (r.state == follow.Silent || r.state == follow.Paused || r.state == follow.Ended && r.reason != train.Finished && r.reason != train.Diverged)
}

func (p *trainPage) resume() tea.Cmd {
	r := p.fig.runs[p.run]
	if p.over != nil && p.over.dir == r.dir {
		return p.begin(r.dir, p.over.config)
	}
	return p.begin(r.dir, train.Config{})
}

func (p *trainPage) pause() tea.Cmd {
	switch t := p.training; {
	case t.run == nil:
	case t.paused():
		t.run.Resume()
	default:
		t.run.Pause()
		p.screen.say("paused; p goes on, c keeps a checkpoint")
	}
	return p.request()
}

func (p *trainPage) checkpoint() tea.Cmd {
	if t := p.training; t.run != nil {
		t.run.Checkpoint()
		p.screen.say("a checkpoint is written after this step, to " + t.dir)
	}
	return nil
}

// stop ends the training; its folder stays and can be gone on with.
func (p *trainPage) stop() tea.Cmd {
	p.training.job.cancel()
	p.screen.say("stopping " + p.training.name + " after a checkpoint")
	return nil
}

// trainingReported takes the beginning and the end of the training.
func (p *trainPage) trainingReported(r report) tea.Cmd {
	t := p.training
	if begun, ok := r.msg.(trainingBegun); ok {
		t.run = begun.run
	}
	if !r.done {
		return p.request()
	}
	if p.screen.context().Err() != nil {
		return nil // the program ends: wait tells what became of it
	}
	p.training, p.over, p.session.occupied = nil, t, ""
	switch {
	case t.err == nil:
		p.screen.say(t.name + " has finished")
	case t.goesOn():
		p.screen.say(t.name + " is stopped; r on the Train page goes on")
	default:
		p.screen.say(t.name + ": " + oneLine(t.err))
	}
	return p.request()
}

// wait ends a training that is on when the program ends, and tells what became of it.
func (p *trainPage) wait() {
	if t := p.training; t != nil {
		t.job.cancel()
		<-t.done
		p.options.Training.Ended(t.dir, t.err)
	}
}

// ownFacts puts what this program knows of its own training into its line.
func (p *trainPage) ownFacts(r runFacts) runFacts {
	if t := p.training; t != nil && t.dir == r.dir {
		r.late = false
		switch {
		case t.paused():
			r.status, r.paused = "paused", true
		case !r.begun:
			r.status = "begins"
		}
	} else if t := p.over; t != nil && t.dir == r.dir && t.failed() && !r.begun {
		r.status, r.late = "failed", false // its folder may not even be there
	}
	return r
}

// withoutBands says why the chosen run shows no bands, or when they come.
func (p *trainPage) withoutBands() string {
	if p.run < len(p.fig.runs) {
		if c := p.fig.runs[p.run].config; c != nil && c.Bands != nil {
			if c.Bands.Every > 1 {
				return fmt.Sprintf("Accuracy on low and high parts comes after every %d epochs.", c.Bands.Every)
			}
			return "Accuracy on low and high parts comes after every epoch."
		}
	}
	if p.run < len(p.fig.runs) && p.fig.runs[p.run].files > 0 {
		if p.options.Watch.Measure == nil {
			return "hfcui watch DIR --data DATA measures whole images and their low and high parts of every file that appears."
		}
		return "Accuracy on low and high parts comes when a file is measured."
	}
	return "This run measures no bands: hfcui train --bands 4,8,12,16 has them after every epoch."
}
