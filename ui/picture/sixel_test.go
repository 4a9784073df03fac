package picture

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// decoder is an independent, plain reading of the format: it draws one pixel after the
// other, with colors from percent as xterm computes them, and is strict about everything
// our encoder has no reason to write.
type decoder struct {
	body   []byte
	pos    int
	img    *Image
	drawn  []bool
	colors map[int][3]byte
	color  [3]byte
	x, y   int
}

func decodeSixel(data []byte) (*Image, error) {
	body, ok := bytes.CutPrefix(data, []byte("\x1bP0;1;0q\""))
	if !ok {
		return nil, fmt.Errorf("does not start as a sixel string: %.20q", data)
	}
	if body, ok = bytes.CutSuffix(body, []byte("\x1b\\")); !ok {
		return nil, fmt.Errorf("does not end with ST")
	}
	d := decoder{body: body, colors: map[int][3]byte{}}
	raster := d.numbers()
	if len(raster) != 4 || raster[0] != 1 || raster[1] != 1 {
		return nil, fmt.Errorf("raster attributes %v", raster)
	}
	d.img = New(raster[2], raster[3])
	d.drawn = make([]bool, d.img.W*d.img.H)
	for d.pos < len(body) {
		d.pos++
		if err := d.command(body[d.pos-1]); err != nil {
			return nil, err
		}
	}
	for i, ok := range d.drawn {
		if !ok {
			return nil, fmt.Errorf("pixel %d,%d never drawn", i%d.img.W, i/d.img.W)
		}
	}
	return d.img, nil
}

func (d *decoder) number() int {
	start := d.pos
	for d.pos < len(d.body) && d.body[d.pos] >= '0' && d.body[d.pos] <= '9' {
		d.pos++
	}
	n, err := strconv.Atoi(string(d.body[start:d.pos]))
	if err != nil {
		return -1
	}
	return n
}

func (d *decoder) numbers() []int {
	out := []int{d.number()}
	for d.pos < len(d.body) && d.body[d.pos] == ';' {
		d.pos++
		out = append(out, d.number())
	}
	return out
}

func (d *decoder) command(c byte) error {
	switch {
	case c == '#':
		return d.choose(d.numbers())
	case c == '!':
		run := d.number()
		if run < 1 || d.pos >= len(d.body) || d.body[d.pos] < '?' || d.body[d.pos] > '~' {
			return fmt.Errorf("run of %d", run)
		}
		d.pos++
		return d.draw(d.body[d.pos-1]-'?', run)
	case c == '$':
		d.x = 0
	case c == '-':
		d.x, d.y = 0, d.y+6
	case c >= '?' && c <= '~':
		return d.draw(c-'?', 1)
	default:
		return fmt.Errorf("unexpected %q", c)
	}
	return nil
}

// choose defines a color or takes one that is defined.
func (d *decoder) choose(p []int) (err error) {
	if len(p) == 5 && p[1] == 2 {
		var rgb [3]byte
		for k, v := range p[2:] {
			if v < 0 || v > 100 {
				return fmt.Errorf("color %v", p)
			}
			rgb[k] = byte((v*255 + 50) / 100)
		}
		if _, dup := d.colors[p[0]]; dup || p[0] < 0 || p[0] > 1023 {
			return fmt.Errorf("register %d again or too large", p[0])
		}
		d.colors[p[0]] = rgb
		return nil
	}
	var ok bool
	if d.color, ok = d.colors[p[0]]; !ok || len(p) != 1 {
		return fmt.Errorf("color %v is not defined", p)
	}
	return nil
}

func (d *decoder) draw(bits byte, run int) error {
	for ; run > 0; run-- {
		for k := range 6 {
			if bits>>k&1 == 0 {
				continue
			}
			if d.x >= d.img.W || d.y+k >= d.img.H {
				return fmt.Errorf("pixel %d,%d outside %d×%d", d.x, d.y+k, d.img.W, d.img.H)
			}
			i := (d.y+k)*d.img.W + d.x
			if d.drawn[i] {
				return fmt.Errorf("pixel %d,%d drawn twice", d.x, d.y+k)
			}
			d.drawn[i] = true
			copy(d.img.Pix[3*i:], d.color[:])
		}
		d.x++
	}
	return nil
}

// psnr is the peak signal-to-noise ratio in dB.
func psnr(a, b *Image) float64 {
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	if sum == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}

func largestError(a, b *Image) int {
	worst := 0
	for i := range a.Pix {
		d := int(a.Pix[i]) - int(b.Pix[i])
		worst = max(worst, d, -d)
	}
	return worst
}

