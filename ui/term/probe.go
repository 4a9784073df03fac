package term

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Probe gathers what one terminal says about itself. It is safe for concurrent use.
type Probe struct {
	mu      sync.Mutex
	env     environment
	size    windowSize
	answers answers
	wrapped bool      // questions were asked past tmux
	da1     int       // answers to DA1 since they were asked last
	asked   time.Time // when they were
	allowed tmuxSays
	begun   []byte   // of a reply, at the end of Query
	tty     *os.File // the terminal, if Query was told it
}

// windowSize is a terminal's size in cells and in pixels, 0 where it is not known.
type windowSize struct{ cols, rows, width, height int }

// tmuxSays is what tmux's option allow-passthrough says.
type tmuxSays int

const (
	notAsked tmuxSays = iota
	passes
	passesNot
)

// NewProbe starts from what the environment (of the session: "NAME=value") says.
func NewProbe(env []string) *Probe {
	return &Probe{env: readEnvironment(env)}
}

const kittyQueryID = "i=31"

// The questions. The last one is the fence: everybody answers it, and answers come in the
// order of the questions.
const (
	askName       = "\x1b[>q"                                                    // XTVERSION
	askKitty      = "\x1b_G" + kittyQueryID + ",s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" // one pixel, not kept
	askCell       = "\x1b[16t"
	askPixels     = "\x1b[14t"
	askBackground = "\x1b]11;?\x1b\\"
	askRegisters  = "\x1b[?1;1;0S" // XTSMGRAPHICS: read the number of color registers
	askLargest    = "\x1b[?2;1;0S" // … and the largest picture
	askSync       = "\x1b[?2026$p" // DECRQM
	askDA1        = "\x1b[c"

	plainQuestions = askName + askCell + askPixels + askBackground + askRegisters + askLargest + askSync + askDA1
)

// Queries returns the questions, to be written at once: Query does so before Bubble Tea
// starts; tea.Raw may do so again while it runs, for instance after a resize, when the
// font may have changed. A dumb terminal is asked nothing.
func (p *Probe) Queries() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.env.dumb(runtime.GOOS) {
		return ""
	}
	p.da1, p.asked = 0, time.Now()
	p.wrapped = false
	switch {
	case p.env.term == "linux" || p.env.program == "Apple_Terminal":
		// They print parts of questions that they do not know, and have no graphics.
		return askDA1
	case p.inTmux() && p.allowed != passesNot:
		// tmux answers for itself at once; then comes what the terminal outside says.
		p.wrapped = true
		return ansi.TmuxPassthrough(askKitty+plainQuestions) + plainQuestions
	case p.inTmux() || strings.HasPrefix(p.env.term, "screen"):
		return plainQuestions // they take Kitty's for a window's title
	}
	return askKitty + plainQuestions
}

func (p *Probe) inTmux() bool { return p.env.tmux || isTmux(p.answers.name) }

// Capabilities returns what is known by now.
func (p *Probe) Capabilities() Capabilities {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.answers.capabilities(&p.env, p.size)
	c.Dumb = p.env.dumb(runtime.GOOS)
	c.Complete = c.Complete || c.Dumb
	return c
}

// complete tells that all answers have come.
func (p *Probe) complete() bool {
	if p.wrapped && !slices.Contains(p.answers.da1, sixelAttribute) {
		return p.da1 >= 2
	}
	return p.da1 >= 1
}

// waiting tells that answers may still come: the fence was not answered, and it is not
// long ago that it was asked for.
func (p *Probe) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.asked.IsZero() && !p.complete() && time.Since(p.asked) < 3*time.Second
}

// Resize tells the probe the terminal's size, as tea.WindowSizeMsg or an SSH client gives
// it. Pixels are 0 when not known; a terminal that Query was told is asked for them.
func (p *Probe) Resize(cols, rows, width, height int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tty != nil && (width < 1 || height < 1) {
		if s, ok := ttySize(p.tty); ok && s.cols == cols && s.rows == rows {
			width, height = s.width, s.height
		}
	}
	p.size = windowSize{cols, rows, width, height}
}

// Parse takes the replies out of what a terminal sent. It returns what was left: key
// presses and such, without replies broken off in the middle.
func (p *Probe) Parse(b []byte) (rest []byte) {
	begun := separate(b, func(seq []byte) { p.take(seq) }, func(other []byte) { rest = append(rest, other...) })
	if !unmistakable(begun) {
		rest = append(rest, begun...)
	}
	return rest
}

// take reads one whole reply and tells whether it was one to our questions.
func (p *Probe) take(seq []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.answers.da1
	if !p.answers.take(seq) {
		return false
	}
	if seq[len(seq)-1] == 'c' {
		p.da1++
		if p.wrapped && p.da1 >= 2 {
			p.answers.outerDA1, p.answers.da1 = p.answers.da1, own
		}
	}
	return true
}

// Feed takes an event of the terminal as ultraviolet decodes it and tells whether it was a
// reply to the probe's questions. It serves where Input cannot see the bytes themselves:
// on Windows. Bubble Tea passes the events that it does not know to Update as they are; of
// those that it has types of its own for, tea.TerminalVersionMsg, tea.BackgroundColorMsg
// and tea.ModeReportMsg, each converts to the event of the same name, for instance
// uv.ModeReportEvent(msg).
func (p *Probe) Feed(event any) bool {
	switch e := event.(type) {
	case uv.PrimaryDeviceAttributesEvent:
		list := strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(e)), " ", ";"), "[]")
		return p.take([]byte("\x1b[?" + list + "c"))
	case uv.CellSizeEvent:
		return p.take(fmt.Appendf(nil, "\x1b[6;%d;%dt", e.Height, e.Width))
	case uv.PixelSizeEvent:
		return p.take(fmt.Appendf(nil, "\x1b[4;%d;%dt", e.Height, e.Width))
	case uv.TerminalVersionEvent:
		return p.take([]byte("\x1bP>|" + e.Name + stringEnd))
	case uv.KittyGraphicsEvent:
		return p.take(fmt.Appendf(nil, "\x1b_Gi=%d;%s\x1b\\", e.Options.ID, e.Payload))
	case uv.BackgroundColorEvent:
		if e.Color == nil {
			return false
		}
		r, g, b, _ := e.RGBA()
		return p.take(fmt.Appendf(nil, "\x1b]11;rgb:%04x/%04x/%04x\a", r, g, b))
	case uv.ModeReportEvent:
		return p.take(fmt.Appendf(nil, "\x1b[?%d;%d$y", e.Mode.Mode(), e.Value))
	case uv.UnknownCsiEvent:
		return p.takeUnknown(string(e))
	case uv.UnknownEvent:
		return p.takeUnknown(string(e))
	case uv.MultiEvent:
		taken := false
		for _, one := range e {
			taken = p.Feed(one) || taken
		}
		return taken
	}
	return false
}

// takeUnknown takes what ultraviolet could not make sense of.
func (p *Probe) takeUnknown(s string) bool {
	n, m := matchReply([]byte(s))
	return m == replyWhole && n == len(s) && p.take([]byte(s))
}

// Events decodes the bytes that Query left unread, for program.Send: Bubble Tea takes
// ultraviolet's events for its own messages.
func Events(typed []byte) []uv.Event {
	var decoder uv.EventDecoder
	var events []uv.Event
	for len(typed) > 0 {
		n, event := decoder.Decode(typed)
		if n < 1 {
			break
		}
		if event != nil {
			events = append(events, event)
		}
		typed = typed[min(n, len(typed)):]
	}
	return events
}
