package engine

import (
	"slices"
	"sync"

	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// recentCount is how many images are kept open: one for each of a few people looking
// at the same Lab, and the neighbours they step to.
const recentCount = 4

// previewSide is the longest side, in pixels, at which a picture is shown and split for
// looking at; larger ones are reduced first.
const previewSide = 1024

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

	mu           sync.Mutex     // held while it is opened and used: the splitters work in place
	picture      *dataset.Image // nil until it is open
	pictureSplit *spectral.Splitter
	spectrum     []float32
	maxR         float64
	input        []float32 // at the model's input size
	inputSplit   *spectral.Splitter
}

func newRecentImages() *recentImages { return &recentImages{} }

// get returns the place of image i, which may have to be opened yet.
func (r *recentImages) get(i int) *openImage {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := slices.IndexFunc(r.images, func(im *openImage) bool { return im.index == i })
	im := &openImage{index: i}
	if k >= 0 {
		im = r.images[k]
		r.images = slices.Delete(r.images, k, k+1)
	}
	r.images = append(r.images, im)
	if len(r.images) > recentCount {
		r.images = slices.Delete(r.images, 0, 1)
	}
	return im
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
	c, h, w := from.inputs.Shape()
	im.input = make([]float32, c*h*w)
	if err := from.inputs.ReadBatch(im.input, make([]int, 1), []int{i}); err != nil {
		return err
	}
	im.inputSplit = spectral.NewSplitter(h, w)
	im.inputSplit.Load(im.input)
	im.pictureSplit = im.inputSplit
	if picture.C != c || picture.H != h || picture.W != w {
		im.pictureSplit = spectral.NewSplitter(picture.H, picture.W)
		im.pictureSplit.Load(picture.Pix)
	}
	im.spectrum = make([]float32, picture.H*picture.W)
	im.pictureSplit.LogSpectrum(im.spectrum)
	im.maxR = spectral.MaxRadius(picture.H, picture.W)
	im.picture = picture
	return nil
}

// fill puts pictures and energies at v.R into v.
func (im *openImage) fill(v *View) {
	p := im.picture
	low, high := make([]float32, len(p.Pix)), make([]float32, len(p.Pix))
	im.pictureSplit.Split(low, high, v.R)
	for part, pix := range [][]float32{p.Pix, low, high} {
		v.Pictures[part] = Plane{C: p.C, H: p.H, W: p.W, Pix: pix}
	}
	v.EnergyLow, v.EnergyHigh = im.pictureSplit.Energy(v.R)
	v.Kept, v.Total = spectral.Kept(p.H, p.W, v.R), p.H*p.W
}
