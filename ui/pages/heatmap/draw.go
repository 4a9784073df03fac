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
	caption, text kit.Rect
	tiles         []heatmapTile // one, or one per model
	norm, radius  kit.Rect      // sliders
}

// heatmapTile is the place of a map.
type heatmapTile struct{ title, pic kit.Rect } // title is empty if there is one map

// leastMap is the least width of maps side by side, in cells.
const leastMap = 12

// heatmapText is the minimum width for text beside the picture.
const heatmapText = 33

// heatmapLines is the minimum height for text and the profile below it.
const heatmapLines = 30

// layoutHeatmap lays out the maps of so many models at the left, as large as possible, and text at
// their right; on tall, narrow terminals text is below a single one. Where several would be too small
// there is one.
func layoutHeatmap(b kit.Rect, roomy bool, aspect float64, cell kit.CellSize, models int) heatmapLayout {
	gap := 0
	if roomy {
		gap = 1
	}
	l := heatmapLayout{caption: kit.NewRect(b.X, b.Y, b.W-1, 1), norm: b.Row(b.H - 2), radius: b.Row(b.H - 1)}
	top := b.Y + 1 + gap
	room := l.norm.Y - gap - top
	if l.tiles = tileMaps(kit.NewRect(b.X, top, b.W-heatmapText-3, room), aspect, cell, models); len(l.tiles) > 0 {
		right := b.X
		for _, t := range l.tiles {
			right = max(right, t.pic.Right())
		}
		l.text = kit.NewRect(right+3, top, b.Right()-right-4, room)
		return l
	}
	cols, rows := fitMap(b.W-heatmapText-3, room, aspect, cell)
	pic := kit.NewRect(b.X, top, cols, rows)
	l.text = kit.NewRect(pic.Right()+3, top, b.Right()-pic.Right()-4, room)
	if w, h := fitMap(b.W-1, room-heatmapLines-1, aspect, cell); w*h > 2*cols*rows {
		pic = kit.NewRect(b.X, top, w, h)
		l.text = kit.NewRect(b.X, pic.Bottom()+1, b.W-1, room-h-1)
	}
	l.tiles = []heatmapTile{{pic: pic}}
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

// tileMaps lays out the maps of several models, each with a title; none where they would be too small.
func tileMaps(area kit.Rect, aspect float64, cell kit.CellSize, models int) (tiles []heatmapTile) {
	if models < 2 {
		return nil
	}
	most := 0
	for across := 1; across <= models; across++ {
		down := (models + across - 1) / across
		w, h := (area.W+1)/across-1, area.H/down-1
		cols, rows := fitMap(w, h, aspect, cell)
		if cols < leastMap || cols > w || rows > h || cols*rows <= most {
			continue
		}
		most, tiles = cols*rows, nil
		for i := range models {
			x, y := area.X+i%across*(cols+1), area.Y+i/across*(rows+1)
			tiles = append(tiles, heatmapTile{kit.NewRect(x, y, cols, 1), kit.NewRect(x, y+1, cols, rows)})
		}
	}
	return tiles
}

func (p *Page) Arrange(l kit.Layout) {
	if l.TooSmall {
		return
	}
	p.l = layoutHeatmap(l.Body, l.Roomy(), kit.Aspect(p.session.Info.Width, p.session.Info.Height), p.screen.Cell().For(p.session.Info.Width, p.session.Info.Height), len(p.session.Models()))
}

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	p.drawCaption(c)
	kit.DrawTrack(c, p.screen.Theme(), p.l.norm, kit.Track{Name: "norm", Most: p.trackEnd(), At: p.norm, Before: p.screen.Theme().Dim, After: p.screen.Theme().Line, Value: fmt.Sprintf("%5.2f", p.norm)})
	kit.DrawTrack(c, p.screen.Theme(), p.l.radius, kit.Track{Name: "r", Most: p.session.Info.MaxRadius, At: p.session.R, Before: p.screen.Theme().Low, After: p.screen.Theme().High, Value: kit.RadiusText(p.session.R)})
	r, ok := p.now()
	used := p.drawText(c, r, ok)
	p.drawProfile(c, kit.NewRect(p.l.text.X, p.l.text.Y+used+1, p.l.text.W, p.l.text.H-used-1), r)
	var pictures []kit.Placed
	for i, t := range p.l.tiles {
		m, at := p.tileModel(i), p.shown.asked
		if len(p.l.tiles) > 1 {
			p.drawTitle(c, t.title, m)
		}
		k := p.keyOf(m.Path)
		if i < at.n && at.tiles[i] == k && at.minus == p.minus && at.Fits(t.pic) && at.generation == p.session.Generation && p.shown.drawn[i] != nil {
			pictures = append(pictures, kit.Placed{At: t.pic, Drawn: *p.shown.drawn[i]})
			continue
		}
		c.Paragraph(t.pic, p.screen.Theme().Dim, p.waiting(k))
	}
	return pictures
}

// tileModel returns the model of a tile: the selected one if there is one tile.
func (p *Page) tileModel(i int) session.ShownModel {
	models := p.session.Models()
	if len(p.l.tiles) == 1 || i >= len(models) {
		m, _ := p.session.Model(p.model)
		return m
	}
	return models[i]
}

