package picture

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestScaleRepeatsPixelsOfSmallImages(t *testing.T) {
	src := few(3, 2, 6, 1)
	dst := New(30, 20)
	Scale(dst, src, RGB{})
	for y := range dst.H {
		for x := range dst.W {
			want := src.Pix[3*(y/10*3+x/10):][:3]
			if got := dst.Pix[3*(y*30+x):][:3]; !bytes.Equal(got, want) {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want)
			}
		}
	}
	// A fractional factor repeats every pixel 10 or 11 times and makes no new colors.
	wide := New(32*10+7, 32*10+7)
	Scale(wide, few(32, 32, 9, 2), RGB{})
	var r repeats
	r.find(wide)
	if cols, rows := r.size(); cols > 32 || rows > 32 {
		t.Errorf("%d columns and %d rows, want at most 32 of each", cols, rows)
	}
	for i := 1; i < len(r.cols); i++ {
		if n := r.cols[i] - r.cols[i-1]; n%10 > 1 && n < 20 {
			t.Errorf("column %d is %d pixels wide", i, n)
		}
	}
}

func TestScaleLetterboxes(t *testing.T) {
	for _, c := range []struct {
		w, h, boxW, boxH int
		inside           rect
	}{
		{10, 10, 40, 20, rect{10, 0, 20, 20}},
		{10, 10, 20, 41, rect{0, 10, 20, 20}},
		{200, 100, 100, 100, rect{0, 25, 100, 50}},
		{1000, 10, 50, 50, rect{0, 24, 50, 1}},
		{1, 400, 9, 50, rect{4, 0, 1, 50}},
		{300, 300, 600, 700, rect{0, 50, 600, 600}},
		{32, 32, 320, 320, rect{0, 0, 320, 320}},
	} {
		src, dst := New(c.w, c.h), New(c.boxW, c.boxH)
		src.Fill(RGB{200, 100, 50})
		Scale(dst, src, RGB{1, 2, 3})
		for y := range c.boxH {
			for x := range c.boxW {
				want := []byte{1, 2, 3}
				if r := c.inside; x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h {
					want = []byte{200, 100, 50}
				}
				if got := dst.Pix[3*(y*c.boxW+x):][:3]; !bytes.Equal(got, want) {
					t.Fatalf("%+v: pixel %d,%d is %v, want %v", c, x, y, got, want)
				}
			}
		}
	}
}

func TestAverage(t *testing.T) {
	src := &Image{4, 2, []byte{
		0, 0, 0, 100, 10, 1, 200, 20, 2, 255, 255, 255,
		100, 0, 0, 0, 10, 1, 40, 20, 2, 255, 255, 255,
	}}
	dst := New(2, 1)
	Scale(dst, src, RGB{})
	if want := []byte{50, 5, 1, 188, 138, 129}; !bytes.Equal(dst.Pix, want) {
		t.Errorf("got %v, want %v", dst.Pix, want)
	}
	// Three pixels into two: the middle one counts half in each.
	three := &Image{3, 1, []byte{0, 0, 0, 90, 90, 90, 240, 240, 240}}
	two := New(2, 1)
	average(two, three, rect{0, 0, 2, 1})
	if want := []byte{30, 30, 30, 190, 190, 190}; !bytes.Equal(two.Pix, want) {
		t.Errorf("got %v, want %v", two.Pix, want)
	}
}

// Against the definition: every target pixel is the integral over its area.
func TestAverageAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		src := few(1+r.IntN(40), 1+r.IntN(40), 50, r.Uint64())
		w, h := 1+r.IntN(40), 1+r.IntN(40)
		dst := New(w, h)
		average(dst, src, rect{0, 0, w, h})
		overlap := func(i, n, s, m int) float64 { // of [i,i+1)/n and [s,s+1)/m, times m
			a, b := max(i*m, s*n), min((i+1)*m, (s+1)*n)
			return float64(max(b-a, 0)) / float64(n)
		}
		for y := range h {
			for x := range w {
				var sum, area float64
				for sy := range src.H {
					for sx := range src.W {
						a := overlap(x, w, sx, src.W) * overlap(y, h, sy, src.H)
						sum += a * float64(src.Pix[3*(sy*src.W+sx)+1])
						area += a
					}
				}
				if d := float64(dst.Pix[3*(y*w+x)+1]) - sum/area; d > 0.51 || d < -0.51 {
					t.Fatalf("%d×%d to %d×%d: pixel %d,%d is off by %.2f", src.W, src.H, w, h, x, y, d)
				}
			}
		}
	}
}

func TestScaleEnlargesPhotographsSmoothly(t *testing.T) {
	src := New(200, 150)
	for i := range src.Pix {
		src.Pix[i] = byte(i / 3 % 200)
	}
	dst := New(400, 300)
	Scale(dst, src, RGB{})
	for x := 1; x < 400; x++ {
		if d := int(dst.Pix[3*x]) - int(dst.Pix[3*x-3]); d < 0 || d > 1 {
			t.Fatalf("a ramp of 1 in 2 pixels steps by %d at %d", d, x)
		}
	}
	if dst.Pix[0] != 0 || dst.Pix[3*399] != 199 {
		t.Errorf("the edges are %d and %d, want 0 and 199", dst.Pix[0], dst.Pix[3*399])
	}
}

func TestScaleAnySize(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 300 {
		src, dst := few(1+r.IntN(300), 1+r.IntN(300), 3, r.Uint64()), New(1+r.IntN(300), 1+r.IntN(300))
		Scale(dst, src, RGB{})
	}
	Scale(New(3, 3), &Image{}, RGB{}) // an empty image is all background
	dst := few(3, 3, 4, 1)
	if Scale(dst, &Image{}, RGB{9, 9, 9}); dst.Pix[0] != 9 || dst.Pix[26] != 9 {
		t.Error("an empty image left something of what was there")
	}
}
