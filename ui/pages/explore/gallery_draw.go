package explore

import (
	"fmt"
	"strings"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// galleryLayout is the layout of the body while all flips are shown.
type galleryLayout struct {
	caption, null kit.Rect
	rows          []galleryRow
	across, tile  int // thumbnails in a row, and columns of each
	side          kit.Rect
}

// galleryRow is the place of a row of thumbnails and of the text below it.
type galleryRow struct{ pic, text kit.Rect }

// Sizes of the gallery in cells.
const (
	gallerySide = 34 // the text beside the thumbnails
	usualTile   = 12 // columns of a thumbnail
	leastTile   = 9  // where that gives another row
)

// layoutGallery lays out thumbnails of an aspect ratio at the left and text at the right.
func layoutGallery(b kit.Rect, roomy bool, aspect float64, cell kit.CellSize) galleryLayout {
	l := galleryLayout{caption: b.Row(0), null: b.Row(1)}
	top := b.Y + 2
	if roomy {
		top++
	}
	side := min(gallerySide, b.W/2)
	area := kit.NewRect(b.X, top, b.W-side-2, b.Bottom()-top)
	l.side = kit.NewRect(area.Right()+2, top, side-1, area.H)
	perRow := float64(max(cell.H, 1)) * aspect / float64(max(cell.W, 1))
	tile := min(area.W, max(usualTile, area.W/8))
	rows := max(2, int(float64(tile)/perRow+0.5))
	if more := area.H/(area.H/(rows+1)+1) - 1; more > 0 && area.H%(rows+1) > 1 { // rows that fill the height
		if w := int(float64(more)*perRow + 0.5); w >= leastTile {
			rows, tile = more, min(area.W, w)
		}
	}
	if rows > area.H-1 {
		rows = max(1, area.H-1)
		tile = min(area.W, max(1, int(float64(rows)*perRow+0.5)))
	}
	l.tile, l.across = tile, max(1, (area.W+1)/(tile+1))
	for y := area.Y; y+rows+1 <= area.Bottom(); y += rows + 1 {
		pic := kit.NewRect(area.X, y, l.across*(tile+1)-1, rows)
		l.rows = append(l.rows, galleryRow{pic, kit.NewRect(area.X, y+rows, pic.W, 1)})
	}
	return l
}

// draw draws the flips.
func (g *gallery) draw(c *kit.Canvas) (pictures []kit.Placed) {
	p := g.page
	th, s := p.screen.Theme(), p.session
	found, list := g.now(), g.flips()
	g.drawCaption(c)
	if why := g.waiting(); why != "" {
		r := g.l.rows[0].pic
		c.Paragraph(kit.NewRect(r.X, r.Y, r.W, min(4, r.H)), th.Dim, why)
	}
	at, shown := g.selected(), g.shown.asked
	for i, row := range g.l.rows {
		first := i * g.l.across
		if shown.Fits(row.pic) && shown.generation == s.Generation && shown.across == g.l.across && i < len(g.shown.rows) && len(list) > 0 {
			pictures = append(pictures, kit.Placed{At: row.pic, Drawn: g.shown.rows[i]})
		}
		for k := range g.l.across {
			index := g.top*g.l.across + first + k
			if index >= len(list) {
				break
			}
			f, st := list[index], th.Dim
			if index == at {
				st = th.Focus
			}
			c.Left(kit.NewRect(row.text.X+k*(g.l.tile+1), row.text.Y, g.l.tile, 1), st, flipText(s.ClassName(f.Label), s.ClassName(f.Low), g.l.tile))
		}
	}
	if first, last := g.top*g.l.across, min((g.top+len(g.l.rows))*g.l.across, len(list)); last-first < len(list) && last > first {
		text := fmt.Sprintf("%s–%s of %s", kit.Grouped(first+1), kit.Grouped(last), kit.Grouped(len(list)))
		c.Right(kit.NewRect(g.l.null.X, g.l.null.Y, g.l.null.W-1, 1), th.Dim, text)
	}
	g.drawSide(c, found.Counts, list, at)
	return pictures
}

// flipText is a flip's classes, true → predicted, in w cells; longer names are shortened to as many letters.
func flipText(label, low string, w int) string {
	if text := label + " → " + low; kit.Width(text) <= w {
		return text
	}
	first, second := kit.Width(label), kit.Width(low)
	switch half := (w - 1) / 2; {
	case first+second < w:
	case first <= half:
		second = w - 1 - first
	case second <= half:
		first = w - 1 - second
	default:
		first, second = w-1-half, half
	}
	short := func(name string, w int) string {
		return strings.TrimRight(strings.TrimSuffix(kit.Cut(name+" ", w+1), "…"), " ")
	}
	return short(label, first) + "→" + short(low, second)
}

// drawCaption draws the number of flips and what chance would give.
func (g *gallery) drawCaption(c *kit.Canvas) {
	p, found := g.page, g.now()
	th, row := p.screen.Theme(), g.l.caption
	row.W--
	total := found.Counts.Total()
	of := ""
	if p.compared() {
		of = " of " + kit.Cut(kit.Clean(p.session.Info.Model), 20)
	}
	x := c.Left(row, kit.Bold, fmt.Sprintf("Flips%s%s at r = %.1f: %s of %s", p.bySVD(), of, p.session.R, kit.Grouped(total.Correct), kit.Counted(total.N, "image")))
	if total.N > 0 {
		x = c.Left(kit.NewRect(x+2, row.Y, max(0, row.Right()-x-2), 1), kit.Style{}, session.ScoreText(total)+" %")
	}
	if room := row.Right() - x - 2; room > 0 && p.session.Class >= 0 {
		c.Left(kit.NewRect(x+2, row.Y, room, 1), th.Dim, "only "+p.session.ClassName(p.session.Class))
	}
	if total.N == 0 {
		return
	}
	expected := found.Counts.Permuted()
	share := 100 * expected / float64(total.N)
	room := g.l.null.W - 24 // beside which are in sight
	c.Left(kit.NewRect(g.l.null.X, g.l.null.Y, room, 1), th.Dim, kit.Pick(room,
		fmt.Sprintf("by chance: %.1f (%.1f %%), with low and high predictions permuted across images", expected, share),
		fmt.Sprintf("by chance: %.1f (%.1f %%), predictions permuted across images", expected, share),
		fmt.Sprintf("by chance: %.1f (%.1f %%)", expected, share)))
}

// waiting returns why there are no thumbnails.
func (g *gallery) waiting() string {
	at, _ := g.keys()
	switch {
	case g.found.Failed[at] != "":
		return g.found.Failed[at]
	case g.page.session.Info.Images == 0:
		return "No evaluation images."
	case !g.page.labeled():
		return "Flips need labels that match the model's classes."
	case len(g.flips()) > 0:
		return ""
	case g.found.Job != nil:
		return "Images correct on whole and high, misclassified on low, will appear here."
	}
	return fmt.Sprintf("No flip at r = %.1f. Press %s or %s to change r.", g.page.session.R, kit.RadiusDown.Label, kit.RadiusUp.Label)
}

// drawSide draws the selected flip, the counts by class and, if there is room, the share against r.
func (g *gallery) drawSide(c *kit.Canvas, counts bands.FlipCounts, list []bands.Sample, at int) {
	th, s, r := g.page.screen.Theme(), g.page.session, g.l.side
	lines := []string{"", "", ""}
	if at >= 0 {
		f := list[at]
		lines = []string{
			kit.Bold.Paint(kit.Cut(kit.Clean(s.Lab.Title(f.Index)), r.W-12)) + th.Dim.Paint(fmt.Sprintf("  %s of %s", kit.Grouped(at+1), kit.Grouped(len(list)))),
			th.Right.Paint(kit.MarkRight) + " " + s.ClassName(f.Label) + th.Dim.Paint(" whole, high"),
			th.Wrong.Paint(kit.MarkWrong) + " " + s.ClassName(f.Low) + th.Dim.Paint(" low"),
		}
	}
	lines = append(lines, "", th.Dim.Paint(kit.Fit("by class", r.W-19)+" flips    %  chance"))
	classes := len(counts.Classes)
	if most := r.H - len(lines); classes > most {
		classes = max(0, most-1)
	}
	for i := range classes {
		k := counts.Classes[i]
		name := kit.Fit(s.ClassName(i), r.W-19)
		lines = append(lines, name+fmt.Sprintf(" %5s %4.0f  ", kit.Grouped(k.Flips), 100*share(k.Score()))+th.Dim.Paint(fmt.Sprintf("%6.1f", counts.PermutedOf(i))))
	}
	if more := len(counts.Classes) - classes; more > 0 {
		lines = append(lines, th.Dim.Paint(fmt.Sprintf("and %d more", more)))
	}
	c.Lines(r, lines)
	if rest := r.H - len(lines) - 1; rest >= kit.ChartRows {
		g.drawCurve(c, kit.NewRect(r.X, r.Bottom()-rest, r.W, rest))
	}
}

// share is a score's accuracy, 0 without images.
func share(s measure.Score) float64 {
	if s.N == 0 {
		return 0
	}
	return s.Accuracy()
}

// drawCurve draws the share of flips against r, and that by chance.
func (g *gallery) drawCurve(c *kit.Canvas, r kit.Rect) {
	th, s := g.page.screen.Theme(), g.page.session
	look := th.Model(0)
	x := c.Left(r.Row(0), look.Style, look.Mark+" flips")
	c.Left(kit.NewRect(x, r.Y, r.Right()-x, 1), th.Dim, ", "+look.Base+" by chance, vs r")
	_, key := g.keys()
	curve := g.found.Known[key].curve
	flips, chance := kit.Series{Line: look.Style, Shade: th.Line, Mark: look.Mark}, kit.Series{Line: th.Dim, Shade: th.Line, Mark: look.Base}
	most := 0.05
	for i, f := range curve.Flips {
		point := session.ScorePoint(curve.Radii[i], f.Total())
		null := f.Permuted() / float64(max(1, f.N))
		most = max(most, point.Hi, null)
		flips.Points = append(flips.Points, point)
		chance.Points = append(chance.Points, kit.Point{X: point.X, Y: null, Lo: null, Hi: null})
	}
	plot := kit.NewRect(r.X+kit.AxisWidth, r.Y+1, r.W-kit.AxisWidth, r.H-2)
	ch := kit.NewChart(plot, s.Info.MaxRadius, min(1, most))
	grid := ch.TickGrid(th)
	ch.Cursor(min(s.R, s.Info.MaxRadius), th.Focus)
	ch.Draw(chance, true)
	ch.Draw(flips, false)
	ch.Render(c)
	ch.LabelY(c, th.Dim, grid, kit.PercentOf)
	ch.LabelX(c, th.Dim, r.Bottom()-1)
	if len(flips.Points) == 0 {
		ch.Note(c, th.Dim, "Counts at every r will appear here.")
	}
}
