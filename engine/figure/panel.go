package figure

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"hfcui/engine/printable"
)

// points returns a series's finite points.
func (s *Series) points() []Point {
	return slices.DeleteFunc(slices.Clone(s.Points), func(q Point) bool { return !finite(q.X) || !finite(q.Y) })
}

// thickness returns the width of a series's line.
func (p *pen) thickness() float64 { return 0.14 * p.theme.TextSize }

// colorOf returns a series's color.
func (p *pen) colorOf(s *Series) color.Color {
	if s.Faint {
		return through(p.theme.color(s.Color), 0.6)
	}
	return p.theme.color(s.Color)
}

// draw draws the panel within its margins.
func (l *layout) draw() {
	o := l.outer
	l.plot = box{o.x0 + l.left, o.y0 + l.bottom, o.x1 - l.right, o.y1 - l.top}
	if l.plot.width() <= 0 || l.plot.height() <= 0 {
		return // no room
	}
	if m := l.panel.Map; m != nil {
		l.square(m)
	}
	if l.panel.Title != "" {
		s := l.title()
		l.write(s, l.plot.x0, o.y1-l.line(s)/2, 0, l.cut(s, printable.Line(l.panel.Title), o.x1-l.plot.x0))
	}
	l.axes()
	if m := l.panel.Map; m != nil {
		l.heat(m)
	}
	for _, r := range l.panel.Lines {
		l.reference(r)
	}
	for i := range l.panel.Series {
		l.interval(&l.panel.Series[i])
	}
	for i := range l.panel.Series {
		l.series(&l.panel.Series[i])
	}
	l.ends()
}

func (l *layout) px(v float64) float64 { return l.plot.x0 + l.x.share(v)*l.plot.width() }
func (l *layout) py(v float64) float64 { return l.plot.y0 + l.y.share(v)*l.plot.height() }

// axes draws grid lines, ticks, labels and titles.
func (l *layout) axes() {
	s, b, size := l.body(), l.plot, l.theme.TextSize
	for _, t := range l.yTicks {
		y := l.py(t.at)
		if l.panel.Map == nil {
			l.rule(l.theme.Grid, 0.08*size, b.x0, y, b.x1, y)
		}
		l.write(s, b.x0-0.5*size, y, 1, t.label)
	}
	l.writeUp(s, b.x0-l.left+l.line(s)/2, (b.y0+b.y1)/2, l.cut(s, l.y.label(), l.outer.height()))
	l.xTicks = l.x.ticks(func(list []tick) bool {
		return l.apart(list, l.x, b.width(), func(text string) float64 { return l.widthOf(s, text) })
	})
	l.rule(l.theme.Dim, 0.08*size, b.x0, b.y0, b.x1, b.y0)
	if len(l.x.Categories) > 0 {
		l.fold(b.width() / float64(len(l.x.Categories)) * 0.92)
	}
	for i, t := range l.xTicks {
		x := l.px(t.at)
		if l.folded != nil {
			for j, line := range l.folded[i] {
				l.write(s, x, b.y0-(0.7+float64(j))*l.line(s), 0.5, line)
			}
			continue
		}
		l.rule(l.theme.Dim, 0.08*size, x, b.y0, x, b.y0-0.3*size)
		l.write(s, x, b.y0-0.3*size-0.6*l.line(s), 0.5, t.label)
	}
	l.write(s, (b.x0+b.x1)/2, b.y0-l.bottom+l.line(s)/2, 0.5, l.x.label())
}

// reference draws a straight line with its label.
func (l *layout) reference(r Reference) {
	b, s := l.plot, l.small()
	if r.Vertical {
		x := l.px(r.At)
		l.stroke(l.theme.Dim, 0.08*l.theme.TextSize, Dashed, at(x, b.y0), at(x, b.y1))
		l.write(s, x+0.4*l.theme.TextSize, b.y1-l.line(s)/2, 0, printable.Line(r.Label))
		return
	}
	y := l.py(r.At)
	l.stroke(l.theme.Dim, 0.08*l.theme.TextSize, Dashed, at(b.x0, y), at(b.x1, y))
	l.write(s, b.x1, y+l.line(s)/2, 1, printable.Line(r.Label))
}

// interval draws a series's intervals: as an area, or as bars.
func (l *layout) interval(s *Series) {
	c := l.theme.color(s.Color)
	var upper, lower []vg.Point
	for _, q := range s.points() {
		if !finite(q.Lo) || !finite(q.Hi) {
			continue
		}
		x, lo, hi := l.px(q.X), l.py(q.Lo), l.py(q.Hi)
		if s.Interval == Bars && hi > lo {
			cap := 0.25 * l.theme.TextSize
			l.rule(c, 0.1*l.theme.TextSize, x, lo, x, hi)
			l.rule(c, 0.1*l.theme.TextSize, x-cap, lo, x+cap, lo)
			l.rule(c, 0.1*l.theme.TextSize, x-cap, hi, x+cap, hi)
		}
		upper, lower = append(upper, at(x, hi)), append(lower, at(x, lo))
	}
	if s.Interval == Band && len(upper) > 1 {
		slices.Reverse(lower)
		l.inside(func() { l.FillPolygon(through(c, 0.18), l.ClipPolygonXY(append(upper, lower...))) })
	}
}

