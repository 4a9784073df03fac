package term

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
)

// screen is a small terminal with pictures, as xterm has them: whatever writes, clears or
// moves a cell takes away the part of a picture there.
type screen struct {
	w, h        int
	x, y        int
	savedX      int
	savedY      int
	top, bottom int // scroll region
	text        [][]string
	picture     [][]uint64
	wrap        bool // the next character goes to the next line
	err         error
}

func newScreen(w, h int) *screen {
	s := &screen{w: w, h: h, bottom: h - 1}
	for range h {
		s.text = append(s.text, strings.Split(strings.Repeat(" ", w), ""))
		s.picture = append(s.picture, make([]uint64, w))
	}
	return s
}

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	for b := p; len(b) > 0; {
		if b[0] == esc {
			n := sequenceLength(b)
			if n == 0 {
				return 0, fmt.Errorf("torn sequence %q", b)
			}
			s.sequence(string(b[:n]))
			b = b[n:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		switch r {
		case '\r':
			s.x, s.wrap = 0, false
		case '\n':
			if s.wrap = false; s.y == s.bottom {
				s.scroll(s.top, s.bottom, 1)
			} else {
				s.y = min(s.y+1, s.h-1)
			}
		case '\b':
			s.x, s.wrap = max(s.x-1, 0), false
		default:
			s.put(string(r))
		}
		b = b[n:]
	}
	return len(p), s.err
}

func (s *screen) put(c string) {
	if s.wrap {
		s.x, s.y, s.wrap = 0, min(s.y+1, s.h-1), false
	}
	s.text[s.y][s.x], s.picture[s.y][s.x] = c, 0
	if s.x == s.w-1 {
		s.wrap = true
	} else {
		s.x++
	}
}

func (s *screen) clear(y, from, to int) {
	for x := from; x < to; x++ {
		s.text[y][x], s.picture[y][x] = " ", 0
	}
}

// scroll moves the lines of a region; a picture among them is not where it was any more.
func (s *screen) scroll(top, bottom, n int) {
	for y := top; y <= bottom; y++ {
		for _, p := range s.picture[y] {
			if p != 0 {
				s.err = fmt.Errorf("line %d of a picture was scrolled", y)
			}
		}
	}
	for ; n > 0; n-- {
		first := s.text[top]
		copy(s.text[top:bottom], s.text[top+1:bottom+1])
		s.text[bottom] = first
		s.clear(bottom, 0, s.w)
	}
	for ; n < 0; n++ {
		last := s.text[bottom]
		copy(s.text[top+1:bottom+1], s.text[top:bottom])
		s.text[top] = last
		s.clear(top, 0, s.w)
	}
}

func (s *screen) sequence(q string) {
	switch {
	case q == "\x1b7":
		s.savedX, s.savedY = s.x, s.y
		return
	case q == "\x1b8":
		s.x, s.y, s.wrap = s.savedX, s.savedY, false
		return
	case q == "\x1bM": // reverse index
		if s.wrap = false; s.y == s.top {
			s.scroll(s.top, s.bottom, -1)
		} else {
			s.y = max(s.y-1, 0)
		}
		return
	case strings.HasPrefix(q, "\x1bPq"):
		var id uint64
		var cols, rows int
		if _, err := fmt.Sscanf(q, "\x1bPq%d %d %d", &id, &cols, &rows); err != nil {
			s.err = err
		}
		for y := s.y; y < s.y+rows; y++ {
			for x := s.x; x < s.x+cols; x++ {
				s.picture[y][x] = id
			}
		}
		return
	case q[1] != '[':
		s.err = fmt.Errorf("unexpected %q", q)
		return
	}
	s.control(q)
}

// control does what a control sequence says.
func (s *screen) control(q string) {
	final := q[len(q)-1]
	var v []int
	for _, n := range strings.Split(q[2:len(q)-1], ";") {
		i, _ := strconv.Atoi(n)
		v = append(v, i)
	}
	n := max(v[0], 1)
	if final == 'm' || final == 'h' || final == 'l' {
		return
	}
	s.wrap = false
	switch final {
	case 'H':
		v = append(v, 1)
		s.y, s.x = min(n, s.h)-1, min(max(v[1], 1), s.w)-1
	case 'A':
		s.y = max(s.y-n, 0)
	case 'B':
		s.y = min(s.y+n, s.h-1)
	case 'C':
		s.x = min(s.x+n, s.w-1)
	case 'D':
		s.x = max(s.x-n, 0)
	case 'G', '`':
		s.x = min(n, s.w) - 1
	case 'd':
		s.y = min(n, s.h) - 1
	case 'r':
		s.top, s.bottom, s.x, s.y = 0, s.h-1, 0, 0
		if len(v) == 2 {
			s.top, s.bottom = v[0]-1, v[1]-1
		}
	case 'S':
		s.scroll(s.top, s.bottom, n)
	case 'T':
		s.scroll(s.top, s.bottom, -n)
	case 'L':
		s.scroll(s.y, s.bottom, -n)
	case 'M':
		s.scroll(s.y, s.bottom, n)
	default:
		s.change(final, v[0], n)
	}
}

// change does what a sequence does to cells; n is v, but at least 1.
func (s *screen) change(final byte, v, n int) {
	row, pictures := s.text[s.y], s.picture[s.y]
	switch final {
	case 'X':
		s.clear(s.y, s.x, min(s.x+n, s.w))
	case 'K':
		from, to := s.x, s.w
		if v > 0 {
			from = 0
		}
		if v == 1 {
			to = s.x + 1
		}
		s.clear(s.y, from, to)
	case 'J':
		if v == 2 {
			s.y, s.x = 0, 0
		}
		s.clear(s.y, s.x, s.w)
		for y := s.y + 1; y < s.h; y++ {
			s.clear(y, 0, s.w)
		}
	case '@': // what is right of the cursor moves, pictures as well
		n = min(n, s.w-s.x)
		copy(row[s.x+n:], row[s.x:s.w-n])
		copy(pictures[s.x+n:], pictures[s.x:s.w-n])
		s.clear(s.y, s.x, s.x+n)
	case 'P':
		n = min(n, s.w-s.x)
		copy(row[s.x:], row[s.x+n:])
		copy(pictures[s.x:], pictures[s.x+n:])
		s.clear(s.y, s.w-n, s.w)
	case 'b':
		last := row[max(s.x-1, 0)]
		for range n {
			s.put(last)
		}
	default:
		s.err = fmt.Errorf("unexpected %q", final)
	}
}

// program makes Views at random: text left and right of pictures and below them, popups,
// pictures that change, move, come and go.
type program struct {
	r       *rand.Rand
	w, h    int
	pics    []Picture
	next    uint64
	left    int
	right   int
	list    int
	down    int    // lines that everything is further down
	popup   [4]int // x, y, w, h; w 0: none
	covered bool
}

func (p *program) picture(x, y, cols, rows int) Picture {
	p.next++
	return Picture{ID: p.next, X: x, Y: y, Cols: cols, Rows: rows, Data: fmt.Appendf(nil, "\x1bPq%d %d %d\x1b\\", p.next, cols, rows)}
}

func (p *program) change() {
	switch p.r.IntN(9) {
	case 0, 1, 2: // new pictures in the old places
		for i, c := range p.pics {
			if p.r.IntN(3) > 0 {
				p.pics[i] = p.picture(c.X, c.Y, c.Cols, c.Rows)
			}
		}
	case 3: // another layout
		p.pics = nil
		x := p.r.IntN(6)
		for x < p.w-4 && p.r.IntN(4) > 0 {
			cols := 1 + p.r.IntN(14)
			if x+cols < p.w {
				p.pics = append(p.pics, p.picture(x, 2+p.down+p.r.IntN(3), cols, 1+p.r.IntN(6)))
			}
			x += cols + p.r.IntN(5)
		}
	case 4: // everything a little to the side, the same pictures
		d := p.r.IntN(3) - 1
		if n := len(p.pics); n > 0 && p.pics[0].X+d >= 0 && p.pics[n-1].X+p.pics[n-1].Cols+d < p.w {
			for i := range p.pics {
				p.pics[i].X += d
			}
		}
	case 5:
		p.left = max(0, p.left+p.r.IntN(5)-2)
	case 6:
		p.right = p.r.IntN(2) * p.r.IntN(1<<p.r.IntN(20))
	case 7:
		p.list += p.r.IntN(4)
	case 8:
		p.popup = [4]int{}
		if p.r.IntN(2) == 0 {
			p.popup = [4]int{p.r.IntN(p.w - 12), 1 + p.r.IntN(p.h-5), 12, 4} // not over the marker
		}
	}
	if p.r.IntN(6) == 0 { // all of it a line up or down
		d := p.r.IntN(3) - 1
		if p.down+d >= 0 && p.down+d < 4 {
			p.down += d
			for i := range p.pics {
				p.pics[i].Y += d
			}
		}
	}
	p.covered = false
	for _, c := range p.pics {
		x, y, w, h := p.popup[0], p.popup[1], p.popup[2], p.popup[3]
		p.covered = p.covered || w > 0 && x < c.X+c.Cols && c.X < x+w && y < c.Y+c.Rows && c.Y < y+h
	}
}

// view draws all into cells, as a page would.
func (p *program) view(l *Layer) (uv.ScreenBuffer, string) {
	buf := uv.NewScreenBuffer(p.w, p.h)
	put := func(x, y, w, h int, s string) { uv.NewStyledString(s).Draw(buf, uv.Rect(x, y, w, h)) }
	put(0, 0, p.w, 1, l.Place(p.pics, p.covered)+"title")
	for y := range 9 {
		put(0, 2+p.down+y, p.w, 1, fmt.Sprint(p.left+y)) // a list that may scroll beside pictures
		put(p.w/2, 2+p.down+y, p.w/2, 1, strings.Repeat("r", p.right%20)+fmt.Sprint(p.right))
	}
	for y := 12 + p.down; y < p.h; y++ {
		put(0, y, p.w, 1, fmt.Sprintf("item %d %s", p.list+y-p.down, strings.Repeat("=", (p.list+y-p.down)*7%30)))
	}
	for i, c := range p.pics {
		put(c.X, c.Y, c.Cols, c.Rows, l.Blank(i, c.Cols, c.Rows))
	}
	if w := p.popup[2]; w > 0 {
		put(p.popup[0], p.popup[1], w, p.popup[3], strings.Repeat(strings.Repeat("#", w)+"\n", p.popup[3]-1)+strings.Repeat("#", w))
	}
	return buf, buf.Render()
}

func (s *screen) check(p *program, want uv.ScreenBuffer) error {
	if s.err != nil {
		return s.err
	}
	expected := make(map[[2]int]uint64)
	for _, c := range p.pics {
		for y := range c.Rows {
			for x := range c.Cols {
				expected[[2]int{c.X + x, c.Y + y}] = c.ID
			}
		}
	}
	if p.covered {
		clear(expected)
	}
	for y := range s.h {
		for x := range s.w {
			if got := s.picture[y][x]; got != expected[[2]int{x, y}] {
				return fmt.Errorf("cell %d,%d shows picture %d, not %d", x, y, got, expected[[2]int{x, y}])
			}
			c := want.CellAt(x, y).Content
			if i := strings.LastIndex(c, stringEnd); i >= 0 {
				c = c[i+len(stringEnd):]
			}
			// What the layer blanked holds spaces instead.
			if got := s.text[y][x]; got != c && (c != blank || got != " ") {
				return fmt.Errorf("cell %d,%d shows %q, not %q", x, y, got, c)
			}
		}
	}
	return nil
}

// With the renderer that Bubble Tea uses and a terminal that is particular about its
// pictures, after every frame all pictures are whole, and nothing is left of others.
func TestPicturesOnAScreen(t *testing.T) {
	for seed := range uint64(12) {
		p := &program{r: rand.New(rand.NewPCG(seed, 1)), w: 60, h: 24}
		s := newScreen(p.w, p.h)
		l := started(t, s)
		l.Resize(p.w, p.h)
		var out bytes.Buffer
		renderer := uv.NewTerminalRenderer(&out, []string{"TERM=xterm-256color"})
		renderer.SetFullscreen(true)
		renderer.SetRelativeCursor(false)
		renderer.SetScrollOptim(true)
		renderer.Erase()
		cells := uv.NewScreenBuffer(p.w, p.h)
		for frame := range 120 {
			for range 1 + p.r.IntN(3) {
				p.change()
			}
			want, text := p.view(l)
			if p.r.IntN(5) == 0 {
				continue // the renderer skips frames
			}
			if p.r.IntN(30) == 0 {
				renderer.Erase() // a clear screen or a resize
			}
			cells.Clear()
			uv.NewStyledString(l.Pin(text)).Draw(cells, cells.Bounds())
			renderer.Render(cells.RenderBuffer)
			if err := renderer.Flush(); err != nil {
				t.Fatal(err)
			}
			written := out.String()
			out.Reset()
			if _, err := l.Write([]byte(written)); err != nil {
				t.Fatalf("seed %d, frame %d: %v", seed, frame, err)
			}
			if err := s.check(p, want); err != nil {
				t.Fatalf("seed %d, frame %d: %v after %q", seed, frame, err, written)
			}
		}
	}
}
