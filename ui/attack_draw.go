package ui

import (
	"fmt"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/engine/lab"
	"hfcui/engine/model"
)

func (p *attackPage) draw(c *canvas) []placed {
	p.drawCaption(c)
	var pictures []placed
	for _, s := range p.l.slots {
		p.drawTitle(c, s)
		if p.view() != nil && p.shown.asked.fits(s.pic) && p.shown.asked.kinds[s.kind] {
			pictures = append(pictures, placed{at: s.pic, drawn: p.shown.drawn[s.kind]})
		} else {
			p.drawWaiting(c, s)
		}
		p.drawText(c, s)
	}
	p.drawProfile(c, p.l.profile)
	p.drawTable(c, p.l.table)
	for i, r := range p.l.accuracy {
		p.drawAccuracy(c, r, i == 1 || len(p.l.accuracy) == 1 && p.byRho)
	}
	p.drawRemarks(c, p.l.remarks)
	p.drawSliders(c)
	return pictures
}

// outcome says what the attack on the image came to, once that is known.
func (p *attackPage) outcome() (text string, st style) {
	v, th := p.view(), p.screen.theme()
	switch {
	case v == nil || v.Index != p.session.index:
		return "", style{}
	case v.Before.Class != v.Label && v.After.Class == v.Label:
		return "right only under attack", th.warn
	case v.Before.Class != v.Label:
		return "wrong without attack", th.dim
	case v.After.Class != v.Label:
		return "fooled", th.focus
	}
	return "holds", th.right
}

// drawCaption draws which image it is and what comes of it at the left, and how it is
// attacked at the right.
func (p *attackPage) drawCaption(c *canvas) {
	r := p.l.caption
	r.w--
	x := r.x
	if !p.figures {
		x = c.left(newRect(x, r.y, min(r.w, 40), 1), bold, clean(p.session.lab.Title(p.session.index)))
		if class := p.session.lab.Label(p.session.index); class >= 0 {
			x = c.left(newRect(x, r.y, r.right()-x, 1), style{}, "  "+p.session.className(class))
		}
		if text, st := p.outcome(); text != "" {
			x = c.left(newRect(x, r.y, r.right()-x, 1), st, "  "+text)
		}
	} else {
		x = c.left(newRect(x, r.y, r.w, 1), bold, pick(r.w/2, "accuracy under attack, true labels", "accuracy under attack"))
	}
	if !p.figures && len(p.session.models()) > 1 {
		x = p.drawModel(c, newRect(x+2, r.y, r.right()-x-2, 1))
	}
	if room := r.right() - x - 2; room > 0 {
		text := attackText(p.attack(), room)
		if note := " · in all frequencies"; p.band != bandAll && !hasBand(p.options.Method) && width(text+note) <= room {
			text += note // whatever d says
		}
		if note := " · running statistics"; p.session.statistics == model.BatchStatistics && width(text+note) <= room {
			text += note // whatever the setting says
		}
		if !p.figures && p.session.class >= 0 {
			text = attackText(p.attack(), max(20, room-width(p.session.className(p.session.class))-8))
			text = pick(room, "only "+p.session.className(p.session.class)+" · "+text, text)
		}
		c.right(newRect(x+2, r.y, room, 1), p.screen.theme().dim, text)
	}
}

// drawModel says whose answers there are, where there are several models.
func (p *attackPage) drawModel(c *canvas, r rect) int {
	for _, m := range p.session.models() {
		if m.path == p.model {
			look := p.screen.theme().model(m.slot)
			x := c.left(r, look.style, look.mark)
			return c.left(newRect(x+1, r.y, r.right()-x-1, 1), p.screen.theme().dim, cut(m.name, 20))
		}
	}
	return r.x
}

// drawTitle names a picture.
func (p *attackPage) drawTitle(c *canvas, s slot) {
	th, v := p.screen.theme(), p.view()
	switch s.kind {
	case slotOriginal:
		c.put(s.title.x, s.title.y, th.whole.paint(markWhole)+" original")
	case slotAttacked:
		c.left(s.title, style{}, "attacked")
	case slotSpectrum:
		c.left(s.title, th.dim, pick(s.title.w, "its log-spectrum, circle at r", "its spectrum, r circled", "its spectrum"))
	case slotPerturbation:
		x := c.left(s.title, style{}, pick(s.title.w-9, "perturbation", "δ"))
		if v != nil && v.LInf > 0 {
			// The number's trailing blanks keep the place of all before it.
			factor := fmt.Sprintf("×%-5.3g", p.shown.factor)
			room := newRect(x+1, s.title.y, s.title.right()-x-2, 1)
			c.right(room, th.dim, pick(room.w, "about grey "+factor, factor))
		}
	}
}

