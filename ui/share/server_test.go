package share

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"hfcui/ui"
	"hfcui/ui/uitest"
)

// served is a server on loopback, and the keys that it knows.
type served struct {
	t       *testing.T
	address string
	keys    map[level]gossh.Signer
	room    *room
	lab     *uitest.FakeLab
	log     *output
	stop    func() error
}

func newKey(t *testing.T) gossh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := gossh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func serve(t *testing.T, change func(*Options)) *served {
	t.Helper()
	s := &served{t: t, keys: map[level]gossh.Signer{}, lab: uitest.NewFakeLab(), log: &output{}}
	o := Options{
		Keys: Keys{}, HostKey: filepath.Join(t.TempDir(), "made", "host"), Limits: DefaultLimits,
		Log:     slog.New(slog.NewTextHandler(s.log, nil)),
		Program: func() (ui.Options, func()) { return ui.Options{Folder: t.TempDir(), Pictures: "sixel"}, func() {} },
	}
	for _, l := range []level{viewer, presenter} {
		s.keys[l] = newKey(t)
		o.Keys[string(s.keys[l].PublicKey().Marshal())] = l
	}
	if change != nil {
		change(&o)
	}
	server, err := New(s.lab, o)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address, s.room = listener.Addr().String(), server.room
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	for !accepting() {
		time.Sleep(time.Millisecond)
	}
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { s.stop() })
	return s
}

// accepting reports whether a listener's goroutine waits for connections.
func accepting() bool {
	stack := make([]byte, 1<<16)
	return bytes.Contains(stack[:runtime.Stack(stack, true)], []byte("(*TCPListener).Accept"))
}

func (s *served) dial(auth ...gossh.AuthMethod) (*gossh.Client, error) {
	return gossh.Dial("tcp", s.address, &gossh.ClientConfig{User: "ann\x1b[31m", Auth: auth, HostKeyCallback: gossh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second})
}

// output is what a terminal got.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// screen is a viewer with a terminal.
type screen struct {
	*output
	t       *testing.T
	client  *gossh.Client
	session *gossh.Session
	in      io.Writer
	ended   chan error
}

// connect opens a terminal of a size.
func (s *served) connect(as level, cols, rows int) *screen {
	s.t.Helper()
	client, err := s.dial(gossh.PublicKeys(s.keys[as]))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	session, err := client.NewSession()
	if err != nil {
		s.t.Fatal(err)
	}
	c := &screen{output: &output{}, t: s.t, client: client, session: session, ended: make(chan error, 1)}
	session.Stdout, session.Stderr = c.output, c.output
	c.in, _ = session.StdinPipe()
	if err := session.RequestPty("xterm-256color", rows, cols, gossh.TerminalModes{}); err != nil {
		s.t.Fatal(err)
	}
	if err := session.Shell(); err != nil {
		s.t.Fatal(err)
	}
	go func() { c.ended <- session.Wait() }()
	return c
}

// shows waits for text on the line.
func (c *screen) shows(text string) {
	c.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(c.text(), text); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("no %q in %d bytes: %q", text, len(c.text()), c.text()[max(0, len(c.text())-3000):])
		}
	}
}

// clear forgets what was shown.
func (c *screen) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.b.Reset()
}

func (c *screen) keys(s string) { io.WriteString(c.in, s) }

// wait returns the session's exit.
func (c *screen) wait() error {
	c.t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(8 * time.Second):
		c.t.Fatal("the session does not end")
		return nil
	}
}

// sixel begins a picture.
const sixel = "\x1bP0;1;0q"

// A viewer sees pictures, resizes, and quits; nothing is left of the connection.
func TestViewerComesAndGoes(t *testing.T) {
	s := serve(t, nil)
	before := runtime.NumGoroutine()
	c := s.connect(viewer, 100, 30)
	c.shows(sixel)
	c.clear()
	c.session.WindowChange(34, 120)
	c.shows(sixel)
	c.keys("q")
	if err := c.wait(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(c.text(), "\x1b[?1049l") {
		t.Errorf("the alternate screen was not left: %q", c.text()[max(0, len(c.text())-300):])
	}
	c.client.Close()
	s.settles(before)
	if log := s.log.text(); strings.Contains(log, "\x1b") || !strings.Contains(log, "SHA256:") {
		t.Errorf("log %q", log)
	}
}

// settles waits until there are no more goroutines than before.
func (s *served) settles(before int) {
	s.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			stack := make([]byte, 1<<16)
			s.t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stack[:runtime.Stack(stack, true)])
		}
	}
	if n := s.room.size(); n != 0 {
		s.t.Errorf("%d members are left", n)
	}
}

