package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// startTraining starts the page with a fake that trains.
func startTraining(t *testing.T, l *uitest.FakeLab, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return startTrainingOf(t, uitest.NewFakeTraining(), l, w, h)
}

func startTrainingOf(t *testing.T, f *uitest.FakeTraining, l *uitest.FakeLab, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	o := Options{Folder: t.TempDir(), Training: &Training{
		Recipe: f.Recipe, Ended: f.End,
		Start: func(ctx context.Context, c train.Config, dir string) (TrainingRun, error) {
			return f.Start(ctx, c, dir)
		},
	}}
	return uitest.StartPage(t, l, session.Start{}, "4", w, h, func(s session.Screen, on *session.Session) *Page {
		return New(s, on, o, func() bool { return false })
	})
}

// The key of Resume says why it does nothing.
func TestNotResumable(t *testing.T) {
	p := startTraining(t, uitest.NewFakeLab(), 100, 30).App.Page
	if why := p.notResumable(); why != "" {
		t.Errorf("without a run: %q", why)
	}
	for _, c := range []struct {
		run  runlog.RunFacts
		want string
	}{
		{runlog.RunFacts{Name: "a", Dir: "a", State: follow.Running}, "a is already running in another process"},
		{runlog.RunFacts{Name: "a", Dir: "a", State: follow.Ended, Reason: train.Finished, Config: &train.Config{}}, "a is finished"},
		{runlog.RunFacts{Name: "a", Dir: "a", State: follow.Ended, Reason: train.Diverged}, "a has diverged"},
		{runlog.RunFacts{Name: "g", Grouped: true}, "g is a group of runs"},
	} {
		p.fig.Runs = []runlog.RunFacts{c.run}
		if why := p.notResumable(); why != c.want {
			t.Errorf("%q, want %q", why, c.want)
		}
	}
	p.training = &ownRun{dir: "a", name: "a"}
	p.fig.Runs = []runlog.RunFacts{{Name: "a", Dir: "a"}}
	if why := p.notResumable(); why != "a is already running" {
		t.Errorf("its own run: %q", why)
	}
}

func TestTrainingThatCannotBegin(t *testing.T) {
	p := startTraining(t, uitest.NewFakeLab(), 100, 30).App.Page
	p.over = &ownRun{dir: "nosuch", name: "nosuch", err: errors.New("no space left on device")}
	p.fig.Runs = []runlog.RunFacts{p.ownFacts(runlog.RunFacts{Dir: "nosuch", Status: "waiting", Late: true})}
	if r := p.fig.Runs[0]; r.Status != "failed" || r.Late {
		t.Errorf("the run is %s, late %v", r.Status, r.Late)
	}
	if got := p.waiting(runlog.PanelAccuracy); got != "nosuch did not start: no space left on device" {
		t.Error(got)
	}
}

// Below the rows on screen there is nothing to press, though more rows follow.
func TestPressingBelowScrolledRows(t *testing.T) {
	d := startTraining(t, uitest.NewFakeLab(), 80, 24)
	d.Keys("4 N up right")
	r := d.App.Top().(*recipe)
	_, top := d.Where("size")
	before := r.At
	d.Click(20, top+r.Room)
	d.Click(20, top+r.Room+1)
	if len(r.List()) <= r.Room || r.At != before {
		t.Errorf("row %d after %d, %d of %d on screen", r.At, before, r.Room, len(r.List()))
	}
	d.Click(20, top+r.Room-1)
	if r.At == before && before != r.Top+r.Room-1 {
		t.Error("the last row on screen cannot be pressed")
	}
}

