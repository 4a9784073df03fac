package term

import (
	"bytes"
	"strings"
	"testing"
)

func TestSequenceLength(t *testing.T) {
	for _, s := range []string{
		"\x1b[m", "\x1b[1;31m", "\x1b[?2026h", "\x1b[>0q", "\x1b[?1$p", "\x1b7", "\x1bc", "\x1b(B", "\x1b#8",
		"\x1b]0;title\a", "\x1b]0;title\x1b\\", "\x1bPq#0~\x1b\\", "\x1b_Ga=T;AAAA\x1b\\", "\x1bXsos\x1b\\", "\x1b^pm\x1b\\",
		"\x1bPtmux;\x1b\x1b[c\x1b\\", "\x1bPtmux;\x1b\x1bPq~\x1b\x1b\\\x1b\\", "\x1b]broken\x18", "\x1bPq\x1a",
	} {
		if got := sequenceLength([]byte(s + "text")); got != len(s) {
			t.Errorf("%q followed by text: %d, want %d", s, got, len(s))
		}
		for n := 1; n < len(s); n++ {
			if got := sequenceLength([]byte(s[:n])); got != 0 {
				t.Errorf("%q, the beginning of %q: %d, want 0", s[:n], s, got)
			}
		}
	}
	for s, want := range map[string]int{"\x1b[12\x1b[m": 4, "\x1bPq~\x1b[m": 4, "\x1b\x1b[m": 1, "\x1b]0;t\x1b7": 5} {
		if got := sequenceLength([]byte(s)); got != want {
			t.Errorf("%q is broken off after %d, want %d", s, got, want)
		}
	}
}

func TestOverlongSequencesPass(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	long := "\x1bP" + strings.Repeat("x", maxHeld)
	write(t, l, long)
	expect(t, &b, long)
	frame := "\x1b[?2026h" + strings.Repeat("x", maxFrame)
	write(t, l, frame)
	expect(t, &b, frame)
	write(t, l, "\x1b[?2026l")
	expect(t, &b, "\x1b[?2026l")
}

// Whatever is written in whatever pieces, nothing is lost but markers, and nothing is
// held back once the next text has come.
func FuzzLayer(f *testing.F) {
	f.Add([]byte("text\x1b[1mé\x1b_hfV1\x1b\\\x1b[?2026h\x1b_hfD0\x1b\\x\x1b[?2026l"), uint8(3))
	f.Add([]byte("\x1bPtmux;\x1b\x1b[c\x1b\\\x1b[?1049l\x1b]0;x\a"), uint8(1))
	f.Add([]byte("\x1b[\x1b]\x1bP\x1b_\x1b\x1b\xff\xc3"), uint8(2))
	f.Add([]byte("\x1b_hfV99999999999999999999\x1b\\\x1b_hf\x1b\\\x1b_hfD18446744073709551615\x1b\\"), uint8(9))
	f.Fuzz(func(t *testing.T, p []byte, size uint8) {
		var whole, torn bytes.Buffer
		l := started(t, &whole)
		l.Place([]Picture{pic(1, 0, 0, 2, 2)}, false)
		const end = "\x1b\\\x1b[?2026l." // ends every string, update and character
		if n, err := l.Write(append(p, end...)); n != len(p)+len(end) || err != nil {
			t.Fatal(n, err)
		}
		l2 := started(t, &torn)
		l2.Place([]Picture{pic(1, 0, 0, 2, 2)}, false)
		for rest := append(p, end...); len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			if m, err := l2.Write(rest[:n]); m != n || err != nil {
				t.Fatal(m, err)
			}
			rest = rest[n:]
		}
		if bytes.Contains(p, []byte("\x1b7")) || bytes.Contains(p, []byte("\x1b8")) {
			return // plain cannot tell them from the layer's own
		}
		a, b := plain(whole.String()), plain(torn.String())
		if a != b {
			t.Fatalf("whole %q\ntorn  %q", a, b)
		}
		if !bytes.Contains(p, []byte(markerStart)) && a != string(p)+end {
			t.Fatalf("wrote %q\ncame out %q", string(p)+end, a)
		}
	})
}
