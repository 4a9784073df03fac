package view

import (
	"context"
	"sync"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// previewSide is the longest side, in pixels, of a picture that is split for display; larger
// ones are reduced first.
const previewSide = 1024

// svdSide is that side for splits by SVD, which takes a second or two at this size and sixty
// times as long at previewSide.
const svdSide = 256

// openImage is a decoded image with the transforms of its picture and of the model's input.
type openImage struct {
	mu      sync.Mutex  // held while it is opened and used: splitters work in place
	picture *scene      // nil until it is open
	small   *scene      // the picture reduced for SVD; nil until needed
	input   *scene      // at the model's input size; the picture itself if that is the same
	whole   *plan.Whole // the input, for devices that split it
	maxR    float64     // of the picture
}

// open decodes and transforms image i, unless that has been done. im.mu must be held.
func (im *openImage) open(from *Images, i int) error {
	if im.picture != nil {
		return nil
	}
	picture, err := dataset.Bounded(from.Set, i, previewSide)
	if err != nil {
		return err
	}
	input := dataset.NewImage(from.Inputs.Shape())
	if err := from.Inputs.ReadBatch(input.Pix, make([]int, 1), []int{i}); err != nil {
		return err
	}
	im.input, im.whole = newScene(input), &plan.Whole{Pixels: input.Pix}
	im.maxR = spectral.MaxRadius(picture.H, picture.W)
	if picture.C == input.C && picture.H == input.H && picture.W == input.W {
		im.input.addSpectrum()
		im.picture = im.input
	} else {
		im.picture = newScene(picture)
		im.picture.addSpectrum()
	}
	return nil
}

// fill sets the pictures and energies at v.R.
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
		v.Pictures[part] = dataset.Image{C: shown.C, H: shown.H, W: shown.W, Pix: pix}
	}
	v.Spectrum, v.MaxR = shown.spectrum, im.maxR
	if v.By == bands.SVD {
		v.Singular = shown.svd.Values()
	}
	v.Kept, v.Total, v.EnergyLow, v.EnergyHigh, v.Matched = parts.kept, parts.total, parts.energyLow, parts.energyHigh, parts.matched
	return nil
}

// reduced returns the picture, no larger than svdSide.
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

// inputs returns the image and both components at v.R, at the model's input size. The pictures of v are
// those at its own size, if they are wanted.
func (im *openImage) inputs(ctx context.Context, v *View) ([]float32, error) {
	im.mu.Lock()
	defer im.mu.Unlock()
	started := time.Now()
	n := len(im.input.Pix)
	x := make([]float32, 3*n)
	copy(x, im.input.Pix)
	low, high := x[n:2*n], x[2*n:]
	if shown := v.Pictures[bands.Low]; im.input == im.picture && len(shown.Pix) == n {
		copy(low, shown.Pix)
		copy(high, v.Pictures[bands.High].Pix)
		v.SeenKept, v.SeenTotal = v.Kept, v.Total
	} else {
		parts, err := im.input.divide(ctx, v.R, v.By)
		if err != nil {
			return nil, err
		}
		copy(low, parts.low)
		copy(high, parts.high)
		v.SeenKept, v.SeenTotal = parts.kept, parts.total
	}
	v.Normalize.Apply(low)
	v.Normalize.Apply(high)
	v.Split += time.Since(started)
	return x, ctx.Err()
}

// PreviewSize returns the size at which images of a set are displayed: that of all images, or of the
// first where they differ in size. It is 0×0 if there are none, or the first cannot be read.
func PreviewSize(set dataset.Set) (h, w int) {
	return dataset.BoundedSize(set, previewSide)
}
