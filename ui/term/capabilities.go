package term

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// Capabilities describes a terminal as far as it is known.
type Capabilities struct {
	// Name is the terminal's name for itself (XTVERSION), e.g. "XTerm(379)", or else the
	// environment's. It is printable and may be empty. In tmux it is that of the outer
	// terminal if that replied.
	Name string
	// Sixel, Kitty (with Unicode placeholders) and ITerm2 are the graphics protocols it
	// supports.
	Sixel, Kitty, ITerm2 bool
	// CellW and CellH are the size of a cell in pixels, never 0; CellFrom is the source of it:
	// "CSI 16 t", "TIOCGWINSZ", "CSI 14 t" or "default".
	CellW, CellH int
	CellFrom     string
	// MaxW and MaxH are the largest sixel picture in pixels, 0 if unknown. xterm crops larger
	// ones.
	MaxW, MaxH int
	// Colors is the number of sixel color registers, 0 if unknown.
	Colors int
	// Background is the background color (red, green, blue) if BackgroundKnown. Dark reports
	// whether it is dark: by that color, or else by COLORFGBG. DarkKnown is false without either.
	Background      [3]uint8
	BackgroundKnown bool
	Dark, DarkKnown bool
	// Tmux: the program runs inside tmux. Passthrough: pictures have to be wrapped for tmux to
	// pass them to the outer terminal, which it is allowed to.
	Tmux, Passthrough bool
	// Sync: the terminal supports synchronized output (mode 2026).
	Sync bool
	// Dumb: the terminal has no cursor addressing (TERM=dumb or unset).
	Dumb bool
	// Profile is the color profile according to NO_COLOR, COLORTERM and TERM; ASCII means no
	// color. SSH does not forward COLORTERM, so Bubble Tea may find a better one
	// (tea.ColorProfileMsg).
	Profile colorprofile.Profile
	// Complete: the last query (DA1) was answered, so no more replies will come.
	Complete bool
	// Answers has one line per query with its reply, for doctor.
	Answers []string
}

// sixelAttribute is the device attribute of terminals that support sixel.
const sixelAttribute = 4

// environment holds the environment variables of a session that matter.
type environment struct {
	term, program, version string
	tmux, ssh              bool
	iterm                  bool
	profile                colorprofile.Profile
	light, lightKnown      bool // by COLORFGBG
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
		profile: colorprofile.ASCII,
	}
	e.tmux = get("TMUX") != "" || strings.HasPrefix(e.term, "tmux")
	if get("NO_COLOR") == "" { // any value counts: no-color.org
		e.profile = max(e.profile, colorprofile.Env(env))
	}
	// COLORFGBG is "foreground;background" as numbers of the 16 colors.
	colors := strings.Split(get("COLORFGBG"), ";")
	if n, err := strconv.Atoi(colors[len(colors)-1]); err == nil {
		e.light, e.lightKnown = n == 7 || n > 8 && n < 16, true
	}
	return e
}

// dumb reports that the terminal has no cursor addressing. Windows sets no TERM.
func (e *environment) dumb(goos string) bool {
	return e.term == "dumb" || e.term == "" && goos != "windows"
}

// capabilities derives what the terminal can do from its replies and the environment.
func (a *answers) capabilities(e *environment, size windowSize) Capabilities {
	c := Capabilities{
		Name:    a.name,
		Colors:  a.registers,
		MaxW:    a.largest[0],
		MaxH:    a.largest[1],
		Tmux:    e.tmux || isTmux(a.name),
		Sync:    a.sync,
		Profile: e.profile,
		Dark:    !e.light, DarkKnown: e.lightKnown,
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
		c.Background, c.BackgroundKnown, c.DarkKnown = b, true, true
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

// cellSize sets the size of a cell from the most reliable source there is.
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
		c.CellW, c.CellH, c.CellFrom = 8, 16, "default"
	}
}

// list has one line per query with its reply.
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
	add := func(query, reply string) {
		if reply == "" {
			reply = "no reply"
		}
		out = append(out, query+": "+reply)
	}
	add("name (XTVERSION)", a.name)
	add("attributes (DA1; 4 is sixel)", attributes(a.da1))
	if c.Tmux {
		add("name outside of tmux", a.outer)
		add("attributes outside of tmux", attributes(a.outerDA1))
	}
	add("Kitty graphics", kitty)
	add("sixel color registers (XTSMGRAPHICS)", registers)
	add("largest sixel picture", pair(a.largest))
	add("cell in pixels (CSI 16 t)", pair(a.cell))
	add("window in pixels (CSI 14 t)", pair(a.pixels))
	add("window in pixels (TIOCGWINSZ)", pair([2]int{size.width, size.height}))
	add("background (OSC 11)", background)
	add("synchronized output (mode 2026)", sync)
	return out
}

// graphics lists the graphics protocols by the name they are selected with, the preferred
// first, and what the choice of each rests on.
var graphics = []struct {
	name     string
	has      func(c *Capabilities) bool
	evidence func(c *Capabilities) string
}{
	{"sixel", func(c *Capabilities) bool { return c.Sixel }, func(*Capabilities) string { return "advertised in DA1 (4)" }},
	{"kitty", func(c *Capabilities) bool { return c.Kitty && c.Profile != colorprofile.ASCII }, func(*Capabilities) string { return "the terminal replied to the graphics query" }},
	{"iterm2", func(c *Capabilities) bool { return c.ITerm2 }, func(c *Capabilities) string { return "the terminal is " + c.Name }},
	{halfBlocks, func(*Capabilities) bool { return true }, (*Capabilities).noGraphics},
}

// halfBlocks is the name of pictures as text, which every terminal can show.
const halfBlocks = "blocks"

// noGraphics says why half blocks are what is left.
func (c *Capabilities) noGraphics() string {
	switch {
	case c.Dumb:
		return "TERM is dumb or not set"
	case c.Kitty:
		return "NO_COLOR is set, and Kitty's placeholders carry numbers as colors"
	case c.Tmux && !c.Passthrough:
		return "tmux does not pass graphics through (set -g allow-passthrough on)"
	case c.Complete:
		return "the terminal advertises no graphics protocol"
	}
	return "no reply from the terminal"
}

// Choose selects a graphics protocol by name and says why in a few words. override is a
// protocol's name and is obeyed; any other string, e.g. "" or "auto", selects the preferred
// one the terminal has.
func (c Capabilities) Choose(override string) (protocol, why string) {
	override = strings.ToLower(override)
	for _, g := range graphics {
		switch {
		case g.name == override && g.has(&c):
			return g.name, g.name + ": requested"
		case g.name == override:
			return g.name, g.name + ": requested, not advertised by the terminal"
		}
	}
	for _, g := range graphics {
		if !g.has(&c) || c.Dumb && g.name != halfBlocks {
			continue
		}
		why = g.name + ": " + g.evidence(&c)
		if c.Passthrough && g.name != halfBlocks {
			why += ", through tmux"
		}
		return g.name, why
	}
	return halfBlocks, c.noGraphics()
}
