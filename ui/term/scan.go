package term

import (
	"bytes"
	"unicode/utf8"
)

// kind says what a piece of input is.
type kind int

const (
	keyInput     kind = iota // keys, mouse and focus: for the program
	reportInput              // a reply, or anything else that no key sends
	partialInput             // the beginning of a sequence
)

// scan returns the length and the kind of the piece of input at the start of b, which is not
// empty. What a terminal may send as a key is listed; every other sequence is a report, however
// long or odd it is, and so never becomes key presses. All of b may be the beginning of a
// sequence. (ECMA-48, sections 5.3 to 5.6; xterm's ctlseqs; Kitty's keyboard protocol.)
func scan(b []byte) (n int, k kind) {
	switch {
	case b[0] == esc:
		return scanEscape(b)
	case b[0] < utf8.RuneSelf:
		for n < len(b) && b[n] != esc && b[n] < utf8.RuneSelf {
			n++
		}
		return n, keyInput
	case !utf8.FullRune(b):
		return len(b), partialInput
	}
	r, n := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && n == 1:
		return scanControl(b)
	case r < 0xa0: // a control character, as no key sends it
		return n, reportInput
	}
	return n, keyInput
}

// scanControl is scan for bytes that are not UTF-8: 8-bit control characters.
func scanControl(b []byte) (int, kind) {
	switch c := b[0] - 0x40; {
	case b[0] >= 0xa0:
	case c == '[':
		n := csiLength(b, 1)
		return orAll(b, n), kindOf(n, reportInput)
	case c == 'P' || c == ']' || c == 'X' || c == '^' || c == '_':
		n := inputStringLength(b, 1, c)
		return orAll(b, n), kindOf(n, reportInput)
	}
	return 1, reportInput
}

// scanEscape is scan for input that begins with ESC.
func scanEscape(b []byte) (int, kind) {
	if len(b) == 1 {
		return 1, partialInput
	}
	switch c := b[1]; c {
	case '[':
		return scanCSI(b)
	case 'O':
		return scanSS3(b)
	case 'P', ']', 'X', '^', '_':
		n := inputStringLength(b, 2, c)
		return orAll(b, n), kindOf(n, reportInput)
	case esc: // a key with Alt, or the escape key before something else
		n, k := scanEscape(b[1:])
		switch {
		case k == partialInput:
			return len(b), k
		case k == keyInput && n > 2:
			return n + 1, k
		}
		return 1, keyInput
	default:
		if c >= utf8.RuneSelf {
			if n, k := scan(b[1:]); k == partialInput {
				return len(b), k
			} else if k == keyInput {
				return n + 1, k
			}
			return 1, keyInput
		}
		return 2, keyInput
	}
}

// orAll is n, or all of b if n is 0.
func orAll(b []byte, n int) int {
	if n == 0 {
		return len(b)
	}
	return n
}

// kindOf is k for a sequence of n bytes, which is incomplete if n is 0.
func kindOf(n int, k kind) kind {
	if n == 0 {
		return partialInput
	}
	return k
}

// scanCSI is scan for control sequences.
func scanCSI(b []byte) (int, kind) {
	if bytes.HasPrefix(b, []byte("\x1b[[")) { // F1 to F5 on Linux's console
		if len(b) < 4 {
			return len(b), partialInput
		}
		return 4, kindOf(4, map[bool]kind{true: keyInput, false: reportInput}[b[3] >= 'A' && b[3] <= 'E'])
	}
	n := csiLength(b, 2)
	switch {
	case n == 0:
		return len(b), partialInput
	case n == 2:
		return 2, keyInput // Alt+[
	case string(b[:n]) == "\x1b[M":
		return scanX10(b)
	case isKey(b[2:n]):
		return n, keyInput
	}
	return n, reportInput
}

// csiLength returns the length of the control sequence at the start of b, whose parameters begin
// at from: 0 if it is incomplete. A byte that belongs to none breaks it off.
func csiLength(b []byte, from int) int {
	for i := from; i < len(b); i++ {
		switch c := b[i]; {
		case c >= 0x40 && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x7e:
			return i
		}
	}
	return 0
}

// scanX10 is scan for a mouse report with three bytes after its final character, from terminals
// that lack SGR reports.
func scanX10(b []byte) (int, kind) {
	const start, end = 3, 6
	k := keyInput
	for i := start; i < min(len(b), end); i++ {
		if b[i] < ' ' && b[i] != 0 {
			return i, reportInput // broken off
		}
		if b[i] <= ' ' && i > start || b[i] == 0 {
			k = reportInput // a coordinate out of range
		}
	}
	if len(b) < end {
		return len(b), partialInput
	}
	return end, k
}

// scanSS3 is scan for keys of the keypad and of application mode, perhaps with a modifier.
func scanSS3(b []byte) (int, kind) {
	for i := 2; i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9' && i < 4:
		case c >= 0x40 && c <= 0x7e:
			return i + 1, keyInput
		case i == 2:
			return 2, keyInput // Alt+O
		default:
			return i, reportInput
		}
	}
	return len(b), partialInput
}

// inputStringLength returns the length of a control string from a terminal whose text begins at
// from: 0 if it is incomplete. Text may hold any control character but those that end it.
func inputStringLength(b []byte, from int, introducer byte) int {
	for i := from; i < len(b); i++ {
		switch b[i] {
		case bel:
			if introducer == ']' {
				return i + 1
			}
		case can, sub:
			return i + 1
		case esc:
			switch {
			case i+1 == len(b):
				return 0
			case b[i+1] == '\\':
				return i + 2
			}
			return i // broken off by another sequence
		}
	}
	return 0
}

// isKey reports whether a control sequence without its introducer is of a key, the mouse or the
// focus.
func isKey(body []byte) bool {
	final, body := body[len(body)-1], body[:len(body)-1]
	if final == 'M' || final == 'm' {
		return len(body) > 0 && body[0] == '<' && isMouse(body[1:])
	}
	if len(body) > maxKey {
		return false
	}
	fields := min(len(body), 1)
	for _, c := range body {
		switch {
		case c == ';':
			fields++
		case c != ':' && (c < '0' || c > '9'):
			return false
		}
	}
	switch final {
	case 'A', 'B', 'C', 'D', 'E', 'F', 'H', 'P', 'Q', 'R', 'S', 'Z':
		return fields != 1 && fields <= 3 && (final != 'R' || len(body) <= len("1;16"))
	case 'I', 'O', 'a', 'b', 'c', 'd':
		return fields == 0
	case '~', '^', '@', 'u':
		return fields >= 1 && fields <= 3
	}
	return false
}

// maxKey is the length that the parameters of a key have at most.
const maxKey = 64

// isMouse reports whether body holds the three numbers of an SGR mouse report.
func isMouse(body []byte) bool {
	fields := bytes.Split(body, []byte{';'})
	for i, f := range fields {
		n := 0
		for _, c := range f {
			if c < '0' || c > '9' || len(f) > 5 {
				return false
			}
			n = 10*n + int(c-'0')
		}
		if len(f) == 0 || i == 0 && n > 0xff || i > 0 && n == 0 {
			return false
		}
	}
	return len(fields) == 3
}

// mayBeKey reports whether the beginning of a sequence may be a complete key as well.
func mayBeKey(held []byte) bool {
	held = bytes.TrimLeft(held, "\x1b")
	return len(held) == 0 || len(held) == 1 && bytes.IndexByte([]byte("[OP]X^_"), held[0]) >= 0
}
