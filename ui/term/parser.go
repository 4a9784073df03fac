package term

import (
	"bytes"
	"strconv"
	"time"
)

// parser divides a terminal's input into what is for the program and reports, regardless of how
// it arrives. It is told the time and does not wait.
//
// The escape key and Alt with a few keys send what also begins a report. Such bytes are held: for
// escapeTime as usual, and while replies are outstanding until they have arrived. Anything longer
// cannot be a key, and is dropped rather than passed on when its rest is missing.
type parser struct {
	report func(seq []byte) // is given reports
	pass   func(b []byte)   // is given everything else
	until  func() time.Time // until when replies are outstanding
	held   []byte           // the beginning of a sequence
	since  time.Time        // when its first byte arrived
	last   time.Time        // when the last byte arrived
	long   bool             // held lacks some of the sequence, which is too long for a reply
	pasted []byte           // the text of a bracketed paste
	paste  bool             // inside a bracketed paste
}

const (
	// escapeTime is how long after an escape what follows belongs to the same key.
	escapeTime = 50 * time.Millisecond
	// longestPause is how long the next byte of a sequence is waited for, longestTime its last.
	longestPause, longestTime = 6 * time.Second, 20 * time.Second
	// pasteTime is how long the rest of a paste is waited for.
	pasteTime = 5 * time.Second
	// maxReport is how much of a sequence is kept, maxPaste of a paste.
	maxReport, maxPaste = 1 << 14, 1 << 18
)

const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// feed takes what arrived.
func (p *parser) feed(b []byte, now time.Time) {
	if len(b) == 0 {
		return
	}
	gap := now.Sub(p.last)
	switch {
	case len(p.held) == 0:
	case string(p.held) == "\x1b" && gap > escapeTime && !mayBeKey(b[:1]):
		p.release() // two keys
	case len(b) == 1 && b[0] == ctrlC && gap > escapeTime:
		p.drop() // typed, inside a string that does not end
	}
	if len(p.held) == 0 {
		p.since = now
	}
	p.held, p.last = append(p.held, b...), now
	rest := p.held
	for len(rest) > 0 {
		n, k := scan(rest)
		if k == partialInput {
			break
		}
		p.piece(rest[:n], k)
		rest, p.since, p.long = rest[n:], now, false
	}
	if len(rest) > maxReport {
		rest, p.long = append(rest[:maxReport/2:maxReport/2], rest[len(rest)-1]), true
	}
	p.held = append(p.held[:0], rest...)
}

// piece takes a complete piece of input.
func (p *parser) piece(b []byte, k kind) {
	switch {
	case k == reportInput:
		if !p.long && ended(b) {
			p.report(b)
		}
	case p.paste:
		p.pastePiece(b)
	case string(b) == pasteBegin:
		p.paste, p.pasted = true, nil
	case string(b) == pasteEnd:
	default:
		p.pass(unambiguous(b))
	}
}

// ended reports whether a sequence has its end, and was not broken off.
func ended(seq []byte) bool {
	if len(seq) < 3 || seq[0] != esc {
		return false
	}
	final := seq[len(seq)-1]
	switch seq[1] {
	case '[':
		return final >= 0x40 && final <= 0x7e
	case ']':
		return final == bel || bytes.HasSuffix(seq, []byte(stringEnd))
	}
	return bytes.HasSuffix(seq, []byte(stringEnd))
}

// pastePiece takes a piece of input inside a paste. Ctrl-C ends a paste that does not end.
func (p *parser) pastePiece(b []byte) {
	switch i := bytes.IndexByte(b, ctrlC); {
	case string(b) == pasteEnd:
		p.endPaste()
	case i >= 0 || isCtrlC(b):
		p.paste, p.pasted = false, nil
		p.pass(b[max(i, 0):])
	case b[0] != esc && len(p.pasted)+len(b) <= maxPaste:
		p.pasted = append(p.pasted, b...)
	}
}

// endPaste passes a paste on.
func (p *parser) endPaste() {
	text := p.pasted
	p.paste, p.pasted = false, nil
	p.pass([]byte(pasteBegin + string(text) + pasteEnd))
}

// ctrlC is the byte that Ctrl-C sends in raw mode.
const ctrlC = 0x03

// isCtrlC reports whether a key is Ctrl-C, as text or as terminals with more elaborate keys send it.
func isCtrlC(key []byte) bool {
	switch string(key) {
	case "\x03", "\x1b[99;5u", "\x1b[27;5;99~":
		return true
	}
	return false
}

// unambiguous returns keys that begin like reports in Kitty's form, so that Bubble Tea need not
// wait for more.
func unambiguous(key []byte) []byte {
	switch {
	case string(key) == "\x1b":
		return []byte("\x1b[27u")
	case len(key) == 2 && key[0] == esc && mayBeKey(key[1:]) && key[1] != esc:
		return []byte("\x1b[" + strconv.Itoa(int(key[1])) + ";3u")
	}
	return key
}

// deadline returns when expire has something to do; the zero time if it has not.
func (p *parser) deadline() time.Time {
	switch {
	case len(p.held) == 0 && p.paste:
		return p.last.Add(pasteTime)
	case len(p.held) == 0:
		return time.Time{}
	}
	end := p.last.Add(longestPause)
	if mayBeKey(p.held) {
		end = p.last.Add(escapeTime)
		if until := p.until(); until.After(end) {
			end = until
		}
	}
	if most := p.since.Add(longestTime); end.After(most) {
		end = most
	}
	return end
}

// expire gives up waiting for what has not arrived by its deadline.
func (p *parser) expire(now time.Time) {
	if d := p.deadline(); d.IsZero() || now.Before(d) {
		return
	}
	switch {
	case len(p.held) == 0:
		p.endPaste()
	case mayBeKey(p.held):
		p.release()
	default:
		p.drop()
	}
}

// release passes on what is held as the keys it may be.
func (p *parser) release() {
	b := p.held
	p.held = nil
	for len(b) > 1 && b[0] == esc && b[1] == esc {
		p.piece(b[:1], keyInput)
		b = b[1:]
	}
	p.piece(b, keyInput)
}

func (p *parser) drop() { p.held, p.long = nil, false }

// end takes the end of the input.
func (p *parser) end() {
	if len(p.held) > 0 && mayBeKey(p.held) {
		p.release()
	}
	p.drop()
}
