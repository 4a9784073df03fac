package dataset

// Bounded returns image i of s, downscaled so that no side is longer than side. Files are
// downscaled while decoding, so that a large photograph is never in memory as float32.
func Bounded(s Set, i, side int) (*Image, error) {
	if f, ok := s.(encodedImages); ok {
		c, h, w, err := f.imageSize(i)
		if err != nil {
			return nil, err
		}
		if max(h, w) > side {
			h, w = reducedTo(h, w, side)
			return f.imageAs(i, c, h, w)
		}
	}
	im, err := s.Image(i)
	if err != nil || max(im.H, im.W) <= side {
		return im, err
	}
	h, w := reducedTo(im.H, im.W, side)
	return im.Resize(im.C, h, w), nil
}

// encodedImages is a set of image files, whose headers tell their size.
type encodedImages interface {
	reducer
	imageSize(i int) (c, h, w int, err error)
}

// reducedTo returns a size of the same aspect ratio whose longer side is side.
func reducedTo(h, w, side int) (int, int) {
	long := max(h, w)
	return max(1, h*side/long), max(1, w*side/long)
}

// BoundedSize returns the size of the images of s after Bounded: that of all, or of the first where
// they differ in size. It is 0×0 if there are none, or the first cannot be read.
func BoundedSize(s Set, side int) (h, w int) {
	_, h, w = s.Shape()
	if f, ok := s.(encodedImages); ok && s.Len() > 0 {
		_, h, w, _ = f.imageSize(0) // an error leaves 0×0
	}
	if max(h, w) > side {
		return reducedTo(h, w, side)
	}
	return h, w
}