// drawWaiting says what will be where there is no picture yet, or why there is none.
func (p *attackPage) drawWaiting(c *canvas, s slot) {
	first := s.kind == p.l.slots[0].kind
	all := s.pic
	all.w = p.l.slots[len(p.l.slots)-1].pic.right() - all.x
	switch why := p.none(); {
	case p.failed != "" && first:
		c.paragraph(all, p.screen.theme().warn, p.failed)
	case why != "" && first:
		c.paragraph(all, p.screen.theme().dim, why)
	case p.failed != "", why != "":
	default:
		c.paragraph(s.pic, p.screen.theme().dim, [...]string{"the image", "what the attack adds", "what the model is shown", "where that lies in the frequency plane"}[s.kind])
	}
}

// drawText draws what is said of a picture.
func (p *attackPage) drawText(c *canvas, s slot) {
	v := p.view()
	if v == nil {
		return
	}
	switch s.kind {
	case slotOriginal:
		p.session.drawPrediction(c, s.text, v.Before, v.Label, p.screen.theme().whole)
	case slotAttacked:
		p.session.drawPrediction(c, s.text, v.After, v.Label, p.screen.theme().whole)
	case slotPerturbation:
		p.drawNorms(c, s.text, v)
	case slotSpectrum:
		p.drawEnergy(c, s.text, v)
	}
}

// drawNorms says how large the perturbation is.
func (p *attackPage) drawNorms(c *canvas, r rect, v *lab.AttackView) {
	th := p.screen.theme()
	linf := "‖δ‖∞ " + bold.paint(epsilonText(v.LInf))
	if of := fmt.Sprintf(" %6.2f/255", 255*v.LInf); 5+6+len(of) <= r.w {
		linf += th.dim.paint(of)
	}
	lines := []string{linf, "‖δ‖2 " + bold.paint(epsilonText(v.L2))}
	switch {
	case v.ZeroGradient:
		lines = append(lines, th.warn.paint(pick(r.w, "gradient 0: nothing to follow", "gradient is zero", "zero gradient")))
	case v.LInf == 0 && attack.Minimal(v.Method) && v.Before.Class == v.Label:
		lines = append(lines, th.dim.paint(pick(r.w, "no ε up to "+epsilonText(v.Epsilon)+" is enough", "ε is not enough")))
	case v.LInf > 0 && attack.Minimal(v.Method):
		lines = append(lines, th.dim.paint(pick(r.w, "the smallest ε that is enough", "smallest ε found")))
	case v.LInf == 0:
		lines = append(lines, th.dim.paint("no perturbation"))
	}
	for i := range min(r.h, len(lines)) {
		c.put(r.x, r.y+i, cut(lines[i], r.w))
	}
}

// drawEnergy says how the circle at r divides the perturbation's energy.
func (p *attackPage) drawEnergy(c *canvas, r rect, v *lab.AttackView) {
	th, low, high := p.screen.theme(), v.EnergyLow, v.EnergyHigh
	if low+high == 0 {
		low, high = math.NaN(), math.NaN()
	}
	lines := []string{
		th.low.paint(markLow) + " " + percent(low) + th.dim.paint(" % energy"),
		th.high.paint(markHigh) + " " + percent(high) + th.dim.paint(" % energy"),
		th.dim.paint("  (mean left out)"),
	}
	for i := range min(r.h, len(lines)) {
		c.put(r.x, r.y+i, cut(lines[i], r.w))
	}
}

// decades is how many powers of ten the profile shows at most.
const decades = 6

