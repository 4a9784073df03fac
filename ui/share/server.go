package share

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"charm.land/ssh"
	"charm.land/wish/v2"
	gossh "golang.org/x/crypto/ssh"

	"hfcui/ui"
	"hfcui/ui/session"
)

// Options configures a Server.
type Options struct {
	Keys           Keys
	HostKey        string // file; made if it does not exist
	AnyoneMayWatch bool   // without a known key, read-only
	Limits         Limits
	Log            *slog.Logger
	// Program returns the options of a new viewer's program, and what frees them. The server sets
	// Output, Environ and Audience, and checks that who starts a run may do so.
	Program func() (o ui.Options, free func())
}

// Server serves the explorer.
type Server struct {
	options Options
	room    *room
	limiter *limiter
	ssh     *ssh.Server
	ctx     context.Context // of all viewers
	end     context.CancelCauseFunc
	open    sync.WaitGroup // connections
}

// errClosing is why viewers' programs end when the server does.
var errClosing = errors.New("the server is shutting down")

// New returns a server over a Lab, which the caller closes after Serve has returned.
func New(lab session.Lab, o Options) (*Server, error) {
	key, err := hostKey(o.HostKey)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, room: newRoom(lab), limiter: newLimiter(o.Limits)}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	s.ssh, err = wish.NewServer(
		wish.WithVersion("hfcui"),
		wish.WithPublicKeyAuth(s.authorize),
		wish.WithIdleTimeout(o.Limits.Idle),
		wish.WithMaxTimeout(o.Limits.Total),
		func(srv *ssh.Server) error {
			srv.AddHostKey(key)
			srv.HandshakeTimeout = o.Limits.Handshake
			srv.ConnCallback = s.accept
			srv.ServerConfigCallback = s.config
			srv.ConnectionFailedCallback = s.failed
			srv.ChannelHandlers = map[string]ssh.ChannelHandler{"session": s.session}
			srv.RequestHandlers = map[string]ssh.RequestHandler{}
			srv.SubsystemHandlers = map[string]ssh.SubsystemHandler{}
			if o.AnyoneMayWatch {
				// Asked for after public keys, of which any is accepted, too.
				srv.KeyboardInteractiveHandler = func(ctx ssh.Context, _ gossh.KeyboardInteractiveChallenge) bool {
					ctx.SetValue(levelKey{}, anonymous)
					return true
				}
			}
			return nil
		})
	return s, err
}

// drainTime is how long viewers' programs have to end, and their connections to close after them.
const drainTime = 2 * time.Second

// Serve accepts connections until ctx ends; then viewers are told, and it returns when all
// connections are closed, within twice drainTime. The error is that of the listener, or nil.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- s.ssh.Serve(l) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		l.Close()
		<-done
	}
	s.options.Log.Info("closing", "viewers", s.room.size())
	s.end(errClosing)
	s.wait(drainTime)
	s.ssh.Close()
	s.limiter.closeAll()
	s.wait(drainTime)
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%s: %w", l.Addr(), err)
}

// wait waits for all connections to close, but not for ever.
func (s *Server) wait(most time.Duration) {
	closed := make(chan struct{})
	go func() {
		s.open.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(most):
	}
}

// config restricts the algorithms to those without known weaknesses.
func (s *Server) config(ssh.Context) *gossh.ServerConfig {
	return &gossh.ServerConfig{
		MaxAuthTries: s.options.Limits.Tries,
		Config: gossh.Config{
			KeyExchanges: []string{gossh.KeyExchangeMLKEM768X25519, gossh.KeyExchangeCurve25519, "curve25519-sha256@libssh.org"},
			Ciphers:      []string{gossh.CipherAES256GCM, gossh.CipherAES128GCM, gossh.CipherChaCha20Poly1305},
			MACs:         []string{gossh.HMACSHA256ETM, gossh.HMACSHA512ETM},
		},
	}
}

// accept admits a connection within the limits.
func (s *Server) accept(ctx ssh.Context, c net.Conn) net.Conn {
	admitted, why := s.limiter.admit(c)
	if admitted == nil {
		s.options.Log.Warn("refused", "from", c.RemoteAddr().String(), "why", why)
		return nil
	}
	s.open.Add(1)
	admitted.closed = s.open.Done
	ctx.SetValue(admittedKey{}, admitted)
	return admitted
}

// failed logs a connection that has not authenticated.
func (s *Server) failed(c net.Conn, err error) {
	if s.ctx.Err() == nil {
		s.options.Log.Warn("failed", "from", c.RemoteAddr().String(), "why", err.Error())
	}
}
