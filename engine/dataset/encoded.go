package dataset

import (
	"fmt"
	"io"
	"strings"

	"hfcui/engine/imagefile"
	"hfcui/engine/lru"
	"hfcui/engine/printable"
)

// encoded is a set of image files of any size within larger files, decoded on demand.
type encoded struct {
	name, split string
	classes     []string // nil: no labels
	labels      []uint32 // as many as images; zero without classes
	// open calls read with image i.
	open  func(i int, read func(io.ReadSeeker) error) error
	title func(i int) string // where it is, for messages
	cache *lru.Cache[int, *Image]
}

func newEncoded(name, split string) *encoded {
	return &encoded{name: name, split: split, cache: newImageCache(filesCacheBytes)}
}

func (e *encoded) Name() string         { return e.name }
func (e *encoded) Split() string        { return e.split }
func (e *encoded) Len() int             { return len(e.labels) }
func (e *encoded) Classes() []string    { return e.classes }
func (e *encoded) Shape() (c, h, w int) { return 0, 0, 0 }

func (e *encoded) Label(i int) int {
	if label := e.labels[i]; e.classes != nil {
		return int(label)
	}
	return -1
}

func (e *encoded) Title(i int) string {
	_ = e.labels[i]
	if name := strings.TrimSpace(printable.Line(e.title(i))); name != "" {
		return name
	}
	return fmt.Sprintf("%s %d", e.split, i)
}

func (e *encoded) Image(i int) (*Image, error) {
	_ = e.labels[i]
	return e.cache.GetOrLoad(i, func() (*Image, error) {
		return e.decode(i, whole)
	})
}

// imageAs bypasses the cache: callers cache images at their own size.
func (e *encoded) imageAs(i, c, h, w int) (*Image, error) {
	if im, ok := e.cache.Peek(i); ok {
		return im.Resize(c, h, w), nil
	}
	return e.decode(i, func(src imagefile.Rows) *Image { return resample(src, c, h, w) })
}

func (e *encoded) decode(i int, finish func(imagefile.Rows) *Image) (im *Image, err error) {
	err = e.read(i, func(from io.ReadSeeker) (err error) {
		im, err = decodeImage(from, finish)
		return err
	})
	return im, err
}

func (e *encoded) imageSize(i int) (c, h, w int, err error) {
	err = e.read(i, func(from io.ReadSeeker) error {
		config, err := imagefile.ReadConfig(from)
		c, h, w = config.C, config.H, config.W
		return err
	})
	return c, h, w, err
}

// read adds the image's place to errors.
func (e *encoded) read(i int, with func(io.ReadSeeker) error) error {
	if err := e.open(i, with); err != nil {
		return fmt.Errorf("%s, %s: %w", e.name, e.Title(i), err)
	}
	return nil
}

func (e *encoded) ReadBatch([]float32, []int, []int) error { return errNoFixedShape }
