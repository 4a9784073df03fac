package term

import (
	"strconv"
	"strings"
	"unicode"
)

// answers holds the terminal's replies.
type answers struct {
	name, outer   string // XTVERSION of the terminal asked, and of the one outside of tmux
	da1, outerDA1 []int
	kitty         bool
	cell, pixels  [2]int     // width, height
	pixelsAt      windowSize // the size when pixels was asked for
	settled       bool       // … and that had not changed just before
	last          [2]float64 // exact size of cells when it was settled last
	color, rgb    bool       // the reply to DECRQSS has the color set, that to XTGETTCAP says yes
	color256      bool       // the reply to DECRQSS has one of 256 colors instead
	tmux          Tmux
	background    [3]uint8
	hasBackground bool
	registers     int
	largest       [2]int // picture
	sync          bool
	hasSync       bool
	clusters      bool // mode 2027: widths are those of grapheme clusters
}

// take records one complete reply; false if it is not one of those we use.
func (a *answers) take(seq []byte) bool {
	s := string(seq)
	switch {
	case strings.HasPrefix(s, "\x1bP>|"):
		return a.takeName(s[4 : len(s)-2])
	case strings.HasPrefix(s, "\x1bP"):
		return a.takeColor(s[2 : len(s)-2])
	case strings.HasPrefix(s, "\x1b_G"):
		head, status, _ := strings.Cut(s[3:len(s)-2], ";")
		if head != kittyQueryID {
			return false
		}
		a.kitty = status == "OK"
		return true
	case strings.HasPrefix(s, "\x1b]11;"):
		return a.takeBackground(strings.TrimSuffix(strings.TrimSuffix(s[5:], "\a"), stringEnd))
	case strings.HasPrefix(s, "\x1b[?") && strings.HasSuffix(s, "$y"):
		return a.takeMode(numbers(s[3 : len(s)-2]))
	case strings.HasPrefix(s, "\x1b[?") && strings.HasSuffix(s, "c"):
		a.da1 = numbers(s[3 : len(s)-1])
		return true
	case strings.HasPrefix(s, "\x1b[?") && strings.HasSuffix(s, "S"):
		return a.takeGraphics(numbers(s[3 : len(s)-1]))
	case strings.HasPrefix(s, "\x1b[") && strings.HasSuffix(s, "t"):
		return a.takeSize(numbers(s[2 : len(s)-1]))
	}
	return false
}

// takeMode parses the replies to DECRQM: 1 and 2 are modes that are set and reset, 3 one that is always
// set, 0 and 4 what the terminal does not have.
func (a *answers) takeMode(v []int) bool {
	if len(v) != 2 {
		return false
	}
	switch v[0] {
	case 2026:
		a.sync, a.hasSync = v[1] == 1 || v[1] == 2, true
	case 2027:
		a.clusters = v[1] >= 1 && v[1] <= 3
	default:
		return false
	}
	return true
}

// takeName records the text of XTVERSION. tmux replies for itself; what it passes through
// comes from the outer terminal.
func (a *answers) takeName(s string) bool {
	s = printable(s)
	if isTmux(a.name) && !isTmux(s) {
		a.outer = s
	} else {
		a.name = s
	}
	return s != ""
}

// printable drops control characters and everything else that is not text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}

// outerName returns the name of the terminal outside of tmux, "" if unknown.
func (a *answers) outerName() string {
	if a.outer != "" {
		return a.outer
	}
	return a.tmux.name
}

func isTmux(name string) bool { return strings.HasPrefix(name, "tmux") }

// takeColor parses the replies to DECRQSS, of the colors in force, and XTGETTCAP.
func (a *answers) takeColor(s string) bool {
	if state, ok := strings.CutPrefix(s, "1$r"); ok {
		a.color, a.color256 = testColor.MatchString(state), indexedColor.MatchString(state)
		return true
	}
	name, ok := strings.CutPrefix(s, "1+r")
	name, _, _ = strings.Cut(name, "=")
	a.rgb = a.rgb || ok && (strings.EqualFold(name, hexRGB) || strings.EqualFold(name, hexTc))
	return ok || strings.HasPrefix(s, "0$r") || strings.HasPrefix(s, "0+r")
}

// takeBackground parses rgb:r/g/b with one to four hexadecimal digits each.
func (a *answers) takeBackground(s string) bool {
	s, ok := strings.CutPrefix(s, "rgb:")
	parts := strings.Split(s, "/")
	if !ok || len(parts) != 3 {
		return false
	}
	var c [3]uint8
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 16, 16)
		if err != nil || len(p) > 4 {
			return false
		}
		full := uint64(1)<<(4*len(p)) - 1
		c[i] = uint8((v*255 + full/2) / full)
	}
	a.background, a.hasBackground = c, true
	return true
}

// takeGraphics parses XTSMGRAPHICS: item, status (0 for success), values.
func (a *answers) takeGraphics(v []int) bool {
	switch {
	case len(v) == 3 && v[0] == 1 && v[1] == 0 && v[2] >= 2:
		a.registers = v[2]
	case len(v) == 4 && v[0] == 2 && v[1] == 0 && v[2] > 0 && v[3] > 0:
		a.largest = [2]int{v[2], v[3]}
	default:
		return len(v) > 1 && v[1] != 0 // an error status is a reply, too
	}
	return true
}

// takeSize parses the replies to CSI 14 t and 16 t: height before width.
func (a *answers) takeSize(v []int) bool {
	if len(v) != 3 || v[1] < 1 || v[2] < 1 {
		return false
	}
	switch {
	case v[0] == 4:
		a.pixels = [2]int{v[2], v[1]}
	case v[0] == 6 && v[1] <= maxCell && v[2] <= maxCell:
		a.cell = [2]int{v[2], v[1]}
	default:
		return false
	}
	return true
}

// maxCell is the largest plausible side of a cell in pixels.
const maxCell = 500

// numbers parses numbers separated by semicolons; a missing or implausibly large one is -1.
func numbers(s string) []int {
	var out []int
	for _, p := range strings.Split(s, ";") {
		n, err := strconv.Atoi(p)
		if err != nil || n > 1<<20 {
			n = -1
		}
		out = append(out, n)
	}
	return out
}
