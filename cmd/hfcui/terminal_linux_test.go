package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	right = "\x1b[C"
	left  = "\x1b[D"
	ctrlC = "\x03"
	ctrlZ = "\x1a"
)

// explorer starts the explorer and waits for its first frame with all pictures.
func explorer(t testing.TB, args ...string) *player {
	t.Helper()
	p := play(t, 100, 30, program, args...)
	p.until("pictures", func() bool { return p.pictures() >= 4 })
	p.quiet()
	return p
}

func TestTerminalFirstFrame(t *testing.T) {
	p := play(t, 100, 30, program)
	p.until("pictures", func() bool { return p.pictures() >= 4 })
	for _, word := range []string{"demo", "shapes"} {
		p.says(word)
	}
	p.send("q")
	if status := p.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	p.restored()
}

// TestTerminalKeyToPicture wants new pictures for every key.
func TestTerminalKeyToPicture(t *testing.T) {
	p := explorer(t)
	for _, key := range []string{right, right, left} {
		before := p.pictures()
		p.send(key)
		p.until("new pictures", func() bool { return p.pictures() >= before+2 })
		p.quiet()
	}
	p.send("q")
	p.exit()
	p.restored()
}

// TestTerminalHeldKeyQueuesNothing presses keys faster than any machine draws, and wants only
// what is in work when the last key comes to be drawn before what that key asks for.
func TestTerminalHeldKeyQueuesNothing(t *testing.T) {
	p := explorer(t)
	before := p.pictures()
	const keys = 200
	p.send(strings.Repeat(right, keys))
	p.until("pictures", func() bool { return p.pictures() >= before+2 })
	p.quiet()
	drawn := p.pictures() - before
	t.Logf("%d pictures for %d keys", drawn, keys)
	if drawn > keys/2 {
		t.Errorf("%d pictures were drawn for %d keys", drawn, keys)
	}
}

// BenchmarkTerminalKeyToPicture measures from the key press to the last byte of the pictures.
func BenchmarkTerminalKeyToPicture(b *testing.B) {
	p := explorer(b)
	var total time.Duration
	for i := 0; b.Loop(); i++ {
		before, sent := p.pictures(), time.Now()
		p.send([]string{right, left}[i/5%2])
		p.until("new pictures", func() bool { return p.pictures() >= before+2 })
		p.quiet()
		p.mu.Lock()
		total += p.drawn.Sub(sent)
		p.mu.Unlock()
	}
	b.ReportMetric(float64(total.Microseconds())/1000/float64(b.N), "ms/key")
}

// BenchmarkTerminalFirstFrame measures from the start of the program to its fourth picture.
func BenchmarkTerminalFirstFrame(b *testing.B) {
	for b.Loop() {
		p := play(b, 100, 30, program)
		p.until("pictures", func() bool { return p.pictures() >= 4 })
		p.send("q")
		p.exit()
	}
}

func TestTerminalIsLeftAsFound(t *testing.T) {
	for _, c := range []struct {
		name   string
		end    func(p *player)
		status int
		says   string
	}{
		{"q", func(p *player) { p.send("q") }, 0, ""},
		{"ctrl+c", func(p *player) { p.send(ctrlC) }, 0, ""},
		{"SIGINT", func(p *player) { p.cmd.Process.Signal(syscall.SIGINT) }, 130, "hfcui: "},
		{"SIGTERM", func(p *player) { p.cmd.Process.Signal(syscall.SIGTERM) }, 143, "hfcui: "},
		{"SIGHUP", func(p *player) { p.cmd.Process.Signal(syscall.SIGHUP) }, 129, "hfcui: "},
		{"while bands grow", func(p *player) { p.send("2"); time.Sleep(300 * time.Millisecond); p.send(ctrlC) }, 0, ""},
		{"with a dialog open", func(p *player) { p.send("?"); p.quiet(); p.send(ctrlC) }, 0, ""},
		{"with a key held", func(p *player) { p.send(strings.Repeat(right, 8) + ctrlC) }, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := explorer(t)
			c.end(p)
			if status := p.exit(); status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			p.restored()
			after := strings.TrimSpace(stripControl(lastPart(p.written(), "\x1b[?1049l")))
			if c.says == "" && after != "" || !strings.HasPrefix(after, c.says) || strings.Count(after, "\n") > 0 {
				t.Errorf("the normal screen says %q", after)
			}
		})
	}
}