// photograph makes something like one: a sky with clouds of 1/f texture, hard-edged
// hills, a shaded striped ball and a little sensor noise.
func photograph(w, h int, seed uint64) *Image {
	r := rand.New(rand.NewPCG(seed, 1))
	im := New(w, h)
	texture := make([]float64, w*h)
	for cells, amp := 3, 1.0; cells < w && cells < h; cells, amp = 2*cells, amp*0.55 {
		grid := make([]float64, (cells+2)*(cells+2))
		for i := range grid {
			grid[i] = 2*r.Float64() - 1
		}
		smooth := func(t float64) float64 { return t * t * (3 - 2*t) }
		for i := range texture {
			fx, fy := float64(i%w)/float64(w)*float64(cells), float64(i/w)/float64(h)*float64(cells)
			x, y := int(fx), int(fy)
			tx, ty := smooth(fx-float64(x)), smooth(fy-float64(y))
			at := func(x, y int) float64 { return grid[y*(cells+2)+x] }
			texture[i] += amp * ((at(x, y)*(1-tx)+at(x+1, y)*tx)*(1-ty) + (at(x, y+1)*(1-tx)+at(x+1, y+1)*tx)*ty)
		}
	}
	for i, t := range texture {
		u, v := float64(i%w)/float64(w), float64(i/w)/float64(h)
		cloud := max(0, t-0.15)
		c := [3]float64{90 + 120*v + 150*cloud, 140 + 70*v + 140*cloud, 215 - 20*v + 110*cloud}
		if v > 0.5+0.06*math.Sin(7*u)+0.012*math.Sin(63*u) {
			c = [3]float64{95 + 25*t, 105 + 30*t, 125 + 20*t}
		}
		if v > 0.66+0.04*math.Sin(11*u+1) {
			c = [3]float64{70 + 60*t, 110 + 65*t, 45 + 30*t}
		}
		if d := math.Hypot(u-0.3, v-0.72); d < 0.16 {
			z := math.Sqrt(0.16*0.16-d*d) / 0.16
			sh := 0.35 + 0.65*max(0, 0.75*z-2.2*(u-0.3)-2.2*(v-0.72))
			c = [3]float64{235 * sh, 230 * sh, 220 * sh}
			if math.Sin(60*(u-0.3)+4*z) > 0 {
				c = [3]float64{215 * sh, 50 * sh, 45 * sh}
			}
		}
		noise := 2 * r.NormFloat64()
		for k := range c {
			im.Pix[3*i+k] = byte(min(max(c[k]+noise+0.5, 0), 255))
		}
	}
	return im
}

// few makes a picture of n colors at random.
func few(w, h, n int, seed uint64) *Image {
	r := rand.New(rand.NewPCG(seed, 2))
	im := New(w, h)
	colors := make([][3]byte, n)
	for i := range colors {
		colors[i] = [3]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
	}
	for i := range w * h {
		c := colors[r.IntN(n)]
		copy(im.Pix[3*i:], c[:])
	}
	return im
}

