package dataset

import (
	"fmt"

	"hfcui/engine/imagefile"
)

// ReadPhoto is ReadImage of an image file that is opened singly: it is turned as its EXIF orientation
// says, which is returned (1: as it is). Files of datasets are not turned, as their labels and
// published accuracies are for the pixels as stored.
func ReadPhoto(path string) (im *Image, orientation int, err error) {
	orientation = orientationOf(path)
	im, err = ReadImage(path)
	if err != nil {
		return nil, 0, err
	}
	return turned(im, orientation), orientation, nil
}

// PhotoSize is ImageSize of the image that ReadPhoto returns.
func PhotoSize(path string) (c, h, w int, err error) {
	c, h, w, err = ImageSize(path)
	if err == nil && swapsAxes(orientationOf(path)) {
		h, w = w, h
	}
	return c, h, w, err
}

// orientationOf returns the EXIF orientation of an image file; 1 if it has none.
func orientationOf(path string) int {
	f, _, err := openRegular(path)
	if err != nil {
		return 1
	}
	defer f.Close()
	return imagefile.Orientation(f)
}

// swapsAxes reports whether an orientation exchanges rows and columns.
func swapsAxes(orientation int) bool { return orientation >= 5 }

// turned returns an image turned from an EXIF orientation, 1 to 8, as a photograph is to be seen.
func turned(im *Image, orientation int) *Image {
	if orientation == 1 {
		return im
	}
	out := NewImage(im.C, im.H, im.W)
	if swapsAxes(orientation) {
		out.H, out.W = im.W, im.H
	}
	for p := range im.C {
		src, dst := im.Pix[p*im.H*im.W:], out.Pix[p*im.H*im.W:]
		for y := range out.H {
			for x := range out.W {
				var fy, fx int
				switch orientation {
				case 2: // mirrored
					fy, fx = y, im.W-1-x
				case 3: // upside down
					fy, fx = im.H-1-y, im.W-1-x
				case 4:
					fy, fx = im.H-1-y, x
				case 5: // transposed
					fy, fx = x, y
				case 6: // its right side was up
					fy, fx = im.H-1-x, y
				case 7:
					fy, fx = im.H-1-x, im.W-1-y
				default: // 8: its left side was up
					fy, fx = x, im.W-1-y
				}
				dst[y*out.W+x] = src[fy*im.W+fx]
			}
		}
	}
	return out
}

// TurnedText says how a photograph is turned from an orientation; "" if it is not.
func TurnedText(orientation int) string {
	switch orientation {
	case 2, 4, 5, 7:
		return fmt.Sprintf("mirrored as its EXIF orientation (%d) says", orientation)
	case 3:
		return "turned by 180° as its EXIF orientation says"
	case 6:
		return "turned right by 90° as its EXIF orientation says"
	case 8:
		return "turned left by 90° as its EXIF orientation says"
	}
	return ""
}

// photos are image files that are opened singly, turned as ReadPhoto does.
type photos struct {
	*files
	orientations []int
}

func newPhotos(f *files) *photos {
	p := &photos{files: f}
	for i := range f.Len() {
		p.orientations = append(p.orientations, orientationOf(f.path(i)))
	}
	return p
}

// Turned returns what a reader has to know of photographs that were turned: a line, or none.
func Turned(s Set) []string {
	p, ok := s.(*photos)
	if !ok {
		return nil
	}
	count, last := 0, 0
	for i, o := range p.orientations {
		if o != 1 {
			count, last = count+1, i
		}
	}
	switch count {
	case 0:
		return nil
	case 1:
		return []string{p.Title(last) + " is " + TurnedText(p.orientations[last])}
	}
	return []string{fmt.Sprintf("%d of %d images are turned as their EXIF orientations say", count, p.Len())}
}

// Orientation returns the EXIF orientation that image i of photographs was turned from; 1 in datasets.
func Orientation(s Set, i int) int {
	if p, ok := s.(*photos); ok {
		return p.orientations[i]
	}
	return 1
}

func (p *photos) Image(i int) (*Image, error) {
	return p.cache.GetOrLoad(i, func() (*Image, error) {
		im, err := ReadImage(p.path(i))
		if err != nil {
			return nil, err
		}
		return turned(im, p.orientations[i]), nil
	})
}

func (p *photos) imageAs(i, c, h, w int) (*Image, error) {
	if im, ok := p.cache.Peek(i); ok {
		return im.Resize(c, h, w), nil
	}
	if swapsAxes(p.orientations[i]) {
		h, w = w, h
	}
	im, err := readImageAs(p.path(i), c, h, w)
	if err != nil {
		return nil, err
	}
	return turned(im, p.orientations[i]), nil
}

// imageSize is that of the turned image.
func (p *photos) imageSize(i int) (c, h, w int, err error) {
	c, h, w, err = ImageSize(p.path(i))
	if swapsAxes(p.orientations[i]) {
		h, w = w, h
	}
	return c, h, w, err
}
