package dataset

import (
	"errors"
	"io"
)

// Set is one split of one dataset. All methods are safe for concurrent use. Indices run
// from 0 to Len()-1; any other index panics, as that of a slice does.
type Set interface {
	Name() string  // "shapes", "cifar10", or the folder's name
	Split() string // "train" or "test"
	Len() int
	Classes() []string    // names in label order, safe to print; nil when labels are unknown
	Shape() (c, h, w int) // 0,0,0 when images differ in size
	Label(i int) int      // -1 when unknown
	Title(i int) string   // file name or "test 17", safe to print
	// Image decodes image i. The result may be shared: it must not be written to.
	Image(i int) (*Image, error)
	// ReadBatch writes the images at indices one after the other into dst, NCHW, and their
	// labels into labels (nil: not wanted). len(dst) must be len(indices)*c*h*w, len(labels)
	// len(indices); anything else panics. Sets without a fixed Shape return an error.
	ReadBatch(dst []float32, labels []int, indices []int) error
}

// Data is a dataset with its splits.
type Data struct {
	Name   string
	Layout Layout
	Dir    string // where it was found; "" when it is made, not read
	Train  Set    // nil when there is none
	Test   Set    // never nil

	files []io.Closer
}

// Set returns the split called "train" or "test", or nil when there is none of that name.
func (d *Data) Set(split string) Set {
	switch {
	case split == "train" && d.Train != nil:
		return d.Train
	case split == "test" && d.Test != nil:
		return d.Test
	}
	return nil
}

// Splits returns the names of the splits there are.
func (d *Data) Splits() []string {
	if d.Train == nil {
		return []string{"test"}
	}
	return []string{"train", "test"}
}

// Close closes the files the sets read from; their images cannot be read any more.
func (d *Data) Close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	d.files = nil
	return errors.Join(errs...)
}

var errNoFixedShape = errors.New("images of this set differ in size: resize them first")

// checkBatch panics when the arguments of ReadBatch do not fit together.
func checkBatch(dst []float32, labels, indices []int, size int) {
	if len(dst) != len(indices)*size {
		panic("dataset: ReadBatch: length of dst is not images*channels*height*width")
	}
	if labels != nil && len(labels) != len(indices) {
		panic("dataset: ReadBatch: as many labels as indices are needed")
	}
}
