package term

import (
	"io"
	"slices"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/kitty"

	"github.com/charmbracelet/colorprofile"
)

// What xterm 379 answers, measured, with a background that it was allowed to tell.
const xtermAnswers = "\x1bP>|XTerm(379)\x1b\\\x1b[6;19;9t\x1b[4;570;900t\x1b]11;rgb:1e1e/2020/3f3f\x1b\\" +
	"\x1b[?1;0;1024S\x1b[?2;0;900;570S\x1b[?2026;0$y\x1b[?63;1;2;4;6;9;15;16;22;28c"

var xtermEnv = []string{"TERM=xterm-256color", "COLORTERM=truecolor"}

func TestParseXterm(t *testing.T) {
	p := NewProbe(xtermEnv)
	if c := p.Capabilities(); c.Complete || c.Sixel || c.CellFrom != "default" || c.CellW != 8 || c.CellH != 16 || !c.Dark {
		t.Errorf("before any answer: %+v", c)
	}
	if rest := p.Parse([]byte(xtermAnswers)); len(rest) > 0 {
		t.Errorf("left over: %q", rest)
	}
	c := p.Capabilities()
	c.Answers, c.ColorFrom = nil, ""
	want := Capabilities{
		Name: "XTerm(379)", Sixel: true, CellW: 9, CellH: 19, CellFrom: "CSI 16 t", MaxW: 900, MaxH: 570, Colors: 1024,
		Background: [3]uint8{30, 32, 63}, BackgroundKnown: true, Dark: true, DarkKnown: true, Complete: true, Profile: colorprofile.TrueColor,
	}
	if !equal(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if protocol, why := c.Choose(""); protocol != "sixel" || why != "sixel: advertised in DA1 (4)" {
		t.Errorf("%v, %s", protocol, why)
	}
}

func equal(a, b Capabilities) bool {
	a.Answers, b.Answers, a.Advice, b.Advice = nil, nil, nil, nil
	return strings.TrimSpace(sprint(a)) == strings.TrimSpace(sprint(b))
}

func TestHostileReplies(t *testing.T) {
	for _, s := range []string{
		"\x1b[?99999999999999999999;4c", "\x1b[?;;;c", "\x1b[6;0;0t", "\x1b[6;99999;99999t", "\x1b[6t", "\x1b[4;1t",
		"\x1b[4;-1;5t", "\x1b[?1;0;1S", "\x1b[?1;0S", "\x1b[?2;0;0;0S", "\x1b[?S", "\x1b]11;rgb:\a", "\x1b]11;rgb:1/2/3/4\a",
		"\x1b]11;rgb:fffff/0/0\a", "\x1b]11;rgb:x/y/z\a", "\x1b]11;#123456\a", "\x1b_Gi=32;OK\x1b\\", "\x1b_G\x1b\\", "\x1b[?2026$y",
		"\x1b[?2027;1$y", "\x1bP>|\x1b\\", "\x1b[" + strings.Repeat("1;", 5000) + "t",
	} {
		p := NewProbe(xtermEnv)
		p.Parse([]byte(s))
		c := p.Capabilities()
		if c.Sixel && !strings.HasSuffix(s, ";4c") || c.Kitty || c.Sync || c.BackgroundKnown || c.CellFrom != "default" || c.Colors != 0 || c.MaxW != 0 {
			t.Errorf("%q was believed: %+v", s, c)
		}
	}
	p := NewProbe(xtermEnv)
	p.Parse([]byte("\x1bP>|evil\xc2\x9b31m\u202e\xff name\x1b\\"))
	if c := p.Capabilities(); c.Name != "evil31m name" {
		t.Errorf("name %q", c.Name)
	}
}

func TestCellSizeFallsBack(t *testing.T) {
	p := NewProbe(xtermEnv)
	p.Resize(100, 30, 0, 0)
	p.Parse([]byte("\x1b[4;600;800t"))
	if c := p.Capabilities(); c.CellW != 8 || c.CellH != 20 || c.CellFrom != "CSI 14 t" {
		t.Errorf("%d×%d from %s", c.CellW, c.CellH, c.CellFrom)
	}
	p.Resize(100, 30, 1000, 660)
	if c := p.Capabilities(); c.CellW != 10 || c.CellH != 22 || c.CellFrom != "TIOCGWINSZ" {
		t.Errorf("%d×%d from %s", c.CellW, c.CellH, c.CellFrom)
	}
	p.Parse([]byte("\x1b[6;23;11t"))
	if c := p.Capabilities(); c.CellW != 11 || c.CellH != 23 || c.CellFrom != "CSI 16 t" {
		t.Errorf("%d×%d from %s", c.CellW, c.CellH, c.CellFrom)
	}
	p = NewProbe(xtermEnv)
	p.Resize(100, 30, 7, 7) // nonsense
	if c := p.Capabilities(); c.CellFrom != "default" {
		t.Errorf("%d×%d from %s", c.CellW, c.CellH, c.CellFrom)
	}
}

func TestChoose(t *testing.T) {
	const sixelDA1, plainDA1, kittyOK = "\x1b[?62;4;22c", "\x1b[?62;22c", "\x1b_Gi=31;OK\x1b\\"
	name := func(s string) string { return "\x1bP>|" + s + "\x1b\\" }
	for _, c := range []struct {
		what     string
		env      []string
		answers  string
		override string
		want     string
		why      string
	}{
		{"sixel before kitty", xtermEnv, kittyOK + sixelDA1, "", "sixel", "DA1 (4)"},
		{"kitty", []string{"TERM=xterm-kitty"}, name("kitty(0.35.2)") + kittyOK + plainDA1, "auto", "kitty", "replied"},
		{"ghostty", []string{"TERM=xterm-ghostty"}, name("ghostty 1.1") + kittyOK + plainDA1, "", "kitty", ""},
		{"kitty of old", []string{"TERM=xterm-kitty"}, name("kitty(0.26.5)") + kittyOK + plainDA1, "", "kitty-direct", "kitty(0.26.5) has no placeholders"},
		{"kitty of old and NO_COLOR", []string{"TERM=xterm-kitty", "NO_COLOR=1"}, name("kitty(0.27.1)") + kittyOK + plainDA1, "", "kitty-direct", ""},
		{"kitty graphics without placeholders", xtermEnv, name("Konsole 22") + kittyOK + plainDA1, "", "kitty-direct", "no placeholders"},
		{"Konsole", xtermEnv, name("Konsole 22.12.3") + kittyOK + sixelDA1, "", "sixel", "DA1 (4)"},
		{"kitty and NO_COLOR", []string{"TERM=xterm-kitty", "NO_COLOR=1"}, name("kitty(0.35.2)") + kittyOK + plainDA1, "", "blocks", "NO_COLOR"},
		{"iTerm2", []string{"TERM=xterm-256color", "LC_TERMINAL=iTerm2"}, plainDA1, "", "iterm2", ""},
		{"WezTerm", xtermEnv, name("WezTerm 2024") + plainDA1, "", "iterm2", "WezTerm"},
		{"none", xtermEnv, name("VTE(6800)") + plainDA1, "", "blocks", "no graphics protocol"},
		{"silent", xtermEnv, "", "", "blocks", "no reply"},
		{"dumb", []string{"TERM=dumb"}, "", "", "blocks", "dumb"},
		{"override", xtermEnv, sixelDA1, "blocks", "blocks", "requested"},
		{"override that may fail", xtermEnv, plainDA1, "sixel", "sixel", "not advertised"},
		{"nonsense is no override", xtermEnv, sixelDA1, "regis", "sixel", "DA1 (4)"},
		{"tmux without passthrough", []string{"TERM=tmux-256color", "TMUX=x"}, name("tmux 3.3a") + "\x1b[?1;2c", "", "blocks", "allow-passthrough"},
		{"tmux", []string{"TERM=screen-256color", "TMUX=x"}, name("tmux 3.3a") + "\x1b[?1;2c" + xtermAnswers, "", "sixel", "through tmux"},
		{"tmux with sixel", []string{"TERM=screen-256color", "TMUX=x"}, name("tmux 3.5") + "\x1b[?1;2;4c", "", "blocks", "allow-passthrough"},
		{"tmux with sixel in xterm", []string{"TERM=screen-256color", "TMUX=x"}, name("tmux 3.5") + "\x1b[?1;2;4c" + xtermAnswers, "", "sixel", "tmux and the outer terminal"},
		{"tmux with sixel in another", []string{"TERM=screen-256color", "TMUX=x"}, name("tmux 3.5") + "\x1b[?1;2;4c" + plainDA1, "", "blocks", "no graphics protocol"},
		{"tmux in Konsole", []string{"TERM=screen-256color", "TMUX=x"}, name("tmux 3.3a") + "\x1b[?1;2c" + name("Konsole 22.12.3") + kittyOK + sixelDA1, "", "blocks", "keeps sixels"},
		{"tmux in kitty of old", []string{"TERM=tmux-256color", "TMUX=x"}, name("tmux 3.4") + "\x1b[?1;2c" + name("kitty(0.26.5)") + kittyOK + plainDA1, "", "blocks", "no graphics protocol"},
		{"tmux in kitty", []string{"TERM=tmux-256color", "TMUX=x"}, name("tmux 3.4") + "\x1b[?1;2c" + name("kitty(0.35)") + kittyOK + plainDA1, "", "kitty", "through tmux"},
	} {
		p := NewProbe(c.env)
		p.Queries()
		p.Parse([]byte(c.answers))
		caps := p.Capabilities()
		got, why := caps.Choose(c.override)
		if got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v, %q", c.what, got, why)
		}
		if got != "blocks" && caps.Passthrough != strings.Contains(why, "through tmux") {
			t.Errorf("%s: passthrough %v", c.what, caps.Passthrough)
		}
	}
}

