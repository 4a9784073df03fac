package heatmap

import (
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/heatmap"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// heatmapPicture is everything that determines the picture.
type heatmapPicture struct {
	key        heatmapKey
	version    int
	cursor     heatmap.Frequency
	r          float64
	spread     bool
	generation int
	tiles      [session.MostComparisons + 1]heatmapKey // of the first n maps
	n          int
	minus      bool // all but the first are differences from it
	kit.RenderSpec
}

// heatmapMsg is the result of a request.
type heatmapMsg struct {
	asked     heatmapPicture
	drawn     [session.MostComparisons + 1]*picture.Drawn // nil without a result
	lo, hi    float64                                     // error rates of the darkest and the brightest color
	most      float64                                     // largest difference of the color scale
	low, high heatmap.MeanError                           // mean errors below and above r
	profile   []kit.Point                                 // mean error by distance
}

// request requests the pictures of the current maps.
func (p *Page) request() tea.Cmd {
	if !p.screen.Shown() || !p.screen.Ready() || p.screen.Layout().TooSmall || len(p.l.tiles) == 0 || p.l.tiles[0].pic.Empty() {
		return nil
	}
	pic := p.l.tiles[0].pic
	q := heatmapPicture{key: p.key(), version: p.version, cursor: p.cursor, r: p.session.R, spread: p.spread, generation: p.session.Generation,
		minus: p.minus, RenderSpec: p.screen.Render(pic.W, pic.H)}
	any := false
	for i := range p.l.tiles {
		q.tiles[i] = p.keyOf(p.tileModel(i).Path)
		any = any || p.maps.Known[q.tiles[i]].Clean.N > 0
		q.n++
	}
	if !any {
		return nil
	}
	return p.asks.Start(q, p.compute)
}

func (p *Page) compute(q heatmapPicture) tea.Cmd {
	open := p.maps.Known[p.keyOf("")]
	var results [session.MostComparisons + 1]heatmap.Result
	for i, k := range q.tiles[:q.n] {
		results[i] = p.maps.Known[k]
	}
	result, painters := p.maps.Known[q.key], &p.painters
	return p.screen.Task(func() tea.Msg {
		msg := heatmapMsg{asked: q}
		msg.lo, msg.hi = sharedRange(results[:q.n], q.spread)
		for i, r := range results[:q.n] {
			if q.minus && q.tiles[i].model != "" {
				msg.most = max(msg.most, largestDifference(r, open))
			}
		}
		for i, r := range results[:q.n] {
			if r.Clean.N == 0 {
				continue
			}
			fill := func(im *picture.Image) { heatmapImage(im, r, msg.lo, msg.hi) }
			if q.minus && q.tiles[i].model != "" {
				if open.Clean.N == 0 {
					continue
				}
				fill = func(im *picture.Image) { differenceImage(im, r, open, msg.most) }
			}
			drawn := paintMap(&painters[i], r, q, fill)
			msg.drawn[i] = &drawn
		}
		msg.low, msg.high = result.MeanError(0, q.r), result.MeanError(q.r, result.Furthest())
		msg.profile = heatmapProfile(result)
		return msg
	})
}

// sharedRange returns the error rates of the darkest and the brightest color of several maps.
func sharedRange(list []heatmap.Result, spread bool) (lo, hi float64) {
	lo, hi = 1, 0
	for _, r := range list {
		if r.Clean.N > 0 {
			l, h := colorRange(r, spread)
			lo, hi = min(lo, l), max(hi, h)
		}
	}
	if lo >= hi {
		return 0, 1
	}
	return lo, hi
}

// heatmapProfile returns the mean error by distance, binned for a chart's columns.
func heatmapProfile(r heatmap.Result) (points []kit.Point) {
	const most = 40
	step := max(1, math.Ceil(r.Furthest()/most))
	for d := 0.0; d < r.Furthest(); d += step {
		if m := r.MeanError(d, d+step); m.N > 0 {
			lo, hi := m.Wilson()
			points = append(points, kit.Point{X: d + step/2, Y: m.Rate, Lo: lo, Hi: hi})
		}
	}
	return points
}

func (p *Page) received(msg heatmapMsg) tea.Cmd {
	if msg.asked.generation == p.session.Generation {
		p.shown = msg
	}
	return p.asks.Ended(p.compute)
}

// heatmapRing is the color of the ring, which is not in the color scale.
var heatmapRing = kit.DarkTheme.CircleLow

// paintMap paints what fill makes of a map, with the cursor and the ring.
func paintMap(p *kit.Painter, r heatmap.Result, q heatmapPicture, fill func(*picture.Image)) picture.Drawn {
	return p.Paint(q.RenderSpec, func(box *picture.Image) {
		var source picture.Image
		fill(&source)
		picture.Scale(box, &source, q.Background())
		drawHeatmapMarks(box, r, q)
	})
}

// heatmapImage has a pixel a frequency, gray where nothing is known.
func heatmapImage(im *picture.Image, r heatmap.Result, lo, hi float64) {
	im.Resize(r.W, r.H)
	for i := range r.H * r.W {
		px := im.Pix[3*i:][:3]
		s := r.Around(heatmap.Frequency{U: i/r.W - r.H/2, V: i%r.W - r.W/2})
		if s.N == 0 {
			px[0], px[1], px[2] = 0x60, 0x60, 0x60
			continue
		}
		c := heatmap.Color((1 - s.Accuracy() - lo) / (hi - lo))
		px[0], px[1], px[2] = c.R, c.G, c.B
	}
}

// colorRange returns the error rates of the darkest and the brightest color.
func colorRange(r heatmap.Result, spread bool) (lo, hi float64) {
	if spread {
		return r.Range()
	}
	return 0, 1
}

// drawHeatmapMarks draws the ring at r and a frame around the cursor.
func drawHeatmapMarks(box *picture.Image, r heatmap.Result, q heatmapPicture) {
	kit.DrawRing(box, r.W, r.H, q.r, heatmapRing)
	fw, fh := box.W, box.W*r.H/r.W
	if fh > box.H {
		fw, fh = box.H*r.W/r.H, box.H
	}
	scale := float64(fw) / float64(r.W)
	x0 := float64((box.W-fw)/2) + float64(q.cursor.V+r.W/2)*scale
	y0 := float64((box.H-fh)/2) + float64(q.cursor.U+r.H/2)*scale
	thick := max(1, int(scale/8))
	for at, color := range [][3]uint8{{}, {255, 255, 255}} { // black around white: visible on every color
		by := float64((2 - at) * thick)
		drawFrame(box, int(math.Round(x0-by)), int(math.Round(y0-by)), int(math.Round(x0+scale+by)), int(math.Round(y0+scale+by)), thick, color)
	}
}

// drawFrame draws the edge of a rectangle.
func drawFrame(box *picture.Image, left, top, right, bottom, thick int, color [3]uint8) {
	for y := max(0, top); y < min(box.H, bottom); y++ {
		for x := max(0, left); x < min(box.W, right); x++ {
			if x < left+thick || x >= right-thick || y < top+thick || y >= bottom-thick {
				copy(box.Pix[3*(y*box.W+x):], color[:])
			}
		}
	}
}
