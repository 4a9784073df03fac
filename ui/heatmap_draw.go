package ui

import (
	"fmt"
	"strings"
	"sync"

	"charm.land/lipgloss/v2"

	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
)

// heatmapLayout divides the body of the page.
type heatmapLayout struct {
	caption, pic, text rect
	norm, radius       rect // sliders
}

// heatmapText is the room for text beside the picture, at least.
const heatmapText = 33

// layoutHeatmap puts the picture at the left, as large as it can be, and what is said of it
// at its right.
func layoutHeatmap(b rect, roomy bool, aspect float64, cell cellSize) heatmapLayout {
	gap := 0
	if roomy {
		gap = 1
	}
	l := heatmapLayout{caption: newRect(b.x, b.y, b.w-1, 1), norm: b.row(b.h - 2), radius: b.row(b.h - 1)}
	top := b.y + 1 + gap
	w, h := cell.limit(b.w-heatmapText-3, l.norm.y-gap-top)
	perRow := float64(cell.h) * aspect / float64(cell.w)
	cols := max(1, min(w, int(float64(h)*perRow+0.5)))
	rows := max(1, min(h, int(float64(cols)/perRow+0.5)))
	l.pic = newRect(b.x, top, cols, rows)
	l.text = newRect(l.pic.right()+3, top, b.right()-l.pic.right()-4, l.norm.y-gap-top)
	return l
}

func (p *heatmapPage) arrange(l layout) {
	if l.tooSmall {
		return
	}
	aspect := 1.0
	if p.session.info.Height > 0 {
		aspect = min(max(float64(p.session.info.Width)/float64(p.session.info.Height), 0.2), 5)
	}
	p.l = layoutHeatmap(l.body, l.roomy(), aspect, p.screen.cell())
}

func (p *heatmapPage) draw(c *canvas) []placed {
	p.drawCaption(c)
	drawTrack(c, p.screen.theme(), p.l.norm, track{name: "norm", most: p.trackEnd(), at: p.norm, before: p.screen.theme().dim, after: p.screen.theme().line, value: fmt.Sprintf("%5.2f", p.norm)})
	drawTrack(c, p.screen.theme(), p.l.radius, track{name: "r", most: p.session.info.MaxRadius, at: p.session.r, before: p.screen.theme().low, after: p.screen.theme().high, value: radiusText(p.session.r)})
	r, ok := p.now()
	used := p.drawText(c, r, ok)
	p.drawProfile(c, newRect(p.l.text.x, p.l.text.y+used+1, p.l.text.w, p.l.text.h-used-1), r)
	if ok && p.ready() && p.shown.asked.fits(p.l.pic) && p.shown.asked.generation == p.session.generation {
		return []placed{{at: p.l.pic, drawn: p.shown.drawn}}
	}
	c.paragraph(p.l.pic, p.screen.theme().dim, p.waiting())
	return nil
}

// ready tells that what was computed last is of the map that is asked for now.
func (p *heatmapPage) ready() bool { return p.shown.asked.key == p.key() }

// drawCaption says what is shown.
func (p *heatmapPage) drawCaption(c *canvas) {
	pixels := "pixels clipped to [0,1]"
	if p.unclipped {
		pixels = "pixels not clipped"
	}
	row := p.l.caption
	what := pick(row.w, "error with a wave of every frequency added to the images, "+pixels, "error with a wave of every frequency, "+pixels, "error with waves, "+pixels)
	x := c.left(row, bold, what)
	for _, m := range p.session.models() {
		if len(p.session.comparisons) > 0 && m.path == p.model && row.right()-x-3 > 0 {
			c.right(newRect(x+3, row.y, row.right()-x-3, 1), p.screen.theme().model(m.slot).style, p.screen.theme().model(m.slot).mark+" "+m.name)
		}
	}
}

// waiting says why there is no picture yet.
func (p *heatmapPage) waiting() string {
	switch {
	case p.maps.failed[p.key()] != "":
		return p.maps.failed[p.key()]
	case p.session.info.Images == 0:
		return "There are no images to measure."
	case !p.session.info.Labelled:
		return "Errors need labels that are the model's classes."
	case p.maps.stopped:
		return "Stopped before the first figures; enter goes on."
	}
	return "A map of errors by frequency will appear here, coarse first."
}

