package share

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"hfcui/ui"
	"hfcui/ui/kit"
	"hfcui/ui/term"
)

// session serves a channel of type "session": a terminal on which the program runs, and nothing
// else. Everything else that a client may ask of one is refused.
func (s *Server) session(_ *ssh.Server, c *gossh.ServerConn, offered gossh.NewChannel, ctx ssh.Context) {
	admitted, _ := ctx.Value(admittedKey{}).(*conn)
	as, _ := ctx.Value(levelKey{}).(level)
	if admitted == nil {
		_ = offered.Reject(gossh.Prohibited, "not admitted")
		return
	}
	admitted.authenticated()
	fingerprint := "none"
	if key, ok := ctx.Value(ssh.ContextKeyPublicKey).(ssh.PublicKey); ok && key != nil {
		fingerprint = gossh.FingerprintSHA256(key)
	}
	leave, why := s.limiter.enter(fingerprint)
	if leave == nil {
		_ = offered.Reject(gossh.ResourceShortage, why)
		return
	}
	defer leave()
	channel, requests, err := offered.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	log := s.options.Log.With("from", c.RemoteAddr().String(), "user", memberName(c.User()), "key", fingerprint)
	t := &terminal{channel: channel, sizes: make(chan tea.Msg, 1)}
	lost, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	started, shell := time.Now(), make(chan struct{})
	go func() {
		defer cancel(errLost) // after the channel or the connection is closed
		t.requests(requests, shell)
	}()
	select {
	case <-shell:
	case <-lost.Done():
		return
	case <-time.After(shellTime):
		return
	}
	log.Info("start", "terminal", t.name, "size", fmt.Sprintf("%d×%d", t.cols, t.rows))
	status := 0
	if err := s.run(lost, t, c.User(), as, log, cancel); err != nil {
		status = 1
		if !errors.Is(err, errLost) {
			fmt.Fprintf(channel.Stderr(), "hfcui: %s\r\n", kit.OneLine(err))
		}
		log = log.With("why", err.Error())
	}
	log.Info("end", "after", time.Since(started).Round(time.Second).String())
	_, _ = channel.SendRequest("exit-status", false, binary.BigEndian.AppendUint32(nil, uint32(status)))
}

// shellTime is how long a session may take to ask for what it is for.
const shellTime = 10 * time.Second

// Why a viewer's program ends.
var (
	errLost    = errors.New("the connection is closed")
	errStalled = errors.New("the terminal has accepted no output for too long")
)

// run runs a viewer's program on a terminal.
func (s *Server) run(ctx context.Context, t *terminal, user string, as level, log *slog.Logger, cut context.CancelCauseFunc) (err error) {
	defer func() { // as everywhere else a panic ends this viewer's program only
		if r := recover(); r != nil {
			err = kit.Recovered(r).Report()
		}
	}()
	if !t.has {
		return errors.New("the explorer needs a terminal: connect without a command, or with ssh -t")
	}
	m := s.room.join(user, as)
	defer m.leave()
	o, free := s.options.Program()
	defer free()
	o.Environ, o.Audience = t.environ(), m
	m.guard(&o)
	news := make(chan tea.Msg)
	stop := make(chan struct{})
	defer close(stop)
	go m.report(news, t.sizes, stop)
	out := &patientWriter{w: t.channel, limit: s.options.Limits.Stalled, cut: func() {
		log.Warn("cut", "why", errStalled.Error())
		cut(errStalled)
		_ = t.channel.Close()
	}}
	err = ui.RunRemote(ctx, &sharedLab{Lab: s.room.lab, room: s.room, member: m}, o, ui.Remote{
		In: t.channel, Out: out, Cols: t.cols, Rows: t.rows, Messages: news,
	})
	if cause := context.Cause(ctx); cause != nil && (errors.Is(cause, errLost) || errors.Is(cause, errStalled)) {
		return cause
	}
	return err
}

// terminal is the client's.
type terminal struct {
	channel    gossh.Channel
	has        bool
	name       string // TERM
	cols, rows int
	env        []string
	sizes      chan tea.Msg // the newest one
}

