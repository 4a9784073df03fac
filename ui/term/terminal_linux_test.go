package term

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	xterm "github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// openPTY returns a terminal's two ends.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	master = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	size := &unix.Winsize{Row: 30, Col: 100, Xpixel: 800, Ypixel: 600}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// terminal plays a terminal that answers the questions with the pieces given, waiting
// between them.
func terminal(master *os.File, wait time.Duration, answers ...string) <-chan string {
	asked := make(chan string, 1)
	go func() {
		buf := make([]byte, 4096)
		seen := ""
		for !strings.Contains(seen, queryDA1) {
			n, err := master.Read(buf)
			if err != nil {
				break
			}
			seen += string(buf[:n])
		}
		asked <- seen
		for _, a := range answers {
			io.WriteString(master, a)
			time.Sleep(wait)
		}
	}()
	return asked
}

// open opens the terminal; the test ends with it restored.
func open(t *testing.T, slave *os.File, env []string) *Terminal {
	t.Helper()
	before, err := xterm.GetState(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(slave, slave, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if after, err := xterm.GetState(slave.Fd()); err != nil || sprint(after) != sprint(before) {
			t.Errorf("the terminal's modes are not what they were: %v", err)
		}
	})
	return p
}

// read returns what the program reads in a moment, or, if something is to come, then.
func read(p *Terminal, toCome bool) string {
	moment := 20 * time.Millisecond
	if toCome {
		moment = 5 * time.Second
	}
	got := make(chan string, 1)
	go func() {
		b := make([]byte, 100)
		n, _ := p.Input().Read(b)
		got <- string(b[:n])
	}()
	select {
	case s := <-got:
		return s
	case <-time.After(moment):
		return ""
	}
}

func TestQuery(t *testing.T) {
	for _, c := range []struct {
		what    string
		wait    time.Duration
		answers []string
		typed   string
		sixel   bool
	}{
		{"at once", 0, []string{xtermAnswers}, "", true},
		{"with keys in between", 0, []string{"q", xtermAnswers[:20] + xtermAnswers[20:]}, "q", true},
		{"a key inside", 0, []string{"\x1b[6;19;9tx" + xtermAnswers}, "x", true},
		{"in pieces", 10 * time.Millisecond, []string{xtermAnswers[:3], xtermAnswers[3:30], xtermAnswers[30 : len(xtermAnswers)-2], xtermAnswers[len(xtermAnswers)-2:]}, "", true},
		{"no sixel", 0, []string{"\x1b[?62c"}, "", false},
	} {
		t.Run(c.what, func(t *testing.T) {
			master, slave := openPTY(t)
			p := open(t, slave, append([]string{"SSH_TTY=/dev/pts/9"}, xtermEnv...)) // the most patient
			asked := terminal(master, c.wait, c.answers...)
			p.Query(t.Context())
			caps := p.Capabilities()
			if typed := read(p, c.typed != ""); !caps.Complete || caps.Sixel != c.sixel || typed != c.typed {
				t.Errorf("complete %v, sixel %v, typed %q", caps.Complete, caps.Sixel, typed)
			}
			if !strings.Contains(<-asked, queryCell) {
				t.Error("not asked for the cell size")
			}
		})
	}
}

// A terminal that does not answer costs no more than the time allowed, and what comes too late are no
// keys.
func TestQueryOfASilentTerminal(t *testing.T) {
	master, slave := openPTY(t)
	p := open(t, slave, xtermEnv)
	terminal(master, 0, "\x1b[6;19;9t\x1b[?62;")
	start := time.Now()
	p.Query(t.Context())
	if d := time.Since(start); d < timeoutLocal/2 || d > 4*timeoutLocal {
		t.Fatalf("after %v", d)
	}
	if c := p.Capabilities(); c.Complete || c.CellFrom != "CSI 16 t" {
		t.Errorf("%+v", c)
	}
	changed := make(chan Capabilities, 9)
	p.Notify(func(c Capabilities) { changed <- c }, nil)
	io.WriteString(master, "4cq")
	if c := <-changed; !c.Sixel || !c.Complete {
		t.Errorf("%+v", c)
	}
	if s := read(p, true); s != "q" {
		t.Errorf("typed %q", s)
	}
}

func TestQueryIsCancelled(t *testing.T) {
	_, slave := openPTY(t)
	p := open(t, slave, xtermEnv)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	p.Query(ctx)
	if time.Since(start) > timeoutLocal/2 {
		t.Errorf("after %v", time.Since(start))
	}
	// The driver told the size; it is asked again when Bubble Tea tells of a new one.
	if c := p.Capabilities(); c.CellW != 8 || c.CellH != 20 || c.CellFrom != "TIOCGWINSZ" {
		t.Errorf("%+v", c)
	}
	size := &unix.Winsize{Row: 20, Col: 80, Xpixel: 800, Ypixel: 600}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.Fatal(err)
	}
	p.Resize(80, 20, 0, 0)
	if c := p.Capabilities(); c.CellW != 10 || c.CellH != 30 {
		t.Errorf("%+v", c)
	}
}

