package ui

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	trainpage "hfcui/ui/pages/train"
	"hfcui/ui/pages/train/runlog"
)

// history is what a run of so many epochs tells, a step event and bands an epoch.
func history(epochs int, top float64) []train.Event {
	var list []train.Event
	score := func(share float64) *measure.Score { return &measure.Score{Correct: int(200 * share), N: 200} }
	for e := 1; e <= epochs; e++ {
		grown := top * (1 - math.Exp(-4*float64(e)/float64(epochs)))
		at := train.Stamp{Time: time.Unix(1700000000+int64(e), 0), Seconds: float64(3 * e), Step: 10 * e, Epoch: e}
		list = append(list, &train.StepEvent{Stamp: at, Steps: 10 * epochs, Loss: 2.3 - grown, Train: score(grown), LearningRate: 0.1 / float64(e), ImagesPerSecond: 1234},
			&train.EpochEvent{Stamp: at, Loss: 2.3 - grown, Train: score(grown), Test: score(grown * 0.9), LearningRate: 0.1 / float64(e), ImagesPerSecond: 1230})
		b := &train.BandsEvent{Stamp: at, Split: "test", N: 200, Normalize: "none", BN: "running", Whole: *score(grown)}
		for _, part := range []string{"low", "high"} {
			for i, r := range []float64{4, 8, 12} {
				s := score(grown * float64(i+1) / 4)
				one := bands.Band{R: r, Part: part}
				one.Correct, one.N = s.Correct, s.N
				b.Bands = append(b.Bands, one)
			}
		}
		list = append(list, b)
	}
	return list
}

// watch is the page with runs, as a monitor shows it.
func watchRuns(t *testing.T, w, h int, names ...string) *driver {
	t.Helper()
	d := &driver{t: t, app: New(nil, Options{Output: io.Discard, Environ: []string{"TERM=xterm-256color"}, Folder: t.TempDir(), Page: "train"})}
	t.Cleanup(d.app.cancel)
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	for i, name := range names {
		pageOf[*trainpage.Page](d.app).Book.Add(name, name)
		c := train.Default("resnet20", "shapes")
		c.Epochs = 30
		pageOf[*trainpage.Page](d.app).Book.Take(i, follow.Update{Config: &c, Events: history(30, 0.9/float64(i+1)), State: follow.Running})
	}
	d.run(pageOf[*trainpage.Page](d.app).Request())
	return d
}

func TestTrainPageShowsRuns(t *testing.T) {
	d := watchRuns(t, 200, 60, "natural", "shuffled")
	d.shows("4 Train", "natural", "shuffled", "◆", "▼", "30/30", "running", "Accuracy", "Bands", "Loss", "Learning rate", "Images/s", "●4", "▲12", "■", "test, n 200")
	d.hides("1 Explore", "3 Kernels")
	d.keys("down .").shows("at r = 4")
	d.keys("space").shows("·")
	d.keys("space up , e").shows("step").keys("e").shows("minutes").keys("e a y").shows("smoothed 0.6", "logarithmic")
	d.keys("left").shows("at epoch", "29/30").keys("esc").shows("now")
	d.keys("left shift+left + +")
	if f := pageOf[*trainpage.Page](d.app).Fig; f.To-f.From > f.Most/3 || f.From <= 0 {
		t.Fatalf("zoomed to %v of %v", [2]float64{f.From, f.To}, f.Most)
	}
	d.keys("o")
	d.keys("0")
	if f := pageOf[*trainpage.Page](d.app).Fig; f.To != 30 {
		t.Fatalf("all is up to %v", f.To)
	}
	plot := pageOf[*trainpage.Page](d.app).L.Plots[runlog.PanelBands]
	d.click(plot.X+plot.W/2, plot.Y+2)
	if at := pageOf[*trainpage.Page](d.app).Cursor; at <= 0 || at >= 30 {
		t.Fatalf("cursor at %v after a click", at)
	}
	d.keys("1 2 3 tab s m")
	d.shows("4 Train")
}

func TestTrainPageFitsEverywhere(t *testing.T) {
	for _, size := range sizes {
		for _, names := range [][]string{nil, {"one"}, {"one", "a run with a very long name indeed, longer than there is room", "3", "4", "5", "6", "7", "8", "9"}} {
			d := watchRuns(t, size[0], size[1], names...)
			for _, keys := range []string{"", "v", "v", "v", "v", "w", "left", "down", "down", "+", "o", "y", "?", "esc :"} {
				d.keys(keys)
				d.fits(size[0], size[1])
			}
		}
	}
}

