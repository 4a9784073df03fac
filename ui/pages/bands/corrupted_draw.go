package bands

import (
	"fmt"
	"image/color"
	"slices"
	"sync"

	"charm.land/lipgloss/v2"

	"hfcui/engine/bands"
	"hfcui/engine/heatmap"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// tableLayout is the widths of a table's columns: names, and one of each severity and of the mean.
type tableLayout struct {
	names, column int
}

// Widths of columns: " 98.7 +0.6 −1.1", " 98.7±1.1", " 98.7".
const wideColumn, column, narrowColumn = 17, 10, 7

// layoutTable fits the columns into w cells; names are longest cells wide, if there is room.
func layoutTable(w, longest, columns int) tableLayout {
	least := min(longest, 12) + 2
	for _, width := range []int{wideColumn, column, narrowColumn} {
		if least+columns*width <= w {
			return tableLayout{min(longest+2, w-columns*width), width}
		}
	}
	return tableLayout{least, narrowColumn - 1}
}

// text formats an accuracy for a cell.
func (l tableLayout) text(accuracy, lo, hi float64, known bool) string {
	switch {
	case !known:
		return "    –"
	case l.column == wideColumn:
		return session.IntervalText(accuracy, lo, hi)
	case l.column == column: // the longer side of the interval
		digits, half := 1, 100*max(hi-accuracy, accuracy-lo)
		if half >= 9.95 {
			digits = 0
		}
		return kit.Percent(accuracy) + fmt.Sprintf("±%.*f", digits, half)
	}
	return kit.Percent(accuracy)
}

// drawTable draws accuracies by corruption and severity, colored as error rates of the heat map are.
func (p *Page) drawTable(c *kit.Canvas) {
	th, part, body := p.screen.Theme(), p.view.part(), p.screen.Layout().Body
	now := p.corruptedKey()
	v := p.versions.Known[now]
	means, ok := v.means[part]
	p.drawTableHead(c, kit.NewRect(body.X, body.Y, body.W-1, 1), means, ok)
	foot := kit.NewRect(body.X, body.Bottom()-1, body.W-1, 1)
	area := kit.NewRect(body.X, body.Y+1, body.W-1, foot.Y-body.Y-1)
	if p.screen.Layout().Roomy() {
		area = kit.NewRect(area.X, area.Y+1, area.W, area.H-2)
	}
	if why := p.waitingTable(now, ok); why != "" {
		c.Paragraph(area, th.Dim, why)
		return
	}
	severities := v.Severities()
	longest := len("mean")
	for _, corruption := range v.Corruptions {
		longest = max(longest, kit.Width(corruption.Name))
	}
	l := layoutTable(area.W, longest, len(severities)+1)
	at := func(row, column int, text string) { c.Put(area.X+l.names+column*l.column, area.Y+row, text) }
	c.Put(area.X, area.Y, th.Dim.Paint(kit.Fit("severity", l.names)))
	for j, s := range severities {
		at(0, j, th.Dim.Paint(kit.FitRight(fmt.Sprint(s), 5)))
	}
	at(0, len(severities), th.Dim.Paint(" mean"))
	paint := func(row, column int, accuracy, lo, hi float64, known bool) {
		text := kit.Fit(l.text(accuracy, lo, hi, known)+" ", l.column-1)
		if known && !c.Plain {
			text = heat(1 - accuracy).Paint(text)
		}
		at(row, column, text)
	}
	fit := min(len(v.Corruptions), area.H-2)
	if fit < len(v.Corruptions) {
		fit-- // for the line that says so
	}
	for k, corruption := range v.Corruptions[:max(fit, 0)] {
		c.Put(area.X, area.Y+1+k, kit.Fit(corruption.Name, l.names-1))
		for j, s := range corruption.Severities {
			score := v.Results[k][j].Score(part, 0)
			lo, hi := score.Wilson()
			paint(1+k, slices.Index(severities, s), score.Accuracy(), lo, hi, score.N > 0)
		}
		m := means.byCorruption[k]
		paint(1+k, len(severities), m.Accuracy, m.Lo, m.Hi, m.N > 0)
	}
	last := 1 + max(fit, 0)
	if fit < len(v.Corruptions) {
		c.Left(area.Row(last), th.Dim, kit.Pick(area.W, fmt.Sprintf("… %d more: enlarge the terminal, or export", len(v.Corruptions)-fit), fmt.Sprintf("… %d more", len(v.Corruptions)-fit)))
		last++
	}
	c.Put(area.X, area.Y+last, th.Dim.Paint(kit.Fit("mean", l.names-1)))
	for j, m := range means.bySeverity {
		paint(last, j, m.Accuracy, m.Lo, m.Hi, m.N > 0)
	}
	paint(last, len(severities), means.all.Accuracy, means.all.Lo, means.all.Hi, means.all.N > 0)
	p.drawTableFoot(c, foot, v)
}

// drawTableHead draws what the table is of and the mean corruption accuracy.
func (p *Page) drawTableHead(c *kit.Canvas, row kit.Rect, means corruptedMeans, known bool) {
	th := p.screen.Theme()
	part := p.view.part()
	mark, st := [...]string{kit.MarkWhole, kit.MarkLow, kit.MarkHigh}[part], [...]kit.Style{th.Whole, th.Low, th.High}[part]
	of := [...]string{" whole images", " low-pass images", " high-pass images"}[part]
	if part != bands.Whole {
		of += fmt.Sprintf(", r %.4g", p.corruptedKey().r)
	}
	value := "–"
	if known && means.all.N > 0 {
		value = session.IntervalText(means.all.Accuracy, means.all.Lo, means.all.Hi) + " %"
	}
	model := ""
	if p.compared() {
		model = kit.Clean(p.session.Info.Model) + ", "
	}
	x := c.Left(row, st, mark+of)
	rest := kit.NewRect(x, row.Y, row.Right()-x, 1)
	c.Left(rest, th.Text, kit.Pick(rest.W, ": "+model+"mean corruption accuracy "+value, ": mean corruption accuracy "+value, ": mean accuracy "+value, ": "+value))
}

// drawTableFoot describes the evaluation.
func (p *Page) drawTableFoot(c *kit.Canvas, row kit.Rect, v corruptedView) {
	done, all, fewest := v.Count()
	text := "n"
	if done < all {
		text = "n ≥"
	}
	text += fmt.Sprintf(" %s of each of %s, 95%% CI", kit.Grouped(fewest), kit.Counted(v.Versions(), "version"))
	right := "color: error rate"
	if p.versions.Stopped {
		right = "stopped"
	} else if c.Plain {
		right = ""
	}
	th := p.screen.Theme()
	x := c.Left(row, th.Dim, kit.Pick(row.W-kit.Width(right)-2, text+"; mean: unweighted, over corruptions of the mean over severities", text+"; means are unweighted", text))
	if room := row.Right() - x - 2; room >= kit.Width(right) {
		c.Right(kit.NewRect(x+2, row.Y, room, 1), th.Dim, right)
	}
}

// waitingTable returns why there is no table yet; "" if there is one.
func (p *Page) waitingTable(k corruptedKey, known bool) string {
	switch {
	case p.versions.Failed[k] != "":
		return p.versions.Failed[k]
	case known:
		return ""
	case p.versions.Stopped:
		return "Stopped before the first results. Press enter to resume."
	}
	n := 0
	for _, corruption := range p.session.Info.Corruptions {
		n += len(corruption.Severities)
	}
	return fmt.Sprintf("Accuracy in %s of the test images, by corruption and severity, will appear here.", kit.Counted(n, "version"))
}

// heatSteps is the number of colors of cells.
const heatSteps = 32

var heatStyles = sync.OnceValue(func() (list [heatSteps + 1]kit.Style) {
	for i := range list {
		c := heatmap.Color(float64(i) / heatSteps)
		text := color.RGBA{255, 255, 255, 255}
		if 299*int(c.R)+587*int(c.G)+114*int(c.B) > 140*1000 {
			text = color.RGBA{0, 0, 0, 255}
		}
		list[i] = kit.Styled(lipgloss.NewStyle().Background(c).Foreground(text))
	}
	return list
})

// heat is the style of an error rate.
func heat(share float64) kit.Style {
	return heatStyles()[int(min(max(share, 0), 1)*heatSteps+0.5)]
}
