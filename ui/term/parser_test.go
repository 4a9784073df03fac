package term

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
)

// typist feeds a parser. Time is that of a bubble.
type typist struct {
	parser
	probe *Probe
	keys  []byte
}

func newTypist(env []string) *typist {
	t := &typist{probe: NewProbe(env)}
	t.parser = parser{
		report: func(seq []byte) { t.probe.take(seq) },
		pass:   func(b []byte) { t.keys = append(t.keys, b...) },
		until:  t.probe.outstandingUntil,
	}
	return t
}

// wait lets time pass, with what is due in between.
func (t *typist) wait(d time.Duration) {
	end := time.Now().Add(d)
	for due := t.deadline(); !due.IsZero() && !due.After(end); due = t.deadline() {
		time.Sleep(time.Until(due))
		t.expire(time.Now())
	}
	time.Sleep(time.Until(end))
}

func (t *typist) types(s string) { t.feed([]byte(s), time.Now()) }

// Replies divided at any byte by any pause are replies, while they are outstanding.
func TestRepliesWithPausesAreNoKeys(t *testing.T) { synctest.Test(t, repliesWithPausesAreNoKeys) }

func repliesWithPausesAreNoKeys(t *testing.T) {
	for _, pause := range []time.Duration{time.Millisecond, 60 * time.Millisecond, 300 * time.Millisecond, time.Second, 5 * time.Second} {
		for cut := range len(xtermAnswers) {
			k := newTypist(xtermEnv)
			k.probe.Queries()
			k.types(xtermAnswers[:cut])
			k.wait(pause)
			k.types(xtermAnswers[cut:])
			k.wait(time.Minute)
			if c := k.probe.Capabilities(); len(k.keys) > 0 || !c.Sixel || !c.Complete {
				t.Fatalf("cut at %d, pause of %v: keys %q, %+v", cut, pause, k.keys, c)
			}
		}
	}
	k := newTypist(xtermEnv) // byte by byte, over half a minute
	k.probe.Queries()
	for i := range len(xtermAnswers) {
		k.types(xtermAnswers[i : i+1])
		k.wait(250 * time.Millisecond)
	}
	if len(k.keys) > 0 || !k.probe.Capabilities().Complete {
		t.Errorf("byte by byte: keys %q", k.keys)
	}
}

// The escape key is prompt, except while replies are outstanding, and then it comes with the next
// key or reply.
func TestEscapeKey(t *testing.T) { synctest.Test(t, escapeKey) }

func escapeKey(t *testing.T) {
	const escape = "\x1b[27u"
	k := newTypist(xtermEnv)
	k.types("\x1b")
	k.wait(escapeTime)
	if string(k.keys) != escape {
		t.Errorf("with nothing outstanding: %q", k.keys)
	}
	k = newTypist(xtermEnv)
	k.probe.Queries()
	k.types("\x1b")
	k.wait(time.Second)
	if len(k.keys) > 0 {
		t.Errorf("while replies are outstanding: %q", k.keys)
	}
	k.types(xtermAnswers)
	if string(k.keys) != escape {
		t.Errorf("before the replies: %q", k.keys)
	}
	k.keys = nil
	k.types("\x1b")
	k.wait(escapeTime)
	if string(k.keys) != escape {
		t.Errorf("after the replies: %q", k.keys)
	}
	k.keys = nil
	k.probe.Queries()
	k.types("\x1b")
	k.wait(time.Second)
	k.types("q")
	if string(k.keys) != escape+"q" {
		t.Errorf("then q: %q", k.keys)
	}
	k.keys = nil
	k.types("\x1b")
	k.wait(time.Minute)
	if string(k.keys) != escape {
		t.Errorf("and no reply ever: %q", k.keys)
	}
}

// A terminal that does not reply to all fences of a batch costs the escape key once.
func TestUnansweredFencesAreLearned(t *testing.T) {
	var p pending
	now := time.Now()
	p.sent(2, now)
	p.replied(true, now)
	if p.until(replyTime).IsZero() {
		t.Error("the second reply is not outstanding")
	}
	now = now.Add(time.Minute)
	p.sent(2, now)
	p.replied(true, now)
	if until := p.until(replyTime); !until.IsZero() {
		t.Error("the second reply is expected again")
	}
	p.replied(true, now) // it comes after all
	p.sent(2, now)
	p.replied(true, now)
	if p.until(exitTime).IsZero() {
		t.Error("the second reply is not expected again")
	}
}