// A connection that is dropped ends its program, and a panic of one viewer's is nobody else's.
func TestDroppedConnection(t *testing.T) {
	s := serve(t, nil)
	before := runtime.NumGoroutine()
	c := s.connect(presenter, 100, 30)
	c.shows(sixel)
	c.client.Conn.Close()
	s.settles(before)
}

// There is nothing but the explorer.
func TestNothingElseIsServed(t *testing.T) {
	s := serve(t, nil)
	for name, auth := range map[string]gossh.AuthMethod{
		"password": gossh.Password("x"), "unknown key": gossh.PublicKeys(newKey(t)),
		"questions": gossh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) { return nil, nil }),
	} {
		if c, err := s.dial(auth); err == nil {
			c.Close()
			t.Errorf("%s is accepted", name)
		}
	}
	if c, err := s.dial(); err == nil {
		c.Close()
		t.Error("no authentication is accepted")
	}
	client, err := s.dial(gossh.PublicKeys(s.keys[presenter]))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"exec", "subsystem", "auth-agent-req@openssh.com", "x11-req", "break", "signal", "env", "pty-req", "window-change"} {
		if ok, err := session.SendRequest(request, true, []byte{0, 0, 0, 200, 1}); ok || err != nil {
			t.Errorf("%s: %v, %v", request, ok, err)
		}
	}
	if session.Setenv("LD_PRELOAD", "/x") == nil || session.Setenv("COLORTERM", "true\x1bcolor") == nil {
		t.Error("a variable is accepted")
	}
	if err := session.Setenv("COLORTERM", "truecolor"); err != nil {
		t.Error(err)
	}
	if _, err := client.Listen("tcp", "127.0.0.1:0"); err == nil {
		t.Error("remote forwarding")
	}
	if _, err := client.Dial("tcp", s.address); err == nil {
		t.Error("local forwarding")
	}
	var text output
	session.Stderr = &text
	if err := session.Shell(); err != nil {
		t.Fatal(err)
	}
	var exit *gossh.ExitError
	if err := session.Wait(); !errors.As(err, &exit) || !strings.Contains(text.text(), "ssh -t") {
		t.Errorf("without a terminal: %v, %q", err, text.text())
	}
}

// Impossible sizes change nothing.
func TestImpossibleSizes(t *testing.T) {
	s := serve(t, nil)
	c := s.connect(viewer, 0, 0)
	c.shows(sixel)
	for _, n := range []uint32{0, 65535, 1<<32 - 1} {
		payload := binary.BigEndian.AppendUint32(nil, n)
		payload = append(append(payload, payload...), make([]byte, 8)...)
		if ok, err := c.session.SendRequest("window-change", true, payload); ok || err != nil {
			t.Errorf("%d×%d: %v, %v", n, n, ok, err)
		}
	}
	c.keys("q")
	if err := c.wait(); err != nil {
		t.Error(err)
	}
}

// A follower goes where the presenter goes; who explores alone does not.
func TestFollowing(t *testing.T) {
	s := serve(t, nil)
	ann := s.connect(presenter, 120, 34)
	ann.shows("presenting to 0 viewers")
	ben := s.connect(viewer, 100, 30)
	ann.shows("1 viewer")
	eve := s.connect(viewer, 100, 30)
	ann.shows("2 viewers")
	ben.shows("is presenting")
	eve.shows("is presenting")
	ben.keys("\x06")
	ben.shows("following ann")
	ann.keys("3")
	ben.shows("onv1") // of the Kernels page
	if eve.clear(); strings.Contains(eve.text(), "onv1") {
		t.Error("who explores alone was taken along")
	}
	// Another split is open for everybody, and only the presenter may open it.
	eve.keys("t")
	eve.shows("not allowed")
	ann.keys("t")
	for s.lab.Info().Split != "train" || s.room.now() == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, m := range s.room.members[1:] {
		if got := m.state().Renewals; got != 1 {
			t.Errorf("%s was told of %d changes", m.name, got)
		}
	}
	ann.keys("q")
	ann.wait()
	for s.room.size() > 2 {
		time.Sleep(time.Millisecond)
	}
	if m := s.room.members[0].state(); m.Scene != nil || m.Members[0].Presenting {
		t.Errorf("without a presenter: %+v", m)
	}
}

