package ui

import (
	"bytes"
	"strings"
	"testing"

	"hfcui/ui/uitest"
)

// While a run is active, q and ctrl+c ask what becomes of it; ctrl+c twice ends the program.
func TestQuitAsks(t *testing.T) {
	for _, c := range []struct {
		keys string
		left bool
	}{{"q esc q down enter", true}, {"q enter", false}, {"q q", false}, {"ctrl+c ctrl+c", false}, {"? ctrl+c ctrl+c", false}, {"q down down enter q up enter", false}} {
		f := uitest.NewFakeTraining()
		r := run(t, uitest.NewFakeLab(), Options{Pictures: "blocks", Training: trainingOf(f), Folder: t.TempDir()}, 140, 44)
		press := func(keys string) {
			for _, k := range strings.Fields(keys) {
				r.program.Send(uitest.KeyPress(k))
			}
		}
		see := func(text string) {
			t.Helper()
			r.until(text, func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
		}
		press("4")
		see("to train a network")
		press("N enter")
		see("epoch 3/10")
		press("1 q")
		see("Quit, keep training")
		press("esc " + c.keys)
		if err := r.ended(); err != nil {
			t.Fatal(err)
		}
		r.app.Wait()
		if (len(f.Left) == 1) != c.left || len(f.Left)+len(f.Ended) != 1 {
			t.Errorf("%s: left running %v, ended %v", c.keys, f.Left, f.Ended)
		}
	}
}

// Without a run q ends the program at once, whatever is measured.
func TestQuitAtOnce(t *testing.T) {
	for _, key := range []string{"q", "ctrl+c"} {
		if d := start(t, 80, 24); !d.Keys("2 " + key).Quit {
			t.Errorf("%s does not quit", key)
		}
	}
}
