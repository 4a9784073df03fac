package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"hfcui/engine/printable"
)

// The python layout of CIFAR-10: every batch is a pickled dict with "data", a uint8 array of
// shape (n, 3072) whose rows are laid out as the binary records' pixels, "labels", a list of n
// numbers, and "filenames", a list of n strings.

// openCIFARPython opens the python layout.
func (d *Data) openCIFARPython() error {
	d.Name = "cifar10"
	classes, err := cifarPythonMeta(filepath.Join(d.Dir, "batches.meta"))
	if err != nil {
		return err
	}
	return d.addBatches("", classes, cifarPythonBatch)
}

// cifarPythonBatch reads one batch.
func cifarPythonBatch(from io.ReaderAt, size int64, file string) (batch, error) {
	b, err := parseCIFARPython(from, size)
	if err != nil {
		return batch{}, fmt.Errorf("%s: invalid CIFAR-10 python batch (%w): download it again, or the binary layout with: hfcui data get cifar10", file, err)
	}
	return b, nil
}

func parseCIFARPython(from io.ReaderAt, size int64) (b batch, err error) {
	d, err := unpickleDict(from, size)
	if err != nil {
		return b, err
	}
	if b.labels, err = pythonLabels(d); err != nil {
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

// pythonLabels returns the batch's labels, each 0 to 9.
func pythonLabels(d *pyDict) ([]uint8, error) {
	v, _ := d.get("labels")
	list, ok := v.(*pyList)
	if !ok {
		if _, cifar100 := d.get("fine_labels"); cifar100 {
			return nil, errors.New("a batch of CIFAR-100")
		}
		return nil, errors.New("no list \"labels\"")
	}
	if len(list.items) == 0 {
		return nil, errors.New("no images")
	}
	labels := make([]uint8, len(list.items))
	for i, item := range list.items {
		label, ok := item.(int64)
		if !ok || label < 0 || label >= cifarClasses {
			return nil, fmt.Errorf("record %d: label %v is not in 0…9", i, shorten(fmt.Sprint(item)))
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

// cifarPythonMeta reads the class names; the official ones if there is no file.
func cifarPythonMeta(file string) ([]string, error) {
	f, size, err := openRegular(file)
	if errors.Is(err, fs.ErrNotExist) {
		return cifarNames, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := unpickleDict(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: invalid list of classes (%w): download it again, or delete it to use the official names", file, err)
	}
	names := pythonStrings(d, "label_names")
	if len(names) != cifarClasses {
		return nil, fmt.Errorf("%s: %d class names, expected %d: download it again, or delete it to use the official names", file, len(names), cifarClasses)
	}
	return names, nil
}
