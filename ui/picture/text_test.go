package picture

import (
	"bytes"
	"encoding/base64"
	"github.com/charmbracelet/colorprofile"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/kitty"
)

func TestParse(t *testing.T) {
	for _, p := range []Protocol{HalfBlocks, Sixel, Kitty, ITerm2} {
		if got, err := Parse(strings.ToUpper(p.String())); err != nil || got != p {
			t.Errorf("Parse(%q) = %v, %v", p, got, err)
		}
	}
	if _, err := Parse("regis"); err == nil || !strings.Contains(err.Error(), "regis") {
		t.Errorf("Parse of nonsense: %v", err)
	}
}

// drawCells renders lines as Bubble Tea's renderer sees them.
func drawCells(t *testing.T, d Drawn, cols, rows int) uv.ScreenBuffer {
	t.Helper()
	if len(d.Lines) != rows {
		t.Fatalf("%d lines, want %d", len(d.Lines), rows)
	}
	for _, l := range d.Lines {
		if n := ansi.StringWidth(l); n != cols {
			t.Fatalf("line %q is %d cells wide, want %d", l, n, cols)
		}
	}
	buf := uv.NewScreenBuffer(cols, rows)
	uv.NewStyledString(strings.Join(d.Lines, "\n")).Draw(buf, buf.Bounds())
	return buf
}

