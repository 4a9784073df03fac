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

// attackPainter turns what came of attacks into pictures for the terminal. It keeps memory
// and what did not change from one to the next.
type attackPainter struct {
	mu sync.Mutex
	kit.Renderer
	original [2]int // generation and number of the image painted last
	painted  bool
	kinds    [kit.Slots]bool // of the pictures painted last
	factor   float64         // by which the perturbation was amplified
}

// paint scales and encodes the pictures of v that q asks for, all at the same time. It
// returns them with the factor by which the perturbation was amplified.
func (p *attackPainter) paint(v *lab.AttackView, q attackRequest) (drawn [kit.Slots]picture.Drawn, factor float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	image := [2]int{q.generation, q.Index}
	again := !p.Take(q.RenderSpec) && p.kinds == q.kinds && p.original == image && p.painted
	by := p.Reduction(v.Original.W, v.Original.H)
	var work []func()
	for kind := range kit.Slots {
		if !q.kinds[kind] || kind == slotOriginal && again {
			continue // the original stays while only the attack changes
		}
		work = append(work, func() { p.one(v, kind, by) })
	}
	kit.Together(work...)
	p.original, p.painted, p.kinds = image, true, q.kinds
	return p.Drawn, p.factor
}

// one paints one picture.
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

// attackImage draws one of the pictures, by×by pixels as one, and returns the factor by which
// it is amplified.
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

// finishAttack draws what lies on a picture of its final size.
func finishAttack(box *picture.Image, v *lab.AttackView, kind int) {
	if kind == kit.SlotSpectrum {
		session.DrawCircle(box, perturbationSpectrum(v), v.R)
	}
}

// perturbationSpectrum is the perturbation's spectrum as a picture of one channel.
func perturbationSpectrum(v *lab.AttackView) dataset.Image {
	return dataset.Image{C: 1, W: v.Perturbation.W, H: v.Perturbation.H, Pix: v.Spectrum}
}
