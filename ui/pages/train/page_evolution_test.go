package train

import (
	"errors"
	"testing"
	"time"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/uitest"
)

// watchEvolution is a monitor on one run, whose checkpoints keep makes.
func watchEvolution(t *testing.T, f *uitest.FakeEvolution, w, h int) (d *uitest.Driver[*uitest.Host[*Page]], keep func(step int)) {
	d = startWatching(t, Options{Evolution: f}, w, h)
	p := d.App.Page
	p.book.Add("run", "run")
	d.Run(p.request())
	keep = func(step int) {
		at := train.Stamp{Step: step, Epoch: step, Time: time.Unix(int64(step), 0)}
		p.book.Take(0, follow.Update{State: follow.Running, Events: []train.Event{&train.EpochEvent{Stamp: at, Loss: 1}, &train.CheckpointEvent{Stamp: at}}})
		d.Run(p.request())
	}
	return d, keep
}

func TestTrainPageShowsCheckpoints(t *testing.T) {
	f := &uitest.FakeEvolution{Data: true}
	d, keep := watchEvolution(t, f, 200, 60)
	d.Shows("Kernels", "appear here")
	keep(1)
	d.Shows("2 kernels of 3×3", "roughness 1.000", "test 0: cat", "✗ dog 100.0%").Hides("appear here")
	for step := 2; step <= 6; step++ {
		keep(step)
	}
	d.Shows("✓ cat 100.0%", "roughness 0.167")
	if n := len(f.Asked); n != 6 || len(f.Known) != 6 || f.Known[5].At.Step != 6 {
		t.Fatalf("%d times, %+v", n, f.Known)
	}
	d.Keys("n").Shows("test 1: cat").Keys("p p").Shows("test 4: cat")
	if last := f.Asked[len(f.Asked)-1]; len(last.Checkpoints) != 0 || last.Index != 4 {
		t.Errorf("%+v", last)
	}
	for _, k := range []runlog.PanelKind{runlog.PanelImage, runlog.PanelRoughness} {
		for _, c := range d.App.Page.fig.Panels[k].Curves {
			if len(c.Points) != 6 {
				t.Errorf("%s has %d points", k, len(c.Points))
			}
		}
	}
	d.App.Page.book.Take(0, follow.Update{Begun: true, State: follow.Waiting})
	d.Run(d.App.Page.request())
	d.Hides("roughness 0.167")
}

func TestTrainPageWithoutImages(t *testing.T) {
	f := &uitest.FakeEvolution{}
	d, keep := watchEvolution(t, f, 200, 60)
	keep(1)
	d.Shows("2 kernels of 3×3", "--data DATA").Keys("n")
	torn := &uitest.FakeEvolution{Fault: errors.New("torn\x1b file")}
	d, keep = watchEvolution(t, torn, 200, 60)
	keep(1)
	d.Shows("torn file")
	d.Hides("\x1b file")
}

// Looking at checkpoints costs a training little, however slow it is; another image is asked
// about at once.
func TestCheckpointsWait(t *testing.T) {
	f := &uitest.FakeEvolution{Data: true, Took: time.Hour}
	d, keep := watchEvolution(t, f, 200, 60)
	keep(1)
	if p := d.App.Page; !p.evolving.ready.After(time.Now().Add(time.Hour)) {
		t.Fatal("no pause")
	}
	d.App.Page.evolving.timed = true // its tick is not waited for
	keep(2)
	if len(f.Asked) != 1 {
		t.Fatalf("%+v", f.Asked)
	}
	d.Keys("n")
	if n := len(f.Asked); n != 2 || len(f.Asked[1].Checkpoints) != 0 {
		t.Fatalf("%+v", f.Asked)
	}
	d.App.Page.evolving.ready = time.Time{}
	d.Send(kit.Routed{To: d.App.Page, Msg: evolutionTick{}})
	if n := len(f.Asked); n != 3 || len(f.Asked[2].Checkpoints) != 1 {
		t.Fatalf("%+v", f.Asked)
	}
}

func TestTrainPageFitsWithCheckpoints(t *testing.T) {
	for _, size := range uitest.Sizes {
		d, keep := watchEvolution(t, &uitest.FakeEvolution{Data: true}, size[0], size[1])
		keep(1)
		keep(2)
		for range int(runlog.Panels) {
			d.Fits(size[0], size[1])
			d.Keys("v")
		}
		d.Keys("w v v v n ?")
		d.Fits(size[0], size[1])
	}
}
