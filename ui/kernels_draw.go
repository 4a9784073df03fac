package ui

import (
	"fmt"
	"slices"

	"hfcui/engine"
)

func (p *kernelsPage) draw(c *canvas) []placed {
	a, th := p.app, p.app.theme
	v := p.shown.view
	if !p.shown.ready {
		c.left(p.l.caption, th.dim, "The first layer's kernels, before and after smoothing.")
		return nil
	}
	what := fmt.Sprintf("  %d kernels of %d×%d", v.Shape[0], v.Shape[2], v.Shape[3])
	if v.Shape[1] != 3 && v.Shape[1] != 1 {
		what += fmt.Sprintf(", mean over %d channels", v.Shape[1])
	}
	x := c.left(p.l.caption, bold, clean(v.Layer))
	room := rect{x, p.l.caption.y, p.l.caption.right() - x, 1}
	c.left(room, th.dim, pick(room.w, what+" · each scaled to its own largest weight, grey is 0", what+" · each to its own scale, grey 0", what))
	after := fmt.Sprintf("after, ρ %.2f", p.shown.asked.rho)
	if !a.smooth {
		after = pick(p.l.titles[1].w-2, after+" (s applies it)", after+" (off)", after)
	}
	titles := [2]string{"before", after}
	roughness := [2]float64{v.RoughnessBefore, v.RoughnessAfter}
	var pictures []placed
	for i := range 2 {
		st := [2]style{th.whole, th.focus}[i]
		c.put(p.l.titles[i].x, p.l.titles[i].y, st.paint([2]string{"◇", "◆"}[i])+" "+cut(titles[i], p.l.titles[i].w-2))
		c.left(p.l.notes[i], th.dim, fmt.Sprintf("roughness %.3f", roughness[i]))
		if p.shown.asked.look.fits(p.l.pics[i]) {
			pictures = append(pictures, placed{p.l.pics[i], p.shown.drawn[i]})
		}
	}
	p.drawResponse(c)
	return pictures
}

// drawResponse draws the kernels' mean frequency response before and after smoothing.
func (p *kernelsPage) drawResponse(c *canvas) {
	th, v := p.app.theme, p.shown.view
	before, after := v.ResponseBefore, v.ResponseAfter
	r := p.l.chart
	if r.empty() {
		c.left(p.l.legend, th.dim, "The frequency response needs a higher terminal.")
		return
	}
	if len(before) < 2 || len(after) != len(before) {
		return
	}
	most := max(slices.Max(before), slices.Max(after), 1e-9)
	plot := plotOf(rect{r.x, r.y, r.w, r.h - 1})
	_, corner := engine.ResponseBin(len(before) - 1)
	ch := newChart(plot, corner, most)
	grid := []float64{0, most / 2, most}
	ch.grid(th.line, grid...)
	curve := func(y []float64, st style, mark string) series {
		s := series{line: st, mark: mark}
		for i, v := range y {
			from, to := engine.ResponseBin(i)
			s.points = append(s.points, point{(from + to) / 2, v, v, v})
		}
		return s
	}
	ch.draw(curve(before, th.whole, "◇"), true)
	ch.draw(curve(after, th.focus, "◆"), false)
	ch.render(c)
	ch.labelY(c, th.dim, grid, func(v float64) string { return fmt.Sprintf("%.2g", v) })
	ch.labelX(c, th.dim, r.bottom()-1)
	c.left(p.l.legend, th.dim, pick(p.l.legend.w, "mean frequency response |DFT| against radius", "frequency response against radius"))
	if room := p.l.legend.w - 46; room >= 18 {
		c.right(p.l.legend, style{}, th.whole.paint("◇")+th.dim.paint(" before   ")+th.focus.paint("◆")+th.dim.paint(" after"))
	}
}
