package term

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Output writes to a terminal that may stop reading, as after XOFF or when a connection is frozen.
// Then Write fails after a moment, and at once from then on, until the terminal has read what was
// written before; the program goes on and can be ended.
type Output struct {
	w io.Writer
	f tty // w if it is a terminal

	mu      sync.Mutex // one Write at a time
	buf     []byte     // being written; not to be touched while stopped
	work    chan []byte
	results chan result // of what was sent to work
	closed  bool
	stopped atomic.Bool
	moved   atomic.Int64 // counts pieces written
	hurry   atomic.Bool

	resumedMu sync.Mutex
	resumed   func()
}

type result struct {
	n   int
	err error
}

const (
	// stopTime is how long a terminal may read nothing before it counts as stopped, hurryTime so at
	// the program's end.
	stopTime, hurryTime = time.Second, 300 * time.Millisecond
	// writePiece is how much is written at once: on a slow connection that takes less than stopTime.
	writePiece = 4096
)

// errStopped is the error of Write while the terminal does not read.
var errStopped = errors.New("the terminal accepts no output")

// NewOutput returns an output to w, a terminal if w is one.
func NewOutput(w io.Writer) *Output {
	o := &Output{w: w}
	o.f, _ = w.(tty)
	return o
}

// OnResume sets f to be called, by a goroutine of its own, when a terminal that had stopped reads
// again: the screen's content is unknown then.
func (o *Output) OnResume(f func()) {
	o.resumedMu.Lock()
	defer o.resumedMu.Unlock()
	o.resumed = f
}

// Stopped reports whether the terminal does not read.
func (o *Output) Stopped() bool { return o.stopped.Load() }

// Hurry has Write wait less from now on, for the program's end.
func (o *Output) Hurry() { o.hurry.Store(true) }

// Write implements io.Writer. While the terminal is stopped it fails; what was written before may
// still be read.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, io.ErrClosedPipe
	}
	if o.stopped.Load() {
		return 0, errStopped
	}
	if o.work == nil {
		o.work, o.results = make(chan []byte), make(chan result, 1)
		go o.run()
	}
	o.buf = append(o.buf[:0], b...)
	moved := o.moved.Load()
	o.work <- o.buf
	timer := time.NewTimer(o.wait())
	defer timer.Stop()
	for {
		select {
		case r := <-o.results:
			if p, ok := r.err.(*Panic); ok {
				panic(p)
			}
			return r.n, r.err
		case <-timer.C:
		}
		now := o.moved.Load()
		if now == moved {
			break
		}
		moved = now
		timer.Reset(o.wait())
	}
	o.stopped.Store(true)
	go o.await()
	return 0, errStopped
}

func (o *Output) wait() time.Duration {
	if o.hurry.Load() {
		return hurryTime
	}
	return stopTime
}

// await waits for the terminal to have read what it had stopped at.
func (o *Output) await() {
	<-o.results
	o.stopped.Store(false)
	o.resumedMu.Lock()
	f := o.resumed
	o.resumedMu.Unlock()
	if f != nil {
		f()
	}
}

// run writes what it is given, in pieces.
func (o *Output) run() {
	for b := range o.work {
		n, err := o.pieces(b)
		o.results <- result{n, err}
	}
}

func (o *Output) pieces(b []byte) (n int, err error) {
	defer recoverAsError(&err)
	for n < len(b) && err == nil {
		var m int
		m, err = o.w.Write(b[n:min(len(b), n+writePiece)])
		n += m
		o.moved.Add(1)
		if m == 0 && err == nil {
			err = io.ErrShortWrite
		}
	}
	return n, err
}

// Read, Close and Fd are those of the terminal, for the layer, which asks it for its size.
func (o *Output) Read(p []byte) (int, error) {
	if o.f == nil {
		return 0, io.EOF
	}
	return o.f.Read(p)
}

// Close ends the goroutine that writes, once the terminal has read what it writes.
func (o *Output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.work != nil && !o.closed {
		close(o.work)
	}
	o.closed = true
	return nil
}

func (o *Output) Fd() uintptr {
	if o.f == nil {
		return ^uintptr(0)
	}
	return o.f.Fd()
}
