package kit

import (
	"strings"
)

// Track is a slider from 0 to most, with the value's text at its right.
type Track struct {
	Name          string
	Most, At      float64
	Before, After Style // of the track left and right of the value
	Value         string
}

// DrawTrack draws a slider in a row.
func DrawTrack(c *Canvas, th *Theme, row Rect, t Track) {
	line := PlotOf(row)
	at := columnAt(line, t.Most, t.At) - line.X
	c.Put(row.X, row.Y, th.Focus.Paint(t.Name))
	c.PutWide(line.X, line.Y, line.W,
		t.Before.Paint(strings.Repeat("━", at))+th.Focus.Paint("●")+t.After.Paint(strings.Repeat("─", max(0, line.W-1-at))))
	c.Put(line.Right()+1, row.Y, Bold.Paint(t.Value))
}

// columnAt returns the column of a value on a track from 0 to most.
func columnAt(line Rect, most, at float64) int {
	share := 0.0
	if most > 0 {
		share = min(max(at/most, 0), 1)
	}
	return line.X + int(share*float64(max(0, line.W-1))+0.5)
}