func mustDecode(t *testing.T, d Drawn) *Image {
	t.Helper()
	im, err := decodeSixel(d.Data)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

func TestSixelPhotographs(t *testing.T) {
	e := NewEncoder(Sixel)
	for _, size := range [][2]int{{256, 256}, {320, 320}, {421, 333}, {640, 480}} {
		im := photograph(size[0], size[1], 7)
		got := mustDecode(t, e.Encode(im, 1, 1))
		if db := psnr(im, got); db < 39 {
			t.Errorf("%d×%d: %.1f dB, want at least 39", size[0], size[1], db)
		} else {
			t.Logf("%d×%d: %.1f dB", size[0], size[1], db)
		}
	}
}

func TestSixelEnlargedPhotograph(t *testing.T) {
	e := NewEncoder(Sixel)
	e.Registers = 256
	small, box := photograph(32, 32, 3), New(324, 320)
	Scale(box, small, RGB{})
	got := mustDecode(t, e.Encode(box, 36, 16))
	if db := psnr(box, got); db < 40 {
		t.Errorf("%.1f dB, want at least 40", db)
	} else {
		t.Logf("%.1f dB", db)
	}
}

// Up to 256 colors each keeps its own; what is left is the rounding to percent.
func TestSixelFewColoursAreExact(t *testing.T) {
	e := NewEncoder(Sixel)
	for _, n := range []int{1, 2, 3, 17, 100, 255, 256} {
		im := few(61, 47, n, uint64(n))
		got := mustDecode(t, e.Encode(im, 1, 1))
		if worst := largestError(im, got); worst > 1 {
			t.Errorf("%d colors: an error of %d", n, worst)
		}
	}
	gray := New(256, 13)
	for i := range gray.Pix {
		gray.Pix[i] = byte(i / 3 % 256)
	}
	if worst := largestError(gray, mustDecode(t, e.Encode(gray, 1, 1))); worst > 1 {
		t.Errorf("gray ramp: an error of %d", worst)
	}
}

// Every size comes out at exactly that size with every pixel drawn once (decodeSixel says
// so), whatever the encoder drew before.
func TestSixelSizes(t *testing.T) {
	e := NewEncoder(Sixel)
	r := rand.New(rand.NewPCG(5, 5))
	sizes := [][2]int{{1, 1}, {1, 7}, {7, 1}, {2, 6}, {5, 5}, {6, 12}, {13, 11}, {300, 1}, {1, 300}, {1100, 3}}
	for range 60 {
		sizes = append(sizes, [2]int{1 + r.IntN(70), 1 + r.IntN(70)})
	}
	for i, s := range sizes {
		for kind, im := range []*Image{few(s[0], s[1], 1+i%9, uint64(i)), few(s[0], s[1], 2000, uint64(i)), enlarged(s[0], s[1], r)} {
			got := mustDecode(t, e.Encode(im, 1, 1))
			if got.W != im.W || got.H != im.H {
				t.Fatalf("%v came out as %d×%d", s, got.W, got.H)
			}
			if kind != 1 && largestError(im, got) > 1 {
				t.Errorf("%v kind %d: an error of %d", s, kind, largestError(im, got))
			}
			again := NewEncoder(Sixel).Encode(im, 1, 1)
			if !bytes.Equal(again.Data, e.Encode(im, 1, 1).Data) {
				t.Errorf("%v kind %d: a fresh encoder gives other bytes", s, kind)
			}
		}
	}
}

// enlarged is a small picture of few colors, enlarged by some factor and letterboxed.
func enlarged(w, h int, r *rand.Rand) *Image {
	box := New(w, h)
	Scale(box, few(1+r.IntN(9), 1+r.IntN(9), 40, r.Uint64()), RGB{10, 20, 30})
	return box
}

func TestSixelRegisters(t *testing.T) {
	e := NewEncoder(Sixel)
	im := photograph(100, 90, 4)
	last := 0.0
	for _, n := range []int{2, 16, 64, 128, 1024} {
		e.Registers = n
		d := e.Encode(im, 1, 1)
		defined := bytes.Count(d.Data, []byte(";2;"))
		if defined > n {
			t.Errorf("%d registers: %d defined", n, defined)
		}
		db := psnr(im, mustDecode(t, d))
		if db <= last {
			t.Errorf("%d registers: %.1f dB, no better than %.1f", n, db, last)
		}
		last = db
	}
}

func TestSixelRepeatedBands(t *testing.T) {
	im := New(50, 60)
	im.Fill(RGB{200, 100, 50})
	e := NewEncoder(Sixel)
	want := "\x1bP0;1;0q\"1;1;50;60#0;2;78;39;20" + "#0!50~" + string(bytes.Repeat([]byte("-#0!50~"), 9)) + "\x1b\\"
	if got := string(e.Encode(im, 1, 1).Data); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func FuzzSixel(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint8(1), uint8(3))
	f.Add(photograph(20, 9, 1).Pix, uint8(20), uint8(1))
	f.Add(few(16, 13, 300, 1).Pix, uint8(16), uint8(2))
	e := NewEncoder(Sixel)
	f.Fuzz(func(t *testing.T, pix []byte, width, factor uint8) {
		w := max(int(width), 1)
		h := min(len(pix)/3/w, 200)
		if h < 1 {
			return
		}
		im := &Image{W: w, H: h, Pix: pix[:3*w*h]}
		box := New(w*int(factor%4+1), h*int(factor%4+1))
		Scale(box, im, RGB{})
		mustDecode(t, e.Encode(box, 1, 1))
	})
}

func BenchmarkSixel(b *testing.B) {
	enlarge := func(im *Image) *Image {
		box := New(320, 320)
		Scale(box, im, RGB{})
		return box
	}
	for _, c := range []struct {
		name string
		im   *Image
	}{
		{"photograph256", photograph(256, 256, 7)},
		{"photograph320", photograph(320, 320, 7)},
		{"photograph480x360", photograph(480, 360, 7)},
		{"enlarged32to320", enlarge(photograph(32, 32, 7))},
		{"noise32to320", enlarge(few(32, 32, 5000, 1))},
		{"noise320", few(320, 320, 1<<20, 1)},
		{"few320", few(320, 320, 8, 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := new(sixelEncoder)
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(c.im.Pix)))
				n := len(e.encode(c.im, 256).Data)
				b.ReportMetric(float64(n), "bytes")
			}
		})
	}
}
