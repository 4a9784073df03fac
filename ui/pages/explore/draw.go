package explore

import (
	"fmt"
	"math"
	"strings"

	"hfcui/engine/bands"
	"hfcui/ui/kit"
)

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	if p.gallery.open {
		return p.gallery.draw(c)
	}
	p.drawCaption(c)
	if p.compared() {
		p.drawLegend(c)
	}
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
	if !p.l.chart.Empty() {
		p.chart(c, p.l.chart)
	}
	p.drawSlider(c)
	return pictures
}

// drawCaption draws the image's title and label at the left, remarks at the right.
func (p *Page) drawCaption(c *kit.Canvas) {
	r := p.l.caption
	r.W--
	name, label, flip := kit.Clean(p.session.Lab.Title(p.session.Index)), "", false
	if class := p.session.Lab.Label(p.session.Index); class >= 0 {
		label = p.session.ClassName(class)
	}
	if v := p.view(); v != nil && v.Index == p.session.Index && !p.compared() { // else the legend tells
		flip = v.Flip()
	}
	x := c.Left(kit.NewRect(r.X, r.Y, min(r.W, 40), 1), kit.Bold, name)
	if label != "" {
		x = c.Left(kit.NewRect(x, r.Y, r.Right()-x, 1), kit.Style{}, "  "+label)
	}
	if flip {
		x = c.Left(kit.NewRect(x, r.Y, r.Right()-x, 1), p.screen.Theme().Focus, "  flip")
	}
	if room := r.Right() - x - 2; room > 0 {
		c.Right(kit.NewRect(x+2, r.Y, room, 1), p.screen.Theme().Dim, p.remarks(room))
	}
}

// remarks returns, in w cells, the display of the high-pass image, the filter by class, the model's
// input size if it differs, and the kept coefficients unless the spectrum shows them.
func (p *Page) remarks(w int) string {
	long, short := "high-pass "+p.high.String(), p.high.String()
	if p.high == highStretched && p.view() != nil && p.shown.stretch > 0 {
		// Padding keeps the rest in place.
		short = fmt.Sprintf("high ×%-5.3g", p.shown.stretch)
		long = fmt.Sprintf("%-26s", fmt.Sprintf("high-pass ×%.3g, gray = 0", p.shown.stretch))
	}
	kept, keptShort := "", ""
	if v := p.svdView(); v != nil {
		kept, keptShort = p.rankRemarks(v)
	} else if v := p.view(); v != nil && len(p.l.slots) < kit.Slots {
		kept = fmt.Sprintf("%s of %s coefficients · ", kit.Grouped(v.Kept), kit.Grouped(v.Total))
	}
	only := ""
	if p.session.Class >= 0 {
		only = "only " + p.session.ClassName(p.session.Class) + " · "
	}
	seen, seenShort := "", ""
	if v := p.view(); v != nil && (v.Pictures[0].W != p.session.Info.Width || v.Pictures[0].H != p.session.Info.Height) {
		size := fmt.Sprintf("%d×%d · ", p.session.Info.Width, p.session.Info.Height)
		seen, seenShort = "model input "+size, "input "+size
		if v.By == bands.SVD {
			seen = fmt.Sprintf("pictures at %d×%d, model input rank %s at %s", v.Pictures[0].W, v.Pictures[0].H, rankText(v.SeenKept, v.SeenTotal), size)
			seenShort = fmt.Sprintf("model input rank %s at %s", rankText(v.SeenKept, v.SeenTotal), size)
		}
	}
	only = p.downscaled() + only
	forms := []string{seen + only + kept + long, seen + only + kept + short, seen + only + keptShort + short, seenShort + only + keptShort + short,
		seenShort + only + short, seenShort + short, strings.TrimSuffix(seenShort, " · "), short}
	if v := p.view(); v != nil && v.MaxR > p.session.Info.MaxRadius && v.By != bands.SVD { // else r is as on other pages
		const unit = "r in cycles per image of the photo · "
		forms = append([]string{unit + forms[0], unit + forms[3], unit + seenShort + only + short, unit + seenShort + short}, forms...)
	}
	return kit.Pick(w, forms...)
}

// downscaled says that pictures have fewer pixels on screen than the image; "" if they have not.
func (p *Page) downscaled() string {
	v := p.view()
	if v == nil {
		return ""
	}
	image, on := v.Pictures[0], p.shown.asked
	w, h := on.Pixels()
	if w >= image.W && h >= image.H || image.W < 1 || image.H < 1 {
		return ""
	}
	if image.W*h > w*image.H {
		h = max(1, (w*image.H+image.W/2)/image.W)
	} else {
		w = max(1, (h*image.W+image.H/2)/image.H)
	}
	return fmt.Sprintf("picture %d×%d → %d×%d · ", image.W, image.H, w, h)
}

