package ui

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"hfcui/engine/experiment"
	"hfcui/engine/train"
	experimentspage "hfcui/ui/pages/experiments"
	"hfcui/ui/uitest"
)

// reproducingOf has the program do experiments with a fake.
func reproducingOf(f *uitest.FakeReproducing) *experimentspage.Reproducing {
	return &experimentspage.Reproducing{
		Expect: f.Expect, Ended: f.End,
		Start: func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (experimentspage.Reproduction, error) {
			return f.Start(ctx, dir)
		},
	}
}

// An experiment is begun from its page, stopped, gone on with, and ended with the program.
func TestExperimentFromTheExplorer(t *testing.T) {
	f := &uitest.FakeReproducing{Finish: make(chan struct{})}
	r := run(t, uitest.NewFakeLab(), Options{Pictures: "blocks", Training: trainingOf(uitest.NewFakeTraining()), Reproducing: reproducingOf(f), Experiments: uitest.PutExperiments(t)}, 140, 44)
	see := func(text string) {
		t.Helper()
		r.until(text, func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
	}
	press := func(keys string) {
		for _, k := range strings.Fields(keys) {
			r.program.Send(uitest.KeyPress(k))
		}
	}
	press("5")
	see("not started: press N")
	press("N")
	see("About 33m 20s")
	press("enter")
	see("run 3 of 6: natural, seed 2")
	press("4 N")
	see("stop it on the Experiments page first")
	press("5 N S")
	see("page to resume") // only what changes on the line is written
	begin := func(times int64) {
		t.Helper()
		press("N")
		see("About 33m 20s")
		press("enter")
		r.until("begun again", func([]byte) bool { return f.Started.Load() == times })
	}
	begin(2)
	f.Finish <- struct{}{}
	see("fig3 quick is done")
	begin(3)
	press("q")
	if err := r.end(uitest.KeyPress("enter")); err != nil {
		t.Fatal(err)
	}
	r.app.Wait()
	var stopped *train.StoppedError
	if len(f.Ended) != 1 || !errors.As(f.Ended[0], &stopped) {
		t.Fatalf("%v", f.Ended)
	}
}

func TestBeginningAsks(t *testing.T) {
	root := uitest.PutExperiments(t)
	for _, size := range uitest.Sizes {
		f := &uitest.FakeReproducing{}
		d := startWith(t, uitest.NewFakeLab(), Options{Experiments: root, Reproducing: reproducingOf(f)}, size[0], size[1])
		d.Keys("5").Shows("N start").Keys("v N").Shows("Run fig3, full", "8 days", "CIFAR-10").Fits(size[0], size[1])
		d.Keys("esc").Hides("Run fig3")
		d.Keys("down").Hides("N start").Shows("R resume") // there is a report, but its runs are gone
		f.Refuse = errors.New("fig4 was begun on moon\x1b[2J, and shapes is open")
		d.Keys("down N").Hides("Run fig4").Keys("up up N").Shows("moon[2J", "esc close").Hides("enter do it").Keys("enter").Fits(size[0], size[1])
		if f.Started.Load() != 0 {
			t.Fatal("begun though it cannot be")
		}
	}
}
