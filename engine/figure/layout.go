package figure

import (
	"math"

	"gonum.org/v1/plot/vg"

	"hfcui/engine/printable"
)

// draw lays out the figure on a canvas: title, legend, panels, notes from top to bottom.
func (f *Figure) draw(p *pen, width, height float64) {
	p.SetColor(p.theme.Background)
	p.Fill(vg.Rectangle{Max: at(width, height)}.Path())
	pad := p.theme.TextSize
	inner := box{pad, 0.8 * pad, width - pad, height - 0.8*pad}
	inner.y1 = f.header(p, inner, true)
	inner.y0 = f.footer(p, inner, true)
	f.panels(p, inner)
}

// height returns the figure's height at a width, for a given height of a row of panels.
func (f *Figure) height(p *pen, width, row float64) float64 {
	pad := p.theme.TextSize
	inner := box{pad, 0, width - pad, 0}
	return 1.6*pad - f.header(p, inner, false) + f.footer(p, inner, false) + float64(f.rows())*row
}

func (f *Figure) columns() int { return max(1, min(f.Columns, len(f.Panels))) }
func (f *Figure) rows() int    { return (len(f.Panels) + f.columns() - 1) / f.columns() }

// header draws title and legend from the top of a box, and returns their lower end; unless visible
// it only measures.
func (f *Figure) header(p *pen, in box, visible bool) (y float64) {
	y = in.y1
	put := func(s style, text string) {
		for _, line := range p.fold(s, text, in.width()) {
			if visible {
				p.write(s, in.x0, y-p.line(s)/2, 0, line)
			}
			y -= p.line(s)
		}
	}
	put(p.head(), f.Title)
	sub := p.body()
	sub.color = p.theme.Dim
	put(sub, f.Subtitle)
	entries := f.legend()
	if len(entries) == 0 {
		return y - 0.3*p.line(p.body())
	}
	y -= 0.25 * p.line(p.body())
	x, sample, s := in.x0, 2.2*p.theme.TextSize, p.body()
	for _, e := range entries {
		name := p.cut(s, printable.Line(e.Name), in.width()-1.3*sample)
		w := sample + 0.4*p.theme.TextSize + p.widthOf(s, name)
		if x > in.x0 && x+w > in.x1 {
			x, y = in.x0, y-p.line(s)
		}
		if visible {
			middle := y - p.line(s)/2
			if !e.NoLine {
				p.stroke(p.colorOf(&e), p.thickness(), e.Dash, at(x, middle), at(x+sample, middle))
			}
			p.mark(e.Marker, p.colorOf(&e), e.Hollow, x+sample/2, middle)
			p.write(s, x+sample+0.4*p.theme.TextSize, middle, 0, name)
		}
		x += w + 1.4*p.theme.TextSize
	}
	return y - 1.5*p.line(s)
}

// legend returns the named series without duplicates.
func (f *Figure) legend() []Series {
	type look struct {
		name   string
		color  Color
		marker Marker
		dash   Dash
	}
	seen := map[look]bool{}
	var list []Series
	for _, panel := range f.Panels {
		for _, s := range panel.Series {
			if l := (look{s.Name, s.Color, s.Marker, s.Dash}); s.Name != "" && !seen[l] {
				seen[l] = true
				list = append(list, s)
			}
		}
	}
	return list
}

// footer draws the notes at the bottom of a box and returns their upper end.
func (f *Figure) footer(p *pen, in box, visible bool) float64 {
	s := p.small()
	var lines []string
	for _, note := range f.Notes {
		lines = append(lines, p.fold(s, note, in.width())...)
	}
	if len(lines) == 0 {
		return in.y0
	}
	for i, line := range lines {
		if visible {
			p.write(s, in.x0, in.y0+(float64(len(lines)-i)-0.5)*p.line(s), 0, line)
		}
	}
	return in.y0 + (float64(len(lines))+0.5)*p.line(s)
}

