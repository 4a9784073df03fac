package term

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Probe gathers what one terminal reports about itself. It is safe for concurrent use.
type Probe struct {
	mu      sync.Mutex
	env     environment
	size    windowSize
	answers answers
	next    answers    // replies since the last queries, which replace answers once complete
	wrapped bool       // queries were also sent through tmux
	da1     int        // DA1 replies since the last queries
	asked   time.Time  // when those were sent
	askedAt windowSize // the size then
	resized time.Time  // when that changed
	glyphs  glyphs     // of a Linux console
	pending pending
	tty     *os.File // the terminal, if Query was used
	asks    []bool   // the DA1 queries not answered, in order: whether each is a fence of the layer
	arrived func()   // called when one of these is answered
}

// windowSize is a terminal's size in cells and in pixels, 0 where unknown.
type windowSize struct{ cols, rows, width, height int }

// testColor is the state that queryColor sets, in the forms that terminals report it in.
var testColor = regexp.MustCompile(`48[:;]2[:;](\d*:)?1[:;]2[:;]3`)

// indexedColor is what terminals with 256 colors make of it.
var indexedColor = regexp.MustCompile(`48[:;]5[:;]\d`)

// NewProbe returns a probe for a session with the environment env ("NAME=value").
func NewProbe(env []string) *Probe {
	return &Probe{env: readEnvironment(env)}
}

const kittyQueryID = "i=31"

// The queries. DA1 comes last as the fence: every terminal replies to it, and replies come in
// the order of the queries.
const (
	queryName       = "\x1b[>q"                                                    // XTVERSION
	queryKitty      = "\x1b_G" + kittyQueryID + ",s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" // one pixel, not stored
	queryCell       = "\x1b[16t"
	queryPixels     = "\x1b[14t"
	queryBackground = "\x1b]11;?\x1b\\"
	queryRegisters  = "\x1b[?1;1;0S" // XTSMGRAPHICS: read the number of color registers
	queryLargest    = "\x1b[?2;1;0S" // … and the largest picture
	querySync       = "\x1b[?2026$p" // DECRQM
	queryClusters   = "\x1b[?2027$p"
	queryDA1        = "\x1b[c"

	// A color is set, asked for (DECRQSS) and reset: terminals without 24-bit color reply with
	// another. Then terminfo's RGB and Tc (XTGETTCAP), under hexadecimal names.
	queryColor = "\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m\x1bP+q" + hexRGB + "\x1b\\\x1bP+q" + hexTc + "\x1b\\"
	hexRGB     = "524742"
	hexTc      = "5463"

	plainQueries = queryName + queryCell + queryPixels + queryBackground + queryRegisters + queryLargest + querySync + queryClusters + queryDA1
)

// Queries returns the queries, to be written at once. They are sent before the program starts, and
// again while it runs, e.g. after a resize, when the font may have changed. It is empty for a dumb terminal.
func (p *Probe) Queries() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.env.dumb(runtime.GOOS) {
		return ""
	}
	p.da1, p.asked, p.askedAt = 0, time.Now(), p.size
	p.asks = append(p.asks, false)
	settled := time.Since(p.resized) > settling
	p.next = answers{tmux: p.answers.tmux, last: p.answers.last, settled: settled}
	p.wrapped = false
	color := ""
	if !p.env.noColor && p.env.profile < colorprofile.TrueColor && !p.inTmux() {
		color = queryColor
	}
	fences := 1
	queries := queryKitty + color + plainQueries
	switch {
	case p.env.term == "linux" || p.env.program == "Apple_Terminal":
		// They print parts of queries they do not know, and have no graphics.
		queries = queryDA1
	case p.inTmux() && p.answers.tmux.passthrough != passthroughOff:
		// tmux replies for itself at once, the outer terminal later.
		p.wrapped = true
		fences = 2
		queries = ansi.TmuxPassthrough(queryKitty+plainQueries) + plainQueries
	case p.inTmux():
		queries = plainQueries
	case strings.HasPrefix(p.env.term, "screen"):
		// It would take Kitty's query for a window title, and passes on the one for the
		// background, to which the reply comes after the fence.
		queries = strings.Replace(plainQueries, queryBackground, "", 1)
	}
	p.pending.sent(fences, p.asked)
	return queries
}

func (p *Probe) inTmux() bool { return p.env.tmux || isTmux(p.answers.name) }

// Capabilities returns what is known so far.
func (p *Probe) Capabilities() Capabilities {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.answers.capabilities(&p.env, p.size)
	c.Dumb = p.env.dumb(runtime.GOOS)
	if p.env.term == "linux" {
		if p.glyphs == nil {
			var loaded []uint16
			if p.tty != nil {
				loaded = consoleGlyphs(p.tty)
			}
			p.glyphs = glyphsOf(loaded)
		}
		g := p.glyphs
		c.Has = func(r rune) bool { return g[r] }
		c.Answers = append(c.Answers, fmt.Sprintf("characters of the console's font: %d", len(g)))
	}
	c.Complete = c.Complete || c.Dumb
	return c
}