func TestPastesEnd(t *testing.T) { synctest.Test(t, pastesEnd) }

func pastesEnd(t *testing.T) {
	for input, want := range map[string]string{
		"\x1b[200~a\nb\x1b[201~c":                 "\x1b[200~a\nb\x1b[201~c",
		"\x1b[200~a\x1b[31mb\x1b]0;x\ac\x1b[201~": "\x1b[200~abc\x1b[201~",
		"\x1b[200~never ended":                    "",
		"\x1b[200~never ended\x03q":               "\x03q",
		"\x1b[200~never ended\x1b[99;5uq":         "\x1b[99;5uq",
		"\x1b[200~never ended\x1b[27;5;99~q":      "\x1b[27;5;99~q",
		"\x1b[201~q":                              "q",
	} {
		k := newTypist(xtermEnv)
		k.types(input)
		if string(k.keys) != want {
			t.Errorf("%q: %q, want %q", input, k.keys, want)
		}
	}
	k := newTypist(xtermEnv)
	k.types("\x1b[200~text")
	k.wait(pasteTime)
	k.types("q")
	if string(k.keys) != "\x1b[200~text\x1b[201~q" {
		t.Errorf("after a while: %q", k.keys)
	}
	k = newTypist(xtermEnv)
	k.types("\x1b[200~")
	for range 100 {
		k.types(strings.Repeat("x", 1<<14))
	}
	k.types("\x1b[201~")
	if len(k.keys) > maxPaste+20 || len(k.keys) < maxPaste/2 {
		t.Errorf("a paste of 1.6 MB has %d bytes", len(k.keys))
	}
}

// A string that does not end takes neither Ctrl-C nor, after a while, other keys, nor memory.
func TestUnendedStrings(t *testing.T) { synctest.Test(t, unendedStrings) }

func unendedStrings(t *testing.T) {
	k := newTypist(xtermEnv)
	k.types("\x1bP>|" + strings.Repeat("A", 5000))
	k.wait(200 * time.Millisecond)
	k.types("\x03")
	if string(k.keys) != "\x03" {
		t.Errorf("Ctrl-C: %q", k.keys)
	}
	k = newTypist(xtermEnv)
	k.types("\x1bP>|name")
	k.wait(longestPause)
	k.types("q")
	if string(k.keys) != "q" {
		t.Errorf("after a while: %q", k.keys)
	}
	k = newTypist(xtermEnv)
	for range 1000 {
		k.types("\x1b_" + strings.Repeat("A", 5000))
	}
	for range 1000 {
		k.types(strings.Repeat("A", 5000))
	}
	if cap(k.held) > 4*maxReport {
		t.Errorf("%d bytes are held", cap(k.held))
	}
	k.types("\x1b")
	k.types("\\q")
	if string(k.keys) != "q" {
		t.Errorf("after 10 MB: %.40q", k.keys)
	}
}

func TestOddReportsAreNoKeys(t *testing.T) { synctest.Test(t, oddReportsAreNoKeys) }

func oddReportsAreNoKeys(t *testing.T) {
	for _, s := range []string{
		"\x1b[<0;-5;3M", "\x1b[<0;5M", "\x1b[<999;5;3M", "\x1b[<0;0;0M", "\x1b[<;;M", "\x1b[<0;1;2;3m", "\x1b[<0;99999999;1M", "\x1b[0;5;3M",
		"\x1b[M \x00\x00", "\x1b[M\x00!!", "\x1b[?" + strings.Repeat("4;", 2000) + "c", "\x1b[?62;4c", "\x1b[>41;379;0c", "\x1b[=1c", "\x1b[0n", "\x1b[12;40R", "\x1b[8;30;100t",
		"\x1bP>|XTerm\x07\x9b31m\xc2\x9b2Jqqq\x1b\\", "\x1bP>|X\x01\x02\x03\nq\x1b\\", "\x1bP1+r524742=38\x1b\\", "\x1bP1$r0m\x1b\\", "\x1bP!|00000000\x1b\\",
		"\x1b_Gi=31;OK\x1b\\", "\x1b_Gi=31;" + strings.Repeat("q", 20000) + "\x1b\\", "\x1bXsos q\x1b\\", "\x1b^pm q\x1b\\", "\x1b]52;c;cXE=\x1b\\", "\x1b]4;1;rgb:1/2/3\a", "\x1b]11;q\a",
		"\x9b31m", "\x90q\x1b\\", "\xc2\x9b", "\xff\xfe", "\x80", "\x1b[ q", "\x1b[!p", "\x1b[1$y", "\x1b[?997;1n", "\x1b[4;1$y", "\x1b[3;1x",
	} {
		k := newTypist(xtermEnv)
		k.types(s)
		k.wait(time.Minute)
		if len(k.keys) > 0 {
			t.Errorf("%.60q: keys %q", s, k.keys)
		}
		k = newTypist(xtermEnv)
		step := len(s)/200 + 1
		for rest := s; rest != ""; rest = rest[min(step, len(rest)):] {
			k.types(rest[:min(step, len(rest))])
			k.wait(time.Millisecond / 10)
		}
		k.types("q")
		if string(k.keys) != "q" {
			t.Errorf("%.60q byte by byte: keys %q", s, k.keys)
		}
	}
}

