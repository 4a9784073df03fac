package kernels

import (
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/kernels"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	if p.shown.kernels == nil {
		c.Left(p.l.caption, p.screen.Theme().Dim, "Every convolution's kernels, before and after smoothing.")
		return nil
	}
	p.drawCaption(c)
	if !p.l.state.Empty() {
		c.Left(p.l.state, p.screen.Theme().Dim, kit.Pick(p.l.state.W, p.states()...))
	}
	var pictures []kit.Placed
	for i, m := range p.session.Models() {
		if i >= len(p.l.columns) {
			break
		}
		k := p.of(m)
		if p.curves {
			p.drawLine(c, p.l.lines[i], m, k)
			continue
		}
		pictures = append(pictures, p.drawColumn(c, p.l.columns[i], m, k)...)
	}
	p.drawResponse(c)
	return pictures
}

// drawCaption draws the layer and its display.
func (p *Page) drawCaption(c *kit.Canvas) {
	th := p.screen.Theme()
	x := c.Left(p.l.caption, kit.Bold, p.layerName())
	room := kit.NewRect(x, p.l.caption.Y, p.l.caption.Right()-x, 1)
	which := ""
	if n := len(p.session.Info.Convs); n > 1 {
		which = fmt.Sprintf("  %d/%d", p.at+1, n)
	}
	i := slices.IndexFunc(p.shown.kernels, func(k shownKernels) bool { return k.view != nil })
	if i < 0 {
		c.Left(room, th.Dim, which)
		return
	}
	if p.uneven() {
		c.Left(room, th.Dim, kit.Pick(room.W, which+"  layers of this name differ in size between models · rows: outputs, individually scaled", which+"  of different sizes", which))
		return
	}
	v, w := p.shown.kernels[i].view, p.shown.kernels[i].window
	what := fmt.Sprintf("%s  %d kernels of %d×%d", which, v.Shape[0], v.Shape[2], v.Shape[3])
	short := what
	scale, scaleShort := " · each scaled to its largest weight, gray is 0", " · individually scaled"
	if v.Shape[1] != 3 && v.Shape[1] != 1 {
		what = fmt.Sprintf("%s  %d×%d kernels of %d×%d", which, v.Shape[0], v.Shape[1], v.Shape[2], v.Shape[3])
		short = what
		scale, scaleShort = " · rows: outputs, columns: inputs; rows scaled to their largest weight, gray is 0", " · rows: outputs, scaled by row"
		if w.cropped() && !p.curves {
			short += fmt.Sprintf(" · %s×%s", spanText(w.out, w.outs), spanText(w.in, w.ins))
			what += fmt.Sprintf(" · outputs %s of %d, inputs %s of %d", spanText(w.out, w.outs), w.allOuts, spanText(w.in, w.ins), w.allIns)
		}
	}
	if p.curves {
		scale, scaleShort = "", ""
	}
	c.Left(room, th.Dim, kit.Pick(room.W, what+scale, what+scaleShort, what, short))
}

// uneven reports whether the models' layers differ in shape, so that every model shows its own.
func (p *Page) uneven() bool {
	var first *kernels.View
	for _, k := range p.shown.kernels {
		switch {
		case k.view == nil:
		case first == nil:
			first = k.view
		case k.view.Shape != first.Shape:
			return true
		}
	}
	return false
}

// shapeTexts returns the shape of a model's layer and the visible part, longest form first.
func (k *shownKernels) shapeTexts() []string {
	s, w := k.view.Shape, k.window
	shape := fmt.Sprintf("%d×%d of %d×%d", s[0], s[1], s[2], s[3])
	if !w.cropped() {
		return []string{shape, ""}
	}
	return []string{shape + ", outputs " + spanText(w.out, w.outs) + ", inputs " + spanText(w.in, w.ins),
		shape + ", " + spanText(w.out, w.outs) + "×" + spanText(w.in, w.ins), shape, ""}
}

// spanText formats a range, counted from 1: "1–57".
func spanText(from, n int) string { return fmt.Sprintf("%d–%d", from+1, from+n) }