// complete reports whether all replies have arrived.
func (p *Probe) complete() bool {
	if p.wrapped {
		return p.da1 >= 2
	}
	return p.da1 >= 1
}

// Resize sets the terminal's size as tea.WindowSizeMsg or an SSH client reports it, width and
// height in pixels, 0 if unknown. With a terminal given to Query, unknown pixels are looked up
// there.
func (p *Probe) Resize(cols, rows, width, height int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tty != nil && (width < 1 || height < 1) {
		if s, ok := ttySize(p.tty); ok && s.cols == cols && s.rows == rows {
			width, height = s.width, s.height
		}
	}
	if p.size.cols > 0 && (cols != p.size.cols || rows != p.size.rows) {
		p.resized, p.answers.settled = time.Now(), false
	}
	p.size = windowSize{cols, rows, width, height}.clamped()
}

// settling is how long a terminal may take to give its window a new size, which it has told already.
const settling = 500 * time.Millisecond

// Unsettled reports whether the size of cells should be asked for once more, since the terminal was
// resized just before it replied. Wait for Settling before.
func (p *Probe) Unsettled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, h := p.answers.exact(p.answers.cell[0], p.answers.cell[1], p.size)
	return !p.answers.settled && p.answers.cell[0] > 0 && (w != 0 || h != 0 || p.answers.last != [2]float64{})
}

// Settling is the time to wait for after a resize.
const Settling = 2 * settling

// Parse extracts the replies from what a terminal sent. It returns the rest: key presses and
// the like, without incomplete replies.
func (p *Probe) Parse(b []byte) (rest []byte) {
	in := parser{report: func(seq []byte) { p.take(seq) }, until: func() time.Time { return time.Time{} },
		pass: func(other []byte) { rest = append(rest, other...) }}
	in.feed(b, time.Now())
	in.end()
	return rest
}

// take records one complete reply and reports whether it was to one of our queries.
func (p *Probe) take(seq []byte) bool {
	if isDA1(seq) && p.tookFence() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	attributes := seq[len(seq)-1] == 'c'
	if attributes {
		p.da1++
	}
	p.pending.replied(attributes, time.Now())
	outer := attributes && p.wrapped && p.da1 >= 2
	for _, a := range []*answers{&p.answers, &p.next} {
		own := a.da1
		if !a.take(seq) {
			return false
		}
		if outer {
			a.outerDA1, a.da1 = a.da1, own
		}
		if a.pixels != [2]int{} && seq[len(seq)-1] == 't' {
			a.pixelsAt, a.settled = p.askedAt, p.next.settled
			if a.settled && a.cell[0] > 0 {
				a.last[0], a.last[1] = a.exact(a.cell[0], a.cell[1], p.size)
			}
		}
	}
	if attributes && !p.asked.IsZero() && p.complete() {
		p.answers = p.next // another terminal may have replied than the last time
	}
	return true
}

func isDA1(seq []byte) bool {
	return len(seq) > 3 && seq[1] == '[' && seq[2] == '?' && seq[len(seq)-1] == 'c'
}

// expectFence takes note that the layer writes a fence, which is DA1. It returns false while the
// probe's own is not answered: which of the two is written first is not known.
func (p *Probe) expectFence() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.asks, false) && time.Since(p.asked) < replyTime {
		return false
	}
	p.asks = append(slices.DeleteFunc(p.asks, func(fence bool) bool { return !fence }), true)
	p.pending.sent(1, time.Now())
	return true
}

// dropFence takes note that the oldest fence of the layer is not answered.
func (p *Probe) dropFence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.asks, true); i >= 0 {
		p.asks = slices.Delete(p.asks, i, i+1)
	}
}

// tookFence takes a reply to DA1 and reports whether it was to a fence of the layer, which is told.
func (p *Probe) tookFence() bool {
	p.mu.Lock()
	fence := len(p.asks) > 0 && p.asks[0]
	if len(p.asks) > 0 {
		p.asks = p.asks[1:]
	}
	tell := p.arrived
	if fence {
		p.pending.replied(true, time.Now())
	}
	p.mu.Unlock()
	if fence && tell != nil {
		tell()
	}
	return fence
}

// Feed takes a terminal event as ultraviolet decodes it and reports whether it was a reply to
// the probe's queries. It is for Windows, where Input cannot see the bytes themselves. Bubble
// Tea passes events it does not know to Update unchanged; those it has types of its own for
// (tea.TerminalVersionMsg, tea.BackgroundColorMsg, tea.ModeReportMsg) convert to the event of
// the same name, e.g. uv.ModeReportEvent(msg).
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

// takeUnknown records a reply that ultraviolet did not recognize.
func (p *Probe) takeUnknown(s string) bool {
	if s == "" {
		return false
	}
	n, k := scan([]byte(s))
	return k == reportInput && n == len(s) && p.take([]byte(s))
}
