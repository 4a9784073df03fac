package term

import (
	"fmt"
	"regexp"
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
	// Sixel, Kitty (with Unicode placeholders), KittyDirect (without) and ITerm2 are the graphics
	// protocols it supports.
	Sixel, Kitty, KittyDirect, ITerm2 bool
	// Lasting: text does not erase sixels, Kitty's deletion does. Bands: a sixel picture occupies
	// whole bands of six rows of pixels, and erases the cells that those reach into.
	Lasting, Bands bool
	// CellW and CellH are the size of a cell in pixels, never 0; CellFrom is the source of it:
	// "CSI 16 t", "TIOCGWINSZ", "CSI 14 t" or "default". ExactW and ExactH, unless 0, are the size
	// where the terminal rounded it: in browsers cells are no whole pixels.
	CellW, CellH   int
	ExactW, ExactH float64
	CellFrom       string
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
	// pass them to the outer terminal, which it is allowed to. Forgets: nothing but the program
	// draws pictures again once tmux has shown something else in their place.
	Tmux, Passthrough, Forgets bool
	// Sync: the terminal supports synchronized output (mode 2026).
	Sync bool
	// Clusters: the widths of characters are those of grapheme clusters if mode 2027 is set.
	Clusters bool
	// Dumb: the terminal has no cursor addressing (TERM=dumb or unset).
	Dumb bool
	// Profile is the color profile according to NO_COLOR, COLORTERM and TERM, raised to what the
	// terminal's replies show, since SSH does not forward COLORTERM. ASCII means no color.
	// ColorFrom is the evidence for 24-bit color, "" without.
	Profile   colorprofile.Profile
	ColorFrom string
	// Has reports whether the terminal's font has a character; nil: it has all that matter.
	Has func(rune) bool
	// Complete: the last query (DA1) was answered, so no more replies will come.
	Complete bool
	// Answers has one line per query with its reply, and Advice one line per setting that would
	// improve something, for doctor.
	Answers, Advice []string
}

// sixelAttribute is the device attribute of terminals that support sixel.
const sixelAttribute = 4

// environment holds the environment variables of a session that matter.
type environment struct {
	term, program, version string
	tmux, ssh              bool
	iterm                  bool
	server                 bool   // the tmux around the program runs on this machine
	pane                   string // … and the program in this pane of it
	noColor                bool
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
	e.server = get("TMUX") != ""
	if pane := get("TMUX_PANE"); strings.HasPrefix(pane, "%") {
		e.pane = pane
	}
	e.tmux = e.server || strings.HasPrefix(e.term, "tmux")
	e.noColor = get("NO_COLOR") != "" // any value counts: no-color.org
	if !e.noColor {
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
		Name:   a.name,
		Colors: a.registers,
		MaxW:   a.largest[0],
		MaxH:   a.largest[1],
		Tmux:   e.tmux || isTmux(a.name),
		Sync:   a.sync, Clusters: a.clusters,
		Profile: e.profile,
		Dark:    !e.light, DarkKnown: e.lightKnown,
		Complete: a.da1 != nil,
	}
	if outer := a.outerName(); outer != "" {
		c.Name = outer
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
	a.protocols(&c, e)
	c.Forgets = c.Passthrough && c.Sixel
	a.cellSize(&c, size)
	if from := a.trueColor(&c, e); from != "" && !e.noColor && c.Profile > colorprofile.ASCII {
		c.Profile, c.ColorFrom = colorprofile.TrueColor, from
	}
	if a.color256 && !c.Tmux && c.Profile == colorprofile.ANSI {
		c.Profile = colorprofile.ANSI256
	}
	c.Answers, c.Advice = a.list(&c, size), a.advice(&c, e)
	return c
}

// protocols sets the graphics protocols. tmux from 3.4 on advertises sixel whatever the terminal
// around it can do, and draws pictures as text where that cannot; it knows what its client has
// advertised.
func (a *answers) protocols(c *Capabilities, e *environment) {
	name := strings.ToLower(c.Name)
	is := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	}
	native, outer := slices.Contains(a.da1, sixelAttribute), slices.Contains(a.outerDA1, sixelAttribute)
	keeps := is("konsole")
	if c.Tmux {
		native = native && (outer || a.tmux.has("sixel"))
		c.Passthrough = !native && a.outerDA1 != nil
		native, outer = native && !keeps, outer && !keeps // tmux does not delete what they keep
	}
	c.Sixel = native || c.Passthrough && outer
	c.Lasting, c.Bands = keeps, keeps || native && c.Tmux
	reachable := !c.Tmux || c.Passthrough
	placeholders := is("ghostty") || e.term == "xterm-ghostty" || is("kitty") && !before(name, 0, 28)
	c.Kitty = reachable && a.kitty && placeholders
	c.KittyDirect = !c.Tmux && a.kitty && !placeholders
	c.ITerm2 = reachable && (is("iterm", "wezterm", "mintty") || e.iterm)
}

