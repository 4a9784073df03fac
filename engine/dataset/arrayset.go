package dataset

import (
	"fmt"
	"io"
	"math"
	"slices"

	"hfcui/engine/dataset/npy"
	"hfcui/engine/dataset/spool"
)

const (
	maxArraySide = 2048 // of images in arrays
	rangeSamples = 64   // images whose values tell their range
	reorderBytes = 8 << 20
)

// axes are the dimensions of an array of images.
type axes struct {
	n, channel, row, column int // channel is −1 of gray images without such a dimension
}

// arraySet opens an array of images with their labels, which are nil if there are none.
func (d *Data) arraySet(n *named, split string, labels []uint32, classes []string) (*records, error) {
	refuse := func(err error) (*records, error) { return nil, fmt.Errorf("%s: %w", n.title, err) }
	if !n.Type.Numeric() {
		return refuse(fmt.Errorf("elements of type %s are not pixels: save images as uint8", n.Type))
	}
	a := n.Array
	if len(a.Shape) == 2 { // rows of gray images
		side := int(math.Sqrt(float64(a.Shape[1])))
		if side*side != a.Shape[1] || a.Fortran {
			return refuse(fmt.Errorf("rows of %d values: reshape them to (n, height, width, channels)", a.Shape[1]))
		}
		square := *a
		square.Shape = []int{a.Shape[0], side, side}
		a = &square
	}
	count := -1
	if labels != nil {
		count = len(labels)
	}
	x, err := axesOf(a.Shape, count, n.mat)
	if err != nil {
		return refuse(err)
	}
	size := func(axis int) int {
		if axis < 0 {
			return 1
		}
		return a.Shape[axis]
	}
	if images := int64(a.Shape[x.n]); images < 1 || images > maxImages(n.size) {
		return refuse(fmt.Errorf("%d images", images))
	}
	c, h, w := size(x.channel), size(x.row), size(x.column)
	if h < 1 || w < 1 || h > maxArraySide || w > maxArraySide {
		return refuse(fmt.Errorf("images of %d×%d pixels: 1 to %d on each side are supported", w, h, maxArraySide))
	}
	r := newRecords(d.Name, splitName(split), c, h, w, classes)
	if r.labels = labels; labels == nil {
		r.labels = make([]uint32, a.Shape[x.n])
	}
	r.pixels = pixels{element: a.Type}
	data := d.inImages(a, x, &r.pixels, c*h*w)
	stride := int64(c*h*w) * int64(a.Type.Size)
	r.chunks = []chunk{{file: n.title, from: data, count: a.Shape[x.n], stride: stride}}
	if err := r.findRange(); err != nil {
		return refuse(err)
	}
	d.stateArray(x, a, r.pixels.top)
	return r, nil
}

// splitName is the name of a split as of Set.Split.
func splitName(split string) string {
	if split == "train" {
		return "train"
	}
	return "test"
}

