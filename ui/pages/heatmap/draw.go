package heatmap

import (
	"fmt"
	"strings"
	"sync"

	"charm.land/lipgloss/v2"

	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// heatmapLayout is the layout of the body.
type heatmapLayout struct {
	caption, pic, text kit.Rect
	norm, radius       kit.Rect // sliders
}

// heatmapText is the minimum width for text beside the picture.
const heatmapText = 33

// heatmapLines is the minimum height for text and the profile below it.
const heatmapLines = 30

// layoutHeatmap lays out the picture at the left, as large as possible, and text at its right; on
// tall, narrow terminals text is below.
func layoutHeatmap(b kit.Rect, roomy bool, aspect float64, cell kit.CellSize) heatmapLayout {
	gap := 0
	if roomy {
		gap = 1
	}
	l := heatmapLayout{caption: kit.NewRect(b.X, b.Y, b.W-1, 1), norm: b.Row(b.H - 2), radius: b.Row(b.H - 1)}
	top := b.Y + 1 + gap
	room := l.norm.Y - gap - top
	cols, rows := fitMap(b.W-heatmapText-3, room, aspect, cell)
	l.pic = kit.NewRect(b.X, top, cols, rows)
	l.text = kit.NewRect(l.pic.Right()+3, top, b.Right()-l.pic.Right()-4, room)
	if w, h := fitMap(b.W-1, room-heatmapLines-1, aspect, cell); w*h > 2*cols*rows {
		l.pic = kit.NewRect(b.X, top, w, h)
		l.text = kit.NewRect(b.X, l.pic.Bottom()+1, b.W-1, room-h-1)
	}
	return l
}

// fitMap returns the size of the largest picture of an aspect ratio in w×h cells.
func fitMap(w, h int, aspect float64, cell kit.CellSize) (cols, rows int) {
	w, h = cell.Limit(max(w, 1), max(h, 1))
	if cell.ImageW > 0 {
		return cell.Whole(w, h)
	}
	perRow := float64(cell.H) * aspect / float64(cell.W)
	cols = max(1, min(w, int(float64(h)*perRow+0.5)))
	return cols, max(1, min(h, int(float64(cols)/perRow+0.5)))
}

func (p *Page) Arrange(l kit.Layout) {
	if l.TooSmall {
		return
	}
	p.l = layoutHeatmap(l.Body, l.Roomy(), kit.Aspect(p.session.Info.Width, p.session.Info.Height), p.screen.Cell().For(p.session.Info.Width, p.session.Info.Height))
}

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	p.drawCaption(c)
	kit.DrawTrack(c, p.screen.Theme(), p.l.norm, kit.Track{Name: "norm", Most: p.trackEnd(), At: p.norm, Before: p.screen.Theme().Dim, After: p.screen.Theme().Line, Value: fmt.Sprintf("%5.2f", p.norm)})
	kit.DrawTrack(c, p.screen.Theme(), p.l.radius, kit.Track{Name: "r", Most: p.session.Info.MaxRadius, At: p.session.R, Before: p.screen.Theme().Low, After: p.screen.Theme().High, Value: kit.RadiusText(p.session.R)})
	r, ok := p.now()
	used := p.drawText(c, r, ok)
	p.drawProfile(c, kit.NewRect(p.l.text.X, p.l.text.Y+used+1, p.l.text.W, p.l.text.H-used-1), r)
	if ok && p.ready() && p.shown.asked.Fits(p.l.pic) && p.shown.asked.generation == p.session.Generation {
		return []kit.Placed{{At: p.l.pic, Drawn: p.shown.drawn}}
	}
	c.Paragraph(p.l.pic, p.screen.Theme().Dim, p.waiting())
	return nil
}

// ready reports whether the picture on screen is of the current map.
func (p *Page) ready() bool { return p.shown.asked.key == p.key() }

// drawCaption draws the caption.
func (p *Page) drawCaption(c *kit.Canvas) {
	pixels := "pixels clipped to [0,1]"
	if p.unclipped {
		pixels = "pixels not clipped"
	}
	row := p.l.caption
	what := kit.Pick(row.W, "error rate under each Fourier basis vector, "+pixels, "error under Fourier basis vectors, "+pixels, "error rate, "+pixels)
	x := c.Left(row, kit.Bold, what)
	if m, _ := p.session.Model(p.model); len(p.session.Comparisons) > 0 && row.Right()-x-3 > 0 {
		look := p.screen.Theme().Model(m.Slot)
		c.Right(kit.NewRect(x+3, row.Y, row.Right()-x-3, 1), look.Style, look.Mark+" "+m.Name)
	}
}

// waiting returns why there is no picture yet.
func (p *Page) waiting() string {
	switch {
	case p.maps.Failed[p.key()] != "":
		return p.maps.Failed[p.key()]
	case p.session.Info.Images == 0:
		return "No evaluation images."
	case !p.session.Info.Labeled:
		return p.session.Unscored("Error rates")
	case p.maps.Stopped:
		return "Stopped before the first results. Press enter to resume."
	}
	return "The Fourier heat map will appear here, coarse first."
}