// drawTitle names a map; the one whose figures are shown is bold.
func (p *Page) drawTitle(c *kit.Canvas, r kit.Rect, m session.ShownModel) {
	th := p.screen.Theme()
	look := th.Model(m.Slot)
	text := m.Name
	if p.minus && m.Path != "" {
		text += " − " + kit.Clean(p.session.Info.Model)
	}
	st := th.Dim
	if m.Path == p.model {
		st = kit.Bold
	}
	c.Put(r.X, r.Y, look.Style.Paint(look.Mark)+" "+st.Paint(kit.Pick(r.W-2, text, m.Name)))
}

// ready reports whether the figures on screen are of the current map.
func (p *Page) ready() bool { return p.shown.asked.key == p.key() }

// drawCaption draws the caption.
func (p *Page) drawCaption(c *kit.Canvas) {
	pixels := "pixels clipped to [0,1]"
	if p.unclipped {
		pixels = "no clipping"
	}
	row := p.l.caption
	what := kit.Pick(row.W, fmt.Sprintf("Fourier heat map: error rate with one Fourier basis vector added (norm %g), ", p.norm)+pixels,
		fmt.Sprintf("error rate with one Fourier basis vector added (norm %g), ", p.norm)+pixels, "error rate with a Fourier basis vector, "+pixels, "error rate, "+pixels)
	x := c.Left(row, kit.Bold, what)
	if m, _ := p.session.Model(p.model); len(p.session.Comparisons) > 0 && row.Right()-x-3 > 0 {
		look := p.screen.Theme().Model(m.Slot)
		c.Right(kit.NewRect(x+3, row.Y, row.Right()-x-3, 1), look.Style, look.Mark+" "+m.Name)
	}
}

// waiting returns why there is no picture yet.
func (p *Page) waiting(k heatmapKey) string {
	switch {
	case p.maps.Failed[k] != "":
		return p.maps.Failed[k]
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
	var at, zero measure.Score
	var low, high heatmap.MeanError
	if ok {
		at, zero = r.At(p.cursor).Errors(), r.Clean.Errors()
	}
	coarse := ""
	if ok && at.N == 0 && r.Around(p.cursor).N > 0 {
		coarse = "  coarse"
	}
	if ok && p.ready() {
		low, high = p.shown.low, p.shown.high
	}
	scale, labels, change := legendLine(min(p.l.text.W, 32), c.Plain), p.legendLabels(min(p.l.text.W, 32)), ""
	if text, is := p.differenceAt(); is {
		change = text
		scale, labels = differenceLine(min(p.l.text.W, 32)), p.differenceLabels(min(p.l.text.W, 32))
	}
	lines := []string{
		kit.Bold.Paint(fmt.Sprintf("u %+3d  v %+3d", p.cursor.U, p.cursor.V)) + th.Dim.Paint(fmt.Sprintf("  radius %4.1f", p.cursor.Distance())),
		th.Whole.Paint("□") + " error    " + session.ScoreText(at) + " %",
		th.Dim.Paint(fmt.Sprintf("  n %s", kit.FitRight(kit.Grouped(at.N), 5))+coarse) + change,
		"",
		th.Whole.Paint(kit.MarkWhole) + " clean    " + session.ScoreText(zero) + " %",
		th.Dim.Paint(fmt.Sprintf("  n %s of %s images", kit.FitRight(kit.Grouped(zero.N), 5), kit.Grouped(min(heatmapImages, p.session.Info.Images)))),
		"",
		th.Low.Paint(kit.MarkLow) + " < r      " + meanText(low) + " %",
		th.High.Paint(kit.MarkHigh) + " ≥ r      " + meanText(high) + " %",
		th.Dim.Paint(meansNote(max(low.N, high.N))),
		"",
		scale,
		th.Dim.Paint(labels),
		"",
	}
	notes := [][]string{{"random sign per image, channel"}, {"norm per channel, before the", "model's normalization"}}
	if p.session.Info.BatchNorm {
		notes = append(notes, []string{"batch norm: running statistics"})
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

// meanText formats a mean error rate as session.ScoreText.
func meanText(m heatmap.MeanError) string {
	if m.N == 0 {
		return session.ScoreText(measure.Score{})
	}
	lo, hi := m.Wilson()
	return session.IntervalText(m.Rate, lo, hi)
}

// meansNote says what the intervals of means are of.
func meansNote(n int) string {
	if n == 0 {
		return "  mean; CI per cell"
	}
	return "  mean; CI per cell, n " + kit.Grouped(n)
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
func (p *Page) legendLabels(w int) string {
	lo, hi := 0.0, 1.0
	if p.shown.hi > 0 {
		lo, hi = p.shown.lo, p.shown.hi
	}
	left, right := fmt.Sprintf("%.0f %%", 100*lo), fmt.Sprintf("%.0f %% error", 100*hi)
	return left + kit.Blanks(max(1, w-kit.Width(left)-kit.Width(right))) + right
}
