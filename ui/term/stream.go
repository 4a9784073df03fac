package term

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// stream splits a program's output into text and escape sequences, regardless of how it is
// divided into writes: what is incomplete at the end of one write is held for the next.
type stream struct{ held []byte }

// maxHeld is how long an unfinished sequence may become before it is passed on unchanged.
const maxHeld = 1 << 20

// feed calls text and sequence in turn for the pieces of p, preceded by what was held.
func (s *stream) feed(p []byte, text, sequence func([]byte)) {
	if len(s.held) > 0 {
		s.held = append(s.held, p...)
		p = s.held
	}
	for len(p) > 0 {
		i := bytes.IndexByte(p, esc)
		if i < 0 {
			i = len(p) - unfinishedRune(p)
		}
		if i > 0 {
			text(p[:i])
			p = p[i:]
		}
		if len(p) == 0 || p[0] != esc {
			break
		}
		n := sequenceLength(p)
		if n == 0 && len(p) < maxHeld {
			break
		}
		if n == 0 {
			n = len(p)
		}
		sequence(p[:n])
		p = p[n:]
	}
	// p may alias held; append moves it to the front.
	s.held = append(s.held[:0], p...)
}

const (
	esc = 0x1b
	bel = 0x07
	can = 0x18
	sub = 0x1a
)

// sequenceLength returns the length of the escape sequence at the start of b, 0 if it is
// incomplete (ECMA-48, sections 5.3 to 5.6).
func sequenceLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch c := b[1]; {
	case c == '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
			if b[i] < 0x20 || b[i] > 0x7e {
				return i // cut short
			}
		}
		return 0
	case c == 'P' || c == '_' || c == '^' || c == 'X' || c == ']':
		return stringLength(b)
	case c >= 0x20 && c <= 0x2f:
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x30 || b[i] < 0x20 {
				return i + 1
			}
		}
		return 0
	case c == esc:
		return 1
	}
	return 2
}

// tmuxStart begins sequences that tmux passes through; every ESC inside is doubled.
const tmuxStart = "\x1bPtmux;"

// stringLength is sequenceLength for control strings.
func stringLength(b []byte) int {
	wrapped := bytes.HasPrefix(b, []byte(tmuxStart))
	for i := 2; i < len(b); i++ {
		switch b[i] {
		case bel:
			if b[1] == ']' {
				return i + 1
			}
		case can, sub:
			return i + 1
		case esc:
			if i+1 == len(b) {
				return 0
			}
			if b[i+1] == '\\' {
				return i + 2
			}
			if !wrapped || b[i+1] != esc {
				return i // cut short by another sequence
			}
			i++
		}
	}
	return 0
}

// unfinishedRune returns how many bytes at the end of b begin an incomplete UTF-8 sequence.
func unfinishedRune(b []byte) int {
	for n := 1; n <= min(len(b), utf8.UTFMax-1); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// parseMarker parses one of the layer's markers.
func parseMarker(seq []byte) (kind byte, n uint64, ok bool) {
	body, ok := bytes.CutPrefix(seq, []byte(markerStart))
	if !ok {
		return 0, 0, false
	}
	if body, ok = bytes.CutSuffix(body, []byte(stringEnd)); !ok || len(body) < 2 {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(string(body[1:]), 10, 64)
	return body[0], n, err == nil
}
