package attack

import (
	"fmt"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	p.drawCaption(c)
	var pictures []kit.Placed
	for _, s := range p.l.slots {
		p.drawTitle(c, s)
		if p.view() != nil && p.shown.asked.Fits(s.Pic) && p.shown.asked.kinds[s.Kind] {
			pictures = append(pictures, kit.Placed{At: s.Pic, Drawn: p.shown.drawn[s.Kind]})
		} else {
			p.drawWaiting(c, s)
		}
		p.drawText(c, s)
	}
	p.drawProfile(c, p.l.profile)
	p.drawTable(c, p.l.table)
	p.drawList(c, p.l.list)
	for i, r := range p.l.accuracy {
		p.drawAccuracy(c, r, i == 1 || len(p.l.accuracy) == 1 && p.byRho)
	}
	p.drawRemarks(c, p.l.remarks)
	p.drawSliders(c)
	return pictures
}

// outcome returns the outcome of the attack on the image, once known.
func (p *Page) outcome() (text string, st kit.Style) {
	v, th := p.view(), p.screen.Theme()
	switch {
	case v == nil || v.Index != p.session.Index:
		return "", kit.Style{}
	case v.Before.Class != v.Label && v.After.Class == v.Label:
		return "misclassified (clean), correct under attack", th.Warn
	case v.Before.Class != v.Label:
		return "misclassified (clean)", th.Dim
	case v.After.Class != v.Label:
		return "attack succeeded", th.Focus
	}
	return "attack failed", th.Right
}

// drawCaption draws the image and the outcome at the left, the attack at the right.
func (p *Page) drawCaption(c *kit.Canvas) {
	r := p.l.caption
	r.W--
	x := r.X
	if !p.figures {
		x = c.Left(kit.NewRect(x, r.Y, min(r.W, 40), 1), kit.Bold, kit.Clean(p.session.Lab.Title(p.session.Index)))
		if class := p.session.Lab.Label(p.session.Index); class >= 0 {
			x = c.Left(kit.NewRect(x, r.Y, r.Right()-x, 1), kit.Style{}, "  "+p.session.ClassName(class))
		}
		if text, st := p.outcome(); text != "" {
			x = c.Left(kit.NewRect(x, r.Y, r.Right()-x, 1), st, "  "+text)
		}
	} else {
		x = c.Left(kit.NewRect(x, r.Y, r.W, 1), kit.Bold, kit.Pick(r.W/2, "robust accuracy, true labels", "robust accuracy"))
	}
	if !p.figures && len(p.session.Models()) > 1 {
		x = p.drawModel(c, kit.NewRect(x+2, r.Y, r.Right()-x-2, 1))
	}
	if room := r.Right() - x - 2; room > 0 {
		text := attackText(p.attack(), room)
		if note := " · all frequencies"; p.band != bandAll && !attack.Lookup(p.options.Method).Band && kit.Width(text+note) <= room {
			text += note // the method ignores the band
		}
		if note := " · batch norm: running statistics"; p.session.Statistics == model.BatchStatistics && kit.Width(text+note) <= room {
			text += note // attacks ignore the setting
		}
		if !p.figures && p.session.Class >= 0 {
			text = attackText(p.attack(), max(20, room-kit.Width(p.session.ClassName(p.session.Class))-8))
			text = kit.Pick(room, "only "+p.session.ClassName(p.session.Class)+" · "+text, text)
		}
		c.Right(kit.NewRect(x+2, r.Y, room, 1), p.screen.Theme().Dim, text)
	}
}

// drawModel names the model under attack if there are several.
func (p *Page) drawModel(c *kit.Canvas, r kit.Rect) int {
	m, _ := p.session.Model(p.model)
	look := p.screen.Theme().Model(m.Slot)
	x := c.Left(r, look.Style, look.Mark)
	return c.Left(kit.NewRect(x+1, r.Y, r.Right()-x-1, 1), p.screen.Theme().Dim, kit.Cut(m.Name, 20))
}

