package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/evolution"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	trainpage "hfcui/ui/pages/train"
	"hfcui/ui/pages/train/runlog"
)

// fakeEvolution shows kernels, and answers that become right by the third checkpoint.
type fakeEvolution struct {
	asked []evolution.Request
	known []evolution.Checkpoint
	fault error
	data  bool
	took  time.Duration
}

func (f *fakeEvolution) View(_ context.Context, q evolution.Request) (*evolution.View, error) {
	f.asked = append(f.asked, q)
	f.known = append(f.known, q.Checkpoints...)
	v := &evolution.View{Fault: f.fault, Took: f.took}
	if f.data {
		v.Images = 5
	}
	if f.fault != nil {
		return v, nil
	}
	for i, c := range f.known {
		p := evolution.Point{At: c.At, Roughness: 1 / float64(i+1)}
		if f.data {
			p.Probabilities = []float64{0.2 * float64(i), 1 - 0.2*float64(i)}
			v.Image = &evolution.Image{Title: fmt.Sprint("test \x1b", q.Index), Classes: []string{"cat", "do\x1bg"}}
		}
		v.Points = append(v.Points, p)
		v.Layer, v.Shape, v.Kernels = "conv1.weight", [4]int{2, 3, 3, 3}, make([]float32, 54)
	}
	return v, nil
}

// watchEvolution is a monitor on one run, whose checkpoints keep makes.
func watchEvolution(t *testing.T, f *fakeEvolution, w, h int) (d *driver, keep func(step int)) {
	d = &driver{t: t, app: New(nil, Options{Output: io.Discard, Environ: []string{"TERM=xterm-256color"}, Pictures: "blocks", Page: "train", Evolution: f})}
	t.Cleanup(d.app.cancel)
	d.app.asked = true
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	p := pageOf[*trainpage.Page](d.app)
	p.Book.Add("run", "run")
	d.run(p.Request())
	keep = func(step int) {
		at := train.Stamp{Step: step, Epoch: step, Time: time.Unix(int64(step), 0)}
		p.Book.Take(0, follow.Update{State: follow.Running, Events: []train.Event{&train.EpochEvent{Stamp: at, Loss: 1}, &train.CheckpointEvent{Stamp: at}}})
		d.run(p.Request())
	}
	return d, keep
}

func TestTrainPageShowsCheckpoints(t *testing.T) {
	f := &fakeEvolution{data: true}
	d, keep := watchEvolution(t, f, 200, 60)
	d.shows("Kernels", "will appear here")
	keep(1)
	d.shows("2 kernels of 3×3", "roughness 1.000", "test 0: cat", "✗ dog 100.0%").hides("will appear here")
	for step := 2; step <= 6; step++ {
		keep(step)
	}
	d.shows("✓ cat 100.0%", "roughness 0.167")
	if n := len(f.asked); n != 6 || len(f.known) != 6 || f.known[5].At.Step != 6 {
		t.Fatalf("%d times, %+v", n, f.known)
	}
	d.keys("i").shows("test 1: cat").keys("I I").shows("test 4: cat")
	if last := f.asked[len(f.asked)-1]; len(last.Checkpoints) != 0 || last.Index != 4 {
		t.Errorf("%+v", last)
	}
	for _, k := range []runlog.PanelKind{runlog.PanelImage, runlog.PanelRoughness} {
		for _, c := range pageOf[*trainpage.Page](d.app).Fig.Panels[k].Curves {
			if len(c.Points) != 6 {
				t.Errorf("%s has %d points", k, len(c.Points))
			}
		}
	}
	pageOf[*trainpage.Page](d.app).Book.Take(0, follow.Update{Begun: true, State: follow.Waiting})
	d.run(pageOf[*trainpage.Page](d.app).Request())
	d.hides("roughness 0.167")
}

func TestTrainPageWithoutImages(t *testing.T) {
	f := &fakeEvolution{}
	d, keep := watchEvolution(t, f, 200, 60)
	keep(1)
	d.shows("2 kernels of 3×3", "--data DATA").keys("i")
	torn := &fakeEvolution{fault: errors.New("torn\x1b file")}
	d, keep = watchEvolution(t, torn, 200, 60)
	keep(1)
	d.shows("torn file")
	d.hides("\x1b file")
}

// Looking at checkpoints costs a training little, however slow it is; another image is asked
// about at once.
func TestCheckpointsWait(t *testing.T) {
	f := &fakeEvolution{data: true, took: time.Hour}
	d, keep := watchEvolution(t, f, 140, 44)
	keep(1)
	if p := pageOf[*trainpage.Page](d.app); !p.Evolving.Ready.After(time.Now().Add(time.Hour)) {
		t.Fatal("no pause")
	}
	pageOf[*trainpage.Page](d.app).Evolving.Timed = true // its tick is not waited for
	keep(2)
	if len(f.asked) != 1 {
		t.Fatalf("%+v", f.asked)
	}
	d.keys("i")
	if n := len(f.asked); n != 2 || len(f.asked[1].Checkpoints) != 0 {
		t.Fatalf("%+v", f.asked)
	}
	pageOf[*trainpage.Page](d.app).Evolving.Ready = time.Time{}
	d.send(routed{pageOf[*trainpage.Page](d.app), trainpage.EvolutionTick{}})
	if n := len(f.asked); n != 3 || len(f.asked[2].Checkpoints) != 1 {
		t.Fatalf("%+v", f.asked)
	}
}

func TestTrainPageFitsWithCheckpoints(t *testing.T) {
	for _, size := range sizes {
		d, keep := watchEvolution(t, &fakeEvolution{data: true}, size[0], size[1])
		keep(1)
		keep(2)
		for range int(runlog.Panels) {
			d.fits(size[0], size[1])
			d.keys("v")
		}
		d.keys("w v v v i ?")
		d.fits(size[0], size[1])
	}
}