// version is a version in a terminal's name, e.g. kitty(0.26.5).
var version = regexp.MustCompile(`(\d+)\.(\d+)`)

// before reports whether the version in a name is older than major.minor; false without a version.
func before(name string, major, minor int) bool {
	v := version.FindStringSubmatch(name)
	if v == nil {
		return false
	}
	x, _ := strconv.Atoi(v[1])
	y, _ := strconv.Atoi(v[2])
	return x < major || x == major && y < minor
}

// trueColor returns the evidence for 24-bit color; "" without.
func (a *answers) trueColor(c *Capabilities, e *environment) string {
	name := strings.ToLower(a.name)
	switch {
	case e.profile == colorprofile.TrueColor:
		return "environment"
	case c.Tmux && a.tmux.has("RGB"):
		return "tmux's client_termfeatures"
	case c.Tmux:
		return "" // the outer terminal's colors are what tmux makes of them
	case a.color:
		return "the terminal reports the color it was set to (DECRQSS)"
	case a.rgb:
		return "terminfo RGB or Tc (XTGETTCAP)"
	case slices.ContainsFunc(colorful, func(s string) bool { return strings.HasPrefix(name, s) }):
		return "the terminal is " + a.name
	}
	return ""
}

// colorful are the beginnings of the names of terminals of which every version that reports a name
// has 24-bit color.
var colorful = []string{"alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "konsole", "mintty", "rio", "vte", "wezterm", "xterm.js"}

// cellSize sets the size of a cell from the most reliable source there is.
func (a *answers) cellSize(c *Capabilities, size windowSize) {
	defer a.exactSize(c, size)
	divide := func(w, h int) (int, int, bool) {
		if size.cols < 1 || size.rows < 1 {
			return 0, 0, false
		}
		w, h = w/size.cols, h/size.rows
		return w, h, size.fits(w, h)
	}
	if size.fits(a.cell[0], a.cell[1]) {
		c.CellW, c.CellH, c.CellFrom = a.cell[0], a.cell[1], "CSI 16 t"
	} else if w, h, ok := divide(size.width, size.height); ok {
		c.CellW, c.CellH, c.CellFrom = w, h, "TIOCGWINSZ"
	} else if w, h, ok := divide(a.pixels[0], a.pixels[1]); ok {
		c.CellW, c.CellH, c.CellFrom = w, h, "CSI 14 t"
	} else {
		c.CellW, c.CellH, c.CellFrom = 8, 16, "default"
	}
}

// exactSize sets the size of cells that are no whole pixels, from that of the window. Right after a
// resize that may be the window's size before: until it has been asked for again, cells are taken to
// be as small as they may be.
func (a *answers) exactSize(c *Capabilities, size windowSize) {
	w, h := a.exact(c.CellW, c.CellH, size)
	if !a.settled {
		w, h = least(c.CellW, w, a.last[0]), least(c.CellH, h, a.last[1])
	}
	c.ExactW, c.ExactH = w, h
}

// exact returns the size of cells that are no whole pixels, 0 for those that are. A window that is
// larger than its cells may have a border instead, unless it is the only size the terminal tells.
func (a *answers) exact(cellW, cellH int, size windowSize) (w, h float64) {
	alone := size.width == 0
	exact := func(cell, window, cells int) float64 {
		if over := window - cells*cell; window == 0 || over == 0 || over <= -cells || 2*over > cells || over > 0 && !alone {
			return 0
		}
		return float64(window) / float64(cells)
	}
	window := [2]int{size.width, size.height}
	if a.pixels[0] > 0 && a.pixelsAt.cols == size.cols && a.pixelsAt.rows == size.rows {
		window = a.pixels
	}
	return exact(cellW, window[0], size.cols), exact(cellH, window[1], size.rows)
}

// least returns the smallest size that a cell may have: its whole one, or one of others unless 0.
func least(cell int, others ...float64) float64 {
	size := float64(cell)
	for _, o := range others {
		if o > 0 {
			size = min(size, o)
		}
	}
	if size == float64(cell) {
		return 0
	}
	return size
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
		add("outer terminal", a.outerName())
		add("attributes outside of tmux", attributes(a.outerDA1))
		if a.tmux.Known {
			add("features of tmux's client (client_termfeatures)", a.tmux.features)
		}
	}
	add("Kitty graphics", kitty)
	add("sixel color registers (XTSMGRAPHICS)", registers)
	add("largest sixel picture", pair(a.largest))
	add("cell in pixels (CSI 16 t)", pair(a.cell))
	add("window in pixels (CSI 14 t)", pair(a.pixels))
	add("window in pixels (TIOCGWINSZ)", pair([2]int{size.width, size.height}))
	add("background (OSC 11)", background)
	add("synchronized output (mode 2026)", sync)
	add("24-bit color", c.ColorFrom)
	return out
}

