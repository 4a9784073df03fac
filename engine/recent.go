package engine

import (
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
	mu           sync.Mutex // the splitters work in place
	index        int
	set          dataset.Set
	picture      *dataset.Image
	pictureSplit *spectral.Splitter
	spectrum     []float32
	maxR         float64
	input        []float32 // at the model's input size
	inputSplit   *spectral.Splitter
}

func newRecentImages() *recentImages { return &recentImages{} }

func (r *recentImages) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.images = nil
}

// get returns image i of set, opened.
func (r *recentImages) get(set, inputs dataset.Set, i int) (*openImage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, im := range r.images {
		if im.index == i && im.set == set {
			r.images = append(append(r.images[:k:k], r.images[k+1:]...), im)
			return im, nil
		}
	}
	im, err := openImageAt(set, inputs, i)
	if err != nil {
		return nil, err
	}
	r.images = append(r.images, im)
	if len(r.images) > recentCount {
		r.images = append([]*openImage(nil), r.images[1:]...)
	}
	return im, nil
}

func openImageAt(set, inputs dataset.Set, i int) (*openImage, error) {
	picture, err := dataset.Bounded(set, i, previewSide)
	if err != nil {
		return nil, err
	}
	c, h, w := inputs.Shape()
	im := &openImage{index: i, set: set, picture: picture, input: make([]float32, c*h*w)}
	if err := inputs.ReadBatch(im.input, make([]int, 1), []int{i}); err != nil {
		return nil, err
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
	return im, nil
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