// stateArray notes how an array was read.
func (d *Data) stateArray(x axes, a *npy.Array, top float64) {
	dims := make([]string, len(a.Shape))
	dims[x.n], dims[x.row], dims[x.column] = "n", "height", "width"
	if x.channel >= 0 {
		dims[x.channel] = "channels"
	}
	text := "images are read as ("
	for i, name := range dims {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	text += fmt.Sprintf(") of %s in [0,%g]", a.Type, top)
	if !slices.Contains(d.Notes, text) {
		d.note("%s", text)
	}
}

// axesOf finds the dimensions by their sizes and the number of labels, −1 if unknown. In MATLAB the
// images are along the last dimension.
func axesOf(shape []int, count int, matlab bool) (x axes, err error) {
	last := len(shape) - 1
	if len(shape) < 3 || len(shape) > 4 {
		return x, fmt.Errorf("an array of the shape %v: images are (n, height, width) or (n, height, width, channels)", shape)
	}
	switch {
	case count < 0 && matlab, count >= 0 && shape[0] != count && shape[last] == count:
		x.n = last
	case count >= 0 && shape[0] != count:
		return x, fmt.Errorf("an array of the shape %v, but %d labels", shape, count)
	case count == shape[last] && matlab:
		x.n = last
	}
	first := 0 // of the other dimensions
	if x.n == 0 {
		first = 1
	}
	if len(shape) == 3 {
		x.channel, x.row, x.column = -1, first, first+1
		return x, nil
	}
	color := func(axis int) bool { return shape[axis] == 1 || shape[axis] == 3 }
	switch before, after := color(first), color(first+2); {
	case before && after:
		return x, fmt.Errorf("an array of the shape %v, whose channels could be the first or the last: save it as (n, height, width, channels) with a height that is not %d", shape, shape[first])
	case after:
		x.row, x.column, x.channel = first, first+1, first+2
	case before:
		x.channel, x.row, x.column = first, first+1, first+2
	default:
		return x, fmt.Errorf("an array of the shape %v: images have 1 or 3 channels", shape)
	}
	return x, nil
}

// inImages returns the elements image by image, and sets the steps of p. If the file has the first pixel
// of all images first, and so on, it is reordered when it is first read.
func (d *Data) inImages(a *npy.Array, x axes, p *pixels, per int) io.ReaderAt {
	steps := make([]int, len(a.Shape)) // from element to element along each dimension
	step := 1
	for k := range a.Shape {
		axis := k
		if !a.Fortran {
			axis = len(a.Shape) - 1 - k
		}
		steps[axis] = step
		step *= a.Shape[axis]
	}
	data, n := a.Data, a.Shape[x.n]
	if steps[x.n] != per { // 1: the images are along the fastest dimension
		for k := range steps {
			steps[k] /= n
		}
		s := spool.New(a.Bytes(), func(w io.Writer) error { return reorder(w, a.Data, n, per, a.Type.Size) })
		d.files = append(d.files, s)
		data = s
	}
	p.row, p.column = steps[x.row], steps[x.column]
	if x.channel >= 0 {
		p.channel = steps[x.channel]
	}
	return data
}

// reorder writes image by image what from has element by element: n elements of images, per times.
func reorder(w io.Writer, from io.ReaderAt, n, per, size int) error {
	block := max(1, min(n, reorderBytes/(per*size)))
	in, out := make([]byte, block*size), make([]byte, block*per*size)
	for first := 0; first < n; first += block {
		count := min(block, n-first)
		for k := range per {
			part := in[:count*size]
			if got, err := from.ReadAt(part, (int64(k)*int64(n)+int64(first))*int64(size)); got < len(part) {
				return err
			}
			for i := range count {
				copy(out[(i*per+k)*size:], part[i*size:(i+1)*size])
			}
		}
		if _, err := w.Write(out[:count*per*size]); err != nil {
			return err
		}
	}
	return nil
}

// findRange finds the range of the values, from images all over the set. Reading an image checks that
// it is in the range.
func (r *records) findRange() error {
	switch t := r.pixels.element; {
	case t.Kind == 'u' && t.Size == 1:
		r.pixels.top = 255
		return nil
	case t.Kind == 'b':
		r.pixels.top = 1
		return nil
	}
	raw := make([]byte, r.c*r.h*r.w*r.pixels.element.Size)
	least, most := math.Inf(1), math.Inf(-1)
	samples := min(len(r.labels), rangeSamples)
	for k := range samples {
		at := int64(k) * int64(len(r.labels)-1) / int64(max(1, samples-1))
		if n, err := r.chunks[0].from.ReadAt(raw, at*r.chunks[0].stride); n < len(raw) {
			return fmt.Errorf("image %d cannot be read (%w)", at, err)
		}
		for b := raw; len(b) > 0; b = b[r.pixels.element.Size:] {
			v := r.pixels.element.Value(b)
			if math.IsNaN(v) {
				return fmt.Errorf("image %d has a value that is not a number", at)
			}
			least, most = min(least, v), max(most, v)
		}
	}
	wide := r.pixels.element.Kind == 'u' && r.pixels.element.Size == 2
	switch {
	case least >= 0 && most <= 1:
		r.pixels.top = 1
	case least >= 0 && most <= 255:
		r.pixels.top = 255
	case least >= 0 && wide:
		r.pixels.top = 65535
	default:
		return fmt.Errorf("pixels from %.4g to %.4g: save them as uint8, or in [0,1] or [0,255] without normalization", least, most)
	}
	return nil
}
