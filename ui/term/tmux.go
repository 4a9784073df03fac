package term

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// tmuxState is what a tmux on this machine says of its options and of the client that shows the
// program.
type tmuxState struct {
	known       bool
	passthrough passthroughOption
	focusEvents bool
	features    string // client_termfeatures, separated by commas
	client      string // identifies the client and its terminal
	name        string // of the client's terminal (XTVERSION), if known
}

// has reports whether the client's terminal has a feature.
func (t *tmuxState) has(feature string) bool {
	return slices.Contains(strings.Split(t.features, ","), feature)
}

// tmuxFormat has one line per field of tmuxState. Versions before 3.3 do not know all of them, and
// leave their lines empty.
const tmuxFormat = "#{allow-passthrough}\n#{focus-events}\n#{client_termfeatures}\n#{client_termtype}\n#{client_name} #{client_pid} #{client_termname}"

// parseTmux reads what tmux prints for tmuxFormat.
func parseTmux(out string) (t tmuxState) {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 5 {
		return t
	}
	t = tmuxState{known: true, passthrough: passthroughOn, focusEvents: lines[1] == "1" || lines[1] == "on",
		features: printable(lines[2]), name: printable(lines[3]), client: printable(lines[4])}
	if lines[0] == "0" || lines[0] == "off" {
		t.passthrough = passthroughOff // versions before 3.3 have no such option, and pass everything
	}
	return t
}

// QueryTmux asks the tmux around the program, if it runs on this machine, what its client supports:
// another may be attached by now. It reports whether that is another client than before. The answer
// is part of Capabilities.
func (p *Probe) QueryTmux(ctx context.Context, timeout time.Duration) (another bool) {
	if !p.env.server {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	args := []string{"display-message", "-p"}
	if p.env.pane != "" {
		args = append(args, "-t", p.env.pane)
	}
	out, err := exec.CommandContext(ctx, "tmux", append(args, tmuxFormat)...).Output()
	if err != nil {
		return false
	}
	t := parseTmux(string(out))
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.answers.tmux
	p.answers.tmux, p.next.tmux = t, t
	return before.known && t.known && before.client != t.client
}