// drawTitle draws a picture's title.
func (p *Page) drawTitle(c *kit.Canvas, s kit.Slot) {
	th := p.screen.Theme()
	switch s.Kind {
	case kit.SlotWhole:
		c.Put(s.Title.X, s.Title.Y, th.Whole.Paint(kit.MarkWhole)+" whole")
	case kit.SlotSpectrum:
		if v := p.svdView(); v != nil {
			k := fmt.Sprintf("k = %d", v.Kept)
			c.Left(s.Title, th.Dim, kit.Pick(s.Title.W, "singular values (log), cut at "+k, "singular values (log), "+k, "σ (log), "+k, "σ (log)"))
			return
		}
		c.Left(s.Title, th.Dim, kit.Pick(s.Title.W, "log spectrum, circle at r", "spectrum, r circled", "spectrum"))
	default:
		st, mark, name, share := p.partTitle(s.Kind, s.Title.W)
		c.Put(s.Title.X, s.Title.Y, st.Paint(mark)+" "+name)
		if room := s.Title.W - 4 - kit.Width(name); room >= kit.Width(share) {
			c.Right(kit.NewRect(s.Title.X, s.Title.Y, s.Title.W-1, 1), th.Dim, share)
		}
	}
}

// drawWaiting draws a placeholder for a missing picture, or why it is missing.
func (p *Page) drawWaiting(c *kit.Canvas, s kit.Slot) {
	switch {
	case p.failed != "" && s.Kind == p.l.slots[0].Kind:
		all := s.Pic
		all.W = p.l.slots[len(p.l.slots)-1].Pic.Right() - all.X
		c.Paragraph(all, p.screen.Theme().Warn, p.failed)
	case p.failed != "":
	case p.session.Info.Images == 0:
		c.Paragraph(s.Pic, p.screen.Theme().Dim, "no images in this split")
	default:
		c.Paragraph(s.Pic, p.screen.Theme().Dim, [...]string{"original", "low-pass image", "high-pass image", "spectrum"}[s.Kind])
	}
}

// drawText draws a picture's text.
func (p *Page) drawText(c *kit.Canvas, s kit.Slot) {
	if s.Kind == kit.SlotSpectrum {
		p.drawEnergy(c, s.Text)
		return
	}
	v := p.view()
	if v == nil {
		return
	}
	if p.compared() {
		p.drawPredictions(c, s)
		return
	}
	st := [...]kit.Style{p.screen.Theme().Whole, p.screen.Theme().Low, p.screen.Theme().High}[s.Kind]
	p.session.DrawPrediction(c, s.Text, v.Predictions[bands.Part(s.Kind)], v.Label, st)
}

// drawEnergy draws the split's coefficients and energy fractions.
func (p *Page) drawEnergy(c *kit.Canvas, r kit.Rect) {
	v, th := p.view(), p.screen.Theme()
	count, of, low, high := "–", " of –", math.NaN(), math.NaN()
	if v != nil {
		count = fmt.Sprintf("%*s", len(kit.Grouped(v.Total)), kit.Grouped(v.Kept))
		of, low, high = " of "+kit.Grouped(v.Total), v.EnergyLow, v.EnergyHigh
	}
	if kit.Width(count)+kit.Width(of)+16 <= r.W {
		of += " coefficients"
	}
	lines := []string{
		th.Low.Paint(kit.MarkLow) + " " + count + th.Dim.Paint(of),
		th.Low.Paint(kit.MarkLow) + " " + kit.Percent(low) + th.Dim.Paint(" % energy"),
		th.High.Paint(kit.MarkHigh) + " " + kit.Percent(high) + th.Dim.Paint(" % energy"),
		th.Dim.Paint("  (without mean)"),
	}
	if v := p.svdView(); v != nil {
		lines = p.rankLines(v, r.W)
	}
	c.Lines(r, lines)
}

// drawSlider draws the track of r, in the low color up to r and in the high color beyond.
func (p *Page) drawSlider(c *kit.Canvas) {
	kit.DrawTrack(c, p.screen.Theme(), p.l.slider, kit.Track{Name: "r", Most: p.session.MaxR, At: p.session.R, Before: p.screen.Theme().Low, After: p.screen.Theme().High, Value: kit.RadiusText(p.session.R)})
}
