package term

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// modes records the terminal modes a program has changed, from the sequences it wrote, so that
// exactly those can be reset.
type modes struct {
	private  []modeState // DEC private modes, in the order of their first change
	keyboard int         // entries pushed onto Kitty's keyboard stack
	keys     bool        // xterm's modifyOtherKeys is on
	shape    bool        // the cursor's shape was set
	region   bool        // a scroll region was set
	colors   []string    // the OSC numbers of dynamic colors that were set
}

type modeState struct {
	number int
	on     bool
}

// normallyOn are the modes that are set by default: autowrap, visible cursor.
var normallyOn = []int{7, 25}

// changesModes reports whether note needs to see a sequence; most it need not.
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

// note records the effect of one escape sequence.
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

// noteColor records the setting (OSC 10 to 19) and resetting (OSC 110 to 119) of colors.
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

// keep marks as changed everything that is changed in o.
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

// alternate reports whether the alternate screen is shown.
func (m *modes) alternate() bool { return m.isOn(1049) }

// undo returns the sequences that reset all changes; alternate is written on the alternate
// screen if that is shown. Modes are reset in reverse order, except that the alternate screen
// is left after everything that is set per screen.
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

// RestoreSequence returns the bytes that restore the terminal to its state before the first
// write: they end an unfinished sequence, erase the pictures, reset every mode that was
// changed and leave the alternate screen. It is empty when there is nothing to restore.
func (l *Layer) RestoreSequence() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.restoreSequence()
}

func (l *Layer) restoreSequence() string {
	var remove []byte
	erase := ""
	for _, s := range l.shown {
		if r := s.removal(); r != nil {
			remove = appendPicture(remove, r, l.tmux)
			continue
		}
		erase = "\x1b[m\x1b[2J"
		if l.lasting {
			remove = appendPicture(remove, deleteAt(s.X, s.Y), l.tmux)
		}
	}
	undo := l.modes.undo(erase)
	if undo == "" && len(remove) == 0 && !l.lost {
		return ""
	}
	// The string terminator ends a sequence that an interrupted write left open; the SGR
	// reset clears attributes it left on.
	return stringEnd + "\x1b[m" + string(remove) + undo
}

// Leave writes RestoreSequence. Output goes on, with the alternate screen to be entered again.
func (l *Layer) Leave() error {
	_, err := l.Write([]byte(l.RestoreSequence()))
	return err
}

// restoreTimeout is how long Restore waits for a write in progress, and then for the terminal
// to take its bytes.
const restoreTimeout = 600 * time.Millisecond

// Restore writes RestoreSequence and drops all later output. It is for the end of the program
// when Bubble Tea cannot be relied on (panics, signals); where Bubble Tea has restored the
// terminal it writes nothing. It returns an error after a moment if the terminal does not
// accept output.
func (l *Layer) Restore() error {
	for deadline := time.Now().Add(restoreTimeout); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if l.writing.TryLock() {
			defer l.writing.Unlock()
			break
		}
	}
	l.mu.Lock()
	s := l.restoreSequence()
	l.ended = true
	l.mu.Unlock()
	if s == "" {
		return nil
	}
	written := make(chan error, 1)
	go func() {
		_, err := l.put([]byte(s))
		if err == nil {
			l.mu.Lock()
			l.modes, l.shown, l.lost = modes{}, nil, false
			l.mu.Unlock()
		}
		written <- err
	}()
	select {
	case err := <-written:
		return err
	case <-time.After(restoreTimeout):
		return errors.New("the terminal accepts no output: it could not be restored")
	}
}
