package term

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
)

// tmux from 3.4 on advertises sixel whatever its terminal can do: its client's features decide.
func TestTmuxState(t *testing.T) {
	const tmux35 = "\x1bP>|tmux 3.5a\x1b\\\x1b[?1;2;4c"
	for _, c := range []struct {
		what, said, answers, want string
		bands, forgets            bool
		profile                   colorprofile.Profile
		advice                    string
	}{
		{"sixel outside", "0\n1\n256,RGB,sixel,title\nXTerm(379)\n/dev/pts/1\n1 0\n1000\n", tmux35, "sixel", true, false, colorprofile.TrueColor, ""},
		{"sixel outside, no focus events", "0\n0\n256,sixel\nXTerm(379)\n/dev/pts/1\n1 0\n1000\n", tmux35, "sixel", true, false, colorprofile.ANSI256, "focus-events"},
		{"none outside", "0\n1\n256,title\nVTE(7000)\n/dev/pts/1\n1 0\n1000\n", tmux35, "blocks", false, false, colorprofile.ANSI256, "allow-passthrough"},
		{"passed through", "1\n0\n256,title\n\n/dev/pts/1\n1 0\n1000\n", "\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c" + xtermAnswers, "sixel", false, true, colorprofile.ANSI256, "focus-events"},
		{"before 3.3", "\n0\n256,title\n\n/dev/pts/1\n1 0\n1000\n", "\x1bP>|tmux 3.2a\x1b\\\x1b[?1;2c" + xtermAnswers, "sixel", false, true, colorprofile.ANSI256, "focus-events"},
		{"Konsole outside", "0\n1\n256,sixel\nKonsole 22.12.3\n/dev/pts/1\n1 0\n1000\n", tmux35, "blocks", true, false, colorprofile.ANSI256, ""},
		{"nothing known", "no server", tmux35, "blocks", false, false, colorprofile.ANSI256, "allow-passthrough"},
	} {
		p := NewProbe([]string{"TERM=tmux-256color", "TMUX=/tmp/x,1,0"})
		p.answers.tmux = parseTmux(c.said)
		p.Queries()
		p.Parse([]byte(c.answers))
		caps := p.Capabilities()
		got, why := caps.Choose("")
		if got != c.want || caps.Bands != c.bands || caps.Forgets != c.forgets || caps.Profile != c.profile {
			t.Errorf("%s: %s (%s), %+v", c.what, got, why, caps)
		}
		if advice := strings.Join(caps.Advice, "\n"); !strings.Contains(advice, c.advice) || c.advice == "" && strings.Contains(advice, "allow-") {
			t.Errorf("%s: advice %q", c.what, advice)
		}
	}
}

// What another terminal does not reply to is not remembered from the one before.
func TestAnotherTerminal(t *testing.T) {
	p := NewProbe([]string{"TERM=xterm-256color"})
	p.Queries()
	p.Parse([]byte(xtermAnswers))
	if c := p.Capabilities(); !c.Sixel || c.Colors == 0 {
		t.Fatalf("%+v", c)
	}
	p.Queries()
	if c := p.Capabilities(); !c.Sixel {
		t.Error("forgotten before the terminal has replied again")
	}
	p.Parse([]byte("\x1bP>|VTE(7000)\x1b\\\x1b[?62;22c"))
	if c := p.Capabilities(); c.Sixel || c.Colors != 0 || c.Name != "VTE(7000)" || !c.Complete {
		t.Errorf("%+v", c)
	}
}

func TestColorsAreAskedFor(t *testing.T) {
	const end = "\x1b[?62;22c"
	for _, c := range []struct {
		what, env, answers string
		want               colorprofile.Profile
	}{
		{"xterm", "TERM=xterm-256color", "\x1bP1$r0;48:2::1:2:3m\x1b\\" + end, colorprofile.TrueColor},
		{"semicolons", "TERM=xterm-256color", "\x1bP1$r48;2;1;2;3m\x1b\\" + end, colorprofile.TrueColor},
		{"256 colors", "TERM=xterm", "\x1bP1$r0;48:5:16m\x1b\\" + end, colorprofile.ANSI256},
		{"the nearest of 256", "TERM=xterm-256color", "\x1bP1$r0;48:5:16m\x1b\\" + end, colorprofile.ANSI256},
		{"no colors reported", "TERM=xterm-256color", "\x1bP1$r0m\x1b\\\x1bP0+r524742\x1b\\" + end, colorprofile.ANSI256},
		{"terminfo", "TERM=xterm-256color", "\x1bP0$r\x1b\\\x1bP1+r524742=38\x1b\\\x1bP0+r5463\x1b\\" + end, colorprofile.TrueColor},
		{"name", "TERM=xterm-256color", "\x1bP>|VTE(7000)\x1b\\" + end, colorprofile.TrueColor},
		{"NO_COLOR", "TERM=xterm-256color NO_COLOR=1", "\x1bP1$r48;2;1;2;3m\x1b\\" + end, colorprofile.ASCII},
	} {
		p := NewProbe(strings.Fields(c.env))
		if asked := strings.Contains(p.Queries(), "\x1bP$qm"); asked == (c.want == colorprofile.ASCII) {
			t.Errorf("%s: asked %v", c.what, asked)
		}
		if rest := p.Parse([]byte(c.answers)); len(rest) > 0 {
			t.Errorf("%s: %q became keys", c.what, rest)
		}
		if caps := p.Capabilities(); caps.Profile != c.want || (caps.ColorFrom != "") != (c.want == colorprofile.TrueColor) {
			t.Errorf("%s: %v from %q", c.what, caps.Profile, caps.ColorFrom)
		}
	}
}

