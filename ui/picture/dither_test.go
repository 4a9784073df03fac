package picture

import (
	"math"
	"testing"

	"github.com/charmbracelet/colorprofile"
)

// Averaged over the cells of the matrix, colors are those of the picture, much nearer than the nearest
// color of the palette is; and a pixel's color does not depend on the others.
func TestDither(t *testing.T) {
	for _, c := range []struct {
		profile colorprofile.Profile
		most    float64 // error of a mean
	}{{colorprofile.ANSI256, 6}, {colorprofile.ANSI, 16}} {
		e := NewEncoder(HalfBlocks)
		e.Profile = c.profile
		colors := &colors256
		if c.profile == colorprofile.ANSI {
			colors = &colors16
		}
		for _, want := range [][3]uint8{{128, 128, 128}, {77, 140, 30}, {200, 180, 60}, {20, 30, 25}, {90, 80, 170}} {
			var sum [3]float64
			for y := range 4 {
				for x := range 4 {
					got := colors[e.dither(x, y, want[0], want[1], want[2])]
					if again := colors[e.dither(x+4, y+8, want[0], want[1], want[2])]; again != got {
						t.Fatalf("the pattern does not repeat: %v, %v", got, again)
					}
					for k := range sum {
						sum[k] += float64(got[k]) / 16
					}
				}
			}
			for k := range sum {
				if d := math.Abs(sum[k] - float64(want[k])); d > c.most {
					t.Errorf("%v: %v has the mean %v", c.profile, want, sum)
					break
				}
			}
		}
	}
}

func BenchmarkHalfBlocks256(b *testing.B) {
	im := photograph(100, 100, 1)
	e := NewEncoder(HalfBlocks)
	e.Profile = colorprofile.ANSI256
	for b.Loop() {
		im.Pix[0]++
		e.Encode(im, 60, 30)
	}
}
