package term

import (
	"bytes"
	"io"
	"testing"
	"time"
)

func TestRestoreTakesBackWhatWasChanged(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	write(t, l, "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[>4;2m\x1b[>1u\x1b[5 q\x1b]11;#123456\a\x1b]10;?\a"+
		"\x1b[?7l\x1b[1;9r\x1b[?1004;2027h\x1b[?1004l\x1b[?2026h"+l.Place([]Picture{pic(1, 2, 1, 3, 2), kittyPic(4)}, false)+"text\x1b[?2026l")
	write(t, l, "\x1b[?2026hunfinished")
	take(&b)
	want := "\x1b\\\x1b[m" + string(kittyPic(4).Remove) + "\x1b[<1u\x1b[>4m\x1b[0 q\x1b]111\x1b\\" +
		"\x1b[?2027l\x1b[?7h\x1b[?1006l\x1b[?1002l\x1b[?2004l\x1b[?25h" + "\x1b[r" + "\x1b[m\x1b[2J" + "\x1b[?1049l"
	got := l.RestoreSequence()
	if got != want { // the unfinished update was not written, so it need not be ended
		t.Errorf("%q\nwant %q", got, want)
	}
	if err := l.Restore(); err != nil {
		t.Fatal(err)
	}
	expect(t, &b, got)
	write(t, l, "\x1b[?1049hdropped")
	expect(t, &b, "")
	if err := l.Restore(); err != nil || b.Len() > 0 {
		t.Errorf("restored twice: %v %q", err, take(&b))
	}
}

func TestRestoreHasNothingToDoAfterAnOrderlyEnd(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	if s := l.RestoreSequence(); s != "" {
		t.Errorf("before anything was written: %q", s)
	}
	write(t, l, "\x1b[?1049h\x1b[?25l\x1b[?1002h\x1b[>4;2m\x1b[>1u"+l.Place([]Picture{pic(1, 2, 1, 3, 2), kittyPic(4)}, false))
	write(t, l, "\x1b[>4m\x1b[<1u\x1b[?1049l\x1b[?25h\x1b[?1002l")
	if s := l.RestoreSequence(); s != "" {
		t.Errorf("after all was taken back: %q", s)
	}
	write(t, l, "\x1b[?25") // a write that is broken off for good
	write(t, l, "l")
	if s := l.RestoreSequence(); s != "\x1b\\\x1b[m\x1b[?25h" {
		t.Errorf("%q", s)
	}
}

// What could not be written has taken nothing back.
func TestRestoreAfterAFailedEnd(t *testing.T) {
	b := &broken{}
	l := New(b)
	write(t, l, "\x1b[?1049h\x1b[?25l\x1b]11;red\a")
	want := l.RestoreSequence()
	b.panics = true
	if _, err := l.Write([]byte("\x1b]111\a\x1b[?25h\x1b[?1049l")); err == nil {
		t.Fatal("no error")
	}
	if s := l.RestoreSequence(); s != want {
		t.Errorf("%q, want %q", s, want)
	}
}

type stuck chan struct{}

func (s stuck) Write(p []byte) (int, error) { <-s; return 0, io.ErrClosedPipe }

// A terminal that takes no bytes does not keep the program from ending.
func TestRestoreDoesNotHang(t *testing.T) {
	s := make(stuck)
	l := New(s)
	l.modes.note([]byte("\x1b[?1049h"))
	go l.Write([]byte("never taken"))
	time.Sleep(5 * time.Millisecond)
	start := time.Now()
	if err := l.Restore(); err == nil {
		t.Error("no error")
	}
	if d := time.Since(start); d > 4*restoreTimeout {
		t.Errorf("took %v", d)
	}
	close(s)
}
