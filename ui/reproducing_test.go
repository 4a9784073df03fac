package ui

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hfcui/engine/experiment"
	"hfcui/engine/train"
	experimentspage "hfcui/ui/pages/experiments"
)

// fakeReproducing does nothing but be under way.
type fakeReproducing struct {
	started atomic.Int64
	refuse  error
	finish  chan struct{}
	ended   []error
}

func (f *fakeReproducing) options() *experimentspage.Reproducing {
	return &experimentspage.Reproducing{
		Expect: func(_ context.Context, _ experiment.Experiment, size experiment.Size, _ string) (experiment.Cost, error) {
			cost := experiment.Cost{Images: 2e6, Speed: 1000, Time: 2000 * time.Second}
			if size == experiment.Full {
				cost.Time = 200 * time.Hour
			}
			return cost, f.refuse
		},
		Start: func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (experimentspage.Reproduction, error) {
			f.started.Add(1)
			r := &fakeReproduction{done: make(chan struct{})}
			go func() {
				defer close(r.done)
				select {
				case <-ctx.Done():
					r.err = &train.StoppedError{Dir: dir, Err: ctx.Err()}
				case <-f.finish:
				}
			}()
			return r, nil
		},
		Ended: func(_ experiment.Experiment, _ experiment.Size, _ string, err error) { f.ended = append(f.ended, err) },
	}
}

type fakeReproduction struct {
	done chan struct{}
	err  error
}

func (r *fakeReproduction) Done() <-chan struct{} { return r.done }
func (r *fakeReproduction) Err() error            { return r.err }
func (r *fakeReproduction) Progress() *experiment.Progress {
	return &experiment.Progress{Setting: "natural", Seed: 2, Run: 3, Runs: 6, Part: .4, Left: 20 * time.Minute, Training: train.Progress{Epoch: 7, Epochs: 50}}
}

// An experiment is begun from its page, stopped, gone on with, and ended with the program.
func TestExperimentFromTheExplorer(t *testing.T) {
	f := &fakeReproducing{finish: make(chan struct{})}
	r := run(t, newFakeLab(), Options{Pictures: "blocks", Training: newFakeTraining().options(), Reproducing: f.options(), Experiments: putExperiments(t)}, 140, 44)
	see := func(text string) {
		t.Helper()
		r.until(text, func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
	}
	press := func(keys string) {
		for _, k := range strings.Fields(keys) {
			r.program.Send(keyPress(k))
		}
	}
	press("5")
	see("not started: press n")
	press("n")
	see("About 33m 20s")
	press("enter")
	see("run 3 of 6: natural, seed 2")
	press("4 n")
	see("stop it on the Experiments page first")
	press("5 n S")
	see("page to resume") // only what changes on the line is written
	begin := func(times int64) {
		t.Helper()
		press("n")
		see("About 33m 20s")
		press("enter")
		r.until("begun again", func([]byte) bool { return f.started.Load() == times })
	}
	begin(2)
	f.finish <- struct{}{}
	see("fig3 quick is done")
	begin(3)
	if err := r.end(keyPress("q")); err != nil {
		t.Fatal(err)
	}
	pageOf[*experimentspage.Page](r.app).Wait()
	var stopped *train.StoppedError
	if len(f.ended) != 1 || !errors.As(f.ended[0], &stopped) {
		t.Fatalf("%v", f.ended)
	}
}

func TestBeginningAsks(t *testing.T) {
	root := putExperiments(t)
	for _, size := range sizes {
		f := &fakeReproducing{}
		d := startWith(t, newFakeLab(), Options{Experiments: root, Reproducing: f.options()}, size[0], size[1])
		d.keys("5").shows("n start").keys("f n").shows("Do fig3, full", "8 days", "CIFAR-10").fits(size[0], size[1])
		d.keys("esc").hides("Do fig3")
		d.keys("down").hides("n start").shows("r resume") // there is a report, but its runs are gone
		f.refuse = errors.New("fig4 was begun on moon\x1b[2J, and shapes is open")
		d.keys("down n").hides("Do fig4").keys("up up n").shows("moon[2J", "esc close").hides("enter do it").keys("enter").fits(size[0], size[1])
		if f.started.Load() != 0 {
			t.Fatal("begun though it cannot be")
		}
	}
}

// A report that is older than its runs is said to be.
func TestStaleReport(t *testing.T) {
	root := putExperiments(t)
	e, err := experiment.ByName("table1")
	if err != nil {
		t.Fatal(err)
	}
	p := e.Plan(experiment.Quick, "cifar10", 2)
	for _, s := range p.Settings {
		for _, seed := range []string{"1", "2", "3"} {
			putRun(t, filepath.Join(root, "table1-quick", dashed(s.Name)+"-seed"+seed), s.Config, s.Config.Epochs, train.Finished)
		}
	}
	results := func(weights string) {
		s := experiment.Summary{Name: "table1", Size: experiment.Quick, Seeds: p.Seeds, Criteria: []experiment.Finding{{Criterion: "Low beats high", Verdict: experiment.Supported}},
			Runs: []experiment.RunRef{{Setting: "low 8", Seed: 2, Weights: weights}}}
		putFile(t, s, root, "table1-quick", experiment.ReportDir, "results.json")
	}
	d := startWith(t, newFakeLab(), Options{Experiments: root, Reproducing: (&fakeReproducing{}).options()}, 140, 44)
	results("0123")
	d.keys("5 down").shows("older than its runs", "! ✓", "r resume").keys("r").shows("All runs are done").keys("esc")
	results("")
	d.run(pageOf[*experimentspage.Page](d.app).Scan(0))
	d.hides("older than its runs", "! ✓", "r resume").shows("✓")
}
