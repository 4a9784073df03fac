package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	bandspage "hfcui/ui/pages/bands"
	trainpage "hfcui/ui/pages/train"
	"hfcui/ui/pages/train/runlog"
)

// fakeTraining writes an epoch every few milliseconds.
type fakeTraining struct {
	epochs  atomic.Int64
	kept    atomic.Int64
	configs chan train.Config
	ended   []error // what was under way when the program ended
}

func newFakeTraining() *fakeTraining { return &fakeTraining{configs: make(chan train.Config, 8)} }

func (f *fakeTraining) options() *trainpage.Training {
	return &trainpage.Training{
		Recipe: func() (train.Config, error) { return train.Default("resnet20", "shapes"), nil },
		Start:  f.start,
		Ended:  func(_ string, err error) { f.ended = append(f.ended, err) },
	}
}

// fakeRun is a training of it.
type fakeRun struct {
	*fakeTraining
	dir    string
	events *os.File
	done   chan struct{}
	err    error

	mu             sync.Mutex
	paused, wanted bool
}

func (r *fakeRun) set(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

func (r *fakeRun) Pause()                { r.set(func() { r.paused = true }) }
func (r *fakeRun) Resume()               { r.set(func() { r.paused = false }) }
func (r *fakeRun) Checkpoint()           { r.set(func() { r.wanted = true }) }
func (r *fakeRun) Paused() (yes bool)    { r.set(func() { yes = r.paused }); return yes }
func (r *fakeRun) Done() <-chan struct{} { return r.done }
func (r *fakeRun) Err() error            { return r.err }

func (f *fakeTraining) start(ctx context.Context, c train.Config, dir string) (trainpage.TrainingRun, error) {
	f.configs <- c
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	text, _ := json.Marshal(c)
	if err := os.WriteFile(filepath.Join(dir, train.ConfigFile), text, 0o644); err != nil {
		return nil, err
	}
	events, err := os.OpenFile(filepath.Join(dir, train.EventsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	r := &fakeRun{fakeTraining: f, dir: dir, events: events, done: make(chan struct{})}
	go r.train(ctx)
	return r, nil
}

func (r *fakeRun) stamp(kind string) train.Stamp {
	n := int(r.epochs.Load())
	return train.Stamp{Type: kind, Time: time.Now(), Step: n, Epoch: n}
}

func (r *fakeRun) emit(e train.Event) {
	line, _ := json.Marshal(e)
	r.events.Write(append(line, '\n'))
}

func (r *fakeRun) train(ctx context.Context) {
	defer close(r.done)
	defer r.events.Close()
	for {
		select {
		case <-ctx.Done():
			r.emit(&train.EndEvent{Stamp: r.stamp("end"), Reason: train.Stopped})
			r.err = &train.StoppedError{Dir: r.dir, Step: int(r.epochs.Load()), Err: ctx.Err()}
			return
		case <-time.After(5 * time.Millisecond):
		}
		r.set(func() {
			if !r.paused {
				r.epochs.Add(1)
				r.emit(&train.EpochEvent{Stamp: r.stamp("epoch"), Loss: 1})
			}
			if r.wanted {
				r.wanted = false
				r.kept.Add(1)
				r.emit(&train.CheckpointEvent{Stamp: r.stamp("checkpoint")})
			}
		})
	}
}

// A training is begun in a dialog, paused, kept, followed, stopped and gone on with, and
// ended in order with the program.
func TestTrainingFromTheExplorer(t *testing.T) {
	f, dir, lab := newFakeTraining(), t.TempDir(), newFakeLab()
	r := run(t, lab, Options{Pictures: "blocks", Training: f.options(), Folder: dir}, 140, 44)
	see := func(text string) {
		t.Helper()
		r.until(text, func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
	}
	press := func(keys string) {
		for _, k := range strings.Fields(keys) {
			r.program.Send(keyPress(k))
		}
	}
	becomes := func(what string, true func() bool) {
		t.Helper()
		r.until(what, func([]byte) bool { return true() })
	}
	press("4")
	see("to train a network")
	press("n")
	see("run folder")
	press("down down 9 down right up up up up up ctrl+u f i r s t enter")
	c := <-f.configs
	if c.Batch != 1289 || c.Name == "sgd" || c.Bands == nil || c.Data != "shapes" {
		t.Fatalf("%+v", c)
	}
	if _, err := os.Stat(filepath.Join(dir, "first", train.ConfigFile)); err != nil {
		becomes("folder", func() bool { _, err := os.Stat(filepath.Join(dir, "first")); return err == nil })
	}
	becomes("epochs", func() bool { return f.epochs.Load() > 10 })
	press("p")
	see("paused")
	before := f.epochs.Load()
	time.Sleep(60 * time.Millisecond)
	if now := f.epochs.Load(); now != before {
		t.Fatalf("%d epochs while paused", now-before)
	}
	press("f c")
	becomes("checkpoint", func() bool { return f.kept.Load() == 1 })
	becomes("newest model", func() bool { return len(lab.models()) == 1 })
	if path := lab.models()[0]; path != filepath.Join(dir, "first", train.ModelFile) {
		t.Fatal(path)
	}
	press("1")
	see("newest1")
	press("4 f p S")
	becomes("first model", func() bool { l := lab.models(); return len(l) == 2 && l[1] == "" })
	see("press r on the Train page")
	press("r") // at once: its end need not have been read from the folder
	if again := <-f.configs; again.Batch != c.Batch {
		t.Fatalf("%+v", again)
	}
	now := f.epochs.Load()
	becomes("epochs again", func() bool { return f.epochs.Load() > now+3 })
	if err := r.end(keyPress("q")); err != nil {
		t.Fatal(err)
	}
	pageOf[*trainpage.Page](r.app).Wait()
	var stopped *train.StoppedError
	if len(f.ended) != 1 || !errors.As(f.ended[0], &stopped) {
		t.Fatalf("%v", f.ended)
	}
}

func TestTrainingThatCannotBegin(t *testing.T) {
	p := pageOf[*trainpage.Page](startWith(t, newFakeLab(), Options{Training: newFakeTraining().options()}, 100, 30).app)
	p.Over = &trainpage.OwnRun{Dir: "nosuch", Name: "nosuch", Err: errors.New("no space left on device")}
	p.Fig.Runs = []runlog.RunFacts{p.OwnFacts(runlog.RunFacts{Dir: "nosuch", Status: "waiting", Late: true})}
	if r := p.Fig.Runs[0]; r.Status != "failed" || r.Late {
		t.Errorf("the run is %s, late %v", r.Status, r.Late)
	}
	if got := p.Waiting(runlog.PanelAccuracy); got != "nosuch did not start: no space left on device" {
		t.Error(got)
	}
}

func TestRecipeSaysWhatIsWrong(t *testing.T) {
	d := startWith(t, newFakeLab(), Options{Training: newFakeTraining().options()}, 80, 24)
	d.keys("4 n").shows("Train on shapes", "network", "resnet20", "shuffle labels", "bands at", "4,8,12,16")
	d.fits(80, 24)
	d.keys("x enter").shows("network: ")
	d.keys("backspace down ctrl+u 0 enter").shows("0 epochs")
	d.keys("ctrl+u x enter").shows("epochs: not a whole number")
	d.keys("ctrl+u 3 down down").shows("‹", "optimizer default")
	d.keys("esc").hides("shuffle labels")
	for _, size := range sizes {
		d := startWith(t, newFakeLab(), Options{Training: newFakeTraining().options()}, size[0], size[1])
		d.keys("4 n up up")
		d.fits(size[0], size[1])
	}
}

// Below the rows on screen there is nothing to press, though more rows follow.
func TestPressingBelowScrolledRows(t *testing.T) {
	d := startWith(t, newFakeLab(), Options{Training: newFakeTraining().options(), Folder: t.TempDir()}, 80, 24)
	d.keys("4 n up right")
	r := d.app.Top().(*trainpage.Recipe)
	_, top := d.where("network")
	before := r.At
	d.click(20, top+r.Room)
	d.click(20, top+r.Room+1)
	if len(r.List()) <= r.Room || r.At != before {
		t.Errorf("row %d after %d, %d of %d on screen", r.At, before, r.Room, len(r.List()))
	}
	d.click(20, top+r.Room-1)
	if r.At == before && before != r.Top+r.Room-1 {
		t.Error("the last row on screen cannot be pressed")
	}
}

// All settings of a training can be asked for; those that are hidden are named.
func TestRecipeHasEverySetting(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {200, 60}} {
		d := startWith(t, newFakeLab(), Options{Training: newFakeTraining().options(), Folder: t.TempDir()}, size[0], size[1])
		d.keys("4 n up").shows("more settings", "hidden").hides("dropout")
		d.keys("right down").shows("schedule")
		set := func(name, keys string) {
			t.Helper()
			r := d.app.Top().(*trainpage.Recipe)
			for range r.Rows {
				if r.Rows[r.At].Name == name {
					d.keys(keys)
					d.shows(name)
					d.fits(size[0], size[1])
					return
				}
				d.keys("down")
			}
			t.Fatalf("no %q", name)
		}
		set("schedule", "right right")
		set("dropout", "2 enter")
		d.shows("schedule step without milestones")
		set("milestones", "3 , 6")
		set("weight decay", "1 e - 3")
		set("momentum", "0")
		set("label noise", "x enter")
		d.shows("label noise: not a number")
		set("label noise", "backspace 0 . 1")
		set("balance classes", "right")
		set("fixed γ and β", "right")
		set("adversarial ε", "8 / 0 enter")
		d.shows("division by 0")
		set("adversarial ε", "backspace 2 5 5")
		set("PGD steps", "ctrl+u 7")
		set("random start", "right")
		set("images", "5 0 0")
		set("weights from", "right")
		set("seed", "ctrl+u 9")
		set("dropout", "enter")
		d.shows("dropout")
		set("dropout", "backspace 0 . 5")
		set("more settings", "left")
		d.shows("hidden: schedule step").hides("PGD")
		c, _, err := d.app.Top().(*trainpage.Recipe).Config()
		if err != nil {
			t.Fatal(err)
		}
		a := c.Adversarial
		if c.Schedule != "step" || len(c.Milestones) != 2 || c.WeightDecay != 1e-3 || c.Momentum != 0 || c.LabelNoise != 0.1 || !c.Balance || !c.FixedNorms ||
			a == nil || a.Epsilon != 8.0/255 || a.Steps != 7 || a.StepSize != a.Epsilon/10 || !a.RandomStart || c.Limit != 500 || c.Init != "xavier" || c.Seed != 9 || c.Dropout != 0.5 {
			t.Errorf("%+v, %+v", c, a)
		}
	}
}

// A checkpoint takes the place of another when nobody waits for what is measured of it.
func TestFollowingWaits(t *testing.T) {
	lab := newFakeLab()
	d := startWith(t, lab, Options{}, 140, 44)
	p := pageOf[*trainpage.Page](d.app)
	p.Book.Add("run", "run")
	keep := func(step int) {
		t.Helper()
		c := train.Default("resnet20", "shapes")
		c.Bands = &train.Bands{Every: 3}
		p.Book.Take(0, follow.Update{Config: &c, State: follow.Running, Events: []train.Event{
			&train.StepEvent{Stamp: train.Stamp{Step: step, Epoch: 1}}, &train.CheckpointEvent{Stamp: train.Stamp{Step: step, Epoch: 1}}}})
		p.Following.Since = time.Time{}
		d.run(p.Request())
	}
	opened := func(n int) {
		t.Helper()
		if got := lab.models(); len(got) != n {
			t.Fatalf("opened %q, not %d", got, n)
		}
	}
	d.keys("4")
	keep(10)
	d.shows("evaluated every 3")
	opened(0)
	d.keys("f")
	opened(1)
	keep(10)
	opened(1)
	d.keys("1").shows("newest1")
	keep(20)
	opened(2)
	d.keys("2")
	pageOf[*bandspage.Page](d.app).Curves.Job = &kit.Job{Cancel: func() {}}
	keep(30)
	opened(2)
	d.send(routed{pageOf[*bandspage.Page](d.app), kit.Report{Job: pageOf[*bandspage.Page](d.app).Curves.Job, Msg: kit.Measured[bandspage.BandsKey, bands.Result]{}, Done: true}})
	opened(3)
	d.keys("4 f").shows("the model opened at the start")
	if got := lab.models(); got[3] != "" {
		t.Fatalf("%q", got)
	}
}