// drawTitle draws a picture's title.
func (p *Page) drawTitle(c *kit.Canvas, s kit.Slot) {
	th, v := p.screen.Theme(), p.view()
	switch s.Kind {
	case slotOriginal:
		c.Put(s.Title.X, s.Title.Y, th.Whole.Paint(kit.MarkWhole)+" original")
	case slotAttacked:
		c.Left(s.Title, kit.Style{}, "adversarial")
	case kit.SlotSpectrum:
		c.Left(s.Title, th.Dim, kit.Pick(s.Title.W, "log spectrum of δ, circle at r", "spectrum of δ, r circled", "spectrum of δ"))
	case slotPerturbation:
		x := c.Left(s.Title, kit.Style{}, kit.Pick(s.Title.W-9, "perturbation", "δ"))
		if v != nil && v.LInf > 0 {
			// Padding keeps the rest in place.
			factor := fmt.Sprintf("×%-5.3g", p.shown.factor)
			scaled := fmt.Sprintf("%-16s", fmt.Sprintf("×%.3g, gray = 0", p.shown.factor))
			room := kit.NewRect(x+1, s.Title.Y, s.Title.Right()-x-2, 1)
			c.Right(room, th.Dim, kit.Pick(room.W, scaled, factor))
		}
	}
}

// drawWaiting draws a placeholder for a missing picture, or why it is missing.
func (p *Page) drawWaiting(c *kit.Canvas, s kit.Slot) {
	first := s.Kind == p.l.slots[0].Kind
	all := s.Pic
	all.W = p.l.slots[len(p.l.slots)-1].Pic.Right() - all.X
	switch why := p.none(); {
	case p.failed != "" && first:
		c.Paragraph(all, p.screen.Theme().Warn, p.failed)
	case why != "" && first:
		c.Paragraph(all, p.screen.Theme().Dim, why)
	case p.failed != "", why != "":
	default:
		c.Paragraph(s.Pic, p.screen.Theme().Dim, [...]string{"original", "perturbation δ", "adversarial example", "spectrum of δ"}[s.Kind])
	}
}

// drawText draws a picture's text.
func (p *Page) drawText(c *kit.Canvas, s kit.Slot) {
	v := p.view()
	if v == nil {
		return
	}
	switch s.Kind {
	case slotOriginal:
		p.session.DrawPrediction(c, s.Text, v.Before, v.Label, p.screen.Theme().Whole)
	case slotAttacked:
		p.session.DrawPrediction(c, s.Text, v.After, v.Label, p.screen.Theme().Whole)
	case slotPerturbation:
		p.drawNorms(c, s.Text, v)
	case kit.SlotSpectrum:
		p.drawEnergy(c, s.Text, v)
	}
}

// drawNorms draws the perturbation's norms.
func (p *Page) drawNorms(c *kit.Canvas, r kit.Rect, v *lab.AttackView) {
	th := p.screen.Theme()
	linf := "‖δ‖∞ " + kit.Bold.Paint(epsilonText(v.LInf))
	if of := fmt.Sprintf(" %6.2f/255", 255*v.LInf); 5+6+len(of) <= r.W {
		linf += th.Dim.Paint(of)
	}
	lines := []string{linf, "‖δ‖2 " + kit.Bold.Paint(epsilonText(v.L2))}
	switch {
	case v.ZeroGradient:
		lines = append(lines, th.Warn.Paint(kit.Pick(r.W, "zero gradient: no progress", "zero gradient")))
	case v.LInf == 0 && attack.Minimal(v.Method) && v.Before.Class == v.Label:
		lines = append(lines, th.Dim.Paint(kit.Pick(r.W, "attack failed up to ε "+epsilonText(v.Epsilon), "attack failed")))
	case v.LInf > 0 && attack.Minimal(v.Method):
		lines = append(lines, th.Dim.Paint(kit.Pick(r.W, "smallest ε found")))
	case v.LInf == 0:
		lines = append(lines, th.Dim.Paint("no perturbation"))
	}
	c.Lines(r, lines)
}

// drawEnergy draws the perturbation's energy fractions below and above r.
func (p *Page) drawEnergy(c *kit.Canvas, r kit.Rect, v *lab.AttackView) {
	th, low, high := p.screen.Theme(), v.EnergyLow, v.EnergyHigh
	if low+high == 0 {
		low, high = math.NaN(), math.NaN()
	}
	lines := []string{
		th.Low.Paint(kit.MarkLow) + " " + kit.Percent(low) + th.Dim.Paint(" % energy"),
		th.High.Paint(kit.MarkHigh) + " " + kit.Percent(high) + th.Dim.Paint(" % energy"),
		th.Dim.Paint("  (without mean)"),
	}
	c.Lines(r, lines)
}

// decades is the maximum range of the profile in powers of ten.
const decades = 6

