package term

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
)

// match says what some input begins with.
type match int

const (
	noReply       match = iota // not a reply
	replyPartial               // all of it may be the beginning of a reply
	replyComplete              // a complete reply
)

// Anything longer is not a reply: a terminal that never ends a string must not keep key
// presses from the program.
const (
	maxNumbers = 96
	maxText    = 256
)

// matchReply looks for a reply to one of our queries, or one of Bubble Tea's, at the beginning
// of b and returns its length. The grammar is strict: nothing a key may send is a reply. For
// noReply, n is how much of b could still have been one.
func matchReply(b []byte) (n int, m match) {
	if len(b) == 0 || b[0] != esc {
		return 0, noReply
	}
	if len(b) == 1 {
		return 1, replyPartial
	}
	switch b[1] {
	case '[':
		return matchNumbers(b)
	case 'P':
		if len(b) > 3 && (b[2] == '0' || b[2] == '1') && (b[3] == '$' || b[3] == '+') {
			return matchText(b, "\x1bP"+string(b[2:4])+"r", false)
		} else if len(b) == 3 && (b[2] == '0' || b[2] == '1') {
			return len(b), replyPartial
		}
		return matchText(b, "\x1bP>|", false)
	case '_':
		return matchText(b, "\x1b_G", false)
	case ']':
		if len(b) > 3 && b[2] == '1' && b[3] >= '0' && b[3] <= '2' {
			return matchText(b, "\x1b]1"+string(b[3])+";", true)
		}
		return matchText(b, "\x1b]10;", true)
	}
	return 1, noReply
}

// matchNumbers is matchReply for control sequences.
func matchNumbers(b []byte) (int, match) {
	i := 2
	private := byte(0)
	if i < len(b) && (b[i] == '?' || b[i] == '>') {
		private = b[i]
		i++
	}
	start := i
	for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == ';') {
		i++
	}
	numbers := b[start:i]
	if len(numbers) > maxNumbers {
		return i, noReply
	}
	if private != 0 && i < len(b) && b[i] == '$' {
		i++
	}
	if i == len(b) {
		return i, replyPartial
	}
	final := b[i]
	if private != 0 {
		// No key sends these, whatever they mean.
		if final < 0x40 || final > 0x7e {
			return i, noReply
		}
		return i + 1, replyComplete
	}
	kind, _, _ := bytes.Cut(numbers, []byte{';'})
	if final != 't' || len(kind) != 1 || kind[0] != '4' && kind[0] != '6' && kind[0] != '8' {
		return i, noReply
	}
	return i + 1, replyComplete
}

// matchText is matchReply for control strings that begin with start.
func matchText(b []byte, start string, belEnds bool) (int, match) {
	for i := range min(len(b), len(start)) {
		if b[i] != start[i] {
			return i, noReply
		}
	}
	if len(b) < len(start) {
		return len(b), replyPartial
	}
	for i := len(start); i < len(b); i++ {
		switch c := b[i]; {
		case c == bel && belEnds:
			return i + 1, replyComplete
		case c == esc:
			if i+1 == len(b) {
				return i, replyPartial
			}
			if b[i+1] == '\\' {
				return i + 2, replyComplete
			}
			return i, noReply
		case c < 0x20 || i > maxText:
			return i, noReply
		}
	}
	return len(b), replyPartial
}

// neverKey reports whether b begins with something that no key sends.
func neverKey(b []byte) bool {
	for _, s := range []string{"\x1b[?", "\x1b[>", "\x1bP>", "\x1bP0$", "\x1bP1$", "\x1bP0+", "\x1bP1+", "\x1b_G", "\x1b]1"} {
		if bytes.HasPrefix(b, []byte(s)) {
			return true
		}
	}
	return false
}

// split calls reply for the replies in b and pass for everything else, and returns what may be
// the beginning of a reply at the end. A reply that breaks off is dropped unless it may be a
// key: passed on, it would become key presses.
func split(b []byte, reply, pass func([]byte)) (partial []byte) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, esc)
		if i < 0 {
			pass(b)
			return nil
		}
		if i > 0 {
			pass(b[:i])
			b = b[i:]
		}
		n, m := matchReply(b)
		switch {
		case m == replyPartial:
			return b
		case m == replyComplete:
			reply(b[:n])
		case neverKey(b[:n]):
			// dropped
		default:
			n = max(n, 1)
			pass(b[:n])
		}
		b = b[n:]
	}
	return nil
}

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
		v := numbers(s[3 : len(s)-2])
		if len(v) != 2 || v[0] != 2026 {
			return false
		}
		a.sync, a.hasSync = v[1] == 1 || v[1] == 2, true
		return true
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
