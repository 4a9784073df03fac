package dataset

import "slices"

// heldOut is the part of the images of each class that HoldOut takes for tests: one in so many.
const heldOut = 5

// HoldOut returns data with training images where there are none: of the labeled test images of each
// class, every fifth is kept for tests, and the others are to be trained on. It returns d if it has
// training images, or no labels. Close d, not the result.
func (d *Data) HoldOut() *Data {
	if d.Train != nil || len(d.Test.Classes()) == 0 {
		return d
	}
	seen := make([]int, len(d.Test.Classes()))
	var train, test []int
	for i := range d.Test.Len() {
		label := d.Test.Label(i)
		if label < 0 || label >= len(seen) {
			return d
		}
		if seen[label]++; seen[label]%heldOut == 0 {
			test = append(test, i)
		} else {
			train = append(train, i)
		}
	}
	if len(train) == 0 || len(test) == 0 {
		return d
	}
	h := *d
	h.files = nil
	h.Notes = append(slices.Clone(d.Notes), "no training images: of the images of each class, every fifth is kept for tests and the others are trained on")
	h.Train, h.Test = &picked{d.Test, "train", train}, &picked{d.Test, "test", test}
	return &h
}

// picked is a set of some images of another.
type picked struct {
	Set
	split string
	index []int
}

func (p *picked) Split() string               { return p.split }
func (p *picked) Len() int                    { return len(p.index) }
func (p *picked) Label(i int) int             { return p.Set.Label(p.index[i]) }
func (p *picked) Title(i int) string          { return p.Set.Title(p.index[i]) }
func (p *picked) Image(i int) (*Image, error) { return p.Set.Image(p.index[i]) }

func (p *picked) ReadBatch(dst []float32, labels []int, indices []int) error {
	of := make([]int, len(indices))
	for k, i := range indices {
		of[k] = p.index[i]
	}
	return p.Set.ReadBatch(dst, labels, of)
}

// sampled is the number of images whose headers are read to find a size.
const sampled = 32

// UsualSize returns a size for the training images of data of several sizes: that of all of some, spread
// over the set, if they are alike; else a square of at most most pixels a side, no larger than the
// shortest side of these. Sets of one size have that.
func UsualSize(s Set, most int) (c, h, w int, err error) {
	if c, h, w = s.Shape(); c > 0 || s.Len() == 0 {
		return c, h, w, nil
	}
	shortest, alike := most, true
	n := min(sampled, s.Len())
	for k := range n {
		ic, ih, iw, err := sizeOf(s, k*s.Len()/n)
		if err != nil {
			return 0, 0, 0, err
		}
		if k > 0 {
			alike = alike && ih == h && iw == w
		}
		c, h, w = max(c, ic), ih, iw
		shortest = min(shortest, ih, iw)
	}
	if alike && h <= most && w <= most {
		return c, h, w, nil
	}
	side := max(8, shortest/8*8)
	return c, side, side, nil
}

// sizeOf returns the size of an image, from its file's header if it has one.
func sizeOf(s Set, i int) (c, h, w int, err error) {
	switch s := s.(type) {
	case *files:
		return ImageSize(s.path(i))
	case *picked:
		return sizeOf(s.Set, s.index[i])
	case *fitted:
		return sizeOf(s.Set, i)
	}
	im, err := s.Image(i)
	if err != nil {
		return 0, 0, 0, err
	}
	return im.C, im.H, im.W, nil
}
