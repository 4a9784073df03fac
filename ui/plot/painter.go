package plot

import (
	"slices"
	"sync"

	"hfcui/engine/figure"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
)

// Job is a chart to draw and its place, in so many tiles side by side. Terminals limit the size of
// pictures, and a cursor that moves changes only a tile or two.
type Job struct {
	Chart *kit.Chart
	Look  Look
	Tiles int
}

// Key identifies the result of a job.
type Key struct {
	chart uint64
	look  Look
	tiles int
	at    kit.Rect
}

func (j Job) Key() Key { return Key{j.Chart.Key(false), j.Look, j.Tiles, j.Chart.Plot} }

// Painter draws charts. It keeps what it drew of the charts in each place, without their cursors.
// Its methods may be called concurrently.
type Painter struct {
	mu     sync.Mutex
	places map[kit.Rect]*place
}

// place is a chart's place on the screen.
type place struct {
	look   Look
	base   uint64
	pixels figure.Pixels
	tiles  []tile
}

// tile is a part of the picture.
type tile struct {
	at      kit.Rect
	base    uint64
	cursors []cursor
	box     picture.Image
	encoder *picture.Encoder
	drawn   picture.Drawn
}

// cursor is a vertical line in pixels of a tile.
type cursor struct {
	x, width int
	color    [3]uint8
}

// mostPlaces bounds the memory for charts that are gone.
const mostPlaces = 16

// Paint draws charts and returns their pictures.
func (p *Painter) Paint(jobs []Job) map[Key][]kit.Placed {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.places)+len(jobs) > mostPlaces || p.places == nil {
		p.places = map[kit.Rect]*place{}
	}
	results := make([][]kit.Placed, len(jobs))
	var work []func()
	for i, j := range jobs {
		at := p.places[j.Chart.Plot]
		if at == nil {
			at = &place{}
			p.places[j.Chart.Plot] = at
		}
		work = append(work, func() { results[i] = at.paint(j) })
	}
	kit.Together(work...)
	all := map[Key][]kit.Placed{}
	for i, j := range jobs {
		all[j.Key()] = results[i]
	}
	return all
}

// paint draws a chart: what has changed of it since the last time.
func (at *place) paint(j Job) (list []kit.Placed) {
	plot, cell := j.Chart.Plot, j.Look.Cell
	base := j.Chart.Key(true)
	if at.look != j.Look || len(at.tiles) != j.Tiles {
		at.look, at.base, at.tiles = j.Look, 0, make([]tile, j.Tiles)
		for i := range at.tiles {
			x := plot.W * i / j.Tiles
			at.tiles[i].at = kit.NewRect(plot.X+x, plot.Y, plot.W*(i+1)/j.Tiles-x, plot.H)
			at.tiles[i].encoder = j.Look.DrawingEncoder()
		}
	}
	if at.base != base {
		at.pixels.Resize(cell.Pixels(plot.W, plot.H))
		describe(j.Chart, j.Look).Draw(&at.pixels)
		at.base = base
	}
	var work []func()
	for i := range at.tiles {
		t := &at.tiles[i]
		work = append(work, func() { t.draw(&at.pixels, base, t.cursorsOf(j), plot, cell) })
	}
	kit.Together(work...)
	for _, t := range at.tiles {
		list = append(list, kit.Placed{At: t.at, Drawn: t.drawn})
	}
	return list
}

// cursorsOf returns the cursors that are in the tile.
func (t *tile) cursorsOf(j Job) (list []cursor) {
	cell := j.Look.Cell
	width := max(1, cell.W/6)
	x0, _ := cell.Pixels(t.at.X-j.Chart.Plot.X, 0)
	w, _ := cell.Pixels(t.at.W, 0)
	j.Chart.Cursors(cell, func(x float64, st kit.Style) {
		if at := int(x) - width/2 - x0; at > -width && at < w {
			color := st.RGB()
			if gray := uint8(0x80); j.Look.Plain {
				color = [3]uint8{gray, gray, gray}
			}
			list = append(list, cursor{at, width, color})
		}
	})
	return list
}

// draw encodes the tile unless it is what it was.
func (t *tile) draw(from *figure.Pixels, base uint64, cursors []cursor, plot kit.Rect, cell kit.CellSize) {
	if t.base == base && slices.Equal(t.cursors, cursors) {
		return
	}
	t.base, t.cursors = base, cursors
	x0, _ := cell.Pixels(t.at.X-plot.X, 0)
	t.box.Resize(cell.Pixels(t.at.W, t.at.H))
	for y := range t.box.H {
		copy(t.box.Pix[3*y*t.box.W:3*(y+1)*t.box.W], from.Pix[3*(y*from.W+x0):])
	}
	view := figure.Pixels{W: t.box.W, H: t.box.H, Pix: t.box.Pix}
	for _, k := range cursors {
		view.VerticalLine(k.x, k.width, k.color)
	}
	t.drawn = t.encoder.Encode(&t.box, t.at.W, t.at.H)
}
