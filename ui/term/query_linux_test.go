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

func TestQuery(t *testing.T) {
	for _, c := range []struct {
		what    string
		wait    time.Duration
		answers []string
		typed   string
		sixel   bool
	}{
		{"at once", 0, []string{xtermAnswers}, "", true},
		{"with keys in between", 0, []string{"q", xtermAnswers[:20] + xtermAnswers[20:], "\x1b[A"}, "q", true},
		{"a key inside", 0, []string{"\x1b[6;19;9tx" + xtermAnswers}, "x", true},
		{"in pieces", 10 * time.Millisecond, []string{xtermAnswers[:3], xtermAnswers[3:30], xtermAnswers[30 : len(xtermAnswers)-2], xtermAnswers[len(xtermAnswers)-2:]}, "", true},
		{"no sixel", 0, []string{"\x1b[?62c"}, "", false},
	} {
		master, slave := openPTY(t)
		before, err := xterm.GetState(slave.Fd())
		if err != nil {
			t.Fatal(err)
		}
		asked := terminal(master, c.wait, c.answers...)
		start := time.Now()
		p, typed, err := Query(context.Background(), slave, slave, xtermEnv)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		caps := p.Capabilities()
		if !caps.Complete || caps.Sixel != c.sixel || !strings.HasPrefix(string(typed), c.typed) {
			t.Errorf("%s: complete %v, sixel %v, typed %q", c.what, caps.Complete, caps.Sixel, typed)
		}
		if d := time.Since(start); c.wait == 0 && d > timeoutLocal {
			t.Errorf("%s: took %v", c.what, d)
		}
		if !strings.Contains(<-asked, queryCell) {
			t.Errorf("%s: not asked for the cell size", c.what)
		}
		after, err := xterm.GetState(slave.Fd())
		if err != nil || sprint(after) != sprint(before) {
			t.Errorf("%s: the terminal's modes are not what they were: %v", c.what, err)
		}
	}
}

// A terminal that does not answer costs no more than the time allowed, and the beginning
// of an answer that came too late does not become keys later.
func TestQueryOfASilentTerminal(t *testing.T) {
	master, slave := openPTY(t)
	terminal(master, 0, "\x1b[6;19;9t\x1b[?62;")
	start := time.Now()
	p, typed, err := Query(context.Background(), slave, slave, xtermEnv)
	if d := time.Since(start); err != nil || d < timeoutLocal/2 || d > 4*timeoutLocal {
		t.Fatalf("%v after %v", err, d)
	}
	if c := p.Capabilities(); c.Complete || len(typed) > 0 || c.CellFrom != "CSI 16 t" {
		t.Errorf("%+v, typed %q", c, typed)
	}
	state, err := xterm.MakeRaw(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	defer xterm.Restore(slave.Fd(), state)
	changed := make(chan Capabilities, 9)
	in := p.Input(t.Context(), slave, func(c Capabilities) { changed <- c })
	io.WriteString(master, "4c")
	buf := make([]byte, 100)
	if n, err := in.Read(buf); string(buf[:n]) != "\x1b[?62;4c" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if c := <-changed; !c.Sixel || !c.Complete {
		t.Errorf("%+v", c)
	}
}

func TestQueryIsCancelled(t *testing.T) {
	_, slave := openPTY(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	start := time.Now()
	p, _, err := Query(ctx, slave, slave, xtermEnv)
	if err != nil || time.Since(start) > timeoutLocal/2 {
		t.Errorf("%v after %v", err, time.Since(start))
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

// Neither the end of the context nor Ctrl-C waits for a terminal that is silent.
func TestQueryOfASilentTerminalIsLeft(t *testing.T) {
	env := append([]string{"SSH_TTY=/dev/pts/0"}, xtermEnv...) // where the timeout is long
	for _, c := range []struct {
		what  string
		leave func(master *os.File, cancel func())
		typed string
	}{
		{"canceled", func(_ *os.File, cancel func()) { cancel() }, ""},
		{"Ctrl-C", func(master *os.File, _ func()) { io.WriteString(master, "a\x03") }, "a\x03"},
	} {
		master, slave := openPTY(t)
		before, err := xterm.GetState(slave.Fd())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		asked := terminal(master, 0)
		go func() {
			<-asked
			c.leave(master, cancel)
		}()
		start := time.Now()
		_, typed, err := Query(ctx, slave, slave, env)
		if d := time.Since(start); err != nil || string(typed) != c.typed || d > timeoutSSH/2 {
			t.Errorf("%s: typed %q, error %v, after %v", c.what, typed, err, d)
		}
		after, err := xterm.GetState(slave.Fd())
		if err != nil || sprint(after) != sprint(before) {
			t.Errorf("%s: the terminal's modes are not what they were: %v", c.what, err)
		}
		cancel()
	}
}

func TestQueryWithoutATerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if p, _, err := Query(context.Background(), r, w, xtermEnv); err == nil || p == nil {
		t.Error("a pipe is taken for a terminal")
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