// drawText says what is at the cursor, what errors are like within r and from r on, and what
// the colours mean. It returns how many lines that takes.
func (p *heatmapPage) drawText(c *canvas, r heatmap.Result, ok bool) int {
	th := p.screen.theme()
	at, zero, low, high := measure.Score{}, measure.Score{}, measure.Score{}, measure.Score{}
	if ok {
		at, zero = wrong(r.At(p.cursor)), wrong(r.Clean)
	}
	if ok && p.ready() {
		low, high = p.shown.low, p.shown.high
	}
	lines := []string{
		bold.paint(fmt.Sprintf("u %+3d  v %+3d", p.cursor.U, p.cursor.V)) + th.dim.paint(fmt.Sprintf("  distance %4.1f", p.cursor.Distance())),
		th.whole.paint("□") + " error    " + scoreText(at) + " %",
		th.dim.paint(fmt.Sprintf("  n %s", fitRight(grouped(at.N), 5))),
		"",
		th.whole.paint(markWhole) + " no noise " + scoreText(zero) + " %",
		th.dim.paint(fmt.Sprintf("  n %s of %s images", fitRight(grouped(zero.N), 5), grouped(min(heatmapImages, p.session.info.Images)))),
		"",
		th.low.paint(markLow) + " below r  " + scoreText(low) + " %",
		th.high.paint(markHigh) + " from r on" + scoreText(high) + " %",
		th.dim.paint("  means; intervals of one cell"),
		"",
		legendLine(min(p.l.text.w, 32)),
		th.dim.paint(p.legendLabels(r, min(p.l.text.w, 32))),
		"",
	}
	notes := [][]string{{"signs random by image, channel"}, {"norm in each channel, before the", "model's own normalisation"}}
	if p.session.info.BatchNorm {
		notes = append(notes, []string{"batch-norm: running statistics"})
	}
	drawn := lines
	if p.l.text.h < 13 { // without what separates
		drawn = nil
		for _, line := range lines {
			if line != "" {
				drawn = append(drawn, line)
			}
		}
	}
	for _, note := range notes { // whole, or not at all
		if len(drawn)+len(note) <= p.l.text.h {
			for _, line := range note {
				drawn = append(drawn, th.dim.paint(line))
			}
		}
	}
	for i := 0; i < min(len(drawn), p.l.text.h); i++ {
		c.put(p.l.text.x, p.l.text.y+i, cut(drawn[i], p.l.text.w))
	}
	return len(drawn)
}

// drawProfile draws the mean error against the distance where there is room for a chart.
func (p *heatmapPage) drawProfile(c *canvas, room rect, r heatmap.Result) {
	th := p.screen.theme()
	if room.h < chartRows+1 || !p.ready() || len(p.shown.profile) == 0 {
		return
	}
	c.left(room.row(0), th.dim, pick(room.w, "mean error against the distance from the zero frequency", "mean error against distance"))
	ch := newChart(plotOf(newRect(room.x, room.y+1, room.w, room.h-2)), r.Furthest(), 1)
	grid := []float64{0, 0.5, 1}
	ch.grid(th.line, grid...)
	ch.cursor(min(p.session.r, r.Furthest()), th.focus)
	zero := series{line: th.wholeDim, shade: th.wholeShade}
	for _, x := range []float64{0, r.Furthest()} {
		zero.points = append(zero.points, scorePoint(x, wrong(r.Clean)))
	}
	ch.draw(zero, true)
	look := th.model(0)
	for _, m := range p.session.models() {
		if m.path == p.model {
			look = th.model(m.slot)
		}
	}
	ch.draw(series{points: p.shown.profile, line: look.style, shade: th.wholeShade, mark: look.mark}, false)
	ch.render(c)
	c.put(ch.plot.right()+1, ch.plot.y+int(ch.dotY(wrong(r.Clean).Accuracy()))/4, th.whole.paint(markWhole+percent(wrong(r.Clean).Accuracy())))
	ch.labelY(c, th.dim, grid, func(v float64) string { return fmt.Sprintf("%.0f%%", 100*v) })
	ch.labelX(c, th.dim, room.bottom()-1)
}

// wrong is the score of errors.
func wrong(s measure.Score) measure.Score { return measure.Score{Correct: s.N - s.Correct, N: s.N} }

// legendStyles are colours from the least error to the largest.
var legendStyles = sync.OnceValue(func() []style {
	list := make([]style, 32)
	for i := range list {
		c := heatmap.Colour(float64(i) / float64(len(list)-1))
		list[i] = styled(lipgloss.NewStyle().Foreground(c))
	}
	return list
})

// legendLine is the colours in w cells.
func legendLine(w int) string {
	var b strings.Builder
	styles := legendStyles()
	for i := range w {
		b.WriteString(styles[i*len(styles)/w].paint("█"))
	}
	return b.String()
}

// legendLabels says in w cells what the first and the last colour stand for.
func (p *heatmapPage) legendLabels(r heatmap.Result, w int) string {
	lo, hi := 0.0, 1.0
	if len(r.Cells) > 0 {
		lo, hi = colourRange(r, p.spread)
	}
	left, right := fmt.Sprintf("%.0f %%", 100*lo), fmt.Sprintf("%.0f %% error", 100*hi)
	return left + blanks(max(1, w-width(left)-width(right))) + right
}
