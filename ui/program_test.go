package ui

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/session"
	"hfcui/ui/term"
	"hfcui/ui/uitest"
)

// wire is a terminal's end of the line: it keeps what is written.
type wire struct {
	mu     sync.Mutex
	b      []byte
	panics bool
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.panics {
		panic("broken wire")
	}
	w.b = append(w.b, p...)
	return len(p), nil
}

// take returns what was written since the last call.
func (w *wire) take() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.b
	w.b = nil
	return b
}

var sixelPicture = regexp.MustCompile(`\x1bP[0-9;]*q[^\x1b]*\x1b\\`)

// running is the program with Bubble Tea's own loop and renderer.
type running struct {
	t       *testing.T
	wire    *wire
	program *tea.Program
	app     *App
	done    chan error
}

func run(t *testing.T, lab *uitest.FakeLab, o Options, w, h int) *running {
	t.Helper()
	in, keep := io.Pipe()
	t.Cleanup(func() { keep.Close() })
	return runOn(t, in, lab, o, w, h)
}

// runOn is run with an input.
func runOn(t *testing.T, in io.Reader, lab *uitest.FakeLab, o Options, w, h int) *running {
	t.Helper()
	r := &running{t: t, wire: &wire{}, done: make(chan error, 1)}
	o.Output, o.Environ = r.wire, []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	r.app = New(lab, o)
	r.app.asked = true
	r.program = r.app.program(in, w, h)
	r.begin()
	t.Cleanup(func() { r.program.Kill() })
	return r
}

// begin runs the program; in the end it leaves the screen.
func (r *running) begin() {
	go func() {
		_, err := r.program.Run()
		err = r.app.verdict(err)
		r.app.layer.Restore()
		r.done <- err
	}()
}

// until waits for the output to hold enough.
func (r *running) until(what string, enough func([]byte) bool) []byte {
	r.t.Helper()
	var all []byte
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		all = append(all, r.wire.take()...)
		if enough(all) {
			return all
		}
	}
	r.t.Fatalf("no %s in %d bytes of output", what, len(all))
	return nil
}

func pictures(n int) func([]byte) bool {
	return func(b []byte) bool { return len(sixelPicture.FindAll(b, -1)) >= n }
}

func (r *running) end(msg tea.Msg) error {
	r.t.Helper()
	r.program.Send(msg)
	return r.ended()
}

func (r *running) ended() error {
	r.t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(5 * time.Second):
		r.t.Fatal("the program does not end")
		return nil
	}
}

func TestProgramDrawsAndTidiesUp(t *testing.T) {
	r := run(t, uitest.NewFakeLab(), Options{Pictures: "sixel"}, 100, 30)
	r.until("four pictures", pictures(4))
	r.program.Send(uitest.KeyPress("right"))
	r.until("three new pictures", pictures(3)) // the original stays
	r.program.Send(uitest.KeyPress("?"))
	r.until("help", func(b []byte) bool { return bytes.Contains(b, []byte("Help")) })
	r.program.Send(uitest.KeyPress("esc"))
	r.until("pictures again", pictures(2))
	if err := r.end(uitest.KeyPress("q")); err != nil {
		t.Fatal(err)
	}
	tail := string(r.wire.take())
	for _, reset := range []string{"\x1b[?1049l", "\x1b[?25h", "\x1b[?1002l"} {
		if !bytes.Contains([]byte(tail), []byte(reset)) {
			t.Errorf("the end lacks %q", reset)
		}
	}
	if left := r.app.layer.RestoreSequence(); left != "" {
		t.Errorf("the terminal is left with %q to undo", left)
	}
}

