package term

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
)

// sixel stands for a picture's bytes.
func sixel(name string) []byte { return []byte("\x1bPq" + name + "\x1b\\") }

func pic(id uint64, x, y, cols, rows int) Picture {
	return Picture{ID: id, X: x, Y: y, Cols: cols, Rows: rows, Data: sixel(fmt.Sprint("pic", id))}
}

func kittyPic(id uint64) Picture {
	return Picture{
		ID: id, Cols: 4, Rows: 2,
		Data:   fmt.Appendf(nil, "\x1b_Ga=T,i=%d;AAAA\x1b\\", id),
		Remove: fmt.Appendf(nil, "\x1b_Ga=d,i=%d\x1b\\", id),
	}
}

func write(t *testing.T, l *Layer, s string) {
	t.Helper()
	if n, err := l.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("Write = %d, %v, want %d", n, err, len(s))
	}
}

// started returns a layer of a program that has begun.
func started(t *testing.T, w io.Writer) *Layer {
	l := New(w)
	write(t, l, "\x1b[?1049h")
	if b, ok := w.(*bytes.Buffer); ok {
		b.Reset()
	}
	return l
}

// take returns what was written since the last call.
func take(b *bytes.Buffer) string {
	s := b.String()
	b.Reset()
	return s
}

func expect(t *testing.T, b *bytes.Buffer, want string) {
	t.Helper()
	if got := take(b); got != want {
		t.Errorf("wrote %q\nwant  %q", got, want)
	}
}

func drawn(p Picture) string {
	return fmt.Sprintf("\x1b7\x1b[%d;%dH%s\x1b8", p.Y+1, p.X+1, p.Data)
}

func blanked(pics ...Picture) string {
	s := "\x1b7\x1b[m"
	for _, p := range pics {
		for y := range p.Rows {
			s += fmt.Sprintf("\x1b[%d;%dH%s", p.Y+y+1, p.X+1, strings.Repeat(" ", p.Cols))
		}
	}
	return s + "\x1b8"
}

func TestPicturesFollowTheTextOfTheirFrame(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	a, c := pic(1, 2, 1, 3, 2), pic(2, 8, 1, 3, 2)
	m := l.Place([]Picture{a, c}, false)

	write(t, l, "no pictures yet")
	expect(t, &b, "no pictures yet")
	write(t, l, "before"+m+"after")
	expect(t, &b, "beforeafter"+drawn(a)+drawn(c))
	write(t, l, m+"the marker's cell again")
	expect(t, &b, "the marker's cell again")

	if again := l.Place([]Picture{a, c}, false); again != m {
		t.Errorf("the same pictures have another marker: %q, %q", again, m)
	}
	c.ID, c.Data = 3, sixel("new")
	write(t, l, l.Place([]Picture{a, c}, false)+"text")
	expect(t, &b, "text"+drawn(c))

	// Inside a synchronized update, pictures are inside as well.
	a.ID = 4
	write(t, l, "\x1b[?2026h"+l.Place([]Picture{a, c}, false)+"text\x1b[?2026l\x1b[?25h")
	expect(t, &b, "\x1b[?2026htext"+drawn(a)+"\x1b[?2026l\x1b[?25h")
}

func TestGonePicturesAreBlankedBeforeTheText(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	a, c := pic(1, 2, 1, 3, 2), pic(2, 8, 1, 3, 2)
	write(t, l, l.Place([]Picture{a, c}, false))
	take(&b)

	moved := c
	moved.X = 20
	write(t, l, "\x1b[?2026h"+l.Place([]Picture{a, moved}, false)+"text\x1b[?2026l")
	expect(t, &b, "\x1b[?2026h"+blanked(c)+"text"+drawn(moved)+"\x1b[?2026l")
	write(t, l, l.Place(nil, false)+"text")
	expect(t, &b, blanked(a, moved)+"text")
	write(t, l, l.Place([]Picture{a}, false))
	expect(t, &b, drawn(a))
}

func TestCoveredPicturesHide(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	a, k := pic(1, 2, 1, 3, 2), kittyPic(7)
	write(t, l, l.Place([]Picture{a, k}, false)+"text")
	expect(t, &b, string(k.Data)+"text"+drawn(a))
	write(t, l, l.Place([]Picture{a, k}, true)+"popup"+marker('D', 0))
	expect(t, &b, blanked(a)+"popup")
	other := a
	other.ID = 9
	write(t, l, l.Place([]Picture{other, k}, true)+"popup")
	expect(t, &b, "popup")
	write(t, l, l.Place([]Picture{other, k}, false)+marker('D', 0)+"text")
	expect(t, &b, "text"+drawn(other))
}

