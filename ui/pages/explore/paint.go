package explore

import (
	"sync"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/view"
	"hfcui/spectral"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// highMode is how the high-pass image, whose values are around 0, is displayed. It does not affect
// the model's input.
type highMode int

const (
	highStretched highMode = iota // gray ± k·value, with k that fills the range
	highCentered                  // gray ± the value
	highRaw                       // unscaled, negatives black
	highModes
)

// String returns the mode's name on screen.
func (m highMode) String() string {
	return [...]string{"stretched, gray = 0", "unscaled, gray = 0", "unscaled, black = 0"}[m]
}

// viewSpec is everything besides a View that determines its pictures on the screen.
type viewSpec struct {
	kit.RenderSpec
	kinds [kit.Slots]bool // which pictures are shown
	high  highMode
}

// painter turns Views into pictures for the terminal. It keeps memory and what did not
// change from one to the next.
type painter struct {
	mu sync.Mutex
	kit.Renderer
	last    viewSpec
	whole   *float32 // first pixel of the original painted last
	stretch float64  // gain of the high-pass image
}

// paint scales and encodes the pictures of v that k asks for, all at the same time. It
// returns them with the factor by which the high part was stretched.
func (p *painter) paint(v *view.View, k viewSpec) (drawn [kit.Slots]picture.Drawn, stretch float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Take(k.RenderSpec) || k != p.last {
		p.whole = nil
	}
	p.last = k
	by := p.Reduction(v.Pictures[bands.Whole].W, v.Pictures[bands.Whole].H)
	var work []func()
	for kind := range kit.Slots {
		if !k.kinds[kind] || kind == kit.SlotWhole && p.whole == firstPixel(v) {
			continue // the original does not change with r
		}
		work = append(work, func() { p.one(v, kind, by) })
	}
	kit.Together(work...)
	p.whole = firstPixel(v)
	return p.Drawn, p.stretch
}

// firstPixel identifies an image by the address of its pixels.
func firstPixel(v *view.View) *float32 {
	if pix := v.Pictures[bands.Whole].Pix; len(pix) > 0 {
		return &pix[0]
	}
	return nil
}

// one paints a picture.
func (p *painter) one(v *view.View, kind, by int) {
	registers := p.Spec.Registers
	if kind == kit.SlotHigh && v.Pictures[kind].W*v.Pictures[kind].H > session.ManyPixels {
		registers = session.NoiseColors
	}
	var finish func(*picture.Image)
	switch {
	case kind == kit.SlotSpectrum && v.Singular != nil:
		p.Draw(kind, registers, func(box *picture.Image) { drawSingular(box, v.Singular, v.Kept) })
		return
	case kind == kit.SlotSpectrum:
		finish = func(box *picture.Image) { session.DrawCircle(box, spectrumOf(v), v.R) }
	}
	p.Encode(kind, registers, func(src *picture.Image) {
		switch kind {
		case kit.SlotHigh:
			p.stretch = highImage(src, v.Pictures[bands.High], p.last.high, by)
		case kit.SlotSpectrum:
			session.SpectrumImage(src, spectrumOf(v), v.R, by)
		default:
			session.PlaneImage(src, v.Pictures[kind], 1, 0, by)
		}
	}, finish)
}

// spectrumOf returns a View's spectrum as an image of one channel.
func spectrumOf(v *view.View) dataset.Image {
	whole := v.Pictures[bands.Whole]
	return dataset.Image{C: 1, W: whole.W, H: whole.H, Pix: v.Spectrum}
}

// highImage makes the high part visible and returns the gain it is shown with, which is
// spectral's Contrast as in the files that the split command writes.
func highImage(im *picture.Image, p dataset.Image, mode highMode, by int) (gain float64) {
	switch mode {
	case highRaw:
		session.PlaneImage(im, p, 1, 0, by)
		return 1
	case highCentered:
		session.PlaneImage(im, p, 1, 0.5, by)
		return 1
	}
	gain = spectral.Contrast(p.Pix, spectral.LargestContrast)
	session.PlaneImage(im, p, gain, 0.5, by)
	return gain
}