func TestTrainLayoutHasNoOverlaps(t *testing.T) {
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 2 {
			for _, alone := range []bool{false, true} {
				l := kit.NewLayout(w, h, false)
				p := trainpage.LayoutTrain(l, 3, runlog.PanelLoss, alone, kit.CellSize{W: 9, H: 19, MostW: 0, MostH: 0})
				all := []kit.Rect{p.Table}
				for _, k := range p.Order() {
					all = append(all, p.Titles[k])
					if k == runlog.PanelKernels {
						if at := p.Plots[k]; p.Kernels.Empty() || p.Kernels.Right() > at.Right() || p.Kernels.Bottom() > at.Bottom() {
							t.Fatalf("%d×%d: kernels %+v are outside %+v", w, h, p.Kernels, at)
						}
						all = append(all, p.Plots[k])
						continue
					}
					all = append(all, kit.NewRect(p.Plots[k].X-kit.AxisWidth, p.Plots[k].Y, p.Plots[k].W+kit.AxisWidth+kit.ValueWidth, p.Plots[k].H+1))
				}
				for i, r := range all {
					if r.Empty() || r.Right() > w || r.Y < l.Body.Y || r.Bottom() > l.Body.Bottom() {
						t.Fatalf("%d×%d: rectangle %d %+v is outside the body %+v", w, h, i, r, l.Body)
					}
					for j, o := range all[:i] {
						if r.Overlaps(o) {
							t.Fatalf("%d×%d: rectangles %d %+v and %d %+v overlap", w, h, i, r, j, o)
						}
					}
				}
			}
		}
	}
}

func TestTrainPageSaysHowRunsAre(t *testing.T) {
	d := watchRuns(t, 120, 40, "run")
	p := pageOf[*trainpage.Page](d.app)
	news := func(u follow.Update) {
		t.Helper()
		p.Book.Take(0, u)
		d.run(p.Request())
	}
	news(follow.Update{State: follow.Silent, Quiet: time.Minute})
	d.shows("silent since", "its process may have died")
	news(follow.Update{State: follow.Paused, Events: []train.Event{&train.PauseEvent{Stamp: train.Stamp{Time: time.Now()}}}})
	d.shows("paused").hides("silent")
	news(follow.Update{State: follow.Ended, Events: []train.Event{&train.EndEvent{Reason: train.Diverged, Error: "the loss is NaN\x1b[2J"}}})
	d.shows("diverged: the loss is NaN").hides("\x1b[2J")
	news(follow.Update{Begun: true, State: follow.Waiting})
	d.shows("waiting", "will appear here").hides("diverged")
	news(follow.Update{Err: errors.New("permission denied")})
	d.shows("permission denied")
}

func TestTrainPageMeasuresWeights(t *testing.T) {
	b := &runlog.RunBook{}
	b.Add("dir", "weights")
	event := func(correct int) *train.BandsEvent {
		return &train.BandsEvent{Whole: measure.Score{Correct: correct, N: 10}}
	}
	for i, n := range []int{3, 1, 2} {
		e := event(i)
		b.Measured(0, follow.Snapshot{Path: fmt.Sprint(n), Number: n}, e, nil)
	}
	again := event(9)
	b.Measured(0, follow.Snapshot{Path: "2", Number: 2}, again, nil)
	_, runs := b.Read()
	if l := runs[0]; len(l.Bands) != 3 || l.Bands[0].Step != 1 || l.Bands[1] != again || l.Bands[1].Step != 2 || l.Bands[2].Step != 3 || l.PerEpoch() != 1 {
		t.Fatalf("%+v", l)
	}
	four := follow.Snapshot{Path: "4", Number: 4}
	b.Appeared(0, four)
	if _, runs := b.Read(); runs[0].Last().Step != 4 {
		t.Fatalf("%+v", runs[0].Last())
	}
	b.Measured(0, four, nil, errors.New("torn"))
	if _, runs := b.Read(); runs[0].Fault != "torn" || runs[0].Last().Step != 3 {
		t.Fatalf("%+v", runs[0])
	}
	b.Measured(0, follow.Snapshot{Path: "5", Number: 5}, event(4), nil)
	if _, runs := b.Read(); runs[0].Fault != "" || len(runs[0].Weights) != 4 {
		t.Fatalf("%+v", runs[0])
	} else if text, late := runs[0].Status(); text != "4 files, 1 skipped: torn" || late {
		t.Fatalf("%q, %v", text, late)
	}
	b.Measured(0, four, event(5), nil)
	if _, runs := b.Read(); len(runs[0].Refused) != 0 || len(runs[0].Bands) != 5 {
		t.Fatalf("%+v", runs[0])
	}
}