// requests answers a session's requests until it is closed. shell is closed when the program may
// start.
func (t *terminal) requests(in <-chan *gossh.Request, shell chan struct{}) {
	running := false
	for r := range in {
		ok := false
		switch {
		case r.Type == "pty-req" && !running && !t.has:
			ok = t.open(r.Payload)
		case r.Type == "env" && !running:
			ok = t.set(r.Payload)
		case r.Type == "window-change" && t.has:
			ok = t.resize(r.Payload, running)
		case r.Type == "shell" && !running:
			running, ok = true, true
			close(shell)
		}
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
	}
}

// size reads a width and a height in cells; false unless they are a terminal's.
func size(payload []byte) (cols, rows int, ok bool) {
	if len(payload) < 8 {
		return 0, 0, false
	}
	w, h := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
	if w < 1 || h < 1 || w > 1<<15 || h > 1<<15 {
		return 0, 0, false
	}
	cols, rows = term.ClampSize(int(w), int(h))
	return cols, rows, true
}

// open takes a pty-req (RFC 4254, section 6.2): TERM, columns, rows, pixels, modes.
func (t *terminal) open(payload []byte) bool {
	if len(payload) < 4 {
		return false
	}
	n := int64(binary.BigEndian.Uint32(payload))
	if n > 64 || int64(len(payload)) < 4+n+8 {
		return false
	}
	t.name = string(payload[4 : 4+n])
	if !plainText(t.name) || t.name == "" {
		t.name = "xterm-256color"
	}
	t.has = true
	t.cols, t.rows = term.ClampSize(0, 0) // unknown
	if cols, rows, ok := size(payload[4+n:]); ok {
		t.cols, t.rows = cols, rows
	}
	return true
}

// resize takes a window-change (RFC 4254, section 6.7). Impossible sizes change nothing.
func (t *terminal) resize(payload []byte, running bool) bool {
	cols, rows, ok := size(payload)
	if !ok {
		return false
	}
	if !running {
		t.cols, t.rows = cols, rows
		return true
	}
	select { // the newest replaces one that has not been read
	case <-t.sizes:
	default:
	}
	t.sizes <- tea.WindowSizeMsg{Width: cols, Height: rows}
	return true
}

// knownVariables are those of a client's environment that say what its terminal can do.
var knownVariables = []string{"COLORTERM", "COLORFGBG", "NO_COLOR", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "LC_TERMINAL", "LC_TERMINAL_VERSION"}

// set takes a variable of the environment (RFC 4254, section 6.4).
func (t *terminal) set(payload []byte) bool {
	var kv struct{ Name, Value string }
	if len(payload) > 512 || gossh.Unmarshal(payload, &kv) != nil || !plainText(kv.Value) {
		return false
	}
	for _, known := range knownVariables {
		if kv.Name == known && len(t.env) < 2*len(knownVariables) {
			t.env = append(t.env, kv.Name+"="+kv.Value)
			return true
		}
	}
	return false
}

// environ is the environment of the program on this terminal.
func (t *terminal) environ() []string {
	return append([]string{"TERM=" + t.name, "SSH_TTY=session"}, t.env...)
}

// plainText reports whether s is short and printable ASCII.
func plainText(s string) bool {
	return len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// memberName is a user name that is safe to print.
func memberName(user string) string {
	const most = 24 // cells
	return cmp.Or(kit.Cut(strings.TrimSpace(kit.Clean(user)), most), "somebody")
}

// patientWriter calls cut once the terminal has accepted nothing for as long as limit.
type patientWriter struct {
	w     io.Writer
	limit time.Duration // 0: none
	cut   func()
}

// pieceSize is how much a terminal has to accept within the limit.
const pieceSize = 16 << 10

func (p *patientWriter) Write(b []byte) (n int, err error) {
	for err == nil && n < len(b) {
		piece := b[n:min(n+pieceSize, len(b))]
		if err = p.put(piece); err == nil {
			n += len(piece)
		}
	}
	return n, err
}

func (p *patientWriter) put(b []byte) error {
	if p.limit > 0 {
		defer time.AfterFunc(p.limit, p.cut).Stop()
	}
	_, err := p.w.Write(b)
	return err
}
