package term

import (
	"context"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Tmux is what a tmux on this machine says of its options and of the client that shows the program.
type Tmux struct {
	Known       bool
	FocusEvents bool // option focus-events
	passthrough passthroughOption
	features    string // client_termfeatures, separated by commas
	name        string // of the client's terminal (XTVERSION), if known
	client      string // identifies the client and its terminal; blank: none is attached
	visible     bool   // the program's pane is shown
	activity    int64  // Unix time of the client's last input
}

// passthroughOption is the value of tmux's option allow-passthrough.
type passthroughOption int

const (
	passthroughUnknown passthroughOption = iota
	passthroughOn
	passthroughOff
)

// has reports whether the client's terminal has a feature.
func (t *Tmux) has(feature string) bool {
	return slices.Contains(strings.Split(t.features, ","), feature)
}

// Another reports whether another client than before shows the program.
func (t Tmux) Another(before Tmux) bool {
	return t.Known && before.Known && t.client != "" && t.client != before.client
}

// Uncovered reports whether something else may have been shown in the program's place since before:
// another window, or a menu, opened by keys that did not reach the program, whose last one was at
// input.
func (t Tmux) Uncovered(before Tmux, input time.Time) bool {
	return t.visible && (!before.visible || t.activity != before.activity && t.activity > input.Unix())
}

// tmuxFormat has one line per field. Versions before 3.3 do not know all of them, and leave their lines
// empty.
var tmuxFormat = strings.Join([]string{
	"#{allow-passthrough}", "#{focus-events}", "#{client_termfeatures}", "#{client_termtype}", "#{client_name}#{client_pid}#{client_termname}",
	"#{window_active} #{pane_in_mode}", "#{client_activity}",
}, "\n")

// parseTmux reads what tmux prints for tmuxFormat.
func parseTmux(out string) (t Tmux) {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != strings.Count(tmuxFormat, "\n")+1 {
		return t
	}
	t = Tmux{
		Known: true, FocusEvents: lines[1] == "1" || lines[1] == "on", passthrough: passthroughOn,
		features: printable(lines[2]), name: printable(lines[3]), client: printable(lines[4]), visible: lines[5] == "1 0",
	}
	t.activity, _ = strconv.ParseInt(lines[6], 10, 64) // 0: never
	if lines[0] == "0" || lines[0] == "off" {
		t.passthrough = passthroughOff // versions before 3.3 have no such option, and pass everything
	}
	return t
}

// Tmux returns what the tmux around the program said last.
func (p *Probe) Tmux() Tmux {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answers.tmux
}

// QueryTmux asks the tmux around the program, if it runs on this machine, what its client supports:
// another may be attached by now. The reply becomes part of Capabilities. The environment of a session
// over SSH does not count: its tmux is elsewhere.
func (p *Probe) QueryTmux(ctx context.Context, timeout time.Duration) Tmux {
	if !p.env.server || p.tty == nil {
		return Tmux{}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	args := []string{"display-message", "-p"}
	if p.env.pane != "" {
		args = append(args, "-t", p.env.pane)
	}
	out, err := exec.CommandContext(ctx, "tmux", append(args, tmuxFormat)...).Output()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		t := parseTmux(string(out))
		p.answers.tmux, p.next.tmux = t, t
	}
	return p.answers.tmux
}
