package term

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// modes remembers what a program has changed of a terminal, from the sequences it wrote,
// so that exactly that can be taken back.
type modes struct {
	private  []modeState // DEC private modes, in the order of their first change
	keyboard int         // entries pushed on Kitty's keyboard stack
	keys     bool        // xterm's modifyOtherKeys is on
	shape    bool        // the cursor's shape was set
	region   bool        // a scroll region was set
	colors   []string    // the OSC numbers of dynamic colors that were set
}

type modeState struct {
	number int
	on     bool
}

// normallyOn are the modes that are set on a terminal as one finds it: autowrap, visible
// cursor.
var normallyOn = []int{7, 25}

// changesModes tells whether note has any use for a sequence; most it has not.
func changesModes(seq []byte) bool {
	if len(seq) < 4 {
		return false
	}
	switch seq[1] {
	case ']':
		return seq[2] == '1'
	case '[':
		final := seq[len(seq)-1]
		return final == 'r' || final == 'q' || seq[2] >= '<' && seq[2] <= '?'
	}
	return false
}

// note takes one escape sequence into account.
func (m *modes) note(seq []byte) {
	if !changesModes(seq) {
		return
	}
	body, final := string(seq[2:len(seq)-1]), seq[len(seq)-1]
	if seq[1] == ']' {
		m.noteColor(body)
		return
	}
	if seq[1] != '[' {
		return
	}
	switch {
	case body[0] == '?' && (final == 'h' || final == 'l'):
		for _, s := range strings.Split(body[1:], ";") {
			if n, err := strconv.Atoi(s); err == nil {
				m.set(n, final == 'h')
			}
		}
	case body[0] == '>' && final == 'u':
		m.keyboard++
	case body[0] == '<' && final == 'u':
		n, err := strconv.Atoi(body[1:])
		if err != nil {
			n = 1
		}
		m.keyboard = max(m.keyboard-n, 0)
	case strings.HasPrefix(body, ">4") && final == 'm':
		m.keys = strings.HasPrefix(body, ">4;") && body != ">4;0"
	case strings.HasSuffix(body, " ") && final == 'q':
		m.shape = body != "0 "
	case final == 'r' && body[0] >= '0' && body[0] <= '9':
		m.region = true
	}
}

// noteColor looks for the setting (OSC 10 to 19) and resetting (110 to 119) of colors.
func (m *modes) noteColor(body string) {
	number, value, _ := strings.Cut(body, ";")
	if n, err := strconv.Atoi(number); err == nil && n >= 110 && n <= 119 {
		m.colors = slices.DeleteFunc(m.colors, func(s string) bool { return s == strconv.Itoa(n-100) })
	} else if err == nil && n >= 10 && n <= 19 && !strings.HasPrefix(value, "?") && !slices.Contains(m.colors, number) {
		m.colors = append(m.colors, number)
	}
}

func (m *modes) set(number int, on bool) {
	for i := range m.private {
		if m.private[i].number == number {
			m.private[i].on = on
			return
		}
	}
	m.private = append(m.private, modeState{number, on})
}

func (m *modes) isOn(number int) bool {
	return slices.Contains(m.private, modeState{number, true})
}

func (m *modes) clone() modes {
	c := *m
	c.private, c.colors = slices.Clone(m.private), slices.Clone(m.colors)
	return c
}

// keep leaves changed what is changed in o.
func (m *modes) keep(o *modes) {
	for _, s := range o.private {
		if s.on != slices.Contains(normallyOn, s.number) {
			m.set(s.number, s.on)
		}
	}
	m.keyboard = max(m.keyboard, o.keyboard)
	m.keys, m.shape, m.region = m.keys || o.keys, m.shape || o.shape, m.region || o.region
	for _, c := range o.colors {
		if !slices.Contains(m.colors, c) {
			m.colors = append(m.colors, c)
		}
	}
}

// alternate tells that the alternate screen is shown.
func (m *modes) alternate() bool { return m.isOn(1049) }

// undo returns what takes all changes back; alternate is written on the alternate screen
// if that is the one that is shown. Modes are taken back last to first, but the alternate
// screen is left after everything that is set per screen.
func (m *modes) undo(alternate string) string {
	var b strings.Builder
	if m.isOn(2026) {
		b.Write(syncEnd)
	}
	if m.keyboard > 0 {
		b.WriteString("\x1b[<" + strconv.Itoa(m.keyboard) + "u")
	}
	if m.keys {
		b.WriteString("\x1b[>4m")
	}
	if m.shape {
		b.WriteString("\x1b[0 q")
	}
	for _, c := range m.colors {
		b.WriteString("\x1b]1" + c + stringEnd)
	}
	for _, s := range slices.Backward(m.private) {
		usual := slices.Contains(normallyOn, s.number)
		if s.number == 1049 || s.number == 2026 || s.on == usual {
			continue
		}
		b.WriteString("\x1b[?" + strconv.Itoa(s.number) + map[bool]string{true: "h", false: "l"}[usual])
	}
	if m.alternate() {
		if m.region {
			b.WriteString("\x1b[r")
		}
		b.WriteString(alternate)
		b.Write(altLeave)
	}
	return b.String()
}

// RestoreSequence returns the bytes that bring the terminal back to what it was before the
// first write: an unfinished sequence ended, pictures gone, every mode that was changed
// changed back, the alternate screen left. It is empty when there is nothing to do.
func (l *Layer) RestoreSequence() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.restoreSequence()
}

func (l *Layer) restoreSequence() string {
	var remove []byte
	erase := ""
	for _, s := range l.shown {
		if s.stored() {
			remove = appendPicture(remove, s.Remove, l.tmux)
		} else {
			erase = "\x1b[m\x1b[2J"
		}
	}
	undo := l.modes.undo(erase)
	if undo == "" && len(remove) == 0 && !l.lost {
		return ""
	}
	// The string terminator ends what a broken-off write may have left open, the
	// attributes' reset what it may have left on.
	return stringEnd + "\x1b[m" + string(remove) + undo
}

// patience is how long a write that is being done may keep Restore waiting, and then how
// long the terminal has to take its bytes.
const patience = 200 * time.Millisecond

// Restore writes RestoreSequence and drops all that is written afterwards: for the end of
// the program when Bubble Tea cannot be trusted with it (panics, signals). Where Bubble Tea
// has restored the terminal it writes nothing. A terminal that takes no bytes does not keep
// it for more than a moment.
func (l *Layer) Restore() error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if l.writing.TryLock() {
			defer l.writing.Unlock()
			break
		}
	}
	l.mu.Lock()
	s := l.restoreSequence()
	done := l.ended || s == ""
	l.ended = true
	l.mu.Unlock()
	if done {
		return nil
	}
	written := make(chan error, 1)
	go func() {
		_, err := l.put([]byte(s))
		written <- err
	}()
	select {
	case err := <-written:
		return err
	case <-time.After(patience):
		return errors.New("the terminal takes no output: it could not be restored")
	}
}
