package engine

import (
	"context"
	"sync"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// recentCount is how many images are kept open: one for each of a few people looking
// at the same Lab, and the neighbours they step to.
const recentCount = 4

// previewSide is the longest side, in pixels, at which a picture is shown and split for
// looking at; larger ones are reduced first.
const previewSide = 1024

// svdSide is that side where parts are taken by SVD, which takes a second or two at this
// size and sixty times as long at previewSide.
const svdSide = 256

// recentImages keeps the images looked at last with their transforms, so that moving r
// costs an inverse transform and no more.
type recentImages struct {
	mu     sync.Mutex
	images []*openImage // most recent last
}

// openImage is a decoded image with the transforms of its picture and of what the model
// sees of it.
type openImage struct {
	index int

	mu      sync.Mutex // held while it is opened and used: the splitters work in place
	picture *scene     // nil until it is open
	small   *scene     // no larger than singular values are computed of; nil until asked for
	input   *scene     // at the model's input size; the picture itself if that is the same
	maxR    float64    // of the picture
}

func newRecentImages() *recentImages { return &recentImages{} }

// get returns the place of image i, which may have to be opened yet.
func (r *recentImages) get(i int) *openImage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return latest(&r.images, recentCount,
		func(im *openImage) bool { return im.index == i }, func() *openImage { return &openImage{index: i} })
}

// open decodes and transforms image i of a split, unless that has been done. im.mu must be
// held.
func (im *openImage) open(from *chosen, i int) error {
	if im.picture != nil {
		return nil
	}
	picture, err := dataset.Bounded(from.set, i, previewSide)
	if err != nil {
		return err
	}
	seen := dataset.NewImage(from.inputs.Shape())
	if err := from.inputs.ReadBatch(seen.Pix, make([]int, 1), []int{i}); err != nil {
		return err
	}
	im.input = newScene(seen)
	im.maxR = spectral.MaxRadius(picture.H, picture.W)
	if picture.C == seen.C && picture.H == seen.H && picture.W == seen.W {
		im.input.addSpectrum()
		im.picture = im.input
	} else {
		im.picture = newScene(picture)
		im.picture.addSpectrum()
	}
	return nil
}

// fill puts pictures and energies at v.R into v.
func (im *openImage) fill(ctx context.Context, v *View) error {
	shown := im.picture
	if v.By == bands.SVD {
		shown = im.reduced()
	}
	parts, err := shown.divide(ctx, v.R, v.By)
	if err != nil {
		return err
	}
	for part, pix := range [][]float32{shown.Pix, parts.low, parts.high} {
		v.Pictures[part] = Plane{C: shown.C, H: shown.H, W: shown.W, Pix: pix}
	}
	v.Spectrum, v.MaxR = shown.spectrum, im.maxR
	v.Kept, v.Total, v.EnergyLow, v.EnergyHigh, v.Matched = parts.kept, parts.total, parts.energyLow, parts.energyHigh, parts.matched
	return nil
}

// reduced is the picture no larger than svdSide.
func (im *openImage) reduced() *scene {
	if im.small == nil {
		im.small = im.picture
		if long := max(im.picture.H, im.picture.W); long > svdSide {
			p := im.picture
			im.small = newScene(p.Resize(p.C, max(1, p.H*svdSide/long), max(1, p.W*svdSide/long)))
			im.small.addSpectrum()
		}
	}
	return im.small
}

// seen writes what the model sees of both parts at v.R to low and high.
func (im *openImage) seen(ctx context.Context, low, high []float32, v *View) error {
	if shown := v.Pictures[Low]; im.input == im.picture && len(shown.Pix) == len(low) {
		copy(low, shown.Pix)
		copy(high, v.Pictures[High].Pix)
		v.SeenKept, v.SeenTotal = v.Kept, v.Total
		return nil
	}
	parts, err := im.input.divide(ctx, v.R, v.By)
	if err != nil {
		return err
	}
	copy(low, parts.low)
	copy(high, parts.high)
	v.SeenKept, v.SeenTotal = parts.kept, parts.total
	return nil
}