// graphics lists the graphics protocols by the name they are selected with, the preferred
// first, and what the choice of each rests on.
var graphics = []struct {
	name     string
	has      func(c *Capabilities) bool
	evidence func(c *Capabilities) string
}{
	{"sixel", func(c *Capabilities) bool { return c.Sixel }, (*Capabilities).sixelEvidence},
	{"kitty", func(c *Capabilities) bool { return c.Kitty && c.Profile != colorprofile.ASCII }, func(*Capabilities) string { return "the terminal replied to the graphics query" }},
	{"iterm2", func(c *Capabilities) bool { return c.ITerm2 }, func(c *Capabilities) string { return "the terminal is " + c.Name }},
	{"kitty-direct", func(c *Capabilities) bool { return c.KittyDirect }, func(c *Capabilities) string {
		return "the terminal replied to the graphics query, and " + named(c.Name) + " has no placeholders"
	}},
	{halfBlocks, func(*Capabilities) bool { return true }, (*Capabilities).noGraphics},
}

// halfBlocks is the name of pictures as text, which every terminal can show.
const halfBlocks = "blocks"

func (c *Capabilities) sixelEvidence() string {
	if c.Tmux && !c.Passthrough {
		return "advertised in DA1 (4), by tmux and the outer terminal"
	}
	return "advertised in DA1 (4)"
}

// noGraphics says why half blocks are what is left.
func (c *Capabilities) noGraphics() string {
	switch {
	case c.Dumb:
		return "TERM is dumb or not set"
	case c.Kitty:
		return "NO_COLOR is set, and Kitty's placeholders carry numbers as colors"
	case c.Tmux && c.Lasting:
		return "the terminal outside keeps sixels under text, and tmux does not delete them"
	case c.Tmux && !c.Passthrough:
		return "tmux does not pass graphics through (set -g allow-passthrough on)"
	case c.Complete:
		return "the terminal advertises no graphics protocol"
	}
	return "no reply from the terminal"
}

// named returns a terminal's name.
func named(s string) string {
	if s == "" {
		return "it"
	}
	return s
}

// advice lists the settings that would improve something, and what.
func (a *answers) advice(c *Capabilities, e *environment) (list []string) {
	if c.Tmux && !c.Passthrough && !c.Sixel && !c.Lasting && a.tmux.passthrough != passthroughOn {
		list = append(list, "tmux: set -g allow-passthrough on shows pictures where the terminal outside has graphics")
	}
	if c.Tmux && a.tmux.Known && !a.tmux.FocusEvents && (c.Sixel || c.Kitty) {
		list = append(list, "tmux: set -g focus-events on draws pictures again as soon as their window is shown; Ctrl-L does, too")
	}
	if c.Tmux && c.Profile == colorprofile.ANSI256 {
		list = append(list, `tmux: set -as terminal-features ",*:RGB" if the terminal outside has 24-bit color`)
	}
	if !c.Tmux && c.Complete && !c.Dumb && e.term != "linux" && (c.Profile == colorprofile.ANSI256 || c.Profile == colorprofile.ANSI) {
		set := "COLORTERM=truecolor if the terminal has 24-bit color: it did not say so"
		if e.ssh {
			set += " (SSH: SendEnv COLORTERM, AcceptEnv COLORTERM)"
		}
		list = append(list, set)
	}
	if c.KittyDirect && strings.HasPrefix(strings.ToLower(c.Name), "kitty") {
		list = append(list, "kitty 0.28 and later moves and hides pictures with their text")
	}
	return list
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
