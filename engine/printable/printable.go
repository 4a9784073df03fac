// Package printable makes text that comes from outside (file and class names, metadata, error
// messages) safe to show: in a terminal, where control characters are commands, and in charts.
package printable

import (
	"strings"
	"unicode"
)

// Line returns s as one line of printable text. White space, line breaks included, becomes a
// blank. Control characters, formatting characters such as those that change the direction of
// text, unassigned code points and invalid UTF-8 are dropped.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar, !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}
