package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hfcui/engine/measure"
	"hfcui/engine/train"
	trainpage "hfcui/ui/pages/train"
	"hfcui/ui/uitest"
)

// A monitor shows what is written while it looks on, of a folder that comes later.
func TestWatchingAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "late")
	r := &running{t: t, wire: &wire{}, done: make(chan error, 1)}
	in, keep := io.Pipe()
	defer keep.Close()
	o := Options{Output: r.wire, Environ: []string{"TERM=xterm-256color"}, Page: "train", Watch: trainpage.Watch{Folders: []string{dir}, Names: []string{"la\x1bte"}, Silence: time.Hour}}
	r.app = New(nil, o)
	r.app.asked = true
	r.program = r.app.program(in, 100, 30)
	r.begin()
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
	if err := r.end(uitest.KeyPress("q")); err != nil {
		t.Fatal(err)
	}
}