// panels draws the panels in a grid with aligned axes.
func (f *Figure) panels(p *pen, in box) {
	columns, gap := f.columns(), 1.2*p.theme.TextSize
	if len(f.Panels) == 0 {
		return
	}
	w := (in.width() - gap*float64(columns-1)) / float64(columns)
	h := (in.height() + gap) / float64(f.rows())
	laid := make([]*layout, len(f.Panels))
	for i := range f.Panels {
		x, y := in.x0+(w+gap)*float64(i%columns), in.y1-h*float64(i/columns)
		laid[i] = newLayout(p, &f.Panels[i], box{x, y - h + gap, x + w, y})
	}
	for i, l := range laid {
		for j, other := range laid {
			if i%columns == j%columns {
				l.left, l.right = max(l.left, other.left), max(l.right, other.right)
			}
			if i/columns == j/columns {
				l.top, l.bottom = max(l.top, other.top), max(l.bottom, other.bottom)
			}
		}
	}
	for _, l := range laid {
		l.draw()
	}
}

// layout is a positioned panel: the plot within margins for labels.
type layout struct {
	*pen
	panel                    *Panel
	x, y                     Axis // with ends
	outer, plot              box
	xTicks, yTicks           []tick
	left, right, top, bottom float64 // margins
	folded                   [][]string
}

func newLayout(p *pen, panel *Panel, outer box) *layout {
	l := &layout{pen: p, panel: panel, outer: outer}
	var xs, ys []float64
	for _, s := range panel.Series {
		for _, q := range s.points() {
			xs, ys = append(xs, q.X), append(ys, q.Y)
			if s.Interval != NoInterval {
				ys = append(ys, q.Lo, q.Hi)
			}
		}
	}
	for _, r := range panel.Lines {
		if r.Vertical {
			xs = append(xs, r.At)
		} else {
			ys = append(ys, r.At)
		}
	}
	l.x, l.y = panel.X.fit(xs, false), panel.Y.fit(ys, true)
	if m := panel.Map; m != nil { // from the centers of the outermost cells to their edges
		l.x, l.y = l.x.widened(m.W), l.y.widened(m.H)
	}
	size, s := p.theme.TextSize, p.body()
	if panel.Title != "" {
		l.top = p.line(p.title()) + 0.3*size
	}
	if len(l.y.Title) > 0 {
		l.left = p.line(s) + 0.2*size
	}
	l.top += 0.4 * size // half of the highest label
	l.bottom = 1.3 * p.line(s)
	if len(l.x.Categories) > 0 {
		lines := l.fold((outer.width() - 6*size) / float64(len(l.x.Categories)) * 0.92)
		l.bottom += float64(lines-1) * p.line(s)
	}
	if l.x.label() != "" {
		l.bottom += 1.1 * p.line(s)
	}
	l.yTicks = l.y.ticks(func(list []tick) bool {
		return l.apart(list, l.y, outer.height()-l.top-l.bottom, func(string) float64 { return 1.5 * p.line(s) })
	})
	for _, t := range l.yTicks {
		l.left = max(l.left, l.yTitle()+p.widthOf(s, t.label)+0.6*size)
	}
	l.right = 0.5 * size
	for _, e := range panel.Series {
		if e.End != "" {
			l.right = max(l.right, p.widthOf(s, printable.Line(e.End))+0.9*size)
		}
	}
	if panel.Map != nil {
		l.right = 6 * size
	}
	return l
}

// yTitle returns the width of the title of the vertical axis.
func (l *layout) yTitle() float64 {
	if l.y.label() == "" {
		return 0
	}
	return l.line(l.body()) + 0.2*l.theme.TextSize
}

// fold wraps the names of categories and returns the number of lines.
func (l *layout) fold(room float64) (most int) {
	l.folded, most = nil, 1
	for _, name := range l.x.Categories {
		lines := l.pen.fold(l.body(), name, room)
		l.folded, most = append(l.folded, lines), max(most, len(lines))
	}
	return most
}

// apart reports whether labels of the given sizes do not overlap on an axis of a length.
func (l *layout) apart(list []tick, a Axis, length float64, size func(string) float64) bool {
	for i := 1; i < len(list); i++ {
		room := math.Abs(a.share(list[i].at)-a.share(list[i-1].at)) * length
		if (size(list[i].label)+size(list[i-1].label))/2+0.5*l.theme.TextSize > room {
			return false
		}
	}
	return true
}
