package term

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"hfcui/ui/picture"
)

// Capabilities is what is known of a terminal.
type Capabilities struct {
	// Name is what the terminal calls itself (XTVERSION), "XTerm(379)", or else what the
	// environment calls it. Safe to print; may be empty. In tmux it is the terminal outside
	// if that answered.
	Name string
	// Sixel, Kitty (with Unicode placeholders) and ITerm2 tell which pictures it can show.
	Sixel, Kitty, ITerm2 bool
	// CellW and CellH are the size of a cell in pixels, never 0, and CellFrom says where
	// that is from: "CSI 16 t", "TIOCGWINSZ", "CSI 14 t" or "a guess".
	CellW, CellH int
	CellFrom     string
	// MaxW and MaxH are the largest sixel picture in pixels, 0 if not told. xterm cuts off
	// what is larger.
	MaxW, MaxH int
	// Colors is how many sixel colour registers there are, 0 if not told.
	Colors int
	// Background is the background colour if BackgroundKnown. Dark tells whether it is
	// dark; if it is not known, the environment's COLORFGBG does, and else it is true.
	Background      picture.RGB
	BackgroundKnown bool
	Dark            bool
	// Tmux: the program runs inside tmux. Passthrough: pictures have to be wrapped for tmux
	// to pass them to the terminal outside, and it does so.
	Tmux, Passthrough bool
	// Sync: the terminal has synchronized output (mode 2026).
	Sync bool
	// Dumb: no cursor addressing at all (TERM=dumb or none).
	Dumb bool
	// Depth is how many colours text may have, by NO_COLOR, COLORTERM and TERM. SSH does not
	// forward COLORTERM; Bubble Tea may find out more (tea.ColorProfileMsg).
	Depth picture.Depth
	// Complete: the last question (DA1) was answered, so all there will be has been said.
	Complete bool
	// Answers has one line for every question, for doctor.
	Answers []string
}

// sixelAttribute is the device attribute of terminals that draw sixel pictures.
const sixelAttribute = 4

// environment is what matters of a session's environment variables.
type environment struct {
	term, program, version string
	tmux, ssh              bool
	iterm                  bool
	depth                  picture.Depth
	light                  bool
}

func readEnvironment(env []string) environment {
	get := func(name string) string {
		for _, kv := range slices.Backward(env) {
			if k, v, _ := strings.Cut(kv, "="); k == name {
				return v
			}
		}
		return ""
	}
	e := environment{
		term:    get("TERM"),
		program: get("TERM_PROGRAM"),
		version: get("TERM_PROGRAM_VERSION"),
		ssh:     get("SSH_CONNECTION") != "" || get("SSH_TTY") != "",
		iterm:   get("LC_TERMINAL") == "iTerm2",
		depth:   picture.NoColor,
	}
	e.tmux = get("TMUX") != "" || strings.HasPrefix(e.term, "tmux")
	if get("NO_COLOR") == "" { // any value counts: no-color.org
		switch colorprofile.Env(env) {
		case colorprofile.TrueColor:
			e.depth = picture.TrueColor
		case colorprofile.ANSI256:
			e.depth = picture.Colors256
		case colorprofile.ANSI:
			e.depth = picture.Colors16
		}
	}
	// COLORFGBG is "foreground;background" as numbers of the 16 colours.
	colors := strings.Split(get("COLORFGBG"), ";")
	if n, err := strconv.Atoi(colors[len(colors)-1]); err == nil {
		e.light = n == 7 || n > 8 && n < 16
	}
	return e
}

// dumb tells that the terminal cannot even move its cursor. Windows sets no TERM.
func (e *environment) dumb(goos string) bool {
	return e.term == "dumb" || e.term == "" && goos != "windows"
}

// capabilities draws the conclusions.
func (a *answers) capabilities(e *environment, size windowSize) Capabilities {
	c := Capabilities{
		Name:     a.name,
		Colors:   a.registers,
		MaxW:     a.largest[0],
		MaxH:     a.largest[1],
		Tmux:     e.tmux || isTmux(a.name),
		Sync:     a.sync,
		Depth:    e.depth,
		Dark:     !e.light,
		Complete: a.da1 != nil,
	}
	if a.outer != "" {
		c.Name = a.outer
	}
	if c.Name == "" {
		c.Name = printable(strings.TrimSpace(e.program + " " + e.version))
	}
	if c.Name == "" {
		c.Name = printable(e.term)
	}
	if a.hasBackground {
		b := a.background
		c.Background, c.BackgroundKnown = picture.RGB{R: b[0], G: b[1], B: b[2]}, true
		c.Dark = 299*int(b[0])+587*int(b[1])+114*int(b[2]) < 1000*128
	}
	native := slices.Contains(a.da1, sixelAttribute)
	c.Passthrough = c.Tmux && !native && a.outerDA1 != nil
	c.Sixel = native || c.Passthrough && slices.Contains(a.outerDA1, sixelAttribute)
	reachable := !c.Tmux || c.Passthrough
	name := strings.ToLower(c.Name)
	c.Kitty = reachable && a.kitty && (strings.HasPrefix(name, "kitty") || strings.HasPrefix(name, "ghostty") ||
		e.term == "xterm-kitty" || e.term == "xterm-ghostty")
	c.ITerm2 = reachable && (strings.HasPrefix(name, "iterm") || strings.HasPrefix(name, "wezterm") ||
		strings.HasPrefix(name, "mintty") || e.iterm)
	a.cellSize(&c, size)
	c.Answers = a.list(&c, size)
	return c
}

