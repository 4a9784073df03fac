package dataset

import (
	"fmt"
	"io"
	"sync"
)

// records is a set of images of one size at known offsets in files: the CIFAR and IDX layouts and
// arrays. Only labels are kept in memory.
type records struct {
	name, split string
	c, h, w     int
	classes     []string // nil: no labels
	labels      []uint32 // as many as images; zero without classes
	titles      []string // one per image, or none
	chunks      []chunk
	pixels      pixels
	buffers     sync.Pool // *[]byte of one image
}

// chunk is a range of equally spaced images in a file.
type chunk struct {
	file   string
	from   io.ReaderAt
	count  int
	offset int64 // of the first image's first byte
	stride int64 // from image to image
}

// newRecords returns an empty set of images whose pixels are bytes in CHW order.
func newRecords(name, split string, c, h, w int, classes []string) *records {
	r := &records{name: name, split: split, c: c, h: h, w: w, classes: classes, pixels: planes(h, w)}
	r.buffers.New = func() any { b := make([]byte, c*h*w*r.pixels.element.Size); return &b }
	return r
}

func (r *records) Name() string         { return r.name }
func (r *records) Split() string        { return r.split }
func (r *records) Len() int             { return len(r.labels) }
func (r *records) Classes() []string    { return r.classes }
func (r *records) Shape() (c, h, w int) { return r.c, r.h, r.w }

func (r *records) Label(i int) int {
	if label := r.labels[i]; r.classes != nil {
		return int(label)
	}
	return -1
}

func (r *records) Title(i int) string {
	if i < len(r.titles) && r.titles[i] != "" {
		return r.titles[i]
	}
	return fmt.Sprintf("%s %d", r.split, i)
}

// add appends a batch's images. Titles are kept only if every batch has them.
func (r *records) add(file string, b batch) {
	if len(r.titles) == len(r.labels) && b.titles != nil {
		r.titles = append(r.titles, b.titles...)
	} else {
		r.titles = nil
	}
	for _, label := range b.labels {
		r.labels = append(r.labels, uint32(label))
	}
	r.chunks = append(r.chunks, chunk{file: file, from: b.pixels, count: len(b.labels), offset: b.offset, stride: b.stride})
}

func (r *records) Image(i int) (*Image, error) {
	im := NewImage(r.c, r.h, r.w)
	if err := r.read(im.Pix, i); err != nil {
		return nil, err
	}
	return im, nil
}

func (r *records) ReadBatch(dst []float32, labels []int, indices []int) error {
	size := r.c * r.h * r.w
	checkBatch(dst, labels, indices, size)
	for k, i := range indices {
		if err := r.read(dst[k*size:(k+1)*size], i); err != nil {
			return err
		}
		if labels != nil {
			labels[k] = r.Label(i)
		}
	}
	return nil
}

// read writes image i, scaled to [0,1], into dst.
func (r *records) read(dst []float32, i int) error {
	_ = r.labels[i]
	at, k := i, 0
	for ; at >= r.chunks[k].count; k++ {
		at -= r.chunks[k].count
	}
	ch := &r.chunks[k]
	buf := r.buffers.Get().(*[]byte)
	defer r.buffers.Put(buf)
	if n, err := ch.from.ReadAt(*buf, ch.offset+int64(at)*ch.stride); n < len(*buf) {
		return fmt.Errorf("%s: image %d can no longer be read (%v): open the dataset again", ch.file, at, err)
	}
	if bad, ok := r.pixels.decode(dst, *buf, r.h, r.w); !ok {
		return fmt.Errorf("%s: image %d has the value %g, but the others are in %s: save all images in one range", ch.file, at, bad, r.pixels.within())
	}
	return nil
}

// unit maps a byte to [0,1].
var unit = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(i) / 255
	}
	return t
}()
