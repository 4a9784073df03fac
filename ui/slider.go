package ui

import (
	"strings"
)

// track is a slider: a quantity from 0 to most, with the value's text at its right.
type track struct {
	name          string
	most, at      float64
	before, after style // of the track left and right of the value
	value         string
}

// drawTrack draws a slider in a row.
func drawTrack(c *canvas, th *theme, row rect, t track) {
	line := plotOf(row)
	at := columnAt(line, t.most, t.at) - line.x
	c.put(row.x, row.y, th.focus.paint(t.name))
	c.putWide(line.x, line.y, line.w,
		t.before.paint(strings.Repeat("━", at))+th.focus.paint("●")+t.after.paint(strings.Repeat("─", max(0, line.w-1-at))))
	c.put(line.right()+1, row.y, bold.paint(t.value))
}

// columnAt is the column of a value on a track from 0 to most.
func columnAt(line rect, most, at float64) int {
	share := 0.0
	if most > 0 {
		share = min(max(at/most, 0), 1)
	}
	return line.x + int(share*float64(max(0, line.w-1))+0.5)
}