// cellSize takes the most trustworthy size of a cell that is known.
func (a *answers) cellSize(c *Capabilities, size windowSize) {
	divide := func(w, h int) (int, int, bool) {
		if size.cols < 1 || size.rows < 1 {
			return 0, 0, false
		}
		w, h = w/size.cols, h/size.rows
		return w, h, w >= 1 && h >= 1 && w <= maxCell && h <= maxCell
	}
	if a.cell[0] > 0 {
		c.CellW, c.CellH, c.CellFrom = a.cell[0], a.cell[1], "CSI 16 t"
	} else if w, h, ok := divide(size.width, size.height); ok {
		c.CellW, c.CellH, c.CellFrom = w, h, "TIOCGWINSZ"
	} else if w, h, ok := divide(a.pixels[0], a.pixels[1]); ok {
		c.CellW, c.CellH, c.CellFrom = w, h, "CSI 14 t"
	} else {
		c.CellW, c.CellH, c.CellFrom = 8, 16, "a guess"
	}
}

// list says what was answered, a line a question.
func (a *answers) list(c *Capabilities, size windowSize) []string {
	attributes := func(v []int) string {
		if v == nil {
			return ""
		}
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ";"), "[]")
	}
	pair := func(v [2]int) string {
		if v[0] == 0 {
			return ""
		}
		return fmt.Sprintf("%d×%d", v[0], v[1])
	}
	sync, kitty, registers, background := "", "", "", ""
	if a.hasSync {
		sync = map[bool]string{true: "yes", false: "no"}[a.sync]
	}
	if a.kitty {
		kitty = "yes"
	}
	if a.registers > 0 {
		registers = strconv.Itoa(a.registers)
	}
	if a.hasBackground {
		background = fmt.Sprintf("#%02x%02x%02x", a.background[0], a.background[1], a.background[2])
	}
	var out []string
	say := func(question, answer string) {
		if answer == "" {
			answer = "no answer"
		}
		out = append(out, question+": "+answer)
	}
	say("name (XTVERSION)", a.name)
	say("attributes (DA1; 4 is sixel)", attributes(a.da1))
	if c.Tmux {
		say("name outside of tmux", a.outer)
		say("attributes outside of tmux", attributes(a.outerDA1))
	}
	say("Kitty graphics", kitty)
	say("sixel colour registers (XTSMGRAPHICS)", registers)
	say("largest sixel picture", pair(a.largest))
	say("cell in pixels (CSI 16 t)", pair(a.cell))
	say("window in pixels (CSI 14 t)", pair(a.pixels))
	say("window in pixels (TIOCGWINSZ)", pair([2]int{size.width, size.height}))
	say("background (OSC 11)", background)
	say("synchronized output (mode 2026)", sync)
	return out
}

// Choose picks how to show pictures and says why in a few words. override is a name that
// picture.Parse knows and is obeyed; anything else, such as "" or "auto", lets the
// terminal decide: sixel first, then Kitty, iTerm2, half blocks.
func (c Capabilities) Choose(override string) (picture.Protocol, string) {
	if p, err := picture.Parse(override); err == nil {
		can := map[picture.Protocol]bool{picture.Sixel: c.Sixel, picture.Kitty: c.Kitty, picture.ITerm2: c.ITerm2, picture.HalfBlocks: true}
		if !can[p] {
			return p, p.String() + ": asked for, though the terminal does not say that it can"
		}
		return p, p.String() + ": asked for"
	}
	within := ""
	if c.Passthrough {
		within = ", through tmux"
	}
	switch {
	case c.Dumb:
		return picture.HalfBlocks, "half blocks: TERM says that the terminal is dumb"
	case c.Sixel:
		return picture.Sixel, "sixel: the terminal says so (DA1 4)" + within
	case c.Kitty && c.Depth == picture.NoColor:
		return picture.HalfBlocks, "half blocks: NO_COLOR is set, and Kitty's placeholders carry numbers as colours"
	case c.Kitty:
		return picture.Kitty, "kitty: the terminal answers its graphics query" + within
	case c.ITerm2:
		return picture.ITerm2, "iterm2: the terminal calls itself " + c.Name + within
	case c.Tmux && !c.Passthrough:
		return picture.HalfBlocks, "half blocks: tmux passes no pictures through (set -g allow-passthrough on)"
	case c.Complete:
		return picture.HalfBlocks, "half blocks: the terminal says of no graphics that it has them"
	default:
		return picture.HalfBlocks, "half blocks: the terminal has not answered"
	}
}