// What is seen of a curve is all that is kept of it.
func TestFiguresAreThin(t *testing.T) {
	l := runlog.RunLog{Name: "long"}
	b := runlog.RunBook{Runs: []*runlog.RunLog{&l}}
	b.Take(0, follow.Update{Events: history(5000, 0.9)})
	_, runs := b.Read()
	q := runlog.FigureRequest{Cursor: -1, Radius: -1}
	for k := range q.Columns {
		q.Columns[k] = 60
	}
	f := new(runlog.CurveBook).MakeFigure(runs, q)
	for k, p := range f.Panels {
		for _, c := range p.Curves {
			if n := len(c.Points); n < 60 || n > 250 {
				t.Errorf("%s: %d points", runlog.PanelKind(k), n)
			}
			if last := c.Points[len(c.Points)-1]; math.Abs(last.X-1) > 1e-9 {
				t.Errorf("%s ends at %v", runlog.PanelKind(k), last.X)
			}
		}
	}
	q.From, q.To = 1000.25, 1001.75
	f = new(runlog.CurveBook).MakeFigure(runs, q)
	if c := f.Panels[runlog.PanelLoss].Curves[0].Points; len(c) != 3 || c[0].X != 0 || c[2].X != 1 {
		t.Errorf("zoomed: %+v", c)
	}
}

func BenchmarkFigureOf10000Epochs(b *testing.B) {
	book := runlog.RunBook{Runs: []*runlog.RunLog{{Name: "long"}}}
	book.Take(0, follow.Update{Events: history(10000, 0.9)})
	q := runlog.FigureRequest{Cursor: -1, Radius: -1}
	for k := range q.Columns {
		q.Columns[k] = 80
	}
	list, kept := history(20000, 0.9)[3*10000:], new(runlog.CurveBook)
	for b.Loop() {
		book.Take(0, follow.Update{Events: list[:1]}) // one more event, then the figure
		list = append(list[1:], list[0])
		_, runs := book.Read()
		kept.MakeFigure(runs, q)
	}
}

func BenchmarkTrainFrame(b *testing.B) {
	t := &testing.T{}
	d := &driver{t: t, app: New(nil, Options{Output: io.Discard, Environ: []string{"TERM=xterm-256color"}, Page: "train"})}
	pageOf[*trainpage.Page](d.app).Book.Add("long", "long")
	pageOf[*trainpage.Page](d.app).Book.Take(0, follow.Update{Events: history(10000, 0.9)})
	d.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	for b.Loop() {
		d.app.View()
	}
}

func TestTrainExport(t *testing.T) {
	d := watchRuns(t, 100, 30)
	d.keys("x").shows("no events to export yet")
	d = watchRuns(t, 100, 30, "a<b", "../x")
	d.keys("x").shows("Wrote 6 files")
	files, _ := filepath.Glob(filepath.Join(d.app.options.Folder, "*"))
	if len(files) != 6 {
		t.Fatalf("%v", files)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(name) {
		case ".json":
			if !json.Valid(text) {
				t.Errorf("%s is no JSON", name)
			}
		case ".csv":
			if bytes.Count(text, []byte("epoch/test")) != 60 {
				t.Errorf("%d test accuracies", bytes.Count(text, []byte("epoch/test")))
			}
		case ".png":
			if im, err := png.Decode(bytes.NewReader(text)); err != nil || im.Bounds().Dy() < 2000 {
				t.Errorf("%s: %v", name, err)
			}
		case ".svg":
			x := xml.NewDecoder(bytes.NewReader(text))
			for {
				if _, err := x.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Contains(text, []byte("a&lt;b")) {
				t.Error("no name in the figure")
			}
		}
	}
}

// A monitor shows what is written while it looks on, of a folder that comes later.
func TestWatchingAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "late")
	r := &running{t: t, wire: &wire{}, done: make(chan error, 1)}
	in, keep := io.Pipe()
	defer keep.Close()
	o := Options{Output: r.wire, Environ: []string{"TERM=xterm-256color"}, Page: "train", Watch: trainpage.Watch{Folders: []string{dir}, Names: []string{"la\x1bte"}, Silence: time.Hour}}
	r.app = New(nil, o)
	r.app.asked = true
	r.program = tea.NewProgram(r.app, append(r.app.ProgramOptions(), tea.WithInput(in), tea.WithWindowSize(100, 30), tea.WithoutSignalHandler())...)
	r.app.send = r.program.Send
	go func() {
		_, err := r.program.Run()
		r.done <- r.app.verdict(err)
	}()
	r.until("waiting", func(b []byte) bool { return bytes.Contains(b, []byte("waiting")) })
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, train.EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := 1; i <= 3; i++ {
		e := train.EpochEvent{Stamp: train.Stamp{Type: "epoch", Time: time.Now(), Step: i, Epoch: i}, Loss: 0.1234 + float64(i), Test: &measure.Score{Correct: i, N: 10}}
		line, _ := json.Marshal(e)
		f.Write(append(line, '\n'))
		r.until("the event", func(b []byte) bool { return bytes.Contains(b, []byte(fmt.Sprint(i))) })
	}
	if err := r.end(keyPress("q")); err != nil {
		t.Fatal(err)
	}
}