// drawText draws the error at the cursor, the mean errors below and above r, and the color scale.
// It returns the number of lines.
func (p *Page) drawText(c *kit.Canvas, r heatmap.Result, ok bool) int {
	th := p.screen.Theme()
	at, zero, low, high := measure.Score{}, measure.Score{}, measure.Score{}, measure.Score{}
	if ok {
		at, zero = r.At(p.cursor).Errors(), r.Clean.Errors()
	}
	if ok && p.ready() {
		low, high = p.shown.low, p.shown.high
	}
	lines := []string{
		kit.Bold.Paint(fmt.Sprintf("u %+3d  v %+3d", p.cursor.U, p.cursor.V)) + th.Dim.Paint(fmt.Sprintf("  radius %4.1f", p.cursor.Distance())),
		th.Whole.Paint("□") + " error    " + session.ScoreText(at) + " %",
		th.Dim.Paint(fmt.Sprintf("  n %s", kit.FitRight(kit.Grouped(at.N), 5))),
		"",
		th.Whole.Paint(kit.MarkWhole) + " clean    " + session.ScoreText(zero) + " %",
		th.Dim.Paint(fmt.Sprintf("  n %s of %s images", kit.FitRight(kit.Grouped(zero.N), 5), kit.Grouped(min(heatmapImages, p.session.Info.Images)))),
		"",
		th.Low.Paint(kit.MarkLow) + " below r  " + session.ScoreText(low) + " %",
		th.High.Paint(kit.MarkHigh) + " r and up " + session.ScoreText(high) + " %",
		th.Dim.Paint("  means; CI of one cell"),
		"",
		legendLine(min(p.l.text.W, 32), c.Plain),
		th.Dim.Paint(p.legendLabels(r, min(p.l.text.W, 32))),
		"",
	}
	notes := [][]string{{"random sign per image, channel"}, {"norm per channel, before the", "model's normalization"}}
	if p.session.Info.BatchNorm {
		notes = append(notes, []string{"batch-norm: running statistics"})
	}
	drawn := lines
	if p.l.text.H < 13 { // without separators
		drawn = nil
		for _, line := range lines {
			if line != "" {
				drawn = append(drawn, line)
			}
		}
	}
	for _, note := range notes { // complete notes only
		if len(drawn)+len(note) <= p.l.text.H {
			for _, line := range note {
				drawn = append(drawn, th.Dim.Paint(line))
			}
		}
	}
	c.Lines(p.l.text, drawn)
	return len(drawn)
}

// drawProfile draws the mean error vs radius if there is room for a chart.
func (p *Page) drawProfile(c *kit.Canvas, room kit.Rect, r heatmap.Result) {
	th := p.screen.Theme()
	if room.H < kit.ChartRows+1 || !p.ready() || len(p.shown.profile) == 0 {
		return
	}
	c.Left(room.Row(0), th.Dim, kit.Pick(room.W, "error rate (%) vs radius (cycles per image)", "error rate (%) vs radius", "error vs radius"))
	ch := kit.NewChart(kit.PlotOf(kit.NewRect(room.X, room.Y+1, room.W, room.H-2)), r.Furthest(), 1)
	grid := ch.ShareGrid(th)
	ch.Cursor(min(p.session.R, r.Furthest()), th.Focus)
	zero := kit.Series{Line: th.WholeDim, Shade: th.WholeShade}
	for _, x := range []float64{0, r.Furthest()} {
		zero.Points = append(zero.Points, session.ScorePoint(x, r.Clean.Errors()))
	}
	ch.Draw(zero, true)
	m, _ := p.session.Model(p.model)
	look := th.Model(m.Slot)
	ch.Draw(kit.Series{Points: p.shown.profile, Line: look.Style, Shade: th.WholeShade, Mark: look.Mark}, false)
	ch.Render(c)
	c.Put(ch.Plot.Right()+1, ch.Row(r.Clean.Errors().Accuracy()), th.Whole.Paint(kit.MarkWhole+kit.Percent(r.Clean.Errors().Accuracy())))
	ch.LabelY(c, th.Dim, grid, kit.PercentOf)
	ch.LabelX(c, th.Dim, room.Bottom()-1)
}

// legendStyles are the colors from the lowest error rate to the highest.
var legendStyles = sync.OnceValue(func() []kit.Style {
	list := make([]kit.Style, 32)
	for i := range list {
		c := heatmap.Color(float64(i) / float64(len(list)-1))
		list[i] = kit.Styled(lipgloss.NewStyle().Foreground(c))
	}
	return list
})

// legendLine returns the color scale in w cells, without colors as shades.
func legendLine(w int, plain bool) string {
	var b strings.Builder
	if plain {
		shades := []rune(" ░▒▓█")
		for i := range w {
			b.WriteRune(shades[i*len(shades)/w])
		}
		return b.String()
	}
	styles := legendStyles()
	for i := range w {
		b.WriteString(styles[i*len(styles)/w].Paint("█"))
	}
	return b.String()
}

// legendLabels returns, in w cells, the error rates of the first and the last color.
func (p *Page) legendLabels(r heatmap.Result, w int) string {
	lo, hi := 0.0, 1.0
	if len(r.Cells) > 0 {
		lo, hi = colorRange(r, p.spread)
	}
	left, right := fmt.Sprintf("%.0f %%", 100*lo), fmt.Sprintf("%.0f %% error", 100*hi)
	return left + kit.Blanks(max(1, w-kit.Width(left)-kit.Width(right))) + right
}
