package heatmap

import (
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
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
	kit.RenderSpec
}

// heatmapMsg is the result of a request.
type heatmapMsg struct {
	asked     heatmapPicture
	drawn     picture.Drawn
	low, high measure.Score // mean errors below and above r
	profile   []kit.Point   // mean error by distance
}

// request requests the picture of the current map.
func (p *Page) request() tea.Cmd {
	_, ok := p.now()
	if !ok || !p.screen.Shown() || !p.screen.Ready() || p.screen.Layout().TooSmall || p.l.pic.Empty() {
		return nil
	}
	q := heatmapPicture{p.key(), p.version, p.cursor, p.session.R, p.spread, p.session.Generation, p.screen.Render(p.l.pic.W, p.l.pic.H)}
	return p.asks.Start(q, p.compute)
}

func (p *Page) compute(q heatmapPicture) tea.Cmd {
	paint, result := &p.painter, p.maps.Known[q.key]
	return p.screen.Task(func() tea.Msg {
		msg := heatmapMsg{asked: q, drawn: paintMap(paint, result, q)}
		msg.low, msg.high = result.MeanScore(0, q.r), result.MeanScore(q.r, result.Furthest())
		msg.profile = heatmapProfile(result)
		return msg
	})
}

// heatmapProfile returns the mean error by distance, binned for a chart's columns.
func heatmapProfile(r heatmap.Result) (points []kit.Point) {
	const most = 40
	step := max(1, math.Ceil(r.Furthest()/most))
	for d := 0.0; d < r.Furthest(); d += step {
		if s := r.MeanScore(d, d+step); s.N > 0 {
			points = append(points, session.ScorePoint(d+step/2, s))
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

func paintMap(p *kit.Painter, r heatmap.Result, q heatmapPicture) picture.Drawn {
	return p.Paint(q.RenderSpec, func(box *picture.Image) {
		var source picture.Image
		heatmapImage(&source, r, q.spread)
		picture.Scale(box, &source, q.Background())
		drawHeatmapMarks(box, r, q)
	})
}

// heatmapImage has a pixel a frequency, gray where nothing is known.
func heatmapImage(im *picture.Image, r heatmap.Result, spread bool) {
	im.Resize(r.W, r.H)
	lo, hi := colorRange(r, spread)
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
