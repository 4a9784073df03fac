package term

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

func sprint(v any) string { return fmt.Sprintf("%+v", v) }

// pieces is a reader that gives a few bytes at a time.
type pieces struct {
	b    []byte
	size int
}

func (r *pieces) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:min(r.size, len(r.b))])
	r.b = r.b[n:]
	return n, nil
}

// From any reader, however it cuts them, keys come through and replies are recorded.
func TestInputDividesKeysFromReplies(t *testing.T) {
	const all = "a" + xtermAnswers + "b\x1b[Ac"
	for size := 1; size < 30; size++ {
		probe := NewProbe(xtermEnv)
		probe.Queries()
		changes, lost := 0, make(chan error, 1)
		in := probe.Input(t.Context(), &pieces{[]byte(all), size}, func(Capabilities) { changes++ }, func(err error) { lost <- err })
		got, err := io.ReadAll(in)
		if string(got) != "ab\x1b[Ac" || err != nil {
			t.Fatalf("in pieces of %d: %q, %v", size, got, err)
		}
		if c := probe.Capabilities(); !c.Sixel || c.CellW != 9 || c.Colors != 1024 || !c.BackgroundKnown || changes == 0 {
			t.Errorf("in pieces of %d: %+v after %d changes", size, c, changes)
		}
		if err := <-lost; err != io.EOF {
			t.Errorf("ended by %v", err)
		}
	}
}

// failing is a reader with an error that is not the end.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("input/output error") }

// A terminal that is gone ends the input: the reader need not know why.
func TestInputEnds(t *testing.T) {
	lost := make(chan error, 1)
	in := NewProbe(xtermEnv).Input(t.Context(), failing{}, nil, func(err error) { lost <- err })
	if n, err := in.Read(make([]byte, 9)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
	if err := <-lost; err == nil || err == io.EOF {
		t.Errorf("lost by %v", err)
	}
}

// Replies are recorded while nobody reads, however many keys wait.
func TestInputIsTakenWhileNobodyReads(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	probe := NewProbe(xtermEnv)
	probe.Queries()
	changed := make(chan Capabilities, 9)
	in := probe.Input(t.Context(), r, func(c Capabilities) { changed <- c }, nil)
	w.Write(bytes.Repeat([]byte("x"), 1000))
	w.Write([]byte("\x03" + xtermAnswers))
	for c := range changed {
		if c.Complete {
			break
		}
	}
	select {
	case <-in.interrupt:
	case <-time.After(5 * time.Second):
		t.Error("Ctrl-C is not seen")
	}
}
