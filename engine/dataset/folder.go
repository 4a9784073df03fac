package dataset

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"hfcui/engine/imagefile"
	"hfcui/engine/lru"
	"hfcui/engine/printable"
)

// files is a set of image files of any size, decoded on demand.
type files struct {
	name, split string
	classes     []string // nil: no labels
	dirs        []string // of the files
	names       []string // of the files in them
	dirOf       []uint32 // index of each file's in dirs
	labels      []uint32 // as many as names, or none
	fit         Fit      // "": Crop
	cache       *lru.Cache[int, *Image]
}

// filesCacheBytes bounds the cache of decoded images: enough to switch between a few photographs.
const filesCacheBytes = 48 << 20

func newFiles(name, split string) *files {
	return &files{name: name, split: split, cache: newImageCache(filesCacheBytes)}
}

// add appends a file. Those of one folder follow each other, so that its name is kept once.
func (f *files) add(dir, name string) {
	if n := len(f.dirs); n == 0 || f.dirs[n-1] != dir {
		f.dirs = append(f.dirs, dir)
	}
	f.names, f.dirOf = append(f.names, name), append(f.dirOf, uint32(len(f.dirs)-1))
}

// path returns the path of file i.
func (f *files) path(i int) string { return filepath.Join(f.dirs[f.dirOf[i]], f.names[i]) }

func (f *files) Name() string         { return f.name }
func (f *files) Split() string        { return f.split }
func (f *files) Len() int             { return len(f.names) }
func (f *files) Classes() []string    { return f.classes }
func (f *files) Shape() (c, h, w int) { return 0, 0, 0 }

func (f *files) Label(i int) int {
	if f.classes == nil {
		_ = f.names[i]
		return -1
	}
	return int(f.labels[i])
}

func (f *files) Title(i int) string {
	if name := strings.TrimSpace(printable.Line(f.names[i])); name != "" {
		return name
	}
	return fmt.Sprintf("%s %d", f.split, i)
}

func (f *files) Image(i int) (*Image, error) {
	return f.cache.GetOrLoad(i, func() (*Image, error) { return ReadImage(f.path(i)) })
}

// imageAs bypasses the cache: callers cache images at their own size.
func (f *files) imageAs(i, c, h, w int) (*Image, error) {
	if im, ok := f.cache.Peek(i); ok {
		return im.Resize(c, h, w), nil
	}
	return readImageAs(f.path(i), c, h, w)
}

func (f *files) imageSize(i int) (c, h, w int, err error) { return ImageSize(f.path(i)) }

// fitted is imageAs for an image that Resized makes fit.
func (f *files) fitted(i int, fit Fit, c, h, w int) (*Image, error) {
	if im, ok := f.cache.Peek(i); ok {
		return fitRows(im.rows(), fit, c, h, w), nil
	}
	return readImage(f.path(i), func(from io.ReadSeeker) (*Image, error) {
		return decodeImage(from, func(src imagefile.Rows) *Image { return fitRows(src, fit, c, h, w) })
	})
}

func (f *files) ReadBatch(dst []float32, labels []int, indices []int) error {
	return errNoFixedShape
}

// OpenImages returns an unlabeled set of image files of any size. Headers are checked; pixels are
// read on demand, and turned as EXIF orientations say.
func OpenImages(paths []string) (Set, error) {
	if len(paths) == 0 {
		return nil, errors.New("no images given")
	}
	f := newFiles("images", "test")
	if len(paths) == 1 {
		f.name = displayName(paths[0])
	}
	for _, path := range paths {
		if err := checkImage(path); err != nil {
			return nil, err
		}
		f.add(filepath.Dir(path), filepath.Base(path))
	}
	return newPhotos(f), nil
}

// checkImage reads the header of an image file.
func checkImage(path string) error {
	f, _, err := openRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := imagefile.ReadConfig(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// displayName is the name of a dataset at path.
func displayName(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if name := strings.TrimSpace(printable.Line(filepath.Base(path))); name != "" {
		return name
	}
	return "images"
}