// A viewer who does not read is cut, and delays neither others nor the end.
func TestStalledViewer(t *testing.T) {
	s := serve(t, func(o *Options) { o.Limits.Stalled = 300 * time.Millisecond })
	raw, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	stuck := &stallable{Conn: raw, resume: make(chan struct{})}
	defer close(stuck.resume)
	conn, channels, requests, err := gossh.NewClientConn(stuck, s.address, &gossh.ClientConfig{User: "x", Auth: []gossh.AuthMethod{gossh.PublicKeys(s.keys[viewer])}, HostKeyCallback: gossh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	client := gossh.NewClient(conn, channels, requests)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	session.RequestPty("xterm-256color", 44, 140, nil)
	stdin, _ := session.StdinPipe()
	if err := session.Shell(); err != nil {
		t.Fatal(err)
	}
	stuck.stalled.Store(true)
	go func() {
		for { // every image needs new pictures
			if _, err := io.WriteString(stdin, "n"); err != nil {
				return
			}
			time.Sleep(3 * time.Millisecond)
		}
	}()
	other := s.connect(viewer, 100, 30)
	other.shows("\x1bP")
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(s.log.text(), "msg=cut"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not cut: %s", s.log.text())
		}
	}
	started := time.Now()
	if err := s.stop(); err != nil || time.Since(started) > 5*time.Second {
		t.Errorf("the end took %v: %v", time.Since(started), err)
	}
	other.wait()
	if !strings.Contains(other.text(), "shutting down") {
		t.Error("the viewer was not told")
	}
}

// stallable is a connection that is not read while it is stalled.
type stallable struct {
	net.Conn
	stalled atomic.Bool
	resume  chan struct{}
}

func (c *stallable) Read(b []byte) (int, error) {
	if c.stalled.Load() {
		<-c.resume
	}
	return c.Conn.Read(b)
}

// Garbage is refused, and the server serves on.
func TestGarbage(t *testing.T) {
	s := serve(t, func(o *Options) { o.Limits.Rate = 1000 })
	for i := range 200 {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		c.Write(bytes.Repeat([]byte{byte(i), 0xff, '\n'}, i))
		c.Close()
	}
	c := s.connect(viewer, 100, 30)
	c.shows(sixel)
	c.keys("\x1b[99999999999999;1R\x1bP>|\x00\x1b\\\x1b[?1;2;4;999999999999c\x1b]11;rgb:zz/\x07q")
	c.wait()
}

// Keys are read from OpenSSH's files; the host key is for the user only.
func TestKeysAndHostKey(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "keys")
	line := string(gossh.MarshalAuthorizedKey(newKey(t).PublicKey()))
	restricted := "from=\"10.0.0.1\" " + string(gossh.MarshalAuthorizedKey(newKey(t).PublicKey()))
	os.WriteFile(file, []byte("# mine\n\nrestrict,pty "+line+restricted+"garbage\n"), 0o600)
	k, skipped, err := ReadKeys(file, "")
	if err != nil || len(k) != 1 || skipped != 2 {
		t.Errorf("%d keys, %d skipped, %v", len(k), skipped, err)
	}
	if _, _, err := ReadKeys(filepath.Join(dir, "none"), ""); err == nil {
		t.Error("a missing file is no error")
	}
	path := filepath.Join(dir, "new", "host")
	first, err := hostKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := hostKey(path)
	if err != nil || !bytes.Equal(first.PublicKey().Marshal(), again.PublicKey().Marshal()) {
		t.Errorf("another host key: %v", err)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

// Connections are limited by address, sessions by number and key.
func TestLimits(t *testing.T) {
	l := newLimiter(Limits{Rate: 1, Burst: 3, Sessions: 3, SessionsPerKey: 2})
	now := time.Now()
	for i, want := range []bool{true, true, true, false} {
		if l.take("a", now) != want {
			t.Errorf("connection %d", i)
		}
	}
	if !l.take("b", now) || !l.take("a", now.Add(1100*time.Millisecond)) {
		t.Error("another address, or a second later")
	}
	leave, _ := l.enter("k")
	l.enter("k")
	if _, why := l.enter("k"); why == "" {
		t.Error("three sessions with one key")
	}
	leave()
	leave()
	if _, why := l.enter("k"); why != "" {
		t.Error(why)
	}
	l.enter("other")
	if _, why := l.enter("third"); why == "" {
		t.Error("four sessions")
	}
}