// states describes the displayed smoothing and whether it is applied, longest form first.
func (p *Page) states() []string {
	s := p.shown.asked.Smoothing
	how := fmt.Sprintf("ρ %.2f", s.Rho)
	gain := ""
	if s.DivideGain {
		gain = ", gain-normalized"
	}
	one := ""
	for _, k := range p.shown.kernels {
		if k.view != nil && k.view.Shape[2]*k.view.Shape[3] == 1 {
			one = fmt.Sprintf(" · 1×1: ×%.3g", s.Gain())
		}
	}
	long, short := p.reason()
	gainShort := ""
	if s.DivideGain {
		gainShort = ", gain-norm."
	}
	return []string{
		"after: " + how + gain + one + long, "after: " + how + gain + one + short, "after " + how + gainShort + one + short,
		"after " + how + gainShort + short, how + gainShort + short,
	}
}

// reason returns why the displayed smoothing is not applied, and what to do, in a long and a short
// form; empty if it is.
func (p *Page) reason() (long, short string) {
	switch {
	case p.applied():
		return "", ""
	case !p.session.Smooth && p.session.SmoothedLayer == p.layer():
		return " (off: press " + kit.Smooth.Label + ")", " (off)"
	case !p.session.Smooth:
		return " (off: press enter)", " (off)"
	}
	other := model.LayerName(p.session.Info.FirstConv)
	if p.session.SmoothedLayer != "" {
		other = model.LayerName(p.session.SmoothedLayer)
	}
	return fmt.Sprintf(" (not applied: %s is smoothed; press enter)", kit.Clean(other)), " (not applied)"
}

// drawColumn draws a model's two pictures with titles and notes.
func (p *Page) drawColumn(c *kit.Canvas, l kernelsColumn, m session.ShownModel, k *shownKernels) (pictures []kit.Placed) {
	th := p.screen.Theme()
	look := th.Model(m.Slot)
	if !l.head.Empty() {
		c.Put(l.head.X, l.head.Y, look.Style.Paint(look.Mark)+" "+kit.Cut(m.Name, l.head.W-2))
		if used := kit.Width(m.Name) + 4; p.uneven() && k != nil && k.view != nil && used < l.head.W {
			room := kit.NewRect(l.head.X+used, l.head.Y, l.head.W-used, 1)
			c.Left(room, th.Dim, kit.Pick(room.W, k.shapeTexts()...))
		}
	}
	if k == nil || k.view == nil {
		text := "computing …"
		if k != nil {
			text = k.failed
		}
		area := kit.NewRect(l.pics[0].X, l.pics[0].Y, max(l.pics[0].W, l.notes[0].W), l.notes[1].Bottom()-l.pics[0].Y)
		c.Paragraph(area, th.Dim, text)
		return nil
	}
	roughness := [2]float64{k.view.RoughnessBefore, k.view.RoughnessAfter}
	for i, mark := range [2]string{look.Base, look.Mark} {
		note := fmt.Sprintf("roughness %.3f", roughness[i])
		if l.titles[i].Empty() {
			name := [2]string{"before", "after"}[i]
			note = look.Style.Paint(mark) + " " + th.Dim.Paint(kit.Pick(l.notes[i].W-2, name+", "+note, name+" "+note[len("roughness "):], note[len("roughness "):]))
			c.Put(l.notes[i].X, l.notes[i].Y, note)
		} else {
			title := "before"
			if long, short := p.reason(); i == 1 {
				title = kit.Pick(l.titles[i].W-2, p.titles()...)
				if why := strings.Trim(long[min(len(short), len(long)):], " :)"); !strings.Contains(title, why) {
					note = kit.Pick(l.notes[i].W, note+" · "+why, note)
				}
			}
			c.Put(l.titles[i].X, l.titles[i].Y, look.Style.Paint(mark)+" "+kit.Cut(title, l.titles[i].W-2))
			c.Left(l.notes[i], th.Dim, note)
		}
		if p.shown.asked.Fits(l.pics[i]) {
			pictures = append(pictures, kit.Placed{At: l.pics[i], Drawn: k.drawn[i]})
		}
	}
	return pictures
}