// drawProfile draws the perturbation's mean power by radius, on a logarithmic axis.
func (p *attackPage) drawProfile(c *canvas, r rect) {
	if r.empty() {
		return
	}
	th, v := p.screen.theme(), p.view()
	if r.h > profileRows {
		c.left(r.row(0), th.dim, pick(r.w-2, "the perturbation's power against radius, log axis", "power of δ against radius", "power of δ"))
		r.y, r.h = r.y+1, r.h-1
	}
	plot := plotOf(newRect(r.x, r.y, r.w, r.h-1))
	if v == nil || v.LInf == 0 || len(v.Profile) < 2 {
		c.paragraph(newRect(plot.x, plot.y, plot.w, plot.h), th.dim, p.noProfile(v))
		return
	}
	top := math.Ceil(math.Log10(slices.Max(v.Profile)))
	bottom := top
	for _, power := range v.Profile {
		if power > 0 {
			bottom = min(bottom, math.Floor(math.Log10(power)))
		}
	}
	bottom = min(max(bottom, top-decades), top-1)
	ch := newChart(plot, float64(len(v.Profile)), top-bottom)
	var grid []float64
	for y, step := 0.0, math.Ceil((top-bottom)/float64(max(1, plot.h/3))); y <= top-bottom; y += step {
		grid = append(grid, y)
	}
	ch.grid(th.line, grid...)
	ch.cursor(v.R, th.focus)
	low, high := series{line: th.low, mark: markLow}, series{line: th.high, mark: markHigh}
	for k, power := range v.Profile {
		at := float64(k) + 0.5
		if k == 0 {
			at = 0 // the zero frequency alone
		}
		y := max(math.Log10(max(power, 1e-300))-bottom, 0)
		if float64(k) < v.R {
			low.points = append(low.points, point{x: at, y: y, lo: y, hi: y})
		} else {
			high.points = append(high.points, point{x: at, y: y, lo: y, hi: y})
		}
	}
	if n := len(low.points); n > 0 && len(high.points) > 0 { // the line goes on
		high.points = slices.Insert(high.points, 0, low.points[n-1])
		high.points[0].y = low.points[n-1].y
	}
	ch.draw(high, false)
	ch.draw(low, false)
	ch.render(c)
	ch.labelY(c, th.dim, grid, func(y float64) string { return fmt.Sprintf("1e%.0f", y+bottom) })
	ch.labelX(c, th.dim, r.bottom()-1)
}

// noProfile says why there is no profile.
func (p *attackPage) noProfile(v *lab.AttackView) string {
	switch {
	case p.failed != "" || p.none() != "":
		return ""
	case v == nil:
		return "The perturbation's power against radius."
	}
	return "No perturbation, no power."
}

// drawSliders draws the tracks of ε and of r.
func (p *attackPage) drawSliders(c *canvas) {
	th := p.screen.theme()
	drawTrack(c, p.screen.theme(), p.l.epsilon, track{name: "ε", most: p.most, at: p.options.Epsilon, before: th.text, after: th.line, value: epsilonText(p.options.Epsilon)})
	drawTrack(c, p.screen.theme(), p.l.radius, track{name: "r", most: p.session.info.MaxRadius, at: p.session.r, before: th.low, after: th.high, value: radiusText(p.session.r)})
}

func (p *attackPage) mouse(m mouse) (cmd tea.Cmd, ok bool) {
	switch {
	case p.l.epsilon.contains(m.x, m.y):
		return p.slide(plotOf(p.l.epsilon), m), true
	case p.l.radius.contains(m.x, m.y):
		return p.session.slide(plotOf(p.l.radius), p.session.info.MaxRadius, m), true
	case p.l.profile.contains(m.x, m.y):
		return p.session.slide(plotOf(p.l.profile), p.session.info.MaxRadius, m), true
	case m.wheel != 0 && slices.ContainsFunc(p.l.slots, func(s slot) bool { return s.pic.contains(m.x, m.y) }):
		return p.slide(rect{}, m), true
	}
	for i, r := range p.l.accuracy {
		if r.contains(m.x, m.y) && i == 0 && !(len(p.l.accuracy) == 1 && p.byRho) {
			return p.slide(plotOf(r), m), true
		}
	}
	return nil, false
}

// slide handles the mouse on a track of ε.
func (p *attackPage) slide(line rect, m mouse) tea.Cmd {
	return slideOn(p.screen, line, m, func(direction float64, fine bool) tea.Cmd {
		if fine {
			return p.stepEpsilon(direction * stepFine)
		}
		return p.stepEpsilon(direction * stepUsual)
	}, func(share float64, fine bool) tea.Cmd {
		if !fine {
			share = math.Round(share/stepFine) * stepFine
		}
		return p.setEpsilon(p.onGrid(min(share, 1) * p.most))
	})
}
