package picture

import (
	"strings"
	"testing"
)

// TestBytes logs what pictures take: go test ./ui/picture -run TestBytes -v. The package's documentation
// has the figures beside chafa's.
func TestBytes(t *testing.T) {
	enlarged := New(320, 320)
	Scale(enlarged, photograph(32, 32, 3), RGB{})
	for _, c := range []struct {
		name string
		im   *Image
		most map[Protocol]int
	}{
		{"32×32, enlarged", enlarged, map[Protocol]int{HalfBlocks: 32 << 10, Sixel: 17 << 10, Kitty: 17 << 10, ITerm2: 8 << 10}},
		{"photograph", photograph(320, 320, 7), map[Protocol]int{HalfBlocks: 32 << 10, Sixel: 140 << 10, Kitty: 64 << 10, ITerm2: 64 << 10}},
	} {
		for _, p := range []Protocol{HalfBlocks, Sixel, Kitty, ITerm2} {
			e := NewEncoder(p)
			e.Previews = true
			d := e.Encode(c.im, 40, 20)
			t.Logf("%s: %v: %d bytes and %d of text; preview %d", c.name, p, len(d.Data), len(strings.Join(d.Lines, "")), len(d.Preview))
			if n := len(d.Data) + len(strings.Join(d.Lines, "")); n > c.most[p] {
				t.Errorf("%s: %v takes %d bytes", c.name, p, n)
			}
			if len(d.Preview) > previewBytes*3/2 {
				t.Errorf("%s: the preview of %v takes %d bytes", c.name, p, len(d.Preview))
			}
		}
	}
}

// Cut anywhere, a picture that goes on has the same pixels.
func TestSixelCuts(t *testing.T) {
	e := NewEncoder(Sixel)
	im := photograph(120, 61, 5)
	d := e.Encode(im, 12, 4)
	want := mustDecode(t, d)
	if len(d.Cuts.At) != 10 {
		t.Fatalf("%d cuts in 11 bands", len(d.Cuts.At))
	}
	for i, at := range d.Cuts.At {
		rest := append([]byte{}, d.Data[:d.Cuts.Head]...)
		rest = append(rest, strings.Repeat(d.Cuts.Skip, i+1)...)
		rest = append(rest, d.Data[at:]...)
		// The decoder wants all pixels drawn: the upper ones are those before the cut.
		whole := append(append([]byte{}, d.Data[:at]...), strings.TrimLeft(string(rest[d.Cuts.Head:]), d.Cuts.Skip)...)
		got := mustDecode(t, Drawn{Data: whole})
		if psnr(want, got) < 90 {
			t.Errorf("cut %d changes pixels", i)
		}
	}
}
