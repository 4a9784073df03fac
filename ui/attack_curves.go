package ui

import (
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
)

// drawAccuracy draws accuracy under attack against ε, or against ρ.
func (p *attackPage) drawAccuracy(c *canvas, r rect, byRho bool) {
	th := p.screen.theme()
	p.drawAccuracyHead(c, r.row(0), byRho)
	plot := plotOf(newRect(r.x, r.y+1, r.w, r.h-2))
	most, at := p.most, p.options.Epsilon
	if byRho {
		_, k := p.keys("")
		most, at = k.most, p.setting().Rho
	}
	ch := newChart(plot, most, 1)
	grid := []float64{0, 0.25, 0.5, 0.75, 1}
	if plot.h < 9 {
		grid = []float64{0, 0.5, 1}
	}
	ch.grid(th.line, grid...)
	ch.cursor(min(at, most), th.focus)
	models := p.session.models()
	any := false
	for i := len(models) - 1; i >= 0; i-- { // the open model lies on top
		any = p.addCurves(ch, models[i], byRho) || any
	}
	ch.render(c)
	ch.labelY(c, th.dim, grid, func(v float64) string { return fmt.Sprintf("%.0f%%", 100*v) })
	ch.labelX(c, th.dim, r.bottom()-1)
	if !any {
		c.paragraph(newRect(plot.x+2, plot.y+plot.h/2-1, plot.w-4, 3), th.dim, p.waitingFor(byRho))
		return
	}
	p.labelCurves(c, ch, models, byRho)
}

// drawAccuracyHead says what a chart is of.
func (p *attackPage) drawAccuracyHead(c *canvas, row rect, byRho bool) {
	th, method := p.screen.theme(), p.options.Method
	n, doubts := 0, 0
	for _, m := range p.session.models() {
		k := p.keyOf(m, byRho)
		result := p.robust.known[k]
		for _, cell := range result.Cells {
			if cell.Method == method && !cell.Check {
				n = max(n, cell.N)
				if len(cell.Marks) > 0 {
					doubts++
				}
			}
		}
	}
	rho := "ρ off"
	if p.session.smooth {
		rho = p.session.smoothing().Describe()
	}
	forms := []string{fmt.Sprintf("accuracy under %s against ε, %s", method, rho), method + " against ε, " + rho, method + " against ε"}
	if k, look := p.keyOf(p.session.models()[0], false), p.screen.theme().model(0); len(p.session.models()) == 1 && len(k.methods()) > 1 {
		both := fmt.Sprintf("%s %s, %s %s", look.mark, method, look.base, k.methods()[1])
		forms = []string{"accuracy under " + both + " against ε, " + rho, both + " against ε, " + rho, both + " against ε", method + " against ε"}
	}
	if byRho {
		at := fmt.Sprintf("%.4g", p.measured())
		forms = []string{fmt.Sprintf("%s at ε %s against ρ", method, at), method + " against ρ"}
		clean := markWhole + " clean, "
		if len(p.session.models()) == 1 {
			method = p.screen.theme().model(0).mark + " " + method
		} else {
			clean = "hollow: clean, "
		}
		forms = append([]string{clean + fmt.Sprintf("%s at ε %s against ρ", method, at)}, forms...)
	}
	count := "        "
	if n > 0 {
		count = fitRight("n "+grouped(n), 8)
	}
	room := row.w - 4 - width(count)
	doubt := ""
	if doubts > 0 {
		doubt = fmt.Sprintf(" %s %d in doubt", markDoubt, doubts)
	}
	x := c.left(row, th.dim, pick(room-width(doubt), forms...))
	c.left(newRect(x, row.y, row.x+room-x, 1), th.warn, doubt)
	c.right(newRect(row.x, row.y, row.w-2, 1), th.dim, count)
}

// keyOf is the key of a model's curve.
func (p *attackPage) keyOf(m shownModel, byRho bool) robustKey {
	byE, byR := p.keys(m.path)
	if byRho {
		return byR
	}
	return byE
}

// curvePoint is a measured figure of a curve.
type curvePoint struct {
	x     float64
	score measure.Score
	doubt bool
}

// pointsOf lists a curve's figures; method "" is without an attack.
func pointsOf(k robustKey, result attack.Robustness, method string) []curvePoint {
	var list []curvePoint
	if k.byRho {
		for _, rho := range k.rhos() {
			if method == "" {
				list = append(list, curvePoint{rho, result.CleanAt(rho), false})
				continue
			}
			cell := cellAt(result, method, k.options.Epsilon, rho)
			list = append(list, curvePoint{rho, cell.Score, len(cell.Marks) > 0})
		}
	} else {
		for _, e := range k.epsilons() {
			cell := cellAt(result, method, e, k.smoothing.Rho)
			list = append(list, curvePoint{e, cell.Score, len(cell.Marks) > 0})
		}
	}
	return slices.DeleteFunc(list, func(q curvePoint) bool { return q.score.N == 0 })
}