// Keys that come faster than pictures can be made change the screen all the time and end
// with the newest.
func TestHeldKeyKeepsMoving(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.ViewTime = 25 * time.Millisecond
	r := run(t, lab, Options{Pictures: "sixel", Start: session.Start{Radius: 1}}, 100, 30)
	r.until("pictures", pictures(4))
	lab.Mu.Lock()
	lab.Views = nil
	lab.Mu.Unlock()
	for range 20 {
		r.program.Send(uitest.KeyPress("right"))
		time.Sleep(8 * time.Millisecond)
	}
	r.until("pictures", pictures(6))
	deadline := time.Now().Add(5 * time.Second)
	for {
		lab.Mu.Lock()
		n, last := len(lab.Views), 0.0
		if n > 0 {
			last = lab.Views[n-1].R
		}
		lab.Mu.Unlock()
		if last == 21 {
			if n < 3 || n > 15 {
				t.Fatalf("%d views for 20 keys", n)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the last view is of r = %v after %d views", last, n)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := r.end(uitest.KeyPress("q")); err != nil {
		t.Fatal(err)
	}
}

// Pictures are on the wire before the frame that follows them is due.
func TestPicturesDoNotWaitForTheFrame(t *testing.T) {
	r := run(t, uitest.NewFakeLab(), Options{Pictures: "sixel"}, 100, 30)
	r.until("pictures", pictures(4))
	time.Sleep(30 * time.Millisecond)
	r.app.stage.mu.Lock()
	open := r.app.stage.open
	r.app.stage.mu.Unlock()
	if !open {
		t.Fatal("the stage is closed while nothing covers the pictures")
	}
	r.wire.take()
	for _, k := range []string{"right", "right", "?", "esc", "2", "1", "right", "w", "right"} {
		r.program.Send(uitest.KeyPress(k))
		time.Sleep(15 * time.Millisecond)
	}
	r.until("pictures", pictures(8))
	if err := r.end(uitest.KeyPress("q")); err != nil {
		t.Fatal(err)
	}
}

func TestProgramEndsInOrderAfterPanics(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	lab := uitest.NewFakeLab()
	lab.Panics = "Bands"
	r := run(t, lab, Options{Pictures: "sixel"}, 100, 30)
	r.until("pictures", pictures(4))
	if err := r.end(uitest.KeyPress("2")); err == nil {
		t.Fatal("a panic is not told")
	}
	if left := r.app.layer.RestoreSequence(); left != "" {
		t.Errorf("the terminal is left with %q to undo", left)
	}
}

// Bubble Tea's goroutines that read and write catch no panics.
func TestProgramEndsInOrderAfterPanicsBelow(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	check := func(r *running, what string) {
		t.Helper()
		if err := r.ended(); err == nil || !strings.HasPrefix(err.Error(), "internal error: "+what+" (details in ") {
			t.Errorf("%s: error %v", what, err)
		}
	}
	r := run(t, uitest.NewFakeLab(), Options{Pictures: "sixel"}, 100, 30)
	r.until("four pictures", pictures(4))
	r.wire.mu.Lock()
	r.wire.panics = true
	r.wire.mu.Unlock()
	go r.program.Send(uitest.KeyPress("?"))
	check(r, "broken wire")
	r.wire.mu.Lock()
	r.wire.panics = false
	r.wire.mu.Unlock()
	if err := r.app.layer.Restore(); err != nil || !bytes.Contains(r.wire.take(), []byte("\x1b[?1049l")) {
		t.Errorf("the terminal is not restored: %v", err)
	}

	reader, typing := io.Pipe()
	defer typing.Close()
	probe := term.NewProbe([]string{"TERM=xterm"})
	probe.Queries()
	in := probe.Input(t.Context(), reader, func(term.Capabilities) { panic("broken reader") }, nil)
	r = runOn(t, in, uitest.NewFakeLab(), Options{Pictures: "sixel"}, 100, 30)
	r.until("four pictures", pictures(4))
	io.WriteString(typing, "\x1b[?62;4c")
	check(r, "broken reader")
	r.app.layer.Restore()
	if all := r.wire.take(); !bytes.Contains(all, []byte("\x1b[?1049l")) {
		t.Error("the terminal is not restored")
	}
}

// Every kind of pictures fills the same cells, and dialogs lie over all of them.
func TestKindsOfPictures(t *testing.T) {
	for _, kind := range []string{"sixel", "kitty", "iterm2", "blocks"} {
		d := startWith(t, uitest.NewFakeLab(), Options{Pictures: kind}, 100, 30)
		for _, keys := range []string{"", "right", "?", "esc", "3", ":"} {
			d.Keys(keys)
			d.Fits(100, 30)
		}
		d.Shows("Commands").Keys("esc 1").Shows("whole", "11.0")
		pic := d.App.stage.pictures[1].Drawn
		if text := kind == "kitty" || kind == "blocks"; text != (pic.Lines != nil) || (kind != "blocks") != (pic.Data != nil) {
			t.Errorf("%s: %d lines, %d bytes", kind, len(pic.Lines), len(pic.Data))
		}
	}
}