func TestEnvironment(t *testing.T) {
	for _, c := range []struct {
		env   string
		depth colorprofile.Profile
		dark  bool
	}{
		{"TERM=xterm-256color COLORTERM=truecolor", colorprofile.TrueColor, true},
		{"TERM=xterm-256color", colorprofile.ANSI256, true},
		{"TERM=xterm", colorprofile.ANSI, true},
		{"TERM=xterm-256color COLORTERM=truecolor NO_COLOR=yes", colorprofile.ASCII, true},
		{"TERM=xterm NO_COLOR=", colorprofile.ANSI, true},
		{"TERM=dumb", colorprofile.ASCII, true},
		{"", colorprofile.ASCII, true},
		{"TERM=xterm COLORFGBG=0;15", colorprofile.ANSI, false},
		{"TERM=xterm COLORFGBG=15;default;0", colorprofile.ANSI, true},
		{"TERM=xterm TERM=xterm-kitty", colorprofile.TrueColor, true},
	} {
		got := NewProbe(strings.Fields(c.env)).Capabilities()
		if got.Profile != c.depth || got.Dark != c.dark || got.DarkKnown != strings.Contains(c.env, "COLORFGBG") {
			t.Errorf("%q: %v, dark %v", c.env, got.Profile, got.Dark)
		}
	}
	p := NewProbe(xtermEnv)
	p.Parse([]byte("\x1b]11;rgb:f/f/e\a"))
	if c := p.Capabilities(); c.Dark || !c.DarkKnown || c.Background != ([3]uint8{255, 255, 238}) {
		t.Errorf("background %v, dark %v", c.Background, c.Dark)
	}
}

