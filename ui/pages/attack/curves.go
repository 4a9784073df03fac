package attack

import (
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// drawAccuracy draws robust accuracy vs ε, or vs ρ.
func (p *Page) drawAccuracy(c *kit.Canvas, r kit.Rect, byRho bool) {
	th := p.screen.Theme()
	p.drawAccuracyHead(c, r.Row(0), byRho)
	plot := kit.PlotOf(kit.NewRect(r.X, r.Y+1, r.W, r.H-2))
	most, at := p.most, p.options.Epsilon
	if byRho {
		_, k := p.keys("")
		most, at = k.most, p.setting().Rho
	}
	ch := kit.NewChart(plot, most, 1)
	grid := ch.ShareGrid(th)
	ch.Cursor(min(at, most), th.Focus)
	models := p.session.Models()
	any := false
	for i := len(models) - 1; i >= 0; i-- { // the open model is on top
		any = p.addCurves(ch, models[i], byRho) || any
	}
	ch.Render(c)
	ch.LabelY(c, th.Dim, grid, kit.PercentOf)
	ch.LabelX(c, th.Dim, r.Bottom()-1)
	if !any {
		ch.Note(c, th.Dim, p.waitingFor(byRho))
		return
	}
	p.labelCurves(c, ch, models, byRho)
}

// drawAccuracyHead draws the heading of a chart.
func (p *Page) drawAccuracyHead(c *kit.Canvas, row kit.Rect, byRho bool) {
	th, method := p.screen.Theme(), p.options.Method
	var n imagesRange
	doubts := 0
	for _, m := range p.session.Models() {
		k := p.keyOf(m, byRho)
		result := p.robust.Known[k]
		for _, cell := range result.Cells {
			if cell.Method == method && !cell.Check {
				n.add(cell.N)
				if cell.Doubt() == attack.RealDoubt {
					doubts++
				}
			}
		}
	}
	rho := "ρ off"
	if p.session.Smooth {
		rho = p.session.Smoothing().Describe()
	}
	forms := []string{fmt.Sprintf("robust accuracy (%s) vs ε, %s", method, rho), method + " vs ε, " + rho, method + " vs ε"}
	if k, look := p.keyOf(p.session.Models()[0], false), p.screen.Theme().Model(0); len(p.session.Models()) == 1 && len(k.methods()) > 1 {
		both := fmt.Sprintf("%s %s, %s %s", look.Mark, method, look.Base, k.methods()[1])
		forms = []string{"accuracy under " + both + " vs ε, " + rho, both + " vs ε, " + rho, both + " vs ε", method + " vs ε"}
	}
	if byRho {
		at := fmt.Sprintf("%.4g", p.measured())
		forms = []string{fmt.Sprintf("%s at ε %s vs ρ", method, at), method + " vs ρ"}
		clean := kit.MarkWhole + " clean, "
		if len(p.session.Models()) == 1 {
			method = p.screen.Theme().Model(0).Mark + " " + method
		} else {
			clean = "hollow: clean, "
		}
		forms = append([]string{clean + fmt.Sprintf("%s at ε %s vs ρ", method, at)}, forms...)
	}
	count := "        "
	if n.most > 0 {
		count = kit.FitRight("n "+n.String(), max(8, 2+kit.Width(n.String())))
	}
	room := row.W - 4 - kit.Width(count)
	doubt := ""
	if doubts > 0 {
		doubt = " " + kit.MarkDoubt + " " + kit.Counted(doubts, "failed sanity check")
	}
	x := c.Left(row, th.Dim, kit.Pick(room-kit.Width(doubt), forms...))
	c.Left(kit.NewRect(x, row.Y, row.X+room-x, 1), th.Warn, doubt)
	c.Right(kit.NewRect(row.X, row.Y, row.W-2, 1), th.Dim, count)
}

// keyOf returns the key of a model's curve.
func (p *Page) keyOf(m session.ShownModel, byRho bool) robustKey {
	byE, byR := p.keys(m.Path)
	if byRho {
		return byR
	}
	return byE
}

// curvePoint is a measured point of a curve.
type curvePoint struct {
	x     float64
	score measure.Score
	doubt attack.Doubt
}

// pointsOf lists a curve's points; method "" is clean accuracy.
func pointsOf(k robustKey, result attack.Robustness, method string) []curvePoint {
	var list []curvePoint
	if k.byRho {
		for _, rho := range k.rhos() {
			if method == "" {
				list = append(list, curvePoint{rho, result.CleanAt(rho), attack.NoDoubt})
				continue
			}
			cell := cellAt(result, method, k.options.Epsilon, rho)
			list = append(list, curvePoint{rho, cell.Score, cell.Doubt()})
		}
	} else {
		for _, e := range k.epsilons() {
			cell := cellAt(result, method, e, k.smoothing.Rho)
			list = append(list, curvePoint{e, cell.Score, cell.Doubt()})
		}
	}
	return slices.DeleteFunc(list, func(q curvePoint) bool { return q.score.N == 0 })
}

// addCurves draws a model's curves: under the selected method; clean if that is a curve; under FGSM
// unless there are other models. It reports whether there are any.
func (p *Page) addCurves(ch *kit.Chart, m session.ShownModel, byRho bool) bool {
	k := p.keyOf(m, byRho)
	result, look, th := p.robust.Known[k], p.screen.Theme().Model(m.Slot), p.screen.Theme()
	points := pointsOf(k, result, k.options.Method)
	alone := len(p.session.Models()) == 1
	if byRho {
		if alone {
			ch.Draw(seriesOf(pointsOf(k, result, ""), th.Whole, th.Line, kit.MarkWhole), false)
		} else {
			ch.Draw(seriesOf(pointsOf(k, result, ""), look.Style, th.Line, look.Base), true)
		}
	} else if methods := k.methods(); alone && len(methods) > 1 {
		ch.Draw(seriesOf(pointsOf(k, result, methods[1]), th.WholeDim, th.Line, look.Base), true)
	}
	s := seriesOf(points, look.Style, th.Line, look.Mark)
	s.Thick = ch.Plot.H >= kit.ThickRows
	ch.Draw(s, false)
	for _, q := range points {
		if q.doubt == attack.RealDoubt {
			ch.MarkDoubt(q.x, q.score.Accuracy(), th.Warn)
		}
	}
	return len(points) > 0
}

func seriesOf(points []curvePoint, line, shade kit.Style, mark string) kit.Series {
	s := kit.Series{Line: line, Shade: shade, Mark: mark}
	for _, q := range points {
		s.Points = append(s.Points, session.ScorePoint(q.x, q.score))
	}
	return s
}

// labelCurves draws each model's accuracy at the cursor right of the plot, as close to its curve as
// possible.
func (p *Page) labelCurves(c *kit.Canvas, ch *kit.Chart, models []session.ShownModel, byRho bool) {
	taken := map[int]bool{}
	for _, m := range models {
		k := p.keyOf(m, byRho)
		points := pointsOf(k, p.robust.Known[k], k.options.Method)
		if len(points) == 0 {
			continue
		}
		at := k.epsilons()[kit.Nearest(k.epsilons(), p.options.Epsilon)]
		if byRho {
			at = k.rhos()[kit.Nearest(k.rhos(), p.setting().Rho)]
		}
		found := slices.IndexFunc(points, func(q curvePoint) bool { return q.x == at })
		if found < 0 {
			continue // not measured yet
		}
		best := points[found]
		row := ch.Row(best.score.Accuracy()) - ch.Plot.Y
		for _, try := range []int{row, row - 1, row + 1, row - 2, row + 2, row - 3, row + 3} {
			if try >= 0 && try < ch.Plot.H && !taken[try] {
				taken[try] = true
				look := p.screen.Theme().Model(m.Slot)
				text := look.Style.Paint(look.Mark + kit.Percent(best.score.Accuracy()))
				text += p.doubtText(best.doubt)
				c.Put(ch.Plot.Right()+1, ch.Plot.Y+try, text)
				break
			}
		}
	}
}

// waitingFor returns why there is no curve yet.
func (p *Page) waitingFor(byRho bool) string {
	for _, m := range p.session.Models() {
		if why := p.robust.Failed[p.keyOf(m, byRho)]; why != "" {
			return why
		}
	}
	switch {
	case p.none() != "":
		return p.none()
	case p.robust.Stopped:
		return "Stopped before the first results. Press enter to resume."
	case byRho:
		return "Robust accuracy vs ρ will appear here, then vs ε."
	}
	return "Robust accuracy vs ε will appear here."
}

// drawRemarks lists failed sanity checks, those at the cursor first, or describes the evaluation.
func (p *Page) drawRemarks(c *kit.Canvas, r kit.Rect) {
	if r.Empty() {
		return
	}
	th := p.screen.Theme()
	lines := p.doubts()
	if len(lines) == 0 {
		if p.figures {
			c.Left(r.Row(r.H-1), th.Dim, p.foot(r.W))
		}
		return
	}
	for i := range min(r.H, len(lines)) {
		more := ""
		if i == r.H-1 && len(lines) > r.H {
			more = fmt.Sprintf("  and %d more", len(lines)-r.H)
		}
		st := th.Warn
		if lines[i].chance {
			st = th.Dim
		}
		c.Left(r.Row(i), st, kit.MarkDoubt+" "+kit.Pick(r.W-2-kit.Width(more), lines[i].forms...)+more)
	}
}

// foot describes the evaluation.
func (p *Page) foot(w int) string {
	of := fmt.Sprintf("%s: first %s, 95%% CI", kit.Clean(p.session.Info.Split), kit.Counted(min(p.robust.images, p.session.Info.Images), "image"))
	text := of + " · batch norm: running statistics"
	if p.robust.Stopped {
		of, text = of+" · stopped", text+" · stopped"
	}
	return kit.Pick(w, text, of)
}

// remark is a failed sanity check in several forms: with names of the accuracies, with that of the
// method, and without counts.
type remark struct {
	forms  []string
	chance bool // chance may explain it
}

// doubts lists the failed sanity checks of the page: those that chance does not explain first, and
// among them those at the cursor.
func (p *Page) doubts() []remark {
	var first, rest, chance []remark
	seen := map[string]bool{}
	models := p.session.Models()
	for _, m := range models {
		for _, byRho := range []bool{false, true} {
			result := p.robust.Known[p.keyOf(m, byRho)]
			for _, w := range result.Warnings() {
				text, short := kit.Clean(w.String()), kit.Clean(w.Method+": "+w.Text)
				if len(models) > 1 {
					text, short = m.Name+", "+text, m.Name+": "+short
				}
				forms := []string{text, short}
				if i := strings.LastIndex(short, ": "); i > 0 {
					forms = append(forms, short[:i]) // without the counts
				}
				here := slices.ContainsFunc(w.Cells, func(i int) bool {
					return result.Cells[i].Epsilon == p.measured() && result.Cells[i].Rho == p.setting().Rho
				})
				switch {
				case seen[text]:
				case w.Chance && here:
					chance = slices.Insert(chance, 0, remark{forms, true})
				case w.Chance:
					chance = append(chance, remark{forms, true})
				case here:
					first = append(first, remark{forms, false})
				default:
					rest = append(rest, remark{forms, false})
				}
				seen[text] = true
			}
		}
	}
	return slices.Concat(first, rest, chance)
}
