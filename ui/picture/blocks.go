package picture

import (
	"strconv"

	"github.com/charmbracelet/colorprofile"
)

// shades reports whether the terminal has no colors, so that cells are shades of gray.
func (e *Encoder) shades() bool {
	return e.Profile == colorprofile.ASCII || e.Profile == colorprofile.NoTTY
}

// halfBlocks draws img with two pixels per cell: the foreground of ▀ is the upper one, the
// background the lower one. Without colors a cell is one of five shades.
func (e *Encoder) halfBlocks(img *Image, cols, rows int) Drawn {
	lines := make([]string, rows)
	high := 2 * rows
	if e.shades() {
		high = rows
	}
	e.cells.Resize(cols, high)
	average(&e.cells, img, rect{0, 0, cols, high})
	buf := make([]byte, 0, 40*cols+8)
	for y := range lines {
		if e.shades() {
			buf = e.shadeLine(buf[:0], e.cells.Pix[3*y*cols:3*(y+1)*cols])
		} else {
			two := e.cells.Pix[6*y*cols : 6*(y+1)*cols]
			buf = e.blockLine(buf[:0], y, two[:3*cols], two[3*cols:])
		}
		lines[y] = string(buf)
	}
	return Drawn{Lines: lines}
}

// blockLine appends line y of cells. A color is set only where it changes; the line ends
// with a reset.
func (e *Encoder) blockLine(buf []byte, y int, upper, lower []byte) []byte {
	fg, bg := uint32(none), uint32(none)
	for i := 0; i < len(upper); i += 3 {
		f := e.code(i/3, 2*y, upper[i], upper[i+1], upper[i+2])
		b := e.code(i/3, 2*y+1, lower[i], lower[i+1], lower[i+2])
		if f != fg || b != bg {
			buf = append(buf, "\x1b["...)
			if f != fg {
				buf = e.appendCode(buf, f, 30)
			}
			if f != fg && b != bg {
				buf = append(buf, ';')
			}
			if b != bg {
				buf = e.appendCode(buf, b, 40)
			}
			buf = append(buf, 'm')
			fg, bg = f, b
		}
		buf = append(buf, "▀"...)
	}
	return append(buf, "\x1b[m"...)
}

// code returns the number of the color of a pixel at (x, y) in the encoder's profile.
func (e *Encoder) code(x, y int, r, g, b uint8) uint32 {
	if e.Profile == colorprofile.ANSI256 || e.Profile == colorprofile.ANSI {
		return e.dither(x, y, r, g, b)
	}
	return uint32(r)<<16 | uint32(g)<<8 | uint32(b)
}

// appendCode appends the SGR parameters that set the color; base is 30 for the foreground, 40
// for the background.
func (e *Encoder) appendCode(buf []byte, code uint32, base int64) []byte {
	switch e.Profile {
	case colorprofile.ANSI256:
		buf = strconv.AppendInt(buf, base+8, 10)
		buf = append(buf, ";5;"...)
		return strconv.AppendInt(buf, int64(code), 10)
	case colorprofile.ANSI:
		if code >= 8 {
			base += 60 - 8
		}
		return strconv.AppendInt(buf, base+int64(code), 10)
	}
	buf = strconv.AppendInt(buf, base+8, 10)
	buf = append(buf, ";2"...)
	for shift := 16; shift >= 0; shift -= 8 {
		buf = append(buf, ';')
		buf = strconv.AppendInt(buf, int64(code>>shift&255), 10)
	}
	return buf
}

// nearest256 returns the color of xterm's 6×6×6 cube (16 to 231) or its 24 grays (232 to
// 255) that is nearest to r, g, b.
func nearest256(r, g, b int) uint32 {
	level := func(v int) (index, value int) { // 0, 95, 135, 175, 215, 255
		switch {
		case v < 48:
			return 0, 0
		case v < 115:
			return 1, 95
		}
		i := min((v-35)/40, 5)
		return i, 55 + 40*i
	}
	ri, rv := level(r)
	gi, gv := level(g)
	bi, bv := level(b)
	mean := (3*r + 4*g + 2*b) / 9        // the nearest gray by the weights of distance
	gray := min(max((mean-3)/10, 0), 23) // 8, 18 … 238
	y := 8 + 10*gray
	if distance(r, g, b, y, y, y) < distance(r, g, b, rv, gv, bv) {
		return uint32(232 + gray)
	}
	return uint32(16 + 36*ri + 6*gi + bi)
}

// ansi16 are xterm's default colors; users may have configured others.
var ansi16 = [16][3]int{
	{0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0},
	{0, 0, 238}, {205, 0, 205}, {0, 205, 205}, {229, 229, 229},
	{127, 127, 127}, {255, 0, 0}, {0, 255, 0}, {255, 255, 0},
	{92, 92, 255}, {255, 0, 255}, {0, 255, 255}, {255, 255, 255},
}

func nearest16(r, g, b int) uint32 {
	best, least := 0, 1<<30
	for i, c := range ansi16 {
		if d := distance(r, g, b, c[0], c[1], c[2]); d < least {
			best, least = i, d
		}
	}
	return uint32(best)
}

// distance is the squared distance of two colors, with the channels weighted roughly by
// luminance.
func distance(r, g, b, r2, g2, b2 int) int {
	r, g, b = r-r2, g-g2, b-b2
	return 3*r*r + 4*g*g + 2*b*b
}

// shadeLine appends one line of shades: more of the foreground where the picture is
// lighter, or darker on a light background.
func (e *Encoder) shadeLine(buf, pix []byte) []byte {
	shades := [5]string{" ", "░", "▒", "▓", "█"}
	for i := 0; i < len(pix); i += 3 {
		luma := (299*int(pix[i]) + 587*int(pix[i+1]) + 114*int(pix[i+2])) / 1000
		if e.Light {
			luma = 255 - luma
		}
		buf = append(buf, shades[luma*5/256]...)
	}
	return buf
}