// While the program still waits for what the terminal says about itself it can be ended
// as well, at once and with the same line and status as later.
func TestTerminalEndsWhileItAsks(t *testing.T) {
	for _, c := range []struct {
		name   string
		end    func(p *player)
		status int
		says   string
	}{
		{"SIGINT", func(p *player) { p.cmd.Process.Signal(syscall.SIGINT) }, 130, "hfcui: ended by a signal: interrupt"},
		{"SIGTERM", func(p *player) { p.cmd.Process.Signal(syscall.SIGTERM) }, 143, "hfcui: ended by a signal: terminated"},
		{"SIGHUP", func(p *player) { p.cmd.Process.Signal(syscall.SIGHUP) }, 129, "hfcui: ended by a signal: hangup"},
		{"ctrl+c", func(p *player) { p.send(ctrlC) }, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Through SSH it waits longest.
			p := (&player{t: t, cols: 100, rows: 30, silent: true, env: []string{"SSH_TTY=/dev/pts/9"}}).start(program)
			p.until("questions", func() bool { return strings.Contains(p.written(), "\x1b[c") })
			c.end(p)
			if status := p.exit(); status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			p.restored()
			if written := p.written(); c.status != 0 && strings.Contains(written, "\x1b[?1049h") {
				t.Error("the program was started all the same")
			} else if at := max(strings.LastIndex(written, "\x1b[?1049l"), 0); !strings.Contains(stripControl(written[at:]), c.says) {
				t.Errorf("the normal screen says %q", written[at:])
			}
		})
	}
}

// lastPart is what follows the last occurrence of mark.
func lastPart(s, mark string) string { return s[strings.LastIndex(s, mark)+len(mark):] }

// oscs are operating system commands, such as one that sets the window's title.
var oscs = regexp.MustCompile("^\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)")

// stripControl removes escape sequences.
func stripControl(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		if m := csi.FindString(s); m != "" {
			s = s[len(m):]
			continue
		}
		if title := oscs.FindString(s); title != "" {
			s = s[len(title):]
			continue
		}
		if s[0] == '\x1b' && len(s) > 1 {
			s = s[2:]
			continue
		}
		if s[0] == '\n' || s[0] >= ' ' {
			b.WriteByte(s[0])
		}
		s = s[1:]
	}
	return b.String()
}

// TestTerminalSuspendsAndResumes runs the explorer as a job of a shell.
func TestTerminalSuspendsAndResumes(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	script := `set -m; "$0"; echo "[stopped $?]"; read -r line; fg >/dev/null; echo "[ended $?]"; read -r line`
	p := play(t, 100, 30, "bash", "-c", script, program)
	p.until("pictures", func() bool { return p.pictures() >= 4 })
	p.quiet()
	p.send(ctrlZ)
	p.until("the stop", func() bool { return strings.Contains(p.written(), "[stopped 148]") })
	p.restored()
	before := p.pictures()
	p.send("\n")
	p.until("pictures after the stop", func() bool { return p.pictures() >= before+4 })
	p.quiet()
	p.send("q")
	p.until("the end", func() bool { return strings.Contains(p.written(), "[ended 0]") })
	p.restored()
}

// TestTerminalHangsUp closes the terminal's window, also where the signal that tells so is
// ignored.
func TestTerminalHangsUp(t *testing.T) {
	for _, command := range [][]string{{program}, {"sh", "-c", "trap '' HUP; exec " + program}} {
		p := play(t, 100, 30, command[0], command[1:]...)
		p.until("pictures", func() bool { return p.pictures() >= 4 })
		p.master.Close()
		select {
		case <-p.ended:
		case <-time.After(patience):
			t.Errorf("%v goes on without a terminal", command)
		}
	}
}

func TestTerminalResizes(t *testing.T) {
	p := explorer(t)
	for _, size := range [][2]int{{60, 18}, {200, 60}, {30, 8}, {80, 24}} {
		before := p.pictures()
		at := len(p.written())
		p.resize(size[0], size[1])
		p.until(fmt.Sprintf("something at %v", size), func() bool {
			if size[0] < 60 {
				return strings.Contains(p.written()[at:], "60")
			}
			return p.pictures() >= before+2
		})
		p.quiet()
	}
	p.send("q")
	if status := p.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	p.restored()
}