func rgbOf(t *testing.T, c interface {
	RGBA() (r, g, b, a uint32)
}) RGB {
	t.Helper()
	if c == nil {
		t.Fatal("no color")
	}
	r, g, b, _ := c.RGBA()
	return RGB{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
}

func TestHalfBlocks(t *testing.T) {
	im := few(5, 6, 30, 1)
	d := NewEncoder(HalfBlocks).Encode(im, 5, 3)
	if d.Data != nil || d.Remove != nil {
		t.Error("half blocks need nothing of the layer")
	}
	buf := drawCells(t, d, 5, 3)
	for y := range 3 {
		for x := range 5 {
			c := buf.CellAt(x, y)
			if c.Content != "▀" {
				t.Fatalf("cell %d,%d is %q", x, y, c.Content)
			}
			for half, got := range []RGB{rgbOf(t, c.Style.Fg), rgbOf(t, c.Style.Bg)} {
				p := im.Pix[3*((2*y+half)*5+x):]
				if want := (RGB{p[0], p[1], p[2]}); got != want {
					t.Errorf("cell %d,%d half %d is %v, want %v", x, y, half, got, want)
				}
			}
		}
	}
}

func TestHalfBlocksDepths(t *testing.T) {
	im := photograph(64, 64, 1)
	for _, depth := range []colorprofile.Profile{colorprofile.ANSI256, colorprofile.ANSI, colorprofile.ASCII} {
		e := NewEncoder(HalfBlocks)
		e.Profile = depth
		d := e.Encode(im, 20, 10)
		drawCells(t, d, 20, 10)
		text := strings.Join(d.Lines, "")
		allowed := map[colorprofile.Profile]string{
			colorprofile.ANSI256: `^(\x1b\[([34]8;5;\d+(;48;5;\d+)?)?m|▀)+$`,
			colorprofile.ANSI:    `^(\x1b\[((3|4|9|10)[0-7](;(4|10)[0-7])?)?m|▀)+$`,
			colorprofile.ASCII:   `^[ ░▒▓█]+$`,
		}[depth]
		if !regexp.MustCompile(allowed).MatchString(text) {
			t.Errorf("%v: %q", depth, text)
		}
	}
}

func TestShades(t *testing.T) {
	ramp := New(5, 1)
	for i := range ramp.Pix {
		ramp.Pix[i] = byte(i / 3 * 60)
	}
	e := NewEncoder(HalfBlocks)
	e.Profile = colorprofile.ASCII
	if got := e.Encode(ramp, 5, 1).Lines[0]; got != " ░▒▓█" {
		t.Errorf("dark background: %q", got)
	}
	e.Light = true
	if got := e.Encode(ramp, 5, 1).Lines[0]; got != "█▓▒░ " {
		t.Errorf("light background: %q", got)
	}
}

// nearest256 against trying all colors; the mean it picks a gray by is rounded.
func TestNearest256(t *testing.T) {
	colors := colors256
	for r := 0; r < 256; r += 5 {
		for g := 0; g < 256; g += 5 {
			for b := 0; b < 256; b += 5 {
				best := 1 << 30
				for _, c := range colors[16:] {
					best = min(best, distance(r, g, b, c[0], c[1], c[2]))
				}
				c := colors[nearest256(r, g, b)]
				if d := distance(r, g, b, c[0], c[1], c[2]); d > best+60 {
					t.Fatalf("%d,%d,%d became %v: distance %d, the best is %d", r, g, b, c, d, best)
				}
			}
		}
	}
	for i, c := range colors[16:] {
		got := nearest256(c[0], c[1], c[2])
		if colors[got] != c {
			t.Errorf("color %d %v became %d", i+16, c, got)
		}
	}
	for i, c := range ansi16 {
		if got := nearest16(c[0], c[1], c[2]); got != uint32(i) {
			t.Errorf("color %d became %d", i, got)
		}
	}
}

var kittyString = regexp.MustCompile(`^\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\`)

func TestKitty(t *testing.T) {
	im := photograph(120, 80, 2)
	e := NewEncoder(Kitty)
	d := e.Encode(im, 12, 4)
	var payload []byte
	keys := map[string]string{}
	for n, rest := 0, d.Data; len(rest) > 0; n++ {
		m := kittyString.FindSubmatch(rest)
		if m == nil || len(m[2]) > 4096 {
			t.Fatalf("chunk %d: %.60q", n, rest)
		}
		for _, kv := range strings.Split(string(m[1]), ",") {
			k, v, _ := strings.Cut(kv, "=")
			keys[k] = v
		}
		rest = rest[len(m[0]):]
		if (keys["m"] == "1") != (len(rest) > 0) {
			t.Fatalf("chunk %d: m=%s with %d bytes to come", n, keys["m"], len(rest))
		}
		b, err := base64.StdEncoding.DecodeString(string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		payload = append(payload, b...)
	}
	for k, want := range map[string]string{"a": "T", "U": "1", "f": "100", "q": "2", "c": "12", "r": "4"} {
		if keys[k] != want {
			t.Errorf("%s=%s, want %s", k, keys[k], want)
		}
	}
	checkPNG(t, payload, im)
	if want := "\x1b_Gq=2,a=d,d=I,i=" + keys["i"] + "\x1b\\"; string(d.Remove) != want {
		t.Errorf("Remove is %q, want %q", d.Remove, want)
	}
	checkPlaceholders(t, d, keys["i"], 12, 4)

	if again := e.Encode(im, 12, 4); again.ID != d.ID || &again.Data[0] != &d.Data[0] {
		t.Error("the same picture again is another one")
	}
	im.Pix[5]++
	if other := e.Encode(im, 12, 4); other.ID == d.ID || string(other.Remove) == string(d.Remove) {
		t.Error("another picture has the same number")
	}
}

// checkPNG wants a file to hold the pixels of an image: all of them of a small one, and its colors
// of a larger one.
func checkPNG(t *testing.T, file []byte, im *Image) {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(file))
	if err != nil || p.Bounds().Dx() != im.W || p.Bounds().Dy() != im.H {
		t.Fatalf("%v, %v", p, err)
	}
	got := New(im.W, im.H)
	for i := range im.W * im.H {
		r, g, b, _ := p.At(i%im.W, i/im.W).RGBA()
		got.Pix[3*i], got.Pix[3*i+1], got.Pix[3*i+2] = byte(r>>8), byte(g>>8), byte(b>>8)
	}
	var r repeats
	r.find(im)
	cols, rows := r.size()
	if db := psnr(im, got); cols*rows <= fewPixels && db < 90 || db < 36 {
		t.Fatalf("%.1f dB", db)
	}
}

// checkPlaceholders reads the number and the position back from the cells.
func checkPlaceholders(t *testing.T, d Drawn, id string, cols, rows int) {
	t.Helper()
	buf := drawCells(t, d, cols, rows)
	index := func(r rune) int {
		for i := range 297 {
			if kitty.Diacritic(i) == r {
				return i
			}
		}
		return -1
	}
	for y := range rows {
		for x := range cols {
			c := buf.CellAt(x, y)
			r := []rune(c.Content)
			if len(r) != 4 || r[0] != kitty.Placeholder || c.Width != 1 || index(r[1]) != y || index(r[2]) != x {
				t.Fatalf("cell %d,%d is %q, %d wide", x, y, c.Content, c.Width)
			}
			// A width on which Bubble Tea's two measures disagree would make it repaint the
			// row in every frame.
			if ansi.WcWidth.StringWidth(c.Content) != ansi.GraphemeWidth.StringWidth(c.Content) {
				t.Fatal("the measures of width disagree")
			}
			low, ok := c.Style.Fg.(ansi.IndexedColor)
			if got := strconv.Itoa(index(r[3])<<24 | int(low)); !ok || got != id {
				t.Fatalf("cell %d,%d names picture %s, want %s", x, y, got, id)
			}
		}
	}
}

func TestKittyNumbers(t *testing.T) {
	seen := map[[2]uint32]bool{}
	for range kittyRange {
		low, high := nextKittyID()
		if low < 1 || low > 255 || high > 255 || seen[[2]uint32{low, high}] {
			t.Fatalf("number %d,%d", low, high)
		}
		seen[[2]uint32{low, high}] = true
	}
}

func TestITerm2(t *testing.T) {
	im := photograph(90, 60, 2)
	d := NewEncoder(ITerm2).Encode(im, 9, 3)
	m := regexp.MustCompile(`^\x1b]1337;File=inline=1;doNotMoveCursor=1;preserveAspectRatio=0;width=9;height=3;size=(\d+):([^\a]+)\a$`).FindSubmatch(d.Data)
	if m == nil {
		t.Fatalf("%.100q", d.Data)
	}
	file, err := base64.StdEncoding.DecodeString(string(m[2]))
	if err != nil || strconv.Itoa(len(file)) != string(m[1]) {
		t.Fatalf("%d bytes said to be %s: %v", len(file), m[1], err)
	}
	checkPNG(t, file, im)
}

// Images of few pixels are exact, however much they are enlarged.
func TestEnlargedImagesAreExact(t *testing.T) {
	im := New(320, 300)
	Scale(im, photograph(32, 30, 2), RGB{})
	checkPNG(t, NewEncoder(ITerm2).file(im), im)
}

func TestEncodeTinyBoxes(t *testing.T) {
	for _, p := range []Protocol{HalfBlocks, Sixel, Kitty, ITerm2} {
		e := NewEncoder(p)
		if d := e.Encode(New(1, 1), 0, -1); d.ID == 0 {
			t.Errorf("%v: nothing", p)
		}
	}
}

func BenchmarkOthers(b *testing.B) {
	small := New(320, 320)
	Scale(small, photograph(32, 32, 1), RGB{})
	for name, im := range map[string]*Image{"enlarged32to320": small, "photograph320": photograph(320, 320, 1)} {
		for _, p := range []Protocol{HalfBlocks, Kitty, ITerm2} {
			b.Run(p.String()+"/"+name, func(b *testing.B) {
				e := NewEncoder(p)
				for b.Loop() {
					im.Pix[0]++
					e.Encode(im, 36, 18)
				}
			})
		}
	}
	src, box := photograph(1000, 750, 3), New(420, 320)
	b.Run("scale/1000x750to420x320", func(b *testing.B) {
		for b.Loop() {
			Scale(box, src, RGB{})
		}
	})
	tiny := photograph(32, 32, 1)
	b.Run("scale/32to320", func(b *testing.B) {
		for b.Loop() {
			Scale(small, tiny, RGB{})
		}
	})
}
