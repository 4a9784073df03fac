package attack

import (
	"math"
	"sync"

	"hfcui/engine/dataset"
	"hfcui/engine/lab"
	"hfcui/spectral"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// attackPainter renders attack views as pictures for the terminal. It reuses memory and unchanged
// pictures.
type attackPainter struct {
	mu sync.Mutex
	kit.Renderer
	original [2]int // generation and index of the image painted last
	painted  bool
	kinds    [kit.Slots]bool // of the pictures painted last
	factor   float64         // gain of the displayed perturbation
}

// paint scales and encodes the pictures of v requested by q, in parallel. It returns them with the
// gain of the displayed perturbation.
func (p *attackPainter) paint(v *lab.AttackView, q attackRequest) (drawn [kit.Slots]picture.Drawn, factor float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	image := [2]int{q.generation, q.Index}
	again := !p.Take(q.RenderSpec) && p.kinds == q.kinds && p.original == image && p.painted
	by := p.Reduction(v.Original.W, v.Original.H)
	var work []func()
	for kind := range kit.Slots {
		if !q.kinds[kind] || kind == slotOriginal && again {
			continue // the original does not change with the attack
		}
		work = append(work, func() { p.one(v, kind, by) })
	}
	kit.Together(work...)
	p.original, p.painted, p.kinds = image, true, q.kinds
	return p.Drawn, p.factor
}

// one paints a picture.
func (p *attackPainter) one(v *lab.AttackView, kind, by int) {
	registers := p.Spec.Registers
	if kind == slotPerturbation && v.Original.W*v.Original.H > session.ManyPixels {
		registers = session.NoiseColors
	}
	p.Encode(kind, registers, func(src *picture.Image) {
		if factor := attackImage(src, v, kind, by); kind == slotPerturbation {
			p.factor = factor
		}
	}, func(box *picture.Image) { finishAttack(box, v, kind) })
}

// attackImage draws a picture, downscaled by by, and returns its gain.
func attackImage(im *picture.Image, v *lab.AttackView, kind, by int) (factor float64) {
	switch kind {
	case slotOriginal:
		session.PlaneImage(im, v.Original, 1, 0, by)
	case slotPerturbation:
		factor = spectral.Contrast(v.Perturbation.Pix, math.Inf(1))
		session.PlaneImage(im, v.Perturbation, factor, 0.5, by)
		return factor
	case slotAttacked:
		session.PlaneImage(im, v.Attacked, 1, 0, by)
	case kit.SlotSpectrum:
		session.SpectrumImage(im, perturbationSpectrum(v), v.R, by)
	}
	return 1
}

// finishAttack draws the overlay on a scaled picture.
func finishAttack(box *picture.Image, v *lab.AttackView, kind int) {
	if kind == kit.SlotSpectrum {
		session.DrawCircle(box, perturbationSpectrum(v), v.R)
	}
}

// perturbationSpectrum returns the perturbation's spectrum as an image of one channel.
func perturbationSpectrum(v *lab.AttackView) dataset.Image {
	return dataset.Image{C: 1, W: v.Perturbation.W, H: v.Perturbation.H, Pix: v.Spectrum}
}
