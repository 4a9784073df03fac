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
		pageOf[*trainPage](d.app).book.add(name, name)
		c := train.Default("resnet20", "shapes")
		c.Epochs = 30
		pageOf[*trainPage](d.app).book.take(i, follow.Update{Config: &c, Events: history(30, 0.9/float64(i+1)), State: follow.Running})
	}
	d.run(pageOf[*trainPage](d.app).request())
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
	if f := pageOf[*trainPage](d.app).fig; f.to-f.from > f.most/3 || f.from <= 0 {
		t.Fatalf("zoomed to %v of %v", [2]float64{f.from, f.to}, f.most)
	}
	d.keys("o")
	d.keys("0")
	if f := pageOf[*trainPage](d.app).fig; f.to != 30 {
		t.Fatalf("all is up to %v", f.to)
	}
	plot := pageOf[*trainPage](d.app).l.plots[panelBands]
	d.click(plot.x+plot.w/2, plot.y+2)
	if at := pageOf[*trainPage](d.app).cursor; at <= 0 || at >= 30 {
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
	for w := minWidth; w <= 220; w += 5 {
		for h := minHeight; h <= 70; h += 2 {
			for _, alone := range []bool{false, true} {
				l := newLayout(w, h, false)
				p := layoutTrain(l, 3, panelLoss, alone, cellSize{w: 9, h: 19, mostW: 0, mostH: 0})
				all := []rect{p.table}
				for _, k := range p.order() {
					all = append(all, p.titles[k])
					if k == panelKernels {
						if at := p.plots[k]; p.kernels.empty() || p.kernels.right() > at.right() || p.kernels.bottom() > at.bottom() {
							t.Fatalf("%d×%d: kernels %+v are outside %+v", w, h, p.kernels, at)
						}
						all = append(all, p.plots[k])
						continue
					}
					all = append(all, newRect(p.plots[k].x-axisWidth, p.plots[k].y, p.plots[k].w+axisWidth+valueWidth, p.plots[k].h+1))
				}
				for i, r := range all {
					if r.empty() || r.right() > w || r.y < l.body.y || r.bottom() > l.body.bottom() {
						t.Fatalf("%d×%d: rectangle %d %+v is outside the body %+v", w, h, i, r, l.body)
					}
					for j, o := range all[:i] {
						if r.overlaps(o) {
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
	p := pageOf[*trainPage](d.app)
	news := func(u follow.Update) {
		t.Helper()
		p.book.take(0, u)
		d.run(p.request())
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
	b := &runBook{}
	b.add("dir", "weights")
	event := func(correct int) *train.BandsEvent {
		return &train.BandsEvent{Whole: measure.Score{Correct: correct, N: 10}}
	}
	for i, n := range []int{3, 1, 2} {
		e := event(i)
		b.measured(0, follow.Snapshot{Path: fmt.Sprint(n), Number: n}, e, nil)
	}
	again := event(9)
	b.measured(0, follow.Snapshot{Path: "2", Number: 2}, again, nil)
	_, runs := b.read()
	if l := runs[0]; len(l.bands) != 3 || l.bands[0].Step != 1 || l.bands[1] != again || l.bands[1].Step != 2 || l.bands[2].Step != 3 || l.perEpoch() != 1 {
		t.Fatalf("%+v", l)
	}
	four := follow.Snapshot{Path: "4", Number: 4}
	b.appeared(0, four)
	if _, runs := b.read(); runs[0].last().Step != 4 {
		t.Fatalf("%+v", runs[0].last())
	}
	b.measured(0, four, nil, errors.New("torn"))
	if _, runs := b.read(); runs[0].fault != "torn" || runs[0].last().Step != 3 {
		t.Fatalf("%+v", runs[0])
	}
	b.measured(0, follow.Snapshot{Path: "5", Number: 5}, event(4), nil)
	if _, runs := b.read(); runs[0].fault != "" || len(runs[0].weights) != 4 {
		t.Fatalf("%+v", runs[0])
	} else if text, late := runs[0].status(); text != "4 files, without 1: torn" || late {
		t.Fatalf("%q, %v", text, late)
	}
	b.measured(0, four, event(5), nil)
	if _, runs := b.read(); len(runs[0].refused) != 0 || len(runs[0].bands) != 5 {
		t.Fatalf("%+v", runs[0])
	}
}

// What is seen of a curve is all that is kept of it.
func TestFiguresAreThin(t *testing.T) {
	l := runLog{name: "long"}
	b := runBook{runs: []*runLog{&l}}
	b.take(0, follow.Update{Events: history(5000, 0.9)})
	_, runs := b.read()
	q := figureRequest{cursor: -1, radius: -1}
	for k := range q.columns {
		q.columns[k] = 60
	}
	f := new(curveBook).makeFigure(runs, q)
	for k, p := range f.panels {
		for _, c := range p.curves {
			if n := len(c.points); n < 60 || n > 250 {
				t.Errorf("%s: %d points", panelKind(k), n)
			}
			if last := c.points[len(c.points)-1]; math.Abs(last.x-1) > 1e-9 {
				t.Errorf("%s ends at %v", panelKind(k), last.x)
			}
		}
	}
	q.from, q.to = 1000.25, 1001.75
	f = new(curveBook).makeFigure(runs, q)
	if c := f.panels[panelLoss].curves[0].points; len(c) != 3 || c[0].x != 0 || c[2].x != 1 {
		t.Errorf("zoomed: %+v", c)
	}
}

func BenchmarkFigureOf10000Epochs(b *testing.B) {
	book := runBook{runs: []*runLog{{name: "long"}}}
	book.take(0, follow.Update{Events: history(10000, 0.9)})
	q := figureRequest{cursor: -1, radius: -1}
	for k := range q.columns {
		q.columns[k] = 80
	}
	list, kept := history(20000, 0.9)[3*10000:], new(curveBook)
	for b.Loop() {
		book.take(0, follow.Update{Events: list[:1]}) // one more event, then the figure
		list = append(list[1:], list[0])
		_, runs := book.read()
		kept.makeFigure(runs, q)
	}
}

func BenchmarkTrainFrame(b *testing.B) {
	t := &testing.T{}
	d := &driver{t: t, app: New(nil, Options{Output: io.Discard, Environ: []string{"TERM=xterm-256color"}, Page: "train"})}
	pageOf[*trainPage](d.app).book.add("long", "long")
	pageOf[*trainPage](d.app).book.take(0, follow.Update{Events: history(10000, 0.9)})
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
	o := Options{Output: r.wire, Environ: []string{"TERM=xterm-256color"}, Page: "train", Watch: Watch{Folders: []string{dir}, Names: []string{"la\x1bte"}, Silence: time.Hour}}
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