func TestKeysPass(t *testing.T) { synctest.Test(t, keysPass) }

func keysPass(t *testing.T) {
	for _, s := range []string{
		"q", "é", "日", "\r", "\t", "\x7f", "\x00", "\x03", "\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1bO5P", "\x1b[6~", "\x1b[6;5~", "\x1b[Z", "\x1b[[A", "\x1bOa", "\x1b[a", "\x1b[3^", "\x1b[3@",
		"\x1b[<0;10;12M", "\x1b[<0;10;12m", "\x1b[<64;1;1M", "\x1b[M !!", "\x1b[I", "\x1b[O", "\x1b[97;5u", "\x1b[97;5:3u", "\x1b[97:65;1;65u", "\x1b[1;1:3A", "\x1b[27;5;99~",
		"\x1bq", "\x1b\x1b[B", "\x1b\r", "\x1bé", "\x1b[1;2R", "\x1b[200~x\x1b[201~",
	} {
		k := newTypist(xtermEnv)
		k.types(s)
		k.wait(time.Second)
		if string(k.keys) != s {
			t.Errorf("%q: %q", s, k.keys)
		}
	}
	for s, want := range map[string]string{"\x1b[": "\x1b[91;3u", "\x1bO": "\x1b[79;3u", "\x1bP": "\x1b[80;3u", "\x1b": "\x1b[27u", "\x1b\x1b": "\x1b[27u\x1b[27u", "\x1b[\r": "\x1b[91;3u\r"} {
		k := newTypist(xtermEnv)
		k.types(s)
		k.wait(time.Second)
		if string(k.keys) != want {
			t.Errorf("%q: %q", s, k.keys)
		}
	}
}

// What is passed on decodes to keys without text of control sequences, is what the terminal sent or
// less, and does not depend on how it arrives at once.
func FuzzParser(f *testing.F) {
	for _, s := range []string{
		xtermAnswers, "\x1b[200~a\x1b[201~", "\x1b[M !!", "\x1b[<0;1;1M", "\x1b\x1b[A", "\x1bP>|\x1b[A\x1b\\", "\x1b]11;x\x1b[?1c", "\x1b[[A", "\x9b1m\xc2", "\x1b[?1;\x1b", "\x1b_G\x18q", "\x1bO5", "\x1b[1;5", "é\xe9q",
	} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		whole, torn := newTypist(xtermEnv), newTypist(xtermEnv)
		whole.types(string(b))
		whole.end()
		for rest := b; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			torn.types(string(rest[:n]))
			rest = rest[n:]
		}
		torn.end()
		if len(b) < maxReport/4 && !bytes.Equal(whole.keys, torn.keys) {
			t.Fatalf("whole %q\ntorn  %q", whole.keys, torn.keys)
		}
		for rest := whole.keys; len(rest) > 0; {
			n, k := scan(rest)
			if k != keyInput {
				t.Fatalf("%q of %q is no key", rest[:n], whole.keys)
			}
			rest = rest[n:]
		}
		var d uv.EventDecoder
		for rest := bytes.Clone(whole.keys); len(rest) > 0; {
			n, e := d.Decode(rest)
			if n < 1 {
				t.Fatalf("%q does not decode", rest)
			}
			if s := fmt.Sprint(e); rest[0] == esc && n > 2 && strings.Contains(s, "Unknown") {
				t.Logf("%q is unknown", rest[:n])
			}
			rest = rest[n:]
		}
	})
}
