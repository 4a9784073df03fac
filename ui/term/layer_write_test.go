package term

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
)

// However a program's bytes are cut into writes, the same text comes out, and the same
// pictures, never inside of a sequence or a character.
func TestTornWrites(t *testing.T) {
	for _, synced := range []bool{true, false} {
		var whole bytes.Buffer
		frames := func(l *Layer) []string {
			a, c := pic(1, 2, 1, 3, 2), pic(2, 8, 1, 3, 2)
			begin, end := "", ""
			if synced {
				begin, end = "\x1b[?2026h", "\x1b[?2026l"
			}
			return []string{
				"\x1b[?1049h\x1b]0;title\a" + begin + l.Place([]Picture{a, c}, false) + "é\x1b[1;31mtext\x1b[m\x1b(B€" + l.Blank(0, 3, 1) + end,
				begin + "\x1b[3;4H" + l.Place([]Picture{c}, false) + "—x" + l.Blank(0, 3, 1) + "\x1bP+q\x1b\\" + end,
				"\x1b[?1049l\x1b[?25h",
			}
		}
		l := started(t, &whole)
		for _, f := range frames(l) {
			write(t, l, f)
		}
		want := take(&whole)
		for size := 1; size < 40; size++ {
			var b bytes.Buffer
			l := started(t, &b)
			for _, f := range frames(l) {
				for len(f) > 0 {
					n := min(size, len(f))
					write(t, l, f[:n])
					f = f[n:]
				}
			}
			got := take(&b)
			if synced && got != want {
				t.Fatalf("in pieces of %d:\n%q\nwant\n%q", size, got, want)
			}
			// Without brackets there is no telling where a frame ends: pictures may be drawn
			// more often, but text and what remains must be the same.
			if plain(got) != plain(want) {
				t.Fatalf("in pieces of %d the text is\n%q\nwant\n%q", size, plain(got), plain(want))
			}
			if strings.Contains(got, "\x1b_hf") {
				t.Fatalf("in pieces of %d a marker came through: %q", size, got)
			}
		}
	}
}

// plain takes out what the layer put in.
func plain(s string) string {
	for {
		i := strings.Index(s, "\x1b7")
		if i < 0 {
			return s
		}
		s = s[:i] + s[i+strings.Index(s[i:], "\x1b8")+2:]
	}
}

type limited struct {
	n    int
	err  error
	took []byte
}

func (w *limited) Write(p []byte) (int, error) {
	n := min(w.n, len(p))
	w.took = append(w.took, p[:n]...)
	if n < len(p) {
		return n, w.err
	}
	return n, nil
}

func TestFailingWrites(t *testing.T) {
	broken := errors.New("broken pipe")
	a, c := pic(1, 2, 1, 3, 2), pic(2, 8, 1, 3, 2)
	setup := func(w io.Writer) (*Layer, string) {
		l := started(t, w)
		write(t, l, l.Place([]Picture{a}, false))
		return l, "ab\x1b[?2026h" + l.Place([]Picture{c}, false) + "text" + marker('R', 1) + "more\x1b[?2026l"
	}
	for _, wantErr := range []error{broken, nil} {
		for n := 0; ; n++ {
			w := &limited{n: 1 << 20, err: wantErr}
			l, p := setup(w)
			w.n, w.took = n, nil
			got, err := l.Write([]byte(p))
			if err == nil {
				if got != len(p) {
					t.Errorf("wrote all, but says %d of %d", got, len(p))
				}
				break
			}
			if wantErr == nil && err != io.ErrShortWrite || wantErr != nil && err != wantErr {
				t.Fatalf("after %d bytes: %v", n, err)
			}
			// Exactly the bytes of p that are on the screen, but for markers and for what the
			// layer put in between.
			text := func(s string) string {
				for _, m := range []string{l.Place([]Picture{c}, false), marker('R', 1), blanked(a), drawn(c)} {
					s = strings.ReplaceAll(s, m, "")
				}
				return s
			}
			if got > 0 && !strings.HasPrefix(string(w.took), text(p[:got])[:min(2, got)]) || got > len(p) || got < 0 {
				t.Fatalf("after %d bytes: says %d", n, got)
			}
			if n <= 10 && got != n {
				t.Fatalf("after %d bytes: says %d", n, got)
			}
			// The next frame puts everything right.
			w.n, w.took = 1<<20, nil
			write(t, l, "next")
			if s := string(w.took); !strings.Contains(s, drawn(c)) || !strings.Contains(s, blanked(a)) {
				t.Fatalf("after an error at %d the next frame is %q", n, s)
			}
		}
	}
}

// Place is called while another goroutine writes: the race detector looks on.
func TestConcurrentUse(t *testing.T) {
	l := started(t, io.Discard)
	marks := make(chan string, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for m := range marks {
			write(t, l, "\x1b[?2026h"+m+"text\x1b[?2026l")
		}
	})
	wg.Go(func() {
		for range 100 {
			l.Configure(Capabilities{})
			l.RestoreSequence()
			l.Redraw()
		}
	})
	for i := range 500 {
		m := l.Place([]Picture{pic(uint64(i), i%20, 1, 3, 3), kittyPic(uint64(i / 7))}, i%9 == 0)
		select {
		case marks <- m:
		default: // the renderer leaves frames out when it cannot keep up
		}
	}
	close(marks)
	wg.Wait()
	if n := len(l.scenes); n > keptScenes {
		t.Errorf("%d scenes are kept", n)
	}
}