// inside draws on a canvas clipped to the plot.
func (l *layout) inside(drawIt func()) {
	all := l.Rectangle
	l.Rectangle = vg.Rectangle{Min: at(l.plot.x0, l.plot.y0), Max: at(l.plot.x1, l.plot.y1)}
	drawIt()
	l.Rectangle = all
}

// mostMarkers is the maximum number of markers of a series.
const mostMarkers = 25

// series draws a series's line, markers and labels.
func (l *layout) series(s *Series) {
	c, points := l.colorOf(s), s.points()
	if !s.NoLine {
		line := make([]vg.Point, len(points))
		for i, q := range points {
			line[i] = at(l.px(q.X), l.py(q.Y))
		}
		l.inside(func() {
			for _, part := range l.ClipLinesXY(line) {
				l.stroke(c, l.thickness(), s.Dash, part...)
			}
		})
	}
	marker, every := s.Marker, s.Every
	if every <= 0 {
		every = (len(points) + mostMarkers - 1) / mostMarkers
	}
	if marker == NoMarker && len(points) == 1 {
		marker = Circle
	}
	const edge = 1e-6
	for i, q := range points {
		if x, y := l.x.share(q.X), l.y.share(q.Y); min(x, y) < -edge || max(x, y) > 1+edge {
			continue
		}
		if (len(points)-1-i)%every == 0 {
			l.mark(marker, c, s.Hollow, l.px(q.X), l.py(q.Y))
		}
		if q.Note != "" {
			l.write(l.body(), l.px(q.X), l.py(q.Y)+0.9*l.theme.TextSize, 0.5, printable.Line(q.Note))
		}
	}
}

// ends draws the labels next to the last points, moved apart if they overlap.
func (l *layout) ends() {
	type end struct {
		x, y  float64
		text  string
		color color.Color
	}
	var list []end
	for i := range l.panel.Series {
		s := &l.panel.Series[i]
		if points := s.points(); s.End != "" && len(points) > 0 {
			q := points[len(points)-1]
			list = append(list, end{l.px(q.X), l.py(q.Y), printable.Line(s.End), l.theme.color(s.Color)})
		}
	}
	slices.SortStableFunc(list, func(a, b end) int { return cmp.Compare(a.y, b.y) })
	step := 0.95 * l.theme.TextSize
	for i := range list {
		list[i].y = max(list[i].y, l.plot.y0)
		if i > 0 {
			list[i].y = max(list[i].y, list[i-1].y+step)
		}
	}
	for i, limit := len(list)-1, l.plot.y1; i >= 0; i-- {
		list[i].y = min(list[i].y, limit)
		limit = list[i].y - step
	}
	for _, e := range list {
		st := l.small()
		st.color = e.color
		l.write(st, e.x+0.6*l.theme.TextSize, e.y, 0, e.text)
	}
}

// square narrows the plot so that a map's cells are square.
func (l *layout) square(m *HeatMap) {
	b := &l.plot
	if w := b.height() * float64(m.W) / float64(m.H); w < b.width() {
		b.x0 += (b.width() - w) / 2
		b.x1 = b.x0 + w
	} else {
		b.y0 = b.y1 - b.width()*float64(m.H)/float64(m.W)
	}
}

// heat draws a map and its scale.
func (l *layout) heat(m *HeatMap) {
	unknown := color.RGBA{0x80, 0x80, 0x80, 255}
	paint := func(w, h int, value func(x, y int) float64, b box) {
		side := max(8, 512/h) // pixels per cell, against blur by interpolating viewers
		im := image.NewRGBA(image.Rect(0, 0, w*side, h*side))
		for y := range h * side {
			for x := range w * side {
				c := unknown
				if v := value(x/side, y/side); !math.IsNaN(v) {
					c = m.Color((v - m.Lo) / (m.Hi - m.Lo))
				}
				im.SetRGBA(x, y, c)
			}
		}
		l.DrawImage(vg.Rectangle{Min: at(b.x0, b.y0), Max: at(b.x1, b.y1)}, im)
		l.stroke(l.theme.Dim, 0.08*l.theme.TextSize, Solid, at(b.x0, b.y0), at(b.x0, b.y1), at(b.x1, b.y1), at(b.x1, b.y0), at(b.x0, b.y0))
	}
	paint(m.W, m.H, func(x, y int) float64 { return m.Values[y*m.W+x] }, l.plot)
	size, s := l.theme.TextSize, l.body()
	bar := box{l.plot.x1 + size, l.plot.y0, l.plot.x1 + 2*size, l.plot.y1}
	const steps = 64
	paint(1, steps, func(_, y int) float64 { return m.Hi - (m.Hi-m.Lo)*(float64(y)+0.5)/steps }, bar)
	scale := m.Scale
	scale.From, scale.To = m.Lo, m.Hi
	widest := 0.0
	for _, t := range scale.ticks(func(list []tick) bool {
		return l.apart(list, scale, bar.height(), func(string) float64 { return 1.5 * l.line(s) })
	}) {
		l.write(s, bar.x1+0.4*size, bar.y0+scale.share(t.at)*bar.height(), 0, t.label)
		widest = max(widest, l.widthOf(s, t.label))
	}
	l.writeUp(s, bar.x1+0.9*size+widest+l.line(s)/2, (bar.y0+bar.y1)/2, scale.label())
}
