package term

import (
	"context"
	"io"
	"sync"
	"time"
)

// Input is a terminal's input for tea.WithInput: keys, the mouse, focus and pastes. It keeps
// reports back, which never become key presses, and records replies in its probe as they arrive,
// whether it is read or not.
type Input struct {
	probe *Probe
	end   context.CancelFunc

	mu      sync.Mutex
	ready   []byte        // to be read
	err     error         // to be returned after ready
	arrived chan struct{} // has a value when ready or err has changed
	room    chan struct{} // has a value when ready has become shorter

	interrupt chan struct{} // closed when Ctrl-C arrives
	once      sync.Once
	done      <-chan struct{} // of its context
	unread    chan struct{}   // closed once in is no longer read
}

// maxReady is how much input waits for the program. The terminal keeps the rest.
const maxReady = 1 << 16

// Input reads from in until ctx is done. changed, unless nil, is called with the capabilities as
// replies arrive, lost, unless nil, once in has ended, with the reason; both by the goroutine that
// reads. A panic in it is returned by Read as a *Panic.
func (p *Probe) Input(ctx context.Context, in io.Reader, changed func(Capabilities), lost func(error)) *Input {
	ctx, cancel := context.WithCancel(ctx)
	r := &Input{probe: p, end: cancel, done: ctx.Done(), unread: make(chan struct{}),
		arrived: make(chan struct{}, 1), room: make(chan struct{}, 1), interrupt: make(chan struct{})}
	chunks := make(chan chunk)
	go func() {
		defer close(r.unread)
		ahead(ctx, in, chunks)
	}()
	go r.run(chunks, changed, lost)
	return r
}

// chunk is what one read returned.
type chunk struct {
	b   []byte
	err error
}

// ahead reads until there is an error or ctx is done.
func ahead(ctx context.Context, in io.Reader, to chan<- chunk) {
	for err := error(nil); err == nil; {
		b := make([]byte, 4096)
		var n int
		n, err = readChunk(in, b)
		select {
		case to <- chunk{b[:n], err}:
		case <-ctx.Done():
			return
		}
	}
}

func readChunk(in io.Reader, b []byte) (n int, err error) {
	defer recoverAsError(&err)
	return in.Read(b)
}

// run takes what is read until there is an error or the context is done.
func (r *Input) run(chunks <-chan chunk, changed func(Capabilities), lost func(error)) {
	err := r.take(chunks, changed)
	r.mu.Lock()
	if r.err = io.EOF; isPanic(err) {
		r.err = err
	}
	r.mu.Unlock()
	signal(r.arrived)
	select {
	case <-r.done:
	default:
		if lost != nil {
			lost(err)
		}
	}
}

func isPanic(err error) bool {
	_, ok := err.(*Panic)
	return ok
}

func (r *Input) take(chunks <-chan chunk, changed func(Capabilities)) (err error) {
	defer recoverAsError(&err)
	taken := false
	p := parser{
		report: func(seq []byte) { taken = r.probe.take(seq) || taken },
		pass:   r.pass,
		until:  r.probe.outstandingUntil,
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Stop()
		if d := p.deadline(); !d.IsZero() {
			timer.Reset(time.Until(d))
		}
		select {
		case c := <-chunks:
			taken = false
			p.feed(c.b, time.Now())
			if c.err != nil {
				p.end()
			}
			if taken && changed != nil {
				changed(r.probe.Capabilities())
			}
			if c.err != nil {
				return c.err
			}
		case <-timer.C:
			p.expire(time.Now())
		case <-r.done:
			return context.Canceled
		}
	}
}

// pass has b read.
func (r *Input) pass(b []byte) {
	if isCtrlC(b) || len(b) > 0 && b[len(b)-1] == ctrlC {
		r.once.Do(func() { close(r.interrupt) })
	}
	for {
		r.mu.Lock()
		full := len(r.ready) > maxReady
		if !full {
			r.ready = append(r.ready, b...)
		}
		r.mu.Unlock()
		if !full {
			break
		}
		select {
		case <-r.room:
		case <-r.done:
			return
		}
	}
	signal(r.arrived)
}

// signal makes a channel have a value.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Read implements io.Reader.
func (r *Input) Read(b []byte) (int, error) {
	for {
		r.mu.Lock()
		n := copy(b, r.ready)
		r.ready = append(r.ready[:0], r.ready[n:]...)
		err := r.err
		r.mu.Unlock()
		switch {
		case n > 0:
			signal(r.room)
			return n, nil
		case err != nil:
			return 0, err
		}
		select {
		case <-r.arrived:
		case <-r.done:
			return 0, context.Canceled
		}
	}
}
