package share

import (
	"net"
	"sync"
	"time"
)

// Limits bound what connections can use. The zero value of a field is no limit, of Tries that of the SSH
// library.
type Limits struct {
	Sessions        int           // at the same time
	SessionsPerKey  int           // of these, with one key
	Tries           int           // authentication attempts per connection
	Handshake       time.Duration // until a connection has authenticated
	Idle            time.Duration // without any byte
	Total           time.Duration // of a connection
	Stalled         time.Duration // during which a terminal accepts no output
	Rate            float64       // new connections per second and address, on average
	Burst           int           // at once
	Unauthenticated int           // connections that have not authenticated yet
}

// DefaultLimits suit an audience in one room, behind one address.
var DefaultLimits = Limits{
	Sessions: 100, SessionsPerKey: 64, Tries: 6,
	Handshake: 20 * time.Second, Idle: 2 * time.Hour, Total: 12 * time.Hour, Stalled: 20 * time.Second,
	Rate: 20, Burst: 120, Unauthenticated: 80,
}

// limiter admits connections.
type limiter struct {
	Limits
	mu       sync.Mutex
	buckets  map[string]bucket // by address
	swept    time.Time
	all      map[*conn]struct{}
	starting int // connections that have not authenticated
	sessions int
	perKey   map[string]int
}

// bucket is a token bucket.
type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(l Limits) *limiter {
	return &limiter{Limits: l, buckets: map[string]bucket{}, all: map[*conn]struct{}{}, perKey: map[string]int{}}
}

// conn is an admitted connection.
type conn struct {
	net.Conn
	limiter *limiter
	once    sync.Once
	closed  func() // called once
	started bool   // it has authenticated; guarded by limiter.mu
}

// admittedKey is the conn in a connection's context.
type admittedKey struct{}

// admit returns the connection to use, or nil and why there is none.
func (l *limiter) admit(c net.Conn) (*conn, string) {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		host = c.RemoteAddr().String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.take(host, time.Now()):
		return nil, "too many connections from this address"
	case l.Unauthenticated > 0 && l.starting >= l.Unauthenticated:
		return nil, "too many connections that have not authenticated"
	}
	l.starting++
	admitted := &conn{Conn: c, limiter: l}
	l.all[admitted] = struct{}{}
	return admitted, ""
}

// sweepTime is how often addresses with full buckets are forgotten.
const sweepTime = time.Minute

// take takes a token of an address.
func (l *limiter) take(host string, now time.Time) bool {
	if l.Rate <= 0 {
		return true
	}
	full := float64(max(l.Burst, 1))
	level := func(b bucket) float64 { return min(full, b.tokens+l.Rate*now.Sub(b.at).Seconds()) }
	if now.Sub(l.swept) > sweepTime {
		l.swept = now
		for h, b := range l.buckets {
			if level(b) >= full {
				delete(l.buckets, h)
			}
		}
	}
	tokens := full
	if b, ok := l.buckets[host]; ok {
		tokens = level(b)
	}
	ok := tokens >= 1
	if ok {
		tokens--
	}
	l.buckets[host] = bucket{tokens, now}
	return ok
}

// authenticated is called for a connection that has authenticated.
func (c *conn) authenticated() {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	if !c.started {
		c.started = true
		c.limiter.starting--
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.authenticated()
		c.limiter.mu.Lock()
		delete(c.limiter.all, c)
		c.limiter.mu.Unlock()
		if c.closed != nil {
			c.closed()
		}
	})
	return err
}

// closeAll closes all connections, those that have not authenticated, too.
func (l *limiter) closeAll() {
	l.mu.Lock()
	var list []*conn
	for c := range l.all {
		list = append(list, c)
	}
	l.mu.Unlock()
	for _, c := range list {
		c.Close()
	}
}

// enter counts a session with a key, or says why there can be no more.
func (l *limiter) enter(key string) (leave func(), why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.Sessions > 0 && l.sessions >= l.Sessions:
		return nil, "the server is full: try again later"
	case l.SessionsPerKey > 0 && l.perKey[key] >= l.SessionsPerKey:
		return nil, "too many sessions with this key: close one of them"
	}
	l.sessions++
	l.perKey[key]++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sessions--
		if l.perKey[key]--; l.perKey[key] == 0 {
			delete(l.perKey, key)
		}
	}), ""
}
