package dataset

import (
	"errors"
	"fmt"
	"io"

	"hfcui/engine/printable"
)

// Set is a split of a dataset. All methods are safe for concurrent use. Indices are 0 to Len()−1;
// others panic.
type Set interface {
	Name() string  // "shapes", "cifar10", or the folder's name
	Split() string // "train" or "test"
	Len() int
	Classes() []string    // names in label order, safe to print; nil if labels are unknown
	Shape() (c, h, w int) // 0,0,0 if images differ in size
	Label(i int) int      // −1 if unknown
	Title(i int) string   // file name or "test 17", safe to print
	// Image decodes image i. The result may be shared and must not be modified.
	Image(i int) (*Image, error)
	// ReadBatch writes the images at indices one after the other into dst, NCHW, and their labels
	// into labels, unless nil. It panics unless len(dst) is len(indices)*c*h*w and len(labels) is
	// len(indices). Sets without a fixed Shape return an error.
	ReadBatch(dst []float32, labels []int, indices []int) error
}

// Data is a dataset with its splits.
type Data struct {
	Name   string
	Layout Layout
	Dir    string // folder of its files; "" if generated
	Train  Set    // nil if there is none
	Test   Set    // never nil

	Corruption string // of Test, one of Corruptions; "" if there are none
	Severity   int

	// Notes are what a number about the data has to be read with: what was skipped or assumed. One
	// line each, safe to print.
	Notes []string

	// Aliases are other names of the classes, e.g. wnids and synonyms, in label order; nil if there are
	// none.
	Aliases [][]string
	// Unordered is why the order of the classes cannot be that of a model's outputs, which they are
	// matched to by name only; "" if it may be.
	Unordered string

	fit           Fit
	skipped       skips
	corruptions   *corruptions // nil if there are none
	severalLabels bool         // Options.Labels chose among several kinds
	files         []io.Closer
}

// note adds a line to Notes.
func (d *Data) note(format string, args ...any) {
	d.Notes = append(d.Notes, printable.Line(fmt.Sprintf(format, args...)))
}

// Set returns the split of a name, "train" or "test"; nil if there is none.
func (d *Data) Set(split string) Set {
	switch {
	case split == "train" && d.Train != nil:
		return d.Train
	case split == "test" && d.Test != nil:
		return d.Test
	}
	return nil
}

// Splits returns the names of the splits.
func (d *Data) Splits() []string {
	if d.Train == nil {
		return []string{"test"}
	}
	return []string{"train", "test"}
}

// Close closes the files of the sets, whose images can no longer be read.
func (d *Data) Close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	d.files = nil
	return errors.Join(errs...)
}

var errNoFixedShape = errors.New("images differ in size: resize them first")

// checkBatch panics if the lengths of ReadBatch's arguments do not match.
func checkBatch(dst []float32, labels, indices []int, size int) {
	if len(dst) != len(indices)*size {
		panic("dataset: ReadBatch: length of dst is not images*channels*height*width")
	}
	if labels != nil && len(labels) != len(indices) {
		panic("dataset: ReadBatch: length of labels differs from that of indices")
	}
}
