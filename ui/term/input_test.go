package term

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
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

// From any reader, however it cuts them, replies come through whole.
func TestInputKeepsRepliesWhole(t *testing.T) {
	const all = "a" + xtermAnswers + "b\x1b[Ac"
	for size := 1; size < 30; size++ {
		probe := NewProbe(xtermEnv)
		probe.Queries()
		changes := 0
		in := probe.Input(t.Context(), &pieces{[]byte(all), size}, func(Capabilities) { changes++ })
		if _, ok := in.(file); ok {
			t.Fatal("a plain reader became a file")
		}
		var got bytes.Buffer
		buf := make([]byte, 4096)
		for err := error(nil); err == nil; {
			var n int
			n, err = in.Read(buf)
			got.Write(buf[:n])
			if i := bytes.LastIndexByte(buf[:n], esc); i >= 0 {
				if _, m := matchReply(buf[i:n]); m == replyPartial && got.Len() < len(all)-4 {
					t.Fatalf("in pieces of %d: %q came through", size, buf[:n])
				}
			}
		}
		if got.String() != all {
			t.Fatalf("in pieces of %d: %q", size, got.String())
		}
		if c := probe.Capabilities(); !c.Sixel || c.CellW != 9 || c.Colors != 1024 || !c.BackgroundKnown || changes == 0 {
			t.Errorf("in pieces of %d: %+v after %d changes", size, c, changes)
		}
	}
}

// A terminal's reply in two parts, with any pause between them, is a reply; keys are keys.
func TestInputFromATerminal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Bubble Tea reads the console itself there")
	}
	const reply = "\x1b[?62;4c"
	read := func(t *testing.T, cut int) {
		t.Parallel() // they wait
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		probe := NewProbe(xtermEnv)
		probe.Queries()
		in := probe.Input(t.Context(), r, nil)
		if f, ok := in.(file); !ok || f.Fd() != r.Fd() || f.Name() != r.Name() {
			t.Fatal("a file is no file any more")
		}
		if cut >= len(reply) { // the same through an SSH session
			cut -= len(reply) - 1
			in = probe.Input(t.Context(), struct{ io.Reader }{r}, nil)
		}
		cut = min(cut, len(reply)-1)
		go func() {
			w.WriteString("x" + reply[:cut])
			time.Sleep(60 * time.Millisecond) // longer than ultraviolet would wait
			w.WriteString(reply[cut:] + "y")
			w.Close()
		}()
		var got []string
		buf := make([]byte, 100)
		for {
			n, err := in.Read(buf)
			if n > 0 {
				got = append(got, string(buf[:n]))
			}
			if err != nil {
				break
			}
		}
		if s := fmt.Sprint(got); s != "[x "+reply+"y]" && s != "[x"+reply+"y]" {
			t.Errorf("cut at %d: %q", cut, got)
		}
		if !probe.Capabilities().Sixel {
			t.Errorf("cut at %d: not understood", cut)
		}
		r.Close()
	}
	for cut := 1; cut < 2*len(reply); cut++ {
		t.Run(fmt.Sprint(cut), func(t *testing.T) { read(t, cut) })
	}
}

// A lone escape is a key: at once when no replies are expected, soon when they are.
func TestInputPassesEscape(t *testing.T) {
	for _, expecting := range []bool{false, true} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		probe := NewProbe(xtermEnv)
		if expecting {
			probe.Queries()
		}
		in := probe.Input(t.Context(), r, nil)
		w.WriteString("\x1b")
		start := time.Now()
		buf := make([]byte, 10)
		n, err := in.Read(buf)
		if d := time.Since(start); n != 1 || err != nil || d > escapeTime*4 || !expecting && d > escapeTime/2 {
			t.Errorf("expecting %v: %q, %v after %v", expecting, buf[:n], err, d)
		}
		r.Close()
		w.Close()
	}
}
