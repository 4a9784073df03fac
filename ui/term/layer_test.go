package term

import (
	"bytes"
	"fmt"
	"io"
	"strings"
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
	l.Redraw() // in another terminal
	write(t, l, l.Place([]Picture{two}, false)+"cells")
	expect(t, &b, string(two.Data)+"cells")
	write(t, l, "\x1b[?1049l")
	expect(t, &b, string(two.Remove)+"\x1b[?1049l")
	// Pictures belong to the screen that is shown when they arrive.
	write(t, l, "\x1b[?25l\x1b[?1049h"+l.Place([]Picture{two}, false)+"cells")
	expect(t, &b, "\x1b[?25l\x1b[?1049h"+string(two.Data)+"cells")
}

// Kitty's graphics without placeholders lie above the text.
func TestKittyPicturesAtTheCursor(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	direct := func(id uint64) Picture {
		p := pic(id, 2, 1, 3, 2)
		p.Erase = fmt.Appendf(nil, "\x1b_Ga=d,i=%d\x1b\\", id)
		return p
	}
	one, two := direct(1), direct(2)
	write(t, l, l.Place([]Picture{one}, false)+"text")
	expect(t, &b, "text"+drawn(one))
	write(t, l, l.Place([]Picture{two}, false)+"text") // the new one first, so that nothing flickers
	expect(t, &b, "text"+drawn(two)+string(one.Erase))
	moved := two
	moved.X = 9
	write(t, l, l.Place([]Picture{moved}, false)+"text")
	expect(t, &b, "text"+drawn(moved))
	write(t, l, l.Place([]Picture{moved}, true)+"popup")
	expect(t, &b, "popup"+string(two.Erase))
	write(t, l, l.Place([]Picture{moved}, false))
	expect(t, &b, drawn(moved))
	write(t, l, "\x1b[?1049l")
	expect(t, &b, string(two.Erase)+"\x1b[?1049l")
}

// Konsole keeps sixels under text.
func TestSixelsThatTextDoesNotErase(t *testing.T) {
	var b bytes.Buffer
	l := started(t, &b)
	l.Configure(Capabilities{Lasting: true})
	a, c := pic(1, 2, 1, 3, 2), pic(2, 2, 1, 3, 2)
	write(t, l, l.Place([]Picture{a}, false)+"text")
	write(t, l, l.Place([]Picture{c}, false)+"text")
	expect(t, &b, "text"+drawn(a)+"text"+drawn(c))
	write(t, l, l.Place([]Picture{c}, true)+"popup")
	const erase = "\x1b_Ga=d,d=P,q=2,x=3,y=2\x1b\\"
	expect(t, &b, erase+blanked(c)+"popup")
	write(t, l, l.Place([]Picture{c}, false)+"text")
	take(&b)
	if got := l.RestoreSequence(); !strings.Contains(got, erase) {
		t.Errorf("restored with %q", got)
	}
	write(t, l, "\x1b[?1049l")
	expect(t, &b, erase+blanked(c)+"\x1b[?1049l")
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
		"\x1b7\x1b[2;3H\x1b[X\x1bPtmux;\x1b\x1bPqpic1\x1b\x1b\\\x1b\\\x1b8\x1b[?2026l")
	write(t, l, "only text")
	expect(t, &b, "only text")
}
