package term

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stopping is a terminal that reads nothing while it is stopped.
type stopping struct {
	mu   sync.Mutex
	b    bytes.Buffer
	open chan struct{} // closed while it reads
}

func (w *stopping) Write(p []byte) (int, error) {
	<-w.open
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func TestOutputGivesUpOnAStoppedTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stopping{open: make(chan struct{})}
		o := NewOutput(w)
		resumed := make(chan struct{})
		o.OnResume(func() { close(resumed) })
		start := time.Now()
		if n, err := o.Write([]byte("first")); n != 0 || !errors.Is(err, errStopped) || time.Since(start) > 2*stopTime || !o.Stopped() {
			t.Errorf("%d, %v after %v", n, err, time.Since(start))
		}
		start = time.Now()
		if _, err := o.Write([]byte("second")); !errors.Is(err, errStopped) || time.Since(start) > 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		close(w.open)
		<-resumed
		if n, err := o.Write([]byte("third")); n != 5 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if w.b.String() != "firstthird" {
			t.Errorf("%q", w.b.String())
		}
		o.Close()
	})
}

// slow reads a piece at a time.
type slow struct{ n int }

func (w *slow) Write(p []byte) (int, error) {
	time.Sleep(stopTime / 2)
	w.n += len(p)
	return len(p), nil
}

func TestOutputWaitsForASlowTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slow{}
		o := NewOutput(w)
		text := []byte(strings.Repeat("x", 20*writePiece+1))
		if n, err := o.Write(text); n != len(text) || w.n != n || err != nil {
			t.Errorf("%d of %d, %v", n, w.n, err)
		}
		o.Close()
	})
}

// A panic in the goroutine that writes is one of the layer's.
func TestOutputPassesPanicsOn(t *testing.T) {
	l := New(NewOutput(&broken{panics: true}))
	told := make(chan *Panic, 1)
	l.OnPanic(func(p *Panic) { told <- p })
	if _, err := l.Write([]byte("x")); err == nil {
		t.Error("no error")
	}
	if p := <-told; p.Value != "boom" || !strings.Contains(string(p.Stack), "panic_test.go") {
		t.Errorf("%v: %s", p.Value, p.Stack)
	}
}
