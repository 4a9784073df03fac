package ui

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hfcui/engine/train"
	trainpage "hfcui/ui/pages/train"
	"hfcui/ui/uitest"
)

// trainingOf has the program train with a fake.
func trainingOf(f *uitest.FakeTraining) *trainpage.Training {
	return &trainpage.Training{
		Recipe: f.Recipe, Ended: f.End, Leave: f.Leave,
		Start: func(ctx context.Context, c train.Config, dir string) (trainpage.TrainingRun, error) {
			return f.Start(ctx, c, dir)
		},
	}
}

// A training is begun in a dialog, paused, kept, followed, stopped and gone on with, and
// ended in order with the program.
func TestTrainingFromTheExplorer(t *testing.T) {
	f, dir, lab := uitest.NewFakeTraining(), t.TempDir(), uitest.NewFakeLab()
	r := run(t, lab, Options{Pictures: "blocks", Training: trainingOf(f), Folder: dir}, 140, 44)
	see := func(text string) {
		t.Helper()
		r.until(text, func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
	}
	press := func(keys string) {
		for _, k := range strings.Fields(keys) {
			r.program.Send(uitest.KeyPress(k))
		}
	}
	becomes := func(what string, true func() bool) {
		t.Helper()
		r.until(what, func([]byte) bool { return true() })
	}
	press("4")
	see("to train a network")
	press("N")
	see("run folder")
	press("down down down down down 9 down right up up up up up up up up ctrl+u f i r s t enter")
	c := <-f.Configs
	if c.Batch != 1289 || c.Name == "sgd" || c.Bands == nil || c.Data != "shapes" {
		t.Fatalf("%+v", c)
	}
	if _, err := os.Stat(filepath.Join(dir, "first", train.ConfigFile)); err != nil {
		becomes("folder", func() bool { _, err := os.Stat(filepath.Join(dir, "first")); return err == nil })
	}
	becomes("epochs", func() bool { return f.Epochs.Load() > 10 })
	press("P")
	see("paused")
	before := f.Epochs.Load()
	time.Sleep(60 * time.Millisecond)
	if now := f.Epochs.Load(); now != before {
		t.Fatalf("%d epochs while paused", now-before)
	}
	press("u ctrl+s")
	becomes("checkpoint", func() bool { return f.Kept.Load() == 1 })
	becomes("newest model", func() bool { return len(lab.Models()) == 1 })
	if path := lab.Models()[0]; path != filepath.Join(dir, "first", train.ModelFile) {
		t.Fatal(path)
	}
	press("1")
	see("newest1")
	press("4 u P S")
	becomes("first model", func() bool { l := lab.Models(); return len(l) == 2 && l[1] == "" })
	see("press R on the Train page")
	press("R") // at once: its end need not have been read from the folder
	if again := <-f.Configs; again.Batch != c.Batch {
		t.Fatalf("%+v", again)
	}
	now := f.Epochs.Load()
	becomes("epochs again", func() bool { return f.Epochs.Load() > now+3 })
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

func TestRecipeSaysWhatIsWrong(t *testing.T) {
	d := startWith(t, uitest.NewFakeLab(), Options{Training: trainingOf(uitest.NewFakeTraining())}, 80, 24)
	d.Keys("4 N").Shows("Train on shapes", "network", "resnet20", "shuffle labels", "bands at r", "4,8,12,16")
	d.Fits(80, 24)
	d.Keys("down down x enter").Shows("network: ")
	d.Keys("backspace down down ctrl+u 0 enter").Shows("0 epochs")
	d.Keys("ctrl+u x enter").Shows("epochs: not an integer")
	d.Keys("ctrl+u 3 down down").Shows("‹", "default for SGD (0.1)")
	d.Keys("esc").Hides("shuffle labels")
	for _, size := range uitest.Sizes {
		d := startWith(t, uitest.NewFakeLab(), Options{Training: trainingOf(uitest.NewFakeTraining())}, size[0], size[1])
		d.Keys("4 N up up")
		d.Fits(size[0], size[1])
	}
}
