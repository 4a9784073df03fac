package train

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/uitest"
)

// watchGrid is the page with runs of two networks with three seeds each, the later ones worse.
func watchGrid(t testing.TB, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	d := startWatching(t, Options{}, w, h)
	p := d.App.Page
	for i := range 6 {
		c := train.Default([]string{"resnet20", "resnet8-w4"}[i/3], "shapes")
		c.Epochs, c.Seed = 30, uint64(i%3+1)
		name := fmt.Sprintf("%s-seed%d", c.Net, c.Seed)
		p.book.Add(filepath.Join(t.TempDir(), name), name)
		p.book.Take(i, follow.Update{Config: &c, Events: uitest.History(30, 0.9-0.1*float64(i)), State: follow.Running})
	}
	d.Run(p.request())
	return d
}

// names lists the rows of the table, pinned ones with an asterisk.
func names(p *Page) string {
	var list []string
	for _, r := range p.fig.Runs {
		name := r.Name
		if r.Pinned {
			name = "*" + name
		}
		list = append(list, name)
	}
	return strings.Join(list, " ")
}

func TestFilterRuns(t *testing.T) {
	d := watchGrid(t, 120, 40)
	p := d.App.Page
	d.Keys("/").Shows("Filter runs", "6 of 6 runs").Types("seed[12")
	d.Shows("missing closing ]")
	if len(p.fig.Runs) != 6 {
		t.Errorf("%d runs while the expression is wrong", len(p.fig.Runs))
	}
	d.Keys("backspace backspace backspace backspace backspace backspace backspace").Types("seed[12]").Shows("4 of 6 runs").Keys("enter")
	d.Hides("Filter runs").Shows("filter seed[12]: 4 of 6 runs")
	d.Keys("/ ctrl+u").Types("net=resnet8").Shows("3 of 6 runs").Keys("esc").Shows("4 of 6 runs")
	d.Keys("/ ctrl+u").Types("nothing such").Keys("enter").Shows("no run matches the filter").Fits(120, 40)
	d.Keys("space D * I ?").Keys("esc / ctrl+u enter").Hides("filter seed")
	if len(p.fig.Runs) != 6 {
		t.Errorf("%d runs", len(p.fig.Runs))
	}
}

func TestSortAndPinRuns(t *testing.T) {
	d := watchGrid(t, 120, 40)
	p := d.App.Page
	p.run = 4
	d.Run(p.request())
	d.Keys("T").Shows("Sort runs by", "last loss", "seed").Types("last loss").Keys("enter").Shows("sorted by last loss")
	if got := names(p); !strings.HasPrefix(got, "resnet20-seed1 resnet20-seed2") || p.row() != 4 {
		t.Errorf("%s, row %d", got, p.row())
	}
	d.Keys("T").Types("last loss").Keys("enter")
	if got := names(p); !strings.HasPrefix(got, "resnet8-w4-seed3") || p.row() != 1 {
		t.Errorf("reversed: %s, row %d", got, p.row())
	}
	d.Keys("*").Shows("*")
	if got := names(p); !strings.HasPrefix(got, "*resnet8-w4-seed2 resnet8-w4-seed3") || p.fig.Runs[1].Color != runlog.Uncolored || p.fig.Runs[0].Color != 0 {
		t.Errorf("pinned: %s", got)
	}
	d.Keys("T").Types("seed").Keys("enter")
	if got := names(p); !strings.HasPrefix(got, "*resnet8-w4-seed2 resnet20-seed1 resnet8-w4-seed1") {
		t.Errorf("by seed: %s", got)
	}
	d.Keys("*").Fits(120, 40)
	if p.table.pinned != "" {
		t.Error("still pinned")
	}
}

