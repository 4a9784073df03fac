package picture

import "github.com/charmbracelet/colorprofile"

// thresholds is Bayer's 4×4 matrix. The position alone decides which of a pixel's colors is shown, so
// that nothing flickers where a picture changes a little.
var thresholds = [4][4]uint8{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}

// mix is a color of which a palette has only others: 16 of these whose mean is nearest to it, in the
// order of their luminance (T. Knoll, US patent 6,606,166, expired).
type mix struct {
	color   uint32 // red, green, blue, plus 1<<24
	profile colorprofile.Profile
	codes   [16]uint8
}

// mixes are those made last, by the color's hash: small images have each in many cells.
type mixes [1 << 10]mix

// dither returns the number of the color of a pixel at (x, y) in a palette of few colors.
func (e *Encoder) dither(x, y int, r, g, b uint8) uint32 {
	if e.mixes == nil {
		e.mixes = new(mixes)
	}
	color := 1<<24 | uint32(r)<<16 | uint32(g)<<8 | uint32(b)
	m := &e.mixes[color*2654435761>>22]
	if m.color != color || m.profile != e.Profile {
		*m = mixOf(e.Profile, int(r), int(g), int(b))
		m.color, m.profile = color, e.Profile
	}
	return uint32(m.codes[thresholds[y&3][x&3]])
}

func mixOf(profile colorprofile.Profile, r, g, b int) (m mix) {
	nearest, colors := nearest256, &colors256
	if profile == colorprofile.ANSI {
		nearest, colors = nearest16, &colors16
	}
	want := [3]int{r, g, b}
	var left [3]int // what the colors so far lack
	var lumas [16]int
	for i := range m.codes {
		var v [3]int
		for k := range v {
			v[k] = min(max(want[k]+left[k], 0), 255)
		}
		code := nearest(v[0], v[1], v[2])
		c := colors[code]
		for k := range left {
			left[k] += want[k] - c[k]
		}
		luma := 299*c[0] + 587*c[1] + 114*c[2]
		at := i
		for ; at > 0 && lumas[at-1] > luma; at-- {
			m.codes[at], lumas[at] = m.codes[at-1], lumas[at-1]
		}
		m.codes[at], lumas[at] = uint8(code), luma
	}
	return m
}

// colors16 and colors256 are the colors by their numbers.
var (
	colors16  = [256][3]int(append(ansi16[:], make([][3]int, 240)...))
	colors256 = func() (t [256][3]int) {
		copy(t[:], ansi16[:])
		for i := 16; i < 232; i++ {
			for k, v := range [3]int{(i - 16) / 36, (i - 16) / 6 % 6, (i - 16) % 6} {
				if v > 0 {
					t[i][k] = 55 + 40*v
				}
			}
		}
		for i := 232; i < 256; i++ {
			y := 8 + 10*(i-232)
			t[i] = [3]int{y, y, y}
		}
		return t
	}()
)
