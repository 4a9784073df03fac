package ui

import (
	"fmt"
	"math"
	"strings"

	"hfcui/engine/bands"
)

func (p *explore) draw(c *canvas) []placed {
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
	if !p.l.chart.empty() {
		p.chart(c, p.l.chart)
	}
	p.drawSlider(c)
	return pictures
}

// drawCaption draws which image it is at the left, and at the right what is special about
// what is shown.
func (p *explore) drawCaption(c *canvas) {
	r := p.l.caption
	r.w--
	name, label, flip := clean(p.session.lab.Title(p.session.index)), "", false
	if class := p.session.lab.Label(p.session.index); class >= 0 {
		label = p.session.className(class)
	}
	if v := p.view(); v != nil && v.Index == p.session.index {
		flip = v.Flip()
	}
	x := c.left(newRect(r.x, r.y, min(r.w, 40), 1), bold, name)
	if label != "" {
		x = c.left(newRect(x, r.y, r.right()-x, 1), style{}, "  "+label)
	}
	if flip {
		x = c.left(newRect(x, r.y, r.right()-x, 1), p.screen.theme().focus, "  flip")
	}
	if room := r.right() - x - 2; room > 0 {
		c.right(newRect(x+2, r.y, room, 1), p.screen.theme().dim, p.remarks(room))
	}
}

// remarks say, in w cells, how the high part is shown, which images are stepped to, at
// which size the model sees a picture of another, and, where the spectrum is not there to
// say it, how much of it is kept.
func (p *explore) remarks(w int) string {
	long, short := "high part "+p.high.String(), p.high.String()
	if p.high == highStretched && p.view() != nil && p.shown.stretch > 0 {
		// The number stands last: its trailing blanks keep the place of all before it.
		short = fmt.Sprintf("high ×%-5.3g", p.shown.stretch)
		long = fmt.Sprintf("high part about grey ×%-5.3g", p.shown.stretch)
	}
	kept, keptShort := "", ""
	if v := p.svdView(); v != nil {
		kept, keptShort = p.rankRemarks(v)
	} else if v := p.view(); v != nil && len(p.l.slots) < slots {
		kept = fmt.Sprintf("%s of %s kept · ", grouped(v.Kept), grouped(v.Total))
	}
	only := ""
	if p.session.class >= 0 {
		only = "only " + p.session.className(p.session.class) + " · "
	}
	seen, seenShort := "", ""
	if v := p.view(); v != nil && (v.Pictures[0].W != p.session.info.Width || v.Pictures[0].H != p.session.info.Height) {
		size := fmt.Sprintf("%d×%d · ", p.session.info.Width, p.session.info.Height)
		seen, seenShort = "the model sees it at "+size, "model sees "+size
		if v.By == bands.SVD {
			seen = fmt.Sprintf("pictures at %d×%d, the model sees rank %s at %s", v.Pictures[0].W, v.Pictures[0].H, rankText(v.SeenKept, v.SeenTotal), size)
			seenShort = fmt.Sprintf("model sees rank %s at %s", rankText(v.SeenKept, v.SeenTotal), size)
		}
	}
	return pick(w, seen+only+kept+long, seen+only+kept+short, seen+only+keptShort+short, seenShort+only+keptShort+short, seenShort+only+short, seenShort+short, strings.TrimSuffix(seenShort, " · "), short)
}

// drawTitle names a picture.
func (p *explore) drawTitle(c *canvas, s slot) {
	th := p.screen.theme()
	switch s.kind {
	case slotWhole:
		c.put(s.title.x, s.title.y, th.whole.paint(markWhole)+" original")
	case slotSpectrum:
		c.left(s.title, th.dim, pick(s.title.w, "log-spectrum, circle at r", "spectrum, r circled", "spectrum"))
	default:
		st, mark, name, share := p.partTitle(s.kind, s.title.w)
		c.put(s.title.x, s.title.y, st.paint(mark)+" "+name)
		if room := s.title.w - 4 - width(name); room >= width(share) {
			c.right(newRect(s.title.x, s.title.y, s.title.w-1, 1), th.dim, share)
		}
	}
}

// drawWaiting says what will be where there is no picture yet, or why there is none.
func (p *explore) drawWaiting(c *canvas, s slot) {
	switch {
	case p.failed != "" && s.kind == p.l.slots[0].kind:
		all := s.pic
		all.w = p.l.slots[len(p.l.slots)-1].pic.right() - all.x
		c.paragraph(all, p.screen.theme().warn, p.failed)
	case p.failed != "":
	case p.session.info.Images == 0:
		c.paragraph(s.pic, p.screen.theme().dim, "no images in this split")
	default:
		c.paragraph(s.pic, p.screen.theme().dim, [...]string{"the image", "its low part", "its high part", "its spectrum"}[s.kind])
	}
}

// drawText draws what is said of a picture.
func (p *explore) drawText(c *canvas, s slot) {
	if s.kind == slotSpectrum {
		p.drawEnergy(c, s.text)
		return
	}
	v := p.view()
	if v == nil {
		return
	}
	st := [...]style{p.screen.theme().whole, p.screen.theme().low, p.screen.theme().high}[s.kind]
	p.session.drawPrediction(c, s.text, v.Predictions[bands.Part(s.kind)], v.Label, st)
}

// drawEnergy says how the split divides coefficients and energy.
func (p *explore) drawEnergy(c *canvas, r rect) {
	v, th := p.view(), p.screen.theme()
	count, of, low, high := "–", " of –", math.NaN(), math.NaN()
	if v != nil {
		count = fmt.Sprintf("%*s", len(grouped(v.Total)), grouped(v.Kept))
		of, low, high = " of "+grouped(v.Total), v.EnergyLow, v.EnergyHigh
	}
	if width(count)+width(of)+16 <= r.w {
		of += " coefficients"
	}
	lines := []string{
		th.low.paint(markLow) + " " + count + th.dim.paint(of),
		th.low.paint(markLow) + " " + percent(low) + th.dim.paint(" % energy"),
		th.high.paint(markHigh) + " " + percent(high) + th.dim.paint(" % energy"),
		th.dim.paint("  (mean left out)"),
	}
	if v := p.svdView(); v != nil {
		lines = p.rankLines(v, r.w)
	}
	for i := 0; i < min(r.h, len(lines)); i++ {
		c.put(r.x, r.y+i, cut(lines[i], r.w))
	}
}

// drawSlider draws the track of r: as much of it in the low part's colour as the part
// takes, the rest in the high part's.
func (p *explore) drawSlider(c *canvas) {
	drawTrack(c, p.screen.theme(), p.l.slider, track{name: "r", most: p.session.maxR, at: p.session.r, before: p.screen.theme().low, after: p.screen.theme().high, value: radiusText(p.session.r)})
}
