package ui

import (
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/kernels"
	"hfcui/engine/model"
)

func (p *kernelsPage) draw(c *canvas) []placed {
	if p.shown.kernels == nil {
		c.left(p.l.caption, p.screen.theme().dim, "Every convolution's kernels, before and after smoothing.")
		return nil
	}
	p.drawCaption(c)
	if !p.l.state.empty() {
		c.left(p.l.state, p.screen.theme().dim, pick(p.l.state.w, p.states()...))
	}
	var pictures []placed
	for i, m := range p.session.models() {
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

// drawCaption says which layer is shown, and how.
func (p *kernelsPage) drawCaption(c *canvas) {
	th := p.screen.theme()
	x := c.left(p.l.caption, bold, p.layerName())
	room := newRect(x, p.l.caption.y, p.l.caption.right()-x, 1)
	which := ""
	if n := len(p.session.info.Convs); n > 1 {
		which = fmt.Sprintf("  %d/%d", p.at+1, n)
	}
	i := slices.IndexFunc(p.shown.kernels, func(k shownKernels) bool { return k.view != nil })
	if i < 0 {
		c.left(room, th.dim, which)
		return
	}
	if p.uneven() {
		c.left(room, th.dim, pick(room.w, which+"  the models' layers of this name differ in size · rows: outputs, each to its own scale", which+"  of different sizes", which))
		return
	}
	v, w := p.shown.kernels[i].view, p.shown.kernels[i].window
	what := fmt.Sprintf("%s  %d kernels of %d×%d", which, v.Shape[0], v.Shape[2], v.Shape[3])
	short := what
	scale, scaleShort := " · each scaled to its own largest weight, grey is 0", " · each to its own scale, grey 0"
	if v.Shape[1] != 3 && v.Shape[1] != 1 {
		what = fmt.Sprintf("%s  %d×%d kernels of %d×%d", which, v.Shape[0], v.Shape[1], v.Shape[2], v.Shape[3])
		short = what
		scale, scaleShort = " · a row an output, a column an input; rows scaled to their largest weight, grey is 0", " · rows: outputs, each to its own scale"
		if w.cropped() && !p.curves {
			short += fmt.Sprintf(" · %s×%s", spanText(w.out, w.outs), spanText(w.in, w.ins))
			what += fmt.Sprintf(" · outputs %s of %d, inputs %s of %d", spanText(w.out, w.outs), w.allOuts, spanText(w.in, w.ins), w.allIns)
		}
	}
	if p.curves {
		scale, scaleShort = "", ""
	}
	c.left(room, th.dim, pick(room.w, what+scale, what+scaleShort, what, short))
}

// uneven tells that the models' layers differ in shape: then every model says its own.
func (p *kernelsPage) uneven() bool {
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

// shapeTexts say the shape of a model's layer and what of it is shown, longest form first.
func (k *shownKernels) shapeTexts() []string {
	s, w := k.view.Shape, k.window
	shape := fmt.Sprintf("%d×%d of %d×%d", s[0], s[1], s[2], s[3])
	if !w.cropped() {
		return []string{shape, ""}
	}
	return []string{shape + ", outputs " + spanText(w.out, w.outs) + ", inputs " + spanText(w.in, w.ins),
		shape + ", " + spanText(w.out, w.outs) + "×" + spanText(w.in, w.ins), shape, ""}
}

// spanText writes which of a row of things are shown, counted from 1: "1–57".
func spanText(from, n int) string { return fmt.Sprintf("%d–%d", from+1, from+n) }

// states say what the smoothing does that is shown, and whether it is in force, longest form
// first.
func (p *kernelsPage) states() []string {
	s := p.shown.asked.Smoothing
	how := fmt.Sprintf("ρ %.2f", s.Rho)
	gain := ""
	if s.DivideGain {
		gain = ", gain divided out"
	}
	one := ""
	for _, k := range p.shown.kernels {
		if k.view != nil && k.view.Shape[2]*k.view.Shape[3] == 1 {
			one = fmt.Sprintf(" · 1×1: times %.3g", s.Gain())
		}
	}
	long, short := p.reason()
	gainShort := ""
	if s.DivideGain {
		gainShort = ", gain out"
	}
	return []string{
		"after: " + how + gain + one + long, "after: " + how + gain + one + short, "after " + how + gainShort + one + short,
		"after " + how + gainShort + short, how + gainShort + short,
	}
}

// reason says why what is shown is not in force, and what to do, in a long and a short form;
// empty where it is.
func (p *kernelsPage) reason() (long, short string) {
	switch {
	case p.applied():
		return "", ""
	case !p.session.smooth && p.session.smoothedLayer == p.layer():
		return " (off: s applies it)", " (off)"
	case !p.session.smooth:
		return " (off: a applies it)", " (off)"
	}
	other := model.LayerName(p.session.info.FirstConv)
	if p.session.smoothedLayer != "" {
		other = model.LayerName(p.session.smoothedLayer)
	}
	return fmt.Sprintf(" (not applied: %s is smoothed; a smooths this)", clean(other)), " (not applied)"
}

// drawColumn draws a model's two pictures with what is said of them.
func (p *kernelsPage) drawColumn(c *canvas, l kernelsColumn, m shownModel, k *shownKernels) (pictures []placed) {
	th := p.screen.theme()
	look := th.model(m.slot)
	if !l.head.empty() {
		c.put(l.head.x, l.head.y, look.style.paint(look.mark)+" "+cut(m.name, l.head.w-2))
		if used := width(m.name) + 4; p.uneven() && k != nil && k.view != nil && used < l.head.w {
			room := newRect(l.head.x+used, l.head.y, l.head.w-used, 1)
			c.left(room, th.dim, pick(room.w, k.shapeTexts()...))
		}
	}
	if k == nil || k.view == nil {
		text := "comes in a moment"
		if k != nil {
			text = k.failed
		}
		area := newRect(l.pics[0].x, l.pics[0].y, max(l.pics[0].w, l.notes[0].w), l.notes[1].bottom()-l.pics[0].y)
		c.paragraph(area, th.dim, text)
		return nil
	}
	roughness := [2]float64{k.view.RoughnessBefore, k.view.RoughnessAfter}
	for i, mark := range [2]string{look.base, look.mark} {
		note := fmt.Sprintf("roughness %.3f", roughness[i])
		if l.titles[i].empty() {
			name := [2]string{"before", "after"}[i]
			note = look.style.paint(mark) + " " + th.dim.paint(pick(l.notes[i].w-2, name+", "+note, name+" "+note[len("roughness "):], note[len("roughness "):]))
			c.put(l.notes[i].x, l.notes[i].y, note)
		} else {
			title := "before"
			if long, short := p.reason(); i == 1 {
				title = pick(l.titles[i].w-2, p.titles()...)
				if why := strings.Trim(long[min(len(short), len(long)):], " :)"); !strings.Contains(title, why) {
					note = pick(l.notes[i].w, note+" · "+why, note)
				}
			}
			c.put(l.titles[i].x, l.titles[i].y, look.style.paint(mark)+" "+cut(title, l.titles[i].w-2))
			c.left(l.notes[i], th.dim, note)
		}
		if p.shown.asked.fits(l.pics[i]) {
			pictures = append(pictures, placed{at: l.pics[i], drawn: k.drawn[i]})
		}
	}
	return pictures
}

// titles are the states as the title of a picture.
func (p *kernelsPage) titles() []string {
	list := p.states()
	for i, s := range list {
		list[i] = strings.Replace(s, "after: ", "after, ", 1)
	}
	return list
}

// drawLine says in a line what a model's smoothing does, where there are no pictures.
func (p *kernelsPage) drawLine(c *canvas, r rect, m shownModel, k *shownKernels) {
	th := p.screen.theme()
	look := th.model(m.slot)
	c.put(r.x, r.y, look.style.paint(look.mark)+" "+fit(m.name, min(24, r.w/3)))
	x := r.x + 3 + min(24, r.w/3)
	room := newRect(x, r.y, r.right()-x, 1)
	switch {
	case k == nil:
		c.left(room, th.dim, "comes in a moment")
	case k.view == nil:
		c.left(room, th.warn, k.failed)
	default:
		c.put(room.x, room.y, th.dim.paint("roughness  ")+look.style.paint(look.base)+fmt.Sprintf(" %.3f  ", k.view.RoughnessBefore)+
			look.style.paint(look.mark)+fmt.Sprintf(" %.3f", k.view.RoughnessAfter))
	}
}

// drawResponse draws the kernels' mean frequency response before and after smoothing.
func (p *kernelsPage) drawResponse(c *canvas) {
	th, r := p.screen.theme(), p.l.chart
	if r.empty() {
		c.left(p.l.legend, th.dim, pick(p.l.legend.w, "The frequency responses need a higher terminal, or v.", "v: frequency responses"))
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
	plot := plotOf(newRect(r.x, r.y, r.w, r.h-1))
	_, corner := kernels.ResponseBin(bins - 1)
	ch := newChart(plot, corner, most)
	grid := []float64{0, most / 2, most}
	ch.grid(th.line, grid...)
	for i := range 2 {
		for _, m := range p.session.models() {
			if k := p.of(m); k != nil && k.view != nil {
				look := th.model(m.slot)
				y, mark := k.view.ResponseBefore, look.base
				if i == 1 {
					y, mark = k.view.ResponseAfter, look.mark
				}
				ch.draw(responseCurve(y, look.style, mark, i == 1 && plot.h >= thickRows), i == 0)
			}
		}
	}
	ch.render(c)
	ch.labelY(c, th.dim, grid, func(v float64) string { return fmt.Sprintf("%.2g", v) })
	ch.labelX(c, th.dim, r.bottom()-1)
	c.left(p.l.legend, th.dim, pick(p.l.legend.w, "mean frequency response |DFT| against radius", "frequency response against radius"))
	p.drawLegend(c)
}

// responseCurve is a response as a curve.
func responseCurve(y []float64, st style, mark string, thick bool) series {
	s := series{line: st, mark: mark, thick: thick, shade: st}
	for i, v := range y {
		from, to := kernels.ResponseBin(i)
		s.points = append(s.points, point{x: (from + to) / 2, y: v, lo: v, hi: v})
	}
	return s
}

// drawLegend says which marks are before and which after, where there is room.
func (p *kernelsPage) drawLegend(c *canvas) {
	th, before, after := p.screen.theme(), "", ""
	models := p.session.models()
	for _, m := range models {
		look := th.model(m.slot)
		before += look.style.paint(look.base)
		after += look.style.paint(look.mark)
	}
	if room := p.l.legend.w - 46; room >= 18+2*(len(models)-1) {
		c.right(p.l.legend, style{}, before+th.dim.paint(" before   ")+after+th.dim.paint(" after"))
	}
}
