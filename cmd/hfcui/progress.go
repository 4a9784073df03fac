package main

import (
	"fmt"
	"os"
	"time"

	"github.com/charmbracelet/x/term"

	uiterm "hfcui/ui/term"
)

// progress is a line on standard error, updated in place; nil if standard error is not a terminal.
type progress struct {
	shown bool
	last  time.Time
}

// progressPause is the minimum time between updates of the line.
const progressPause = 100 * time.Millisecond

func newProgress() *progress {
	if !term.IsTerminal(os.Stderr.Fd()) {
		return nil
	}
	return &progress{}
}

// set shows text, at most once every progressPause.
func (p *progress) set(format string, args ...any) {
	if p == nil || time.Since(p.last) < progressPause {
		return
	}
	p.shown, p.last = true, time.Now()
	fmt.Fprintf(os.Stderr, "\r\x1b[K%s", oneLine(fmt.Sprintf(format, args...)))
}

// clear erases the line.
func (p *progress) clear() {
	if p == nil || !p.shown {
		return
	}
	p.shown = false
	fmt.Fprint(os.Stderr, "\r\x1b[K")
}

// bar draws a progress bar: "██████░░░░ 60 %".
func bar(done, total int64) string {
	const width = 20
	if total <= 0 {
		return fmt.Sprintf("%.1f MB", float64(done)/1e6)
	}
	part := min(max(float64(done)/float64(total), 0), 1)
	line := make([]rune, width)
	for i := range line {
		line[i] = '░'
		if float64(i) < part*width {
			line[i] = '█'
		}
	}
	return fmt.Sprintf("%s %3.0f %%", string(line), 100*part)
}

// sayNote prints a caveat on stderr unless it is "".
func sayNote(note string) {
	if note != "" {
		w := standardError()
		defer w.Close()
		fmt.Fprintf(w, "hfcui: note: %s\n", oneLine(note))
	}
}

// standardError returns stderr for messages that must not keep the program from ending: it is waited
// for only while it accepts output.
func standardError() *uiterm.Output { return uiterm.NewOutput(os.Stderr) }