// Neither the end of the context nor Ctrl-C waits for a terminal that is silent, nor does a terminal
// that is gone.
func TestQueryOfASilentTerminalIsLeft(t *testing.T) {
	env := append([]string{"SSH_TTY=/dev/pts/0"}, xtermEnv...) // where the timeout is long
	for what, leave := range map[string]func(master *os.File, cancel func()){
		"canceled": func(_ *os.File, cancel func()) { cancel() },
		"Ctrl-C":   func(master *os.File, _ func()) { io.WriteString(master, "a\x03") },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			master, slave := openPTY(t)
			p := open(t, slave, env)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			asked := terminal(master, 0)
			go func() {
				<-asked
				leave(master, cancel)
			}()
			start := time.Now()
			p.Query(ctx)
			if d := time.Since(start); d > timeoutSSH/2 {
				t.Errorf("after %v", d)
			}
		})
	}
}

// Replies that are late when the program ends are waited for, and what else has been typed is
// dropped: the shell reads none of it.
func TestCloseWaitsForReplies(t *testing.T) {
	for what, answers := range map[string][]string{
		"late":    {"", xtermAnswers},
		"divided": {xtermAnswers[:len(xtermAnswers)-1], xtermAnswers[len(xtermAnswers)-1:] + "typed"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			master, slave := openPTY(t)
			p := open(t, slave, xtermEnv)
			terminal(master, 300*time.Millisecond, answers...)
			p.Query(t.Context())
			start := time.Now()
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d > exitTime {
				t.Errorf("after %v", d)
			}
			if !p.Capabilities().Complete {
				t.Error("replies were not waited for")
			}
			if n, err := unix.IoctlGetInt(int(slave.Fd()), unix.TIOCINQ); n != 0 || err != nil {
				t.Errorf("the shell reads %d bytes, %v", n, err)
			}
		})
	}
}

// Modes are restored while the program is stopped, and raw afterwards.
func TestSuspendRestoresModes(t *testing.T) {
	_, slave := openPTY(t)
	modes := func() string { state, _ := xterm.GetState(slave.Fd()); return sprint(state) }
	cooked := modes()
	p := open(t, slave, xtermEnv)
	raw := modes()
	if err := p.Suspend(func() {
		if modes() != cooked {
			t.Error("raw while suspended")
		}
	}); err != nil || modes() != raw {
		t.Errorf("%v, not raw again", err)
	}
	xterm.MakeRaw(slave.Fd())
	if err := p.Continue(); err != nil || modes() != raw {
		t.Errorf("%v, not raw", err)
	}
}

func TestOpenWithoutATerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := Open(r, w, xtermEnv); err == nil {
		t.Error("a pipe is taken for a terminal")
	}
}

// Sizes out of range are clamped, and pixels out of range unknown.
func TestSizesAreClamped(t *testing.T) {
	_, slave := openPTY(t)
	p := open(t, slave, xtermEnv)
	for _, c := range []struct {
		size       unix.Winsize
		cols, rows int
	}{
		{unix.Winsize{}, 80, 24},
		{unix.Winsize{Row: 65535, Col: 65535, Xpixel: 65535, Ypixel: 65535}, 500, 200},
		{unix.Winsize{Row: 30, Col: 100}, 100, 30},
	} {
		if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &c.size); err != nil {
			t.Fatal(err)
		}
		cols, rows := p.Size()
		if caps := p.Capabilities(); cols != c.cols || rows != c.rows || caps.CellW*cols*caps.CellH*rows > maxPixels {
			t.Errorf("%+v: %d×%d cells of %d×%d", c.size, cols, rows, caps.CellW, caps.CellH)
		}
	}
}

// A terminal has its size asked before every frame with pictures: what does not fit any
// more is not drawn.
func TestLayerAsksTheTerminalsSize(t *testing.T) {
	master, slave := openPTY(t)
	out := make(chan string, 99)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			out <- string(buf[:n])
		}
	}()
	l := started(t, slave)
	<-out
	a := pic(1, 90, 0, 10, 5)
	write(t, l, l.Place([]Picture{a}, false)+"text.")
	if s := <-out; !strings.Contains(s, string(a.Data)) {
		t.Errorf("not drawn: %q", s)
	}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 99}); err != nil {
		t.Fatal(err)
	}
	l.Redraw()
	write(t, l, l.Place([]Picture{a}, false)+"text.")
	if s := <-out; strings.Contains(s, string(a.Data)) {
		t.Errorf("drawn over the edge: %q", s)
	}
}