func TestDamagedPicturesAreDrawnAgain(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	a, c := pic(1, 2, 1, 3, 2), pic(2, 8, 1, 3, 2)
	write(t, l, l.Place([]Picture{a, c}, false))
	take(&b)
	row := strings.Split(l.Blank(1, 3, 2), "\n")[0]
	write(t, l, "x"+row+"y")
	expect(t, &b, "x\u00a0\u00a0\u00a0y"+drawn(c))
	write(t, l, marker('D', 17)+"no such picture")
	expect(t, &b, "no such picture")

	l.Redraw()
	write(t, l, "not yet")
	expect(t, &b, "not yet")
	write(t, l, l.Place([]Picture{a, c}, false))
	expect(t, &b, drawn(a)+drawn(c))
	write(t, l, l.Place([]Picture{a, c}, false))
	expect(t, &b, "")
}

func TestBlankAndPin(t *testing.T) {
	l := started(t, io.Discard)
	for _, size := range [][2]int{{1, 1}, {2, 3}, {5, 2}} {
		s := l.Blank(3, size[0], size[1])
		buf := uv.NewScreenBuffer(size[0], size[1])
		uv.NewStyledString(s).Draw(buf, buf.Bounds())
		for y := range size[1] {
			for x := range size[0] {
				want := "\u00a0"
				if x == 0 || x == size[0]-1 {
					want = marker('D', 3) + want
				}
				if got := buf.CellAt(x, y).Content; got != want {
					t.Errorf("%v: cell %d,%d is %q", size, x, y, got)
				}
			}
		}
	}
	if l.Blank(0, 0, 3) != "" || l.Blank(0, 3, 0) != "" {
		t.Error("an empty box has cells")
	}
	view := l.Pin("same\nsame\n\n\x1b[1mbold")
	buf := uv.NewScreenBuffer(6, 4)
	uv.NewStyledString(view).Draw(buf, buf.Bounds())
	for y, want := range []string{"s", "s", " ", "b"} {
		if got := buf.CellAt(0, y).Content; got != marker('R', uint64(y))+want {
			t.Errorf("line %d begins with %q", y, got)
		}
	}
	if buf.CellAt(0, 3).Style.Attrs&uv.AttrBold == 0 {
		t.Error("a line's style is lost")
	}
}

func TestKittyPictures(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	one, two := kittyPic(1), kittyPic(2)
	write(t, l, "\x1b[?2026h"+l.Place([]Picture{one}, false)+"cells\x1b[?2026l")
	expect(t, &b, "\x1b[?2026h"+string(one.Data)+"cells\x1b[?2026l")
	moved := one
	moved.X = 5
	write(t, l, l.Place([]Picture{moved}, false)+"cells")
	expect(t, &b, string(one.Data)+"cells")
	write(t, l, l.Place([]Picture{two}, false)+"cells")
	expect(t, &b, string(two.Data)+"cells"+string(one.Remove))
	write(t, l, "\x1b[?1049l")
	expect(t, &b, string(two.Remove)+"\x1b[?1049l")
}

func TestPicturesThatDoNotFit(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	l.Resize(20, 10)
	for _, c := range []struct {
		p  Picture
		ok bool
	}{
		{pic(1, 0, 0, 20, 9), true},
		{pic(2, 0, 0, 20, 10), false}, // touches the last row
		{pic(3, 1, 0, 20, 9), false},
		{pic(4, -1, 0, 2, 2), false},
		{pic(5, 0, -1, 2, 2), false},
		{pic(6, 19, 8, 1, 1), true},
		{pic(7, 19, 9, 1, 1), false},
		{pic(8, 3, 3, 0, 4), false},
	} {
		write(t, l, l.Place([]Picture{c.p}, false))
		if got := strings.Contains(take(&b), string(c.p.Data)); got != c.ok {
			t.Errorf("%+v drawn: %v", c.p.box(), got)
		}
	}
}

// xterm forgets all but its last 16 pictures: at the end of every frame all on the screen
// must be among the last 16 that were drawn.
func TestOldPicturesAreDrawnAgain(t *testing.T) {
	for n := 1; n <= keptByXterm; n++ {
		var b bytes.Buffer
		l := started(t, &b)
		pics := make([]Picture, n)
		for i := range pics {
			pics[i] = pic(uint64(i), 5*i, 0, 4, 4)
		}
		var order []string
		for frame := range 60 {
			pics[0].ID, pics[0].Data = uint64(100+frame), sixel(fmt.Sprint("frame", frame))
			write(t, l, l.Place(pics, false))
			for _, s := range strings.SplitAfter(take(&b), "\x1b8") {
				if s != "" {
					order = append(order, s)
				}
			}
			last := strings.Join(order[max(0, len(order)-keptByXterm):], "")
			for _, p := range pics {
				if !strings.Contains(last, string(p.Data)) {
					t.Fatalf("%d pictures, frame %d: picture at %d forgotten", n, frame, p.X)
				}
			}
		}
		if per := float64(len(order)) / 60; n <= 6 && per > 2 {
			t.Errorf("%d pictures, one of them changing: %.1f drawn a frame", n, per)
		}
	}
}

