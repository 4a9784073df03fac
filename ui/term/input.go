package term

import (
	"context"
	"io"
	"slices"
	"time"
)

// Input wraps the terminal's input, for tea.WithInput, so that replies that arrive late or in
// pieces never become key presses: ultraviolet treats a sequence that is not continued within
// 50 ms as keys. Complete replies are recorded and also passed on to Bubble Tea, which uses
// some of them; then changed, unless nil, is called from the reading goroutine.
//
// If in is a terminal (it has Fd, Name, Write and Close), so is the result, and a Read may
// return no bytes and no error when all it got was the beginning of a reply. On Windows Bubble
// Tea reads the console itself; use Feed there.
//
// Any other reader is read ahead by a goroutine until ctx is done; input read but not
// delivered by then is lost. A panic while reading is returned as a *Panic.
func (p *Probe) Input(ctx context.Context, in io.Reader, changed func(Capabilities)) io.Reader {
	p.mu.Lock()
	r := &input{ctx: ctx, probe: p, in: in, changed: changed, buf: make([]byte, 4096), held: p.partial}
	p.partial = nil
	p.mu.Unlock()
	if f, ok := in.(file); ok {
		return &fileInput{r, f}
	}
	return r
}

// file is what Bubble Tea requires of an input that is a terminal.
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

// escapeTime is how long an escape that may be a key as well as the beginning of a reply is
// held while replies are expected.
const escapeTime = 100 * time.Millisecond

func (r *fileInput) Read(b []byte) (n int, err error) {
	defer recoverAsError(&err)
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

// input passes bytes on, except for the beginning of an incomplete reply.
type input struct {
	ctx     context.Context
	probe   *Probe
	in      io.Reader
	changed func(Capabilities)
	buf     []byte
	chunks  chan chunk // what the goroutine reads, if in is not a terminal
	held    []byte     // the beginning of a reply
	ready   []byte     // to be delivered
	err     error      // to be returned after ready
}

type chunk struct {
	b   []byte
	err error
}

// Read serves inputs that cannot be waited for with a timeout: a goroutine reads ahead of it.
func (r *input) Read(b []byte) (n int, err error) {
	defer recoverAsError(&err)
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

// ahead reads until there is an error or ctx is done.
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
	defer recoverAsError(&err)
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

// take divides what was read into bytes that are ready and bytes to be held.
func (r *input) take(b []byte, err error) {
	r.err = err
	b = append(slices.Clone(r.held), b...)
	taken := false
	r.held = split(b, func(seq []byte) {
		taken = r.probe.take(seq) || taken
		r.ready = append(r.ready, seq...)
	}, func(other []byte) { r.ready = append(r.ready, other...) })
	if err != nil || !neverKey(r.held) && !r.probe.waiting() {
		r.release()
	}
	if taken && r.changed != nil {
		r.changed(r.probe.Capabilities())
	}
}

// ambiguous reports whether the bytes held may be a key.
func (r *input) ambiguous() bool { return len(r.held) > 0 && !neverKey(r.held) }

// release passes on the bytes held.
func (r *input) release() {
	r.ready = append(r.ready, r.held...)
	r.held = nil
}
