package spectral

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestCheckRadius(t *testing.T) {
	for _, r := range []float64{0, 0.5, 23, 1e6} {
		if err := CheckRadius(r); err != nil {
			t.Errorf("%v: %v", r, err)
		}
	}
	for _, r := range []float64{-1, -0.001, math.NaN(), math.Inf(1), math.Inf(-1)} {
		err := CheckRadius(r)
		if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), fmt.Sprint(r)) {
			t.Errorf("%v: %v", r, err)
		}
	}
}

func TestMaxRadius(t *testing.T) {
	for _, c := range []struct {
		h, w int
		want float64
	}{{32, 32, 23}, {28, 28, 20}, {1, 1, 1}, {6, 8, 6}, {7, 9, 6}, {1, 5, 3}, {224, 224, 159}} {
		if got := MaxRadius(c.h, c.w); got != c.want {
			t.Errorf("%d×%d: %v, want %v", c.h, c.w, got, c.want)
		}
	}
}

// TestKept compares Kept and edge with counting, at integer radii, between them, and at exact
// distances, where rounding matters.
func TestKept(t *testing.T) {
	for r, want := range map[float64]int{0: 0, 4: 45, 8: 193, 12: 437, 16: 793, 22: 1023, 23: 1024} {
		if got := Kept(32, 32, r); got != want {
			t.Errorf("32×32 at %v: %d, want %d", r, got, want)
		}
	}
	for _, size := range sizes {
		h, w := size[0], size[1]
		radii := append(radiiFor(h, w), -1, math.NaN(), math.Inf(1), 1e300)
		for u := 0; u <= h/2; u += 3 {
			for v := 0; v <= w/2; v += 2 {
				d := distance(u, v)
				radii = append(radii, d, math.Nextafter(d, 0), math.Nextafter(d, 1e9))
			}
		}
		for _, r := range radii {
			want := 0
			for i := range h {
				for j := range w {
					if distance(i-h/2, j-w/2) < r {
						want++
					}
				}
			}
			if got := Kept(h, w, r); got != want {
				t.Errorf("%d×%d at %v: %d, want %d", h, w, r, got, want)
			}
		}
	}
}

// TestDisc counts a disc's coefficients.
func TestDisc(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {5, 8}, {32, 32}, {33, 47}} {
		h, w := size[0], size[1]
		for _, r := range []float64{0, 0.5, 1, 2.5, 4, 7, MaxRadius(h, w) - 1, MaxRadius(h, w)} {
			d, count := NewDisc(h, w, r), 0
			for u, within := range d.Within {
				for v := range within {
					count += multiplicity(u, h) * multiplicity(v, w)
				}
			}
			if want := Kept(h, w, r); count != want || d.None != (r == 0) || d.All != (want == h*w) {
				t.Errorf("%d×%d, radius %v: %d coefficients, want %d; none %v, all %v", h, w, r, count, want, d.None, d.All)
			}
		}
	}
}