// titles returns the states as titles of a picture.
func (p *Page) titles() []string {
	list := p.states()
	for i, s := range list {
		list[i] = strings.Replace(s, "after: ", "after, ", 1)
	}
	return list
}

// drawLine draws a model's roughness in a line, without pictures.
func (p *Page) drawLine(c *kit.Canvas, r kit.Rect, m session.ShownModel, k *shownKernels) {
	th := p.screen.Theme()
	look := th.Model(m.Slot)
	c.Put(r.X, r.Y, look.Style.Paint(look.Mark)+" "+kit.Fit(m.Name, min(24, r.W/3)))
	x := r.X + 3 + min(24, r.W/3)
	room := kit.NewRect(x, r.Y, r.Right()-x, 1)
	switch {
	case k == nil:
		c.Left(room, th.Dim, "computing …")
	case k.view == nil:
		c.Left(room, th.Warn, k.failed)
	default:
		c.Put(room.X, room.Y, th.Dim.Paint("roughness  ")+look.Style.Paint(look.Base)+fmt.Sprintf(" %.3f  ", k.view.RoughnessBefore)+
			look.Style.Paint(look.Mark)+fmt.Sprintf(" %.3f", k.view.RoughnessAfter))
	}
}

// drawResponse draws the kernels' mean frequency response before and after smoothing.
func (p *Page) drawResponse(c *kit.Canvas) {
	th, r := p.screen.Theme(), p.l.chart
	if r.Empty() {
		c.Left(p.l.legend, th.Dim, kit.Pick(p.l.legend.W, "Frequency responses need a taller terminal, or press "+kit.NextView.Label+".", kit.NextView.Label+": frequency responses"))
		return
	}
	most, bins := 1e-9, 0
	for _, k := range p.shown.kernels {
		if k.view != nil {
			most = max(most, slices.Max(append(slices.Clone(k.view.ResponseBefore), k.view.ResponseAfter...)))
			bins = len(k.view.ResponseBefore)
		}
	}
	if bins < 2 {
		return
	}
	plot := kit.PlotOf(kit.NewRect(r.X, r.Y, r.W, r.H-1))
	_, corner := kernels.ResponseBin(bins - 1)
	ch := kit.NewChart(plot, corner, most)
	ch.TickGrid(th)
	for i := range 2 {
		for _, m := range p.session.Models() {
			if k := p.of(m); k != nil && k.view != nil {
				look := th.Model(m.Slot)
				y, mark := k.view.ResponseBefore, look.Base
				if i == 1 {
					y, mark = k.view.ResponseAfter, look.Mark
				}
				ch.Draw(responseCurve(y, look.Style, mark, i == 1 && plot.H >= kit.ThickRows), i == 0)
			}
		}
	}
	ch.Render(c)
	ch.LabelTicks(c, th.Dim)
	ch.LabelX(c, th.Dim, r.Bottom()-1)
	c.Left(p.l.legend, th.Dim, kit.Pick(p.l.legend.W, "mean frequency response |DFT| vs radius", "frequency response vs radius"))
	p.drawLegend(c)
}

// responseCurve returns a response as a curve.
func responseCurve(y []float64, st kit.Style, mark string, thick bool) kit.Series {
	s := kit.Series{Line: st, Mark: mark, Thick: thick, Shade: st}
	for i, v := range y {
		from, to := kernels.ResponseBin(i)
		s.Points = append(s.Points, kit.Point{X: (from + to) / 2, Y: v, Lo: v, Hi: v})
	}
	return s
}

// drawLegend draws the legend if there is room.
func (p *Page) drawLegend(c *kit.Canvas) {
	th, before, after := p.screen.Theme(), "", ""
	models := p.session.Models()
	for _, m := range models {
		look := th.Model(m.Slot)
		before += look.Style.Paint(look.Base)
		after += look.Style.Paint(look.Mark)
	}
	if room := p.l.legend.W - 46; room >= 18+2*(len(models)-1) {
		c.Right(p.l.legend, kit.Style{}, before+th.Dim.Paint(" before   ")+after+th.Dim.Paint(" after"))
	}
}