func TestLeavingTheAlternateScreen(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	a := pic(1, 2, 1, 3, 2)
	write(t, l, l.Place([]Picture{a}, false)+"text")
	take(&b)
	write(t, l, "\x1b[9;1H\x1b[?1049l\x1b[?25h")
	expect(t, &b, "\x1b[9;1H"+blanked(a)+"\x1b[?1049l\x1b[?25h")
	// A picture that is finished too late does not show up on the normal screen.
	late := pic(2, 2, 1, 3, 2)
	write(t, l, l.Place([]Picture{late}, false))
	expect(t, &b, "")
	// Back again, the renderer writes everything anew.
	write(t, l, "\x1b[?1049h"+l.Place([]Picture{late}, false)+marker('D', 0)+"text")
	expect(t, &b, "\x1b[?1049htext"+drawn(late))
	// Nor does anything before the program has begun.
	l = New(&b)
	write(t, l, l.Place([]Picture{a}, false)+"text")
	expect(t, &b, "text")
	write(t, l, "\x1b[?1049h"+l.Place([]Picture{a}, false)+"text")
	expect(t, &b, "\x1b[?1049htext"+drawn(a))
}

// Pictures may be shown ahead of their frame.
func TestMarkersByThemselves(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	a, c := pic(1, 2, 1, 3, 2), pic(2, 2, 1, 3, 2)
	older := l.Place([]Picture{a}, false)
	write(t, l, older+"frame")
	take(&b)
	newer := l.Place([]Picture{c}, false)
	write(t, l, newer)
	expect(t, &b, drawn(c))
	write(t, l, older+marker('D', 0)+"a frame that was overtaken")
	expect(t, &b, "a frame that was overtaken"+drawn(c))
	write(t, l, l.Place([]Picture{c}, false)+"the frame")
	expect(t, &b, "the frame")
	hidden := c
	hidden.Cols, hidden.Rows = 0, 0
	write(t, l, l.Place([]Picture{hidden, a}, false)+"popup")
	expect(t, &b, "popup"+drawn(a))
}

func TestTmuxAndSync(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	l.Configure(Capabilities{Tmux: true, Passthrough: true, Sync: true})
	a, k := pic(1, 2, 1, 3, 2), kittyPic(3)
	write(t, l, l.Place([]Picture{a, k}, false)+"text")
	expect(t, &b, "\x1b[?2026h\x1bPtmux;\x1b\x1b_Ga=T,i=3;AAAA\x1b\x1b\\\x1b\\text"+
		"\x1b7\x1b[2;3H\x1bPtmux;\x1b\x1bPqpic1\x1b\x1b\\\x1b\\\x1b8\x1b[?2026l")
	write(t, l, "only text")
	expect(t, &b, "only text")
}

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

func TestStatsAndFrames(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	var frames []Frame
	l.OnFrame(func(f Frame) { frames = append(frames, f) })
	a := pic(1, 2, 1, 3, 2)
	write(t, l, "x")
	write(t, l, l.Place([]Picture{a}, false)+"x")
	n := b.Len() - 1
	write(t, l, l.Place(nil, false)+"x")
	if len(frames) != 2 || frames[0].Version != 1 || frames[0].Bytes != n || frames[0].Pictures != 1 ||
		frames[1].Version != l.Version() || frames[1].Written.Before(frames[0].Written) {
		t.Errorf("frames %+v", frames)
	}
	if s := l.Stats(); s != (Stats{Writes: 4, Bytes: len("\x1b[?1049h") + b.Len(), Pictures: 1, PictureBytes: len(a.Data), Erased: 1}) {
		t.Errorf("stats %+v", s)
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
			l.Stats()
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

func TestOutputIsATerminalIfItsWriterIs(t *testing.T) {
	if _, ok := New(io.Discard).Output().(tty); ok {
		t.Error("io.Discard became a terminal")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out, ok := New(w).Output().(tty)
	if !ok || out.Fd() != w.Fd() {
		t.Fatal("a file is no file any more")
	}
	if _, ok := out.(io.StringWriter); ok {
		t.Error("WriteString would bypass the layer")
	}
	if _, ok := out.(io.ReaderFrom); ok {
		t.Error("ReadFrom would bypass the layer")
	}
	if err := out.Close(); err != nil {
		t.Error(err)
	}
}
