package term

import (
	"context"
	"io"
	"slices"
	"time"
)

// Input wraps the terminal's input for tea.WithInput so that replies that arrive late or
// in pieces never become key presses: ultraviolet takes what does not go on within 50 ms
// for keys. Whole replies are passed on to Bubble Tea, which wants some of them, and taken
// note of; then changed is called, if it is not nil, from the reading goroutine.
//
// A terminal stays one (it has the methods Fd, Name, Write and Close), and then a Read may
// return no bytes and no error when all it got was the beginning of a reply. On Windows
// Bubble Tea reads the console itself; there Feed does this work.
//
// Anything else is read ahead of Bubble Tea until ctx ends, which is when nobody reads any
// more; what is being read then is lost. A panic while reading is a *Panic as error.
func (p *Probe) Input(ctx context.Context, in io.Reader, changed func(Capabilities)) io.Reader {
	p.mu.Lock()
	r := &input{ctx: ctx, probe: p, in: in, changed: changed, buf: make([]byte, 4096), held: p.begun}
	p.begun = nil
	p.mu.Unlock()
	if f, ok := in.(file); ok {
		return &fileInput{r, f}
	}
	return r
}

// file is what Bubble Tea wants of an input that is a terminal.
type file interface {
	io.ReadWriteCloser
	Fd() uintptr
	Name() string
}

type fileInput struct {
	*input
	f file
}

func (r *fileInput) Write(b []byte) (int, error) { return r.f.Write(b) }
func (r *fileInput) Close() error                { return r.f.Close() }
func (r *fileInput) Fd() uintptr                 { return r.f.Fd() }
func (r *fileInput) Name() string                { return r.f.Name() }

// escapeTime is how long, while replies are to be expected, an escape is held that may be
// a reply's first byte as well as a key.
const escapeTime = 100 * time.Millisecond

func (r *fileInput) Read(b []byte) (n int, err error) {
	defer catch(&err)
	if len(r.ready) == 0 {
		for {
			n, err := r.f.Read(r.buf)
			r.take(r.buf[:n], err)
			if !r.ambiguous() {
				break
			}
			if more, err := readable(r.f.Fd(), escapeTime); !more || err != nil {
				r.release()
				break
			}
		}
	}
	return r.deliver(b)
}

// input passes bytes on but for those that begin a reply that is not whole yet.
type input struct {
	ctx     context.Context
	probe   *Probe
	in      io.Reader
	changed func(Capabilities)
	buf     []byte
	chunks  chan chunk // what another goroutine reads, if in is no terminal
	held    []byte     // the beginning of a reply
	ready   []byte     // to be passed on
	err     error      // after that
}

type chunk struct {
	b   []byte
	err error
}

// Read serves inputs that cannot be waited for with a limit: a goroutine of its own reads
// ahead of it.
func (r *input) Read(b []byte) (n int, err error) {
	defer catch(&err)
	if r.chunks == nil {
		r.chunks = make(chan chunk)
		go r.ahead()
	}
	for len(r.ready) == 0 && r.err == nil {
		var late <-chan time.Time
		if r.ambiguous() {
			late = time.After(escapeTime)
		}
		select {
		case c := <-r.chunks:
			r.take(c.b, c.err)
		case <-late:
			r.release()
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
	return r.deliver(b)
}

// ahead reads until there is an error or nobody wants any more.
func (r *input) ahead() {
	for err := error(nil); err == nil; {
		var c chunk
		c.b, c.err = r.chunk()
		select {
		case r.chunks <- c:
		case <-r.ctx.Done():
			return
		}
		err = c.err
	}
}

func (r *input) chunk() (b []byte, err error) {
	defer catch(&err)
	buf := make([]byte, len(r.buf))
	n, err := r.in.Read(buf)
	return buf[:n], err
}

func (r *input) deliver(b []byte) (int, error) {
	n := copy(b, r.ready)
	r.ready = r.ready[n:]
	if n == 0 && len(b) > 0 {
		return 0, r.err
	}
	return n, nil
}

// take sorts what was read: ready or held.
func (r *input) take(b []byte, err error) {
	r.err = err
	b = append(slices.Clone(r.held), b...)
	taken := false
	r.held = separate(b, func(seq []byte) {
		taken = r.probe.take(seq) || taken
		r.ready = append(r.ready, seq...)
	}, func(other []byte) { r.ready = append(r.ready, other...) })
	if err != nil || !unmistakable(r.held) && !r.probe.waiting() {
		r.release()
	}
	if taken && r.changed != nil {
		r.changed(r.probe.Capabilities())
	}
}

// ambiguous tells that what is held may be a key.
func (r *input) ambiguous() bool { return len(r.held) > 0 && !unmistakable(r.held) }

// release passes on what was held.
func (r *input) release() {
	r.ready = append(r.ready, r.held...)
	r.held = nil
}