// xterm.js rounds the size of its cells.
func TestFractionalCells(t *testing.T) {
	for _, c := range []struct {
		what   string
		reply  string
		driver [2]int // pixels by TIOCGWINSZ
		w, h   float64
	}{
		{"rounded up", "\x1b[6;17;9t\x1b[4;510;843t", [2]int{}, 8.43, 0},
		{"rounded down", "\x1b[6;17;8t\x1b[4;495;843t", [2]int{}, 8.43, 16.5},
		{"whole, with a border", "\x1b[6;17;8t\x1b[4;515;810t", [2]int{800, 510}, 0, 0},
		{"whole, the driver counts the border", "\x1b[6;17;8t\x1b[4;510;800t", [2]int{810, 515}, 0, 0},
		{"of another size", "\x1b[6;17;8t\x1b[4;510;300t", [2]int{}, 0, 0},
	} {
		p := NewProbe([]string{"TERM=xterm-256color"})
		p.Resize(100, 30, c.driver[0], c.driver[1])
		p.Queries()
		p.Parse([]byte(c.reply + "\x1b[?62;4c"))
		if got := p.Capabilities(); got.ExactW != c.w || got.ExactH != c.h {
			t.Errorf("%s: %v×%v", c.what, got.ExactW, got.ExactH)
		}
	}
	// Right after a resize the window still has its size from before.
	p := NewProbe([]string{"TERM=xterm-256color"})
	p.Resize(100, 30, 0, 0)
	p.Queries()
	p.Parse([]byte("\x1b[6;17;8t\x1b[4;510;843t\x1b[?62;4c"))
	for _, step := range []struct {
		reply string
		w, h  float64
		again bool
	}{
		{"", 0, 0, true},
		{"\x1b[6;17;8t\x1b[4;510;843t\x1b[?62;4c", 0, 0, true},
		{"\x1b[6;17;8t\x1b[4;493;843t\x1b[?62;4c", 8.43, 0, false},
	} {
		p.Resize(100, 29, 0, 0)
		if step.reply != "" {
			if !step.again {
				p.resized = time.Now().Add(-time.Second)
			}
			p.Queries()
			p.Parse([]byte(step.reply))
		}
		if c := p.Capabilities(); c.ExactW != step.w || c.ExactH != step.h || p.Unsettled() != step.again {
			t.Errorf("exactly %v×%v after %q, again %v", c.ExactW, c.ExactH, step.reply, p.Unsettled())
		}
	}
}

// Who connects over SSH has no command run here.
func TestTmuxOfASession(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no tmux
	p := NewProbe([]string{"TERM=tmux-256color", "TMUX=/tmp/x,1,0", "TMUX_PANE=-h"})
	if got := p.QueryTmux(t.Context(), time.Second); got.Known {
		t.Errorf("%+v", got)
	}
}

func TestWhatTmuxDrewOver(t *testing.T) {
	state := func(client, shown string, activity int) Tmux {
		return parseTmux(fmt.Sprintf("1\n0\n256\n\n%s\n%s\n%d\n", client, shown, activity))
	}
	const shown, away, copying = "1 0", "0 0", "1 1"
	for _, c := range []struct {
		what               string
		before, now        Tmux
		input              int64
		another, uncovered bool
	}{
		{"nothing", state("a", shown, 100), state("a", shown, 100), 100, false, false},
		{"the program's own keys", state("a", shown, 100), state("a", shown, 105), 105, false, false},
		{"a menu", state("a", shown, 100), state("a", shown, 105), 100, false, true},
		{"another window is shown", state("a", shown, 100), state("a", away, 105), 100, false, false},
		{"back again", state("a", away, 100), state("a", shown, 100), 100, false, true},
		{"copy mode", state("a", shown, 100), state("a", copying, 105), 100, false, false},
		{"after copy mode", state("a", copying, 105), state("a", shown, 107), 107, false, true},
		{"detached", state("a", shown, 100), state("", shown, 0), 100, false, false},
		{"attached again", state("a", shown, 100), state("b", shown, 105), 100, true, true},
	} {
		if got := c.now.Another(c.before); got != c.another {
			t.Errorf("%s: another client: %v", c.what, got)
		}
		if got := c.now.Uncovered(c.before, time.Unix(c.input, 0)); got != c.uncovered {
			t.Errorf("%s: uncovered: %v", c.what, got)
		}
	}
}
