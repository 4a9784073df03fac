package train

import (
	"math/rand/v2"

	"hfcui/engine/plan"
)

// augmentation augments images at random.
type augmentation struct {
	crop int  // zero padding of random crops, in pixels
	flip bool // flip half of the images horizontally
}

// draw draws how every picked image is moved.
func (a augmentation) draw(random *rand.Rand, picks []plan.Pick) {
	if a.crop == 0 && !a.flip {
		return
	}
	for i := range picks {
		p := &picks[i]
		p.DY, p.DX = 0, 0
		if a.crop > 0 {
			p.DY, p.DX = int32(random.IntN(2*a.crop+1)-a.crop), int32(random.IntN(2*a.crop+1)-a.crop)
		}
		p.Mirror = a.flip && random.IntN(2) == 1
	}
}