func TestGroupRuns(t *testing.T) {
	d := watchGrid(t, 140, 44)
	p := d.App.Page
	d.Keys("K").Shows("Group runs by", "varies").Types("net").Keys("enter").Shows("grouped by net", "net resnet20 (3)", "net resnet8-w4 (3)", "3 runs", "mean and range")
	if len(p.fig.Runs) != 2 {
		t.Fatalf("%s", names(p))
	}
	r := p.fig.Runs[0]
	if r.Lo >= r.Accuracy || r.Hi <= r.Accuracy || len(r.Members) != 3 {
		t.Errorf("%+v", r)
	}
	curves := p.fig.Panels[runlog.PanelAccuracy].Curves
	if len(curves) != 2 || curves[0].N != 3 {
		t.Fatalf("%+v", curves)
	}
	last := curves[0].Points[len(curves[0].Points)-1]
	if last.X != 1 || last.Y-last.Lo < 0.05 || last.Hi-last.Y < 0.05 {
		t.Errorf("%+v", last)
	}
	d.Keys("D").Shows("Configurations", "varies", "≠ ").Fits(140, 44)
	d.Keys("esc space").Fits(140, 44)
	for _, size := range uitest.Sizes {
		d := watchGrid(t, size[0], size[1])
		d.Keys("K").Types("net").Keys("enter").Fits(size[0], size[1])
		d.Keys("v v v D").Fits(size[0], size[1])
		d.Keys("right down esc I").Fits(size[0], size[1])
		d.Keys("esc / x").Fits(size[0], size[1])
	}
}

func TestCompareConfigurations(t *testing.T) {
	d := watchGrid(t, 100, 30)
	d.Keys("D").Shows("Configurations: 2 of", "≠ net", "≠ seed", "resnet20")
	d.Keys("pgdown").Hides("≠ net").Keys("right right esc").Hides("Configurations")
	d = watchRuns(t, 100, 30, "one")
	d.Keys("D").Shows("Configuration of one", "learning rate")
}

func TestAnnotate(t *testing.T) {
	d := watchGrid(t, 140, 44)
	p := d.App.Page
	dir := p.fig.Runs[0].Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d.Keys("left left I").Shows("Note on resnet20-seed1 at step 2").Types("lower rate? no").Keys("enter")
	notes, err := train.ReadNotes(dir)
	if err != nil || len(notes) != 1 || notes[0].Step >= 300 || notes[0].Step < 270 {
		t.Fatalf("%+v, %v", notes, err)
	}
	d.Hides("Note on").Shows(fmt.Sprintf("note at step %d: lower rate? no", notes[0].Step))
	f := p.fig.Describe()
	if len(f.Notes) != 2 || !strings.Contains(f.Notes[1], "lower rate? no") || len(f.Panels[0].Lines) != 1 {
		t.Errorf("%+v", f.Notes)
	}
	d.Keys("I").Shows("an empty text removes the note").Keys("ctrl+u enter").Hides("lower rate")
	if len(p.fig.Notes) != 0 {
		t.Errorf("%+v", p.fig.Notes)
	}
	if err := os.WriteFile(filepath.Join(dir, train.NotesFile), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Keys("I").Types("a").Keys("enter").Shows("invalid").Keys("esc")
}

// The log is in words and ends at the cursor.
func TestLogPane(t *testing.T) {
	d := startWatching(t, Options{}, 140, 44)
	p := d.App.Page
	p.book.Add("one", "one")
	c := train.Default("resnet20", "shapes")
	c.Schedule, c.Milestones = "step", []int{29}
	p.book.Take(0, follow.Update{Config: &c, Events: uitest.History(30, 0.9)})
	at := train.Stamp{Step: 300, Epoch: 30}
	p.book.Take(0, follow.Update{State: follow.Ended, Skipped: 2, Events: []train.Event{
		&train.StepEvent{Stamp: at, LearningRate: 0.5, Steps: 300},
		&train.CheckpointEvent{Stamp: at}, &train.EndEvent{Stamp: at, Reason: train.Failed, Error: "disk full\x1b[2J"},
	}})
	d.Run(p.request())
	d.Shows("learning rate 0.00333 → 0.5", "checkpoint saved at step 300", "failed: disk full", "2 lines of events.jsonl skipped").Hides("\x1b[2J")
	d.Keys("left left left").Hides("checkpoint saved").Shows("epoch 28 done")
}

// Large runs are laid out in the background and stay thin.
func BenchmarkFigureOf100Runs(b *testing.B) {
	d := startWatching(b, Options{}, 200, 60)
	p := d.App.Page
	for i := range 100 {
		p.book.Add(fmt.Sprint(i), fmt.Sprint("run", i))
		c := train.Default("resnet20", "shapes")
		c.Seed = uint64(i)
		p.book.Take(i, follow.Update{Config: &c, Events: uitest.History(3000, 0.9)})
	}
	d.Run(p.request())
	q := p.fig.Asked
	_, runs := p.book.Read()
	both := func() {
		q.Sort, q.Group = "last loss", ""
		p.curves.MakeFigure(runs, q)
		q.Group = "net"
		p.curves.MakeFigure(runs, q)
	}
	both() // reads all events
	for b.Loop() {
		both()
	}
}
