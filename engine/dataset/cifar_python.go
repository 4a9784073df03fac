package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"hfcui/engine/printable"
)

// The python layout of CIFAR: every batch is a pickled dict with "data", a uint8 array of shape
// (n, 3072) whose rows are laid out as the binary records' pixels, "labels" (of CIFAR-100
// "fine_labels" and "coarse_labels"), a list of n numbers, and "filenames", a list of n strings.

// openCIFARPython opens the python layout of CIFAR-10.
func openCIFARPython(_ context.Context, d *Data, _ arrayDir, _ Options) error {
	return d.openPickled(cifar10)
}

// openCIFAR100Python opens the python layout of CIFAR-100.
func openCIFAR100Python(_ context.Context, d *Data, _ arrayDir, o Options) error {
	d.severalLabels = true
	c, err := cifar100Of(o.Labels)
	if err != nil {
		return err
	}
	return d.openPickled(c)
}

func (d *Data) openPickled(c cifar) error {
	d.Name = c.name
	classes, err := c.pickledNames(filepath.Join(d.Dir, c.pickleMeta))
	if err != nil {
		return err
	}
	return d.addBatches(c, "", classes, c.pickledBatch)
}

// pickledBatch reads one batch.
func (c cifar) pickledBatch(from io.ReaderAt, size int64, file string) (batch, error) {
	b, err := c.unpickleBatch(from, size)
	if err != nil && c.labels == 1 {
		return batch{}, fmt.Errorf("%s: invalid CIFAR-10 python batch (%w): download it again, or the binary layout with: hfcui data get cifar10", file, err)
	}
	if err != nil {
		return batch{}, fmt.Errorf("%s: invalid %s python batch (%w): download it again", file, c.title, err)
	}
	return b, nil
}

func (c cifar) unpickleBatch(from io.ReaderAt, size int64) (b batch, err error) {
	d, err := unpickleDict(from, size)
	if err != nil {
		return b, err
	}
	if b.labels, err = c.pickledLabels(d); err != nil {
		return b, err
	}
	v, _ := d.get("data")
	data, ok := v.(*pyArray)
	n := int64(len(b.labels))
	if !ok || len(data.shape) != 2 || data.shape[0] != n || data.shape[1] != cifarPixels || data.data.size != n*cifarPixels {
		return b, fmt.Errorf("\"data\" is not an array of %d rows (one per label) of %d bytes", n, cifarPixels)
	}
	if data.dtype != "u1" && data.dtype != "|u1" && data.dtype != "B" {
		return b, fmt.Errorf("\"data\" has type %q, not uint8", printable.Line(data.dtype))
	}
	b.pixels, b.offset, b.stride = from, data.data.at, cifarPixels
	if data.data.bytes != nil {
		b.pixels, b.offset = bytes.NewReader(data.data.bytes), 0
	}
	b.titles = pythonStrings(d, "filenames")
	if int64(len(b.titles)) != n {
		b.titles = nil
	}
	return b, nil
}

// unpickleDict reads a file that holds one dict.
func unpickleDict(from io.ReaderAt, size int64) (*pyDict, error) {
	v, err := unpickle(from, size)
	if err == io.ErrUnexpectedEOF {
		return nil, errors.New("unexpected end of file")
	}
	if err != nil {
		return nil, err
	}
	d, ok := v.(*pyDict)
	if !ok {
		return nil, errors.New("not a dict")
	}
	return d, nil
}

// pickledLabels returns the batch's labels.
func (c cifar) pickledLabels(d *pyDict) ([]uint8, error) {
	v, _ := d.get(c.pickleLabels)
	list, ok := v.(*pyList)
	if !ok {
		for _, other := range []cifar{cifar10, cifar100} {
			if _, has := d.get(other.pickleLabels); has && other.title != c.title {
				return nil, fmt.Errorf("a batch of %s", other.title)
			}
		}
		return nil, fmt.Errorf("no list %q", c.pickleLabels)
	}
	if len(list.items) == 0 {
		return nil, errors.New("no images")
	}
	labels := make([]uint8, len(list.items))
	for i, item := range list.items {
		label, ok := item.(int64)
		if !ok || label < 0 || label >= int64(len(c.classes)) {
			return nil, fmt.Errorf("record %d: label %v is not in 0…%d", i, shorten(fmt.Sprint(item)), len(c.classes)-1)
		}
		labels[i] = uint8(label)
	}
	return labels, nil
}

// pythonStrings returns the printable form of a list of strings; nil if there is none.
func pythonStrings(d *pyDict, key string) (all []string) {
	v, _ := d.get(key)
	list, ok := v.(*pyList)
	if !ok {
		return nil
	}
	for _, item := range list.items {
		s, ok := item.(*blob)
		if !ok || len(s.bytes) > 1024 {
			return nil
		}
		all = append(all, strings.TrimSpace(printable.Line(s.String())))
	}
	return all
}

// pickledNames reads the class names; the official ones if there is no file.
func (c cifar) pickledNames(file string) ([]string, error) {
	f, size, err := openRegular(file)
	if errors.Is(err, fs.ErrNotExist) {
		return c.classes, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := unpickleDict(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: invalid list of classes (%w): download it again, or delete it to use the official names", file, err)
	}
	names := pythonStrings(d, c.pickleNames)
	if len(names) != len(c.classes) {
		return nil, fmt.Errorf("%s: %d class names, expected %d: download it again, or delete it to use the official names", file, len(names), len(c.classes))
	}
	return names, nil
}