// TestTerminalCosts looks at memory, and at what the program does while nobody does
// anything.
func TestTerminalCosts(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector costs more than the program")
	}
	p := explorer(t)
	for i := range 10 {
		p.send([]string{right, left}[i/5])
		p.quiet()
	}
	pid := p.cmd.Process.Pid
	if mb := residentMB(t, pid); mb > 120 {
		t.Errorf("%.0f MB of memory, more than 120", mb)
	} else {
		t.Logf("%.0f MB of memory", mb)
	}
	const watched = 3 * time.Second
	before := cpuTime(t, pid)
	time.Sleep(watched)
	share := float64(cpuTime(t, pid)-before) / float64(watched)
	t.Logf("idle: %.1f %% of a core", 100*share)
	if share > 0.015*3 {
		t.Errorf("idle takes %.1f %% of a core", 100*share)
	}
}

func residentMB(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	kb, err := strconv.Atoi(strings.Fields(string(rest))[0])
	if err != nil {
		t.Fatal(err)
	}
	return float64(kb) / 1024
}

// cpuTime is the processor time a process has used, to the hundredth of a second.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// TestTerminalWithoutGraphics plays a terminal that knows no pictures.
func TestTerminalWithoutGraphics(t *testing.T) {
	p := play(t, 80, 24, program, "--pictures", "blocks")
	p.until("half blocks", func() bool { return strings.Count(p.written(), "▀") > 100 })
	p.quiet()
	if p.pictures() > 0 {
		t.Errorf("%d sixel pictures", p.pictures())
	}
	p.send("q")
	p.exit()
	p.restored()
}

func TestTerminalOpensAPhotograph(t *testing.T) {
	dir := fixtures(t)
	p := play(t, 100, 30, program, "explore", dir+"/photo.png", dir+"/gray.png")
	p.until("pictures", func() bool { return p.pictures() >= 4 })
	p.says("photo.png")
	p.send("n")
	p.quiet()
	p.send("q")
	if status := p.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestTerminalRefusesOnTheNormalScreen wants mistakes told without touching the screen.
func TestTerminalRefusesOnTheNormalScreen(t *testing.T) {
	p := play(t, 80, 24, program, "--model", "nosuch.pt")
	if status := p.exit(); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if written := p.written(); strings.Contains(written, "\x1b") || strings.Count(written, "\n") != 1 || !strings.HasPrefix(written, "hfcui: ") {
		t.Errorf("%q", written)
	}
	p.restored()
}

// TestTerminalProgress wants progress on a terminal, and the line gone in the end.
func TestTerminalProgress(t *testing.T) {
	p := play(t, 80, 24, program, "bands", "-r", "4:20:4", "--data", "shapes:test=100")
	if status := p.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	written := p.written()
	if !strings.Contains(written, "█") {
		t.Error("no bar was drawn")
	}
	if table := lastPart(written, "\r\x1b[K"); !strings.HasPrefix(table, "demo on") {
		t.Errorf("after the bar: %.200q", table)
	}
	p.restored()
}

// TestTerminalTraining wants a bar below the lines of epochs, which never wraps, and what
// Ctrl-C leaves on a line of its own.
func TestTerminalTraining(t *testing.T) {
	p := play(t, 40, 24, program, "train", "--data", "shapes:train=320,test=32", "--net", "resnet8-w4", "--epochs", "2000", "--batch", "32", "--run", "run")
	p.until("two epochs", func() bool { return strings.Contains(p.written(), "epoch 2  loss") })
	p.until("a bar after them", func() bool { return strings.Contains(lastPart(p.written(), "epoch 2  loss"), "epoch 3 of") })
	p.send("\x03")
	if status := p.exit(); status != 130 {
		t.Errorf("exit status %d", status)
	}
	written := p.written()
	for _, shown := range strings.Split(written, "\r\x1b[K")[1:] {
		shown, _, _ = strings.Cut(shown, "\n")
		shown = strings.TrimSuffix(shown, "^C") // the terminal's own
		if strings.Contains(shown, "█") && len([]rune(shown)) > 39 {
			t.Errorf("%q wraps", shown)
		}
	}
	if last := lastPart(written, "\r\x1b[K"); !strings.HasPrefix(last, "hfcui: ended by a signal: interrupt: stopped at step") {
		t.Errorf("after the bar: %.200q", last)
	}
	p.restored()
}

func TestTerminalDoctor(t *testing.T) {
	p := play(t, 100, 30, program, "doctor")
	if status := p.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	p.restored()
	given := stripControl(p.written())
	for _, want := range []string{"player(1)", "100×30 cells of 9×19 pixels", "sixel", "kernels", "shapes"} {
		if !strings.Contains(given, want) {
			t.Errorf("nothing says %q:\n%s", want, given)
		}
	}
}
