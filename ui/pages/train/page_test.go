package train

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// watchRuns is the page with runs, as a monitor shows it.
func watchRuns(t testing.TB, w, h int, names ...string) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	d := startWatching(t, Options{}, w, h)
	for i, name := range names {
		d.App.Page.book.Add(name, name)
		c := train.Default("resnet20", "shapes")
		c.Epochs = 30
		d.App.Page.book.Take(i, follow.Update{Config: &c, Events: uitest.History(30, 0.9/float64(i+1)), State: follow.Running})
	}
	d.Run(d.App.Page.request())
	return d
}

// startWatching starts the page where no model is open.
func startWatching(t testing.TB, o Options, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return uitest.StartPage(t, nil, session.Start{}, "1", w, h, func(s session.Screen, on *session.Session) *Page {
		return New(s, on, o, func() bool { return false })
	})
}

func TestTrainPageShowsRuns(t *testing.T) {
	d := watchRuns(t, 200, 60, "natural", "shuffled")
	d.Shows("natural", "shuffled", "◆", "▼", "30/30", "running", "Accuracy", "Bands", "Loss", "Learning rate", "Training throughput", "images/s", "CPU", "Memory", "epoch 30 done: loss 1.4165, train 88.0%, test 79.5%", "●4", "▲12", "■", "test, n 200")
	d.Keys("down >").Shows("at r = 4")
	d.Keys("space").Shows("·")
	d.Keys("space up < X").Shows("step").Keys("X").Shows("minutes").Keys("X z y").Shows("smoothed 0.6", "logarithmic")
	d.Keys("left").Shows("at epoch", "29/30").Keys("esc").Shows("now")
	d.Keys("left shift+left + +")
	if f := d.App.Page.fig; f.To-f.From > f.Most/3 || f.From <= 0 {
		t.Fatalf("zoomed to %v of %v", [2]float64{f.From, f.To}, f.Most)
	}
	d.Keys("Y")
	d.Keys("0")
	if f := d.App.Page.fig; f.To != 30 {
		t.Fatalf("all is up to %v", f.To)
	}
	plot := d.App.Page.l.plots[runlog.PanelBands]
	d.Click(plot.X+plot.W/2, plot.Y+2)
	if at := d.App.Page.cursor; at <= 0 || at >= 30 {
		t.Fatalf("cursor at %v after a click", at)
	}
	d.Keys("s m").Shows("natural")
}

func TestTrainLayoutHasNoOverlaps(t *testing.T) {
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 2 {
			for _, alone := range []bool{false, true} {
				l := kit.NewLayout(w, h, "")
				p := layoutTrain(l, 3, runlog.PanelLoss, alone, kit.CellSize{W: 9, H: 19, MostW: 0, MostH: 0})
				all := []kit.Rect{p.table}
				for _, k := range p.order() {
					all = append(all, p.titles[k])
					if !k.Chart() {
						if at := p.plots[k]; k == runlog.PanelKernels && (p.kernels.Empty() || p.kernels.Right() > at.Right() || p.kernels.Bottom() > at.Bottom()) {
							t.Fatalf("%d×%d: kernels %+v are outside %+v", w, h, p.kernels, at)
						}
						all = append(all, p.plots[k])
						continue
					}
					all = append(all, kit.NewRect(p.plots[k].X-kit.AxisWidth, p.plots[k].Y, p.plots[k].W+kit.AxisWidth+kit.ValueWidth, p.plots[k].H+1))
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
	p := d.App.Page
	news := func(u follow.Update) {
		t.Helper()
		p.book.Take(0, u)
		d.Run(p.request())
	}
	news(follow.Update{State: follow.Silent, Quiet: time.Minute})
	d.Shows("silent since", "its process may have died")
	news(follow.Update{State: follow.Paused, Events: []train.Event{&train.PauseEvent{Stamp: train.Stamp{Time: time.Now()}}}})
	d.Shows("paused").Hides("silent")
	news(follow.Update{State: follow.Ended, Events: []train.Event{&train.EndEvent{Reason: train.Diverged, Error: "the loss is NaN\x1b[2J"}}})
	d.Shows("diverged: the loss is NaN").Hides("\x1b[2J")
	news(follow.Update{Begun: true, State: follow.Waiting})
	d.Shows("waiting", "appear here").Hides("diverged")
	news(follow.Update{Err: errors.New("permission denied")})
	d.Shows("permission denied")
}

func BenchmarkTrainFrame(b *testing.B) {
	d := startWatching(b, Options{}, 200, 60)
	d.App.Page.book.Add("long", "long")
	d.App.Page.book.Take(0, follow.Update{Events: uitest.History(10000, 0.9)})
	d.Run(d.App.Page.request())
	for b.Loop() {
		d.App.View()
	}
}

func TestTrainPageFitsEverywhere(t *testing.T) {
	for _, size := range uitest.Sizes {
		for _, names := range [][]string{nil, {"one"}, {"one", "a run with a very long name indeed, longer than there is room", "3", "4", "5", "6", "7", "8", "9"}} {
			d := watchRuns(t, size[0], size[1], names...)
			for _, keys := range []string{"", "v", "v", "v", "v", "w", "left", "down", "down", "+", "Y", "y", "?", "esc :"} {
				d.Keys(keys)
				d.Fits(size[0], size[1])
			}
		}
	}
}

func TestTrainExport(t *testing.T) {
	d := watchRuns(t, 100, 30)
	d.Keys("x").Shows("no events to export yet")
	d = watchRuns(t, 100, 30, "a<b", "../x")
	d.Keys("x").Shows("Wrote 6 files")
	files, _ := filepath.Glob(filepath.Join(d.App.Folder, "*"))
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
