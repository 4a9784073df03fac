package term

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// broken is a terminal's end that panics while it is told to.
type broken struct {
	bytes.Buffer
	panics bool
}

func (b *broken) Write(p []byte) (int, error) {
	if b.panics {
		panic("boom")
	}
	return b.Buffer.Write(p)
}

// A panic in writing is an error and is told of; Restore writes all the same if it can.
func TestLayerCatchesPanics(t *testing.T) {
	b := &broken{}
	l := New(b)
	var told []*Panic
	l.OnPanic(func(p *Panic) { told = append(told, p) })
	write(t, l, "\x1b[?1049h\x1b[?25l"+l.Place([]Picture{pic(1, 2, 1, 3, 2)}, false)+"text")
	b.panics = true
	_, err := l.Write([]byte(l.Place([]Picture{pic(2, 2, 1, 3, 2)}, false) + "text"))
	var p *Panic
	if !errors.As(err, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "panic_test.go") || len(told) != 1 || told[0] != p {
		t.Fatalf("error %v, told of %d", err, len(told))
	}
	again := New(b)
	again.modes.note([]byte("\x1b[?1049h"))
	if err := again.Restore(); err == nil {
		t.Error("Restore: no error")
	}
	b.panics = false
	b.Reset()
	if err := l.Restore(); err != nil || !strings.HasSuffix(b.String(), "\x1b[?25h\x1b[m\x1b[2J\x1b[?1049l") {
		t.Errorf("restored with %q, %v", b.String(), err)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("boom") }

// A panic in reading is an error, and nothing is read.
func TestInputCatchesPanics(t *testing.T) {
	for _, c := range []struct {
		what    string
		in      io.Reader
		changed func(Capabilities)
	}{
		{"a reader", panicking{}, nil},
		{"who is told", strings.NewReader("\x1b[?62;4c"), func(Capabilities) { panic("boom") }},
	} {
		probe := NewProbe(xtermEnv)
		probe.Queries()
		n, err := probe.Input(t.Context(), c.in, c.changed, nil).Read(make([]byte, 10))
		var p *Panic
		if n != 0 || !errors.As(err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
			t.Errorf("%s: %d bytes, error %v", c.what, n, err)
		}
	}
}

// Input ends with its context.
func TestInputStopsReadingAhead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		ahead(ctx, strings.NewReader("abc"), make(chan chunk))
		close(ended)
	}()
	r, w := io.Pipe()
	defer w.Close()
	in := NewProbe(xtermEnv).Input(ctx, r, nil, func(error) { t.Error("told of the end") })
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits")
	}
	if n, err := in.Read(make([]byte, 10)); n != 0 || err == nil {
		t.Errorf("read %d bytes, error %v", n, err)
	}
}