// All settings of a training can be asked for; those that are hidden are named.
func TestRecipeHasEverySetting(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {200, 60}} {
		d := startTraining(t, uitest.NewFakeLab(), size[0], size[1])
		d.Keys("4 N right up").Shows("advanced", "off").Hides("dropout")
		d.Keys("right down").Shows("LR schedule")
		set := func(name, keys string) {
			t.Helper()
			r := d.App.Top().(*recipe)
			for range r.Rows {
				if r.Rows[r.At].Name == name {
					d.Keys(keys)
					d.Shows(name)
					d.Fits(size[0], size[1])
					return
				}
				d.Keys("down")
			}
			t.Fatalf("no %q", name)
		}
		set("LR schedule", "right right")
		set("dropout", "2 enter")
		d.Shows("schedule step without milestones")
		set("LR milestones", "3 , 6")
		set("weight decay", "1 e - 3")
		set("momentum", "0")
		set("label noise", "x enter")
		d.Shows("label noise: not a number")
		set("label noise", "backspace 0 . 1")
		set("balance classes", "right")
		set("fixed γ and β", "right")
		set("adversarial ε", "8 / 0 enter")
		d.Shows("division by 0")
		set("adversarial ε", "backspace 2 5 5")
		set("PGD steps", "ctrl+u 7")
		set("random start", "right")
		set("training images", "5 0 0")
		set("weight init", "right")
		set("seed", "ctrl+u 9")
		set("dropout", "enter")
		d.Shows("dropout")
		set("dropout", "backspace 0 . 5")
		set("advanced", "left")
		d.Shows("off: LR schedule step").Hides("PGD")
		c, _, err := d.App.Top().(*recipe).config()
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

// A run starts from scratch or from the open model, and from the latter only if its network is
// not built in.
func TestRecipeStartsFromOpenModel(t *testing.T) {
	asked := func(d *uitest.Driver[*uitest.Host[*Page]]) train.Config {
		t.Helper()
		c, _, err := d.App.Top().(*recipe).config()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	d := startTraining(t, uitest.NewFakeLab(), 80, 24)
	d.Keys("4 N").Shows("start from", "scratch").Hides("demo")
	if c := asked(d); c.Model != "" || c.Net != "resnet20" {
		t.Errorf("from scratch: %+v", c)
	}
	d.Keys("down right").Shows("open model: demo")
	d.Keys("down down x enter").Shows("freeze: \"x\"")
	d.Keys("backspace 3")
	if c := asked(d); c.Model != "demo" || c.Freeze != "3" {
		t.Errorf("from the open model: %+v", c)
	}
	f := uitest.NewFakeTraining()
	f.Model, f.Imported = "nets/a.onnx", true
	d = startTrainingOf(t, f, uitest.NewFakeLab(), 80, 24)
	d.Keys("4 N down right").Shows("open model, imported network: a.onnx")
	if c := asked(d); c.Model != "nets/a.onnx" {
		t.Errorf("from an imported model: %+v", c)
	}
}

// A checkpoint takes the place of another when nobody waits for what is measured of it.
func TestFollowingWaits(t *testing.T) {
	lab := uitest.NewFakeLab()
	busy := false
	d := uitest.StartPage(t, lab, session.Start{}, "4", 140, 44, func(s session.Screen, on *session.Session) *Page {
		return New(s, on, Options{}, func() bool { return busy })
	})
	p := d.App.Page
	p.book.Add("run", "run")
	keep := func(step int) {
		t.Helper()
		c := train.Default("resnet20", "shapes")
		c.Bands = &train.Bands{Every: 3}
		p.book.Take(0, follow.Update{Config: &c, State: follow.Running, Events: []train.Event{
			&train.StepEvent{Stamp: train.Stamp{Step: step, Epoch: 1}}, &train.CheckpointEvent{Stamp: train.Stamp{Step: step, Epoch: 1}}}})
		p.following.since = time.Time{}
		d.Run(p.request())
	}
	opened := func(n int) {
		t.Helper()
		if got := lab.Models(); len(got) != n {
			t.Fatalf("opened %q, not %d", got, n)
		}
	}
	d.Keys("4")
	keep(10)
	d.Shows("evaluated every 3")
	opened(0)
	d.Keys("u")
	opened(1)
	keep(10)
	opened(1)
	d.Keys("1")
	if d.App.Info.Model != "newest1" {
		t.Fatalf("%s is open", d.App.Info.Model)
	}
	keep(20)
	opened(2)
	busy = true
	keep(30)
	opened(2)
	busy = false
	d.Run(p.Idle())
	opened(3)
	d.Keys("4 u").Shows("the model opened at the start")
	if got := lab.Models(); got[3] != "" {
		t.Fatalf("%q", got)
	}
}

// A quick run takes three keys from another page; its size can be changed.
func TestQuickRun(t *testing.T) {
	f := uitest.NewFakeTraining()
	d := startTrainingOf(t, f, uitest.NewFakeLab(), 80, 24)
	d.Keys("4 N").Shows("size", "quick: 3 epochs of up to 2,000 images")
	r := d.App.Top().(*recipe)
	if c, _, err := r.config(); err != nil || c.Epochs != 3 || c.Limit != 2000 {
		t.Errorf("%+v, %v", c, err)
	}
	d.Keys("right").Shows("full: 10 epochs of all images")
	if c, _, err := r.config(); err != nil || c.Epochs != 10 || c.Limit != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	d.Keys("right down down down down ctrl+u 5").Shows("quick: 5 epochs of up to 2,000 images").Shows("advanced", "off").Hides("off: training images")
}

// Without a run on the page R lists earlier ones that can be resumed, newest first.
func TestResumeEarlierRun(t *testing.T) {
	f := uitest.NewFakeTraining()
	d := startTrainingOf(t, f, uitest.NewFakeLab(), 100, 30)
	p := d.App.Page
	write := func(name, last string, age time.Duration) {
		dir := filepath.Join(p.options.Folder, follow.RunsFolder, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(train.Default("resnet20", "shapes"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, train.ConfigFile), text, 0o644)
		}
		if last != "" && err == nil {
			at, _ := time.Now().Add(-age).MarshalText()
			err = os.WriteFile(filepath.Join(dir, train.EventsFile), fmt.Appendf(nil, `{"type":"step","time":%q,"step":1,"epoch":1}`+"\n"+last+"\n{\"ty", at, at), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("done", `{"type":"end","time":%q,"reason":"finished"}`, 0)
	write("old", `{"type":"end","time":%q,"reason":"stopped","step":300,"epoch":3}`, 2*time.Hour)
	write("new", `{"type":"step","time":%q,"step":200,"epoch":2}`, time.Hour+time.Minute)
	d.Keys("4").Shows("3 earlier runs in runs/ (O", "2 unfinished (R")
	d.Keys("R").Shows("Resume run", "› new", "shapes, epoch 2/10, 61 min ago", "old", "epoch 3/10, 2.0 h ago").Hides("done")
	d.Hold = true
	d.Keys("down enter")
	if p.training == nil || filepath.Base(p.training.dir) != "old" {
		t.Fatalf("%+v is resumed", p.training)
	}
	for <-f.Configs; f.Epochs.Load() == 0; { // its folder is not removed while it begins to write
		time.Sleep(time.Millisecond)
	}
}