// addCurves draws a model's curves: under the chosen method; without an attack where that is
// a curve; by FGSM where no other model needs the room. It tells whether there is any.
func (p *attackPage) addCurves(ch *chart, m shownModel, byRho bool) bool {
	k := p.keyOf(m, byRho)
	result, look, th := p.robust.known[k], p.screen.theme().model(m.slot), p.screen.theme()
	points := pointsOf(k, result, k.options.Method)
	alone := len(p.session.models()) == 1
	if byRho {
		if alone {
			ch.draw(seriesOf(pointsOf(k, result, ""), th.whole, th.line, markWhole), false)
		} else {
			ch.draw(seriesOf(pointsOf(k, result, ""), look.style, th.line, look.base), true)
		}
	} else if methods := k.methods(); alone && len(methods) > 1 {
		ch.draw(seriesOf(pointsOf(k, result, methods[1]), th.wholeDim, th.line, look.base), true)
	}
	s := seriesOf(points, look.style, th.line, look.mark)
	s.thick = ch.plot.h >= thickRows
	ch.draw(s, false)
	for _, q := range points {
		if q.doubt {
			col, row := int(ch.dotX(q.x))/2, int(ch.dotY(q.score.Accuracy()))/4
			ch.put(col, max(0, row-1), markDoubt, th.warn, rankMark)
		}
	}
	return len(points) > 0
}

func seriesOf(points []curvePoint, line, shade style, mark string) series {
	s := series{line: line, shade: shade, mark: mark}
	for _, q := range points {
		s.points = append(s.points, scorePoint(q.x, q.score))
	}
	return s
}

// labelCurves writes each model's accuracy at the cursor right of the plot, where its curve
// is or as near as there is room.
func (p *attackPage) labelCurves(c *canvas, ch *chart, models []shownModel, byRho bool) {
	taken := map[int]bool{}
	for _, m := range models {
		k := p.keyOf(m, byRho)
		points := pointsOf(k, p.robust.known[k], k.options.Method)
		if len(points) == 0 {
			continue
		}
		at := k.epsilons()[nearest(k.epsilons(), p.options.Epsilon)]
		if byRho {
			at = k.rhos()[nearest(k.rhos(), p.setting().Rho)]
		}
		found := slices.IndexFunc(points, func(q curvePoint) bool { return q.x == at })
		if found < 0 {
			continue // not measured yet
		}
		best := points[found]
		row := int(ch.dotY(best.score.Accuracy())) / 4
		for _, try := range []int{row, row - 1, row + 1, row - 2, row + 2, row - 3, row + 3} {
			if try >= 0 && try < ch.plot.h && !taken[try] {
				taken[try] = true
				look := p.screen.theme().model(m.slot)
				text := look.style.paint(look.mark + percent(best.score.Accuracy()))
				if best.doubt {
					text += p.screen.theme().warn.paint(markDoubt)
				}
				c.put(ch.plot.right()+1, ch.plot.y+try, text)
				break
			}
		}
	}
}

// waitingFor says why there is no curve yet.
func (p *attackPage) waitingFor(byRho bool) string {
	for _, m := range p.session.models() {
		if why := p.robust.failed[p.keyOf(m, byRho)]; why != "" {
			return why
		}
	}
	switch {
	case p.none() != "":
		return p.none()
	case p.robust.stopped:
		return "Stopped before the first figures; enter goes on."
	case byRho:
		return "Accuracy under attack against ρ will appear here, after that against ε."
	}
	return "Accuracy under attack against ε will appear here, rough first."
}

// drawRemarks says why figures are in doubt, those at the cursor first, or what the figures
// are of.
func (p *attackPage) drawRemarks(c *canvas, r rect) {
	if r.empty() {
		return
	}
	th := p.screen.theme()
	lines := p.doubts()
	if len(lines) == 0 {
		if p.figures {
			c.left(r.row(r.h-1), th.dim, p.foot(r.w))
		}
		return
	}
	for i := range min(r.h, len(lines)) {
		more := ""
		if i == r.h-1 && len(lines) > r.h {
			more = fmt.Sprintf("  and %d more", len(lines)-r.h)
		}
		c.left(r.row(i), th.warn, markDoubt+" "+pick(r.w-2-width(more), lines[i]...)+more)
	}
}

// foot says what the figures are of.
func (p *attackPage) foot(w int) string {
	of := fmt.Sprintf("%s: first %s, 95%% intervals", clean(p.session.info.Split), counted(min(p.robust.images, p.session.info.Images), "image"))
	text := of + " · batch-norm's running statistics"
	if p.robust.stopped {
		of, text = of+" · stopped", text+" · stopped"
	}
	return pick(w, text, of)
}

// doubts lists what is the matter with which figures of the page, those at the cursor first:
// each thing with the figures' names, without them, and without counts.
func (p *attackPage) doubts() [][]string {
	var first, rest [][]string
	seen := map[string]bool{}
	models := p.session.models()
	for _, m := range models {
		for _, byRho := range []bool{false, true} {
			result := p.robust.known[p.keyOf(m, byRho)]
			for _, w := range result.Warnings() {
				text, short := clean(w.String()), clean(w.Text)
				if len(models) > 1 {
					text, short = m.name+", "+text, m.name+": "+short
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
				case here:
					first = append(first, forms)
				default:
					rest = append(rest, forms)
				}
				seen[text] = true
			}
		}
	}
	return append(first, rest...)
}