// drawProfile draws the perturbation's mean power by radius, on a logarithmic axis.
func (p *Page) drawProfile(c *kit.Canvas, r kit.Rect) {
	if r.Empty() {
		return
	}
	th, v := p.screen.Theme(), p.view()
	if r.H > profileRows {
		c.Left(r.Row(0), th.Dim, kit.Pick(r.W-2, "power of δ (log) vs radius ("+p.session.InputUnit()+")", "power of δ vs radius ("+p.session.InputUnit()+")", "power of δ vs radius (log)", "power of δ vs radius", "power of δ"))
		r.Y, r.H = r.Y+1, r.H-1
	}
	plot := kit.PlotOf(kit.NewRect(r.X, r.Y, r.W, r.H-1))
	if v == nil || v.LInf == 0 || len(v.Profile) < 2 {
		c.Paragraph(kit.NewRect(plot.X, plot.Y, plot.W, plot.H), th.Dim, p.noProfile(v))
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
	ch := kit.NewChartOn(plot, kit.Span{To: float64(len(v.Profile))}, kit.Span{From: bottom, To: top, Log: true})
	ch.TickGrid(th)
	ch.Cursor(v.R, th.Focus)
	low, high := kit.Series{Line: th.Low, Mark: kit.MarkLow}, kit.Series{Line: th.High, Mark: kit.MarkHigh}
	for k, power := range v.Profile {
		at := float64(k) + 0.5
		if k == 0 {
			at = 0 // only the zero frequency
		}
		y := max(math.Log10(max(power, 1e-300)), bottom)
		if float64(k) < v.R {
			low.Points = append(low.Points, kit.Point{X: at, Y: y, Lo: y, Hi: y})
		} else {
			high.Points = append(high.Points, kit.Point{X: at, Y: y, Lo: y, Hi: y})
		}
	}
	if n := len(low.Points); n > 0 && len(high.Points) > 0 { // connect the lines
		high.Points = slices.Insert(high.Points, 0, low.Points[n-1])
		high.Points[0].Y = low.Points[n-1].Y
	}
	ch.Draw(high, false)
	ch.Draw(low, false)
	ch.Render(c)
	ch.LabelTicks(c, th.Dim)
	ch.LabelX(c, th.Dim, r.Bottom()-1)
}

// noProfile returns why there is no profile.
func (p *Page) noProfile(v *lab.AttackView) string {
	switch {
	case p.failed != "" || p.none() != "":
		return ""
	case v == nil:
		return "Power of the perturbation vs radius."
	}
	return "No perturbation."
}

// drawSliders draws the tracks of ε and of r.
func (p *Page) drawSliders(c *kit.Canvas) {
	th := p.screen.Theme()
	kit.DrawTrack(c, p.screen.Theme(), p.l.epsilon, kit.Track{Name: "ε", Most: p.most, At: p.options.Epsilon, Before: th.Text, After: th.Line, Value: epsilonText(p.options.Epsilon)})
	kit.DrawTrack(c, p.screen.Theme(), p.l.radius, kit.Track{Name: "r", Most: p.session.Info.MaxRadius, At: p.session.R, Before: th.Low, After: th.High, Value: kit.RadiusText(p.session.R)})
}

func (p *Page) Mouse(m kit.Mouse) (cmd tea.Cmd, ok bool) {
	switch {
	case p.l.epsilon.Contains(m.X, m.Y):
		return p.slide(kit.PlotOf(p.l.epsilon), m), true
	case p.l.radius.Contains(m.X, m.Y):
		return p.session.Slide(kit.PlotOf(p.l.radius), p.session.Info.MaxRadius, m), true
	case p.l.profile.Contains(m.X, m.Y):
		return p.session.Slide(kit.PlotOf(p.l.profile), p.session.Info.MaxRadius, m), true
	case m.Wheel != 0 && slices.ContainsFunc(p.l.slots, func(s kit.Slot) bool { return s.Pic.Contains(m.X, m.Y) }):
		return p.slide(kit.Rect{}, m), true
	}
	for i, r := range p.l.accuracy {
		if r.Contains(m.X, m.Y) && i == 0 && !(len(p.l.accuracy) == 1 && p.byRho) {
			return p.slide(kit.PlotOf(r), m), true
		}
	}
	return nil, false
}

// slide handles the mouse on a track of ε.
func (p *Page) slide(line kit.Rect, m kit.Mouse) tea.Cmd {
	return kit.SlideOn(p.screen, line, m, func(direction float64, fine bool) tea.Cmd {
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