func TestQueries(t *testing.T) {
	for _, c := range []struct {
		env        []string
		has, lacks []string
		fences     int
	}{
		{xtermEnv, []string{queryKitty, queryName, queryCell, queryLargest}, nil, 1},
		{[]string{"TERM=dumb"}, nil, []string{"\x1b"}, 0},
		{nil, nil, []string{"\x1b"}, 0},
		{[]string{"TERM=linux"}, []string{queryDA1}, []string{queryKitty, queryName}, 1},
		{[]string{"TERM=xterm-256color", "TERM_PROGRAM=Apple_Terminal"}, []string{queryDA1}, []string{queryKitty}, 1},
		{[]string{"TERM=screen"}, []string{queryCell}, []string{queryKitty, queryBackground}, 1},
		{[]string{"TERM=tmux-256color"}, []string{tmuxStart, strings.ReplaceAll(queryKitty, "\x1b", "\x1b\x1b")}, []string{stringEnd + queryKitty}, 2},
	} {
		p := NewProbe(c.env)
		q := p.Queries()
		for _, s := range c.has {
			if !strings.Contains(q, s) {
				t.Errorf("%v: %q lacks %q", c.env, q, s)
			}
		}
		for _, s := range c.lacks {
			if strings.Contains(q, s) {
				t.Errorf("%v: %q has %q", c.env, q, s)
			}
		}
		if n := strings.Count(q, "[c"); n != c.fences || n > 0 && !strings.HasSuffix(q, queryDA1) {
			t.Errorf("%v: %d fences in %q", c.env, n, q)
		}
	}
}

func TestFeedEvents(t *testing.T) {
	raw, fed := NewProbe(xtermEnv), NewProbe(xtermEnv)
	const answers = xtermAnswers + "\x1b_Gi=31;OK\x1b\\\x1b[?2026;2$y"
	raw.Parse([]byte(answers))
	var d uv.EventDecoder
	for b := []byte(answers); len(b) > 0; {
		n, e := d.Decode(b)
		if !fed.Feed(e) {
			t.Errorf("%T %v is no reply", e, e)
		}
		b = b[n:]
	}
	if a, b := raw.Capabilities(), fed.Capabilities(); !equal(a, b) || !slices.Equal(a.Answers, b.Answers) {
		t.Errorf("bytes  %+v\nevents %+v", a, b)
	}
	for _, e := range []any{
		nil, uv.KeyPressEvent{Code: 'c', Text: "c"}, uv.WindowSizeEvent{}, uv.BackgroundColorEvent{}, uv.MultiEvent{},
		uv.ModeReportEvent{Mode: ansi.ModeAutoWrap, Value: 1}, uv.KittyGraphicsEvent{Options: kitty.Options{ID: 5}}, uv.UnknownEvent("\x1b[?62;4"),
	} {
		if fed.Feed(e) {
			t.Errorf("%T %v is taken for a reply", e, e)
		}
	}
	both := uv.MultiEvent{uv.WindowSizeEvent{Width: 3, Height: 3}, uv.CellSizeEvent{Width: 12, Height: 24}}
	if !fed.Feed(both) || fed.Capabilities().CellW != 12 {
		t.Error("an event of several")
	}
}

// Whatever comes, in whatever pieces: the same bytes are left over, none are made up, and
// what the terminal is believed to be able to do stays within reason.
func FuzzReplies(f *testing.F) {
	f.Add([]byte(xtermAnswers), uint8(7))
	f.Add([]byte("q\x1b[A\x1b[6;5~\x1b[?62;4"), uint8(1))
	f.Add([]byte("\x1b[?999999999999;;;c\x1b]11;rgb:ffff/f/\x1b_G;\x1b\\\x1bP>|\x1b"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		p := NewProbe(xtermEnv)
		p.Parse(b)
		c := p.Capabilities()
		if c.CellW < 1 || c.CellH < 1 || c.CellW > maxCell || c.CellH > maxCell || c.Colors < 0 || c.MaxW < 0 || len(c.Answers) == 0 {
			t.Fatalf("%q: %+v", b, c)
		}
		for _, s := range append(c.Answers, c.Name) {
			if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("%q: not safe to print: %q", b, s)
			}
		}
		c.Choose("")
		torn := NewProbe(xtermEnv)
		in := torn.Input(t.Context(), &pieces{b: b, size: int(size)%16 + 1}, nil, nil)
		if _, err := io.Copy(io.Discard, in); err != nil {
			t.Fatal(err)
		}
		if got := torn.Capabilities(); len(b) < maxReport/2 && !equal(got, c) {
			t.Fatalf("%q in pieces: %+v, not %+v", b, got, c)
		}
	})
}
