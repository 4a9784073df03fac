package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"hfcui/engine/printable"
)

const cifarPixels = 3 * 32 * 32

// cifar is CIFAR-10 or CIFAR-100 with one of its kinds of labels
// (https://www.cs.toronto.edu/~kriz/cifar.html). In the binary layout, records are one label byte (of
// CIFAR-100 two, coarse and fine) and 3072 pixel bytes, red plane first, each plane 32 rows of 32.
type cifar struct {
	name    string
	title   string   // of its publishers
	labels  int      // bytes of labels per record
	at      int      // which of them is used
	classes []string // the official names
	train   []string // names of files without extension
	test    string
	meta    string // file of class names of the binary layout

	pickleMeta, pickleNames, pickleLabels string // file and key of names, key of labels of the python layout
}

var cifar10 = cifar{
	name: "cifar10", title: "CIFAR-10", labels: 1, classes: cifarNames, test: "test_batch", meta: "batches.meta.txt",
	train:      []string{"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"},
	pickleMeta: "batches.meta", pickleNames: "label_names", pickleLabels: "labels",
}

var cifar100 = cifar{
	name: "cifar100", title: "CIFAR-100", labels: 2, at: 1, classes: cifar100Names, test: "test", train: []string{"train"}, meta: "fine_label_names.txt",
	pickleMeta: "meta", pickleNames: "fine_label_names", pickleLabels: "fine_labels",
}

var cifar100Coarse = cifar{
	name: "cifar100 coarse", title: "CIFAR-100", labels: 2, at: 0, classes: cifar100CoarseNames, test: "test", train: []string{"train"}, meta: "coarse_label_names.txt",
	pickleMeta: "meta", pickleNames: "coarse_label_names", pickleLabels: "coarse_labels",
}

// cifar100Of returns CIFAR-100 with the labels of Options.
func cifar100Of(labels string) (cifar, error) {
	switch labels {
	case "", "fine":
		return cifar100, nil
	case "coarse":
		return cifar100Coarse, nil
	}
	return cifar{}, fmt.Errorf("CIFAR-100 has no labels %q: use fine or coarse", labels)
}

func (c cifar) record() int64 { return int64(c.labels) + cifarPixels }

// again is what to do about a broken file.
func (c cifar) again() string {
	if c.labels == 1 {
		return "download it again, e.g. with: hfcui data get cifar10"
	}
	return "download it again"
}

// batch is one of CIFAR's files: labels in memory, pixels on disk.
type batch struct {
	labels         []uint8
	titles         []string // one per label, or none
	pixels         io.ReaderAt
	offset, stride int64
}

// openCIFAR10 opens the binary layout of CIFAR-10.
func openCIFAR10(_ context.Context, d *Data, _ arrayDir, _ Options) error {
	return d.openCIFARBinary(cifar10)
}

// openCIFAR100 opens the binary layout of CIFAR-100.
func openCIFAR100(_ context.Context, d *Data, _ arrayDir, o Options) error {
	d.severalLabels = true
	c, err := cifar100Of(o.Labels)
	if err != nil {
		return err
	}
	return d.openCIFARBinary(c)
}

func (d *Data) openCIFARBinary(c cifar) error {
	d.Name = c.name
	classes, err := c.names(filepath.Join(d.Dir, c.meta))
	if err != nil {
		return err
	}
	return d.addBatches(c, ".bin", classes, c.batch)
}

// addBatches reads the test batch and whichever of the training batches there are.
func (d *Data) addBatches(c cifar, suffix string, classes []string, read func(io.ReaderAt, int64, string) (batch, error)) error {
	test := newRecords(d.Name, "test", 3, 32, 32, classes)
	train := newRecords(d.Name, "train", 3, 32, 32, classes)
	add := func(r *records, name string) error {
		file := filepath.Join(d.Dir, name+suffix)
		f, size, err := openRegular(file)
		if err != nil {
			return err
		}
		d.files = append(d.files, f)
		b, err := read(f, size, file)
		if err != nil {
			return err
		}
		r.add(file, b)
		return nil
	}
	if err := add(test, c.test); errors.Is(err, fs.ErrNotExist) {
		missing := fmt.Errorf("%s: not found, but required by the layout %s: add it", filepath.Join(d.Dir, c.test+suffix), d.Layout)
		if c.labels == 1 {
			missing = fmt.Errorf("%w, or download all files with: hfcui data get cifar10", missing)
		}
		return missing
	} else if err != nil {
		return err
	}
	d.Test = test
	for _, name := range c.train {
		if err := add(train, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if train.Len() > 0 {
		d.Train = train
	}
	return nil
}

// batch checks a binary batch of size bytes and reads its labels.
func (c cifar) batch(from io.ReaderAt, size int64, file string) (batch, error) {
	record := c.record()
	other := cifar10
	if c.labels == 1 {
		other = cifar100
	}
	switch {
	case size == 0:
		return batch{}, fmt.Errorf("%s: empty file: %s", file, c.again())
	case size < record:
		return batch{}, fmt.Errorf("%s: %d bytes is smaller than a %s record (%d bytes): %s", file, size, c.title, record, c.again())
	case size%other.record() == 0 && other.plausible(from, size):
		return batch{}, fmt.Errorf("%s: records of %s (%d bytes each) under a name of %s: rename it to %s.bin", file, other.title, other.record(), c.title, other.test)
	case size%record != 0:
		return batch{}, fmt.Errorf("%s: %d bytes is not a multiple of %s's record size, %d bytes (%d bytes after record %d): %s",
			file, size, c.title, record, size%record, size/record-1, c.again())
	}
	labels := make([]uint8, 0, size/record)
	in := bufio.NewReaderSize(io.NewSectionReader(from, 0, size), 64<<10)
	head := make([]byte, c.labels)
	for i := range cap(labels) {
		_, err := io.ReadFull(in, head)
		if err == nil {
			_, err = in.Discard(cifarPixels)
		}
		if err != nil {
			return batch{}, fmt.Errorf("%s: record %d: %w", file, i, err)
		}
		if k, ok := c.inRange(head); !ok {
			return batch{}, fmt.Errorf("%s: record %d: label %d is not in 0…%d: not a %s batch (%s has another layout), or corrupt: %s",
				file, i, head[k], c.limit(k)-1, c.title, other.title, c.again())
		}
		labels = append(labels, head[c.at])
	}
	return batch{labels: labels, pixels: from, offset: int64(c.labels), stride: record}, nil
}

// limit is the number of classes of a record's label byte.
func (c cifar) limit(k int) int {
	switch {
	case c.labels == 1:
		return len(cifarNames)
	case k == 0:
		return len(cifar100CoarseNames)
	}
	return len(cifar100Names)
}

// inRange reports whether a record's labels are in range, or else the first that is not.
func (c cifar) inRange(head []byte) (int, bool) {
	for k, label := range head {
		if int(label) >= c.limit(k) {
			return k, false
		}
	}
	return 0, true
}

// plausible reports whether a file of another name has this layout: at every record's start, also
// labels in range, which by chance few records have.
func (c cifar) plausible(from io.ReaderAt, size int64) bool {
	head := make([]byte, c.labels)
	for at := int64(0); at < size; at += c.record() {
		if n, _ := from.ReadAt(head, at); n < len(head) {
			return false
		}
		if _, ok := c.inRange(head); !ok {
			return false
		}
	}
	return true
}

// names reads the class names, one per line; the official ones if there is no file.
func (c cifar) names(file string) ([]string, error) {
	text, err := readSmall(file, 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return c.classes, nil
	}
	if err != nil {
		return nil, err
	}
	names := textLines(text)
	if len(names) != len(c.classes) {
		return nil, fmt.Errorf("%s: %d class names, expected %d: fix the file, or delete it to use the official names", file, len(names), len(c.classes))
	}
	return names, nil
}

// textLines returns the lines of a text that are not blank, safe to print.
func textLines(text []byte) (lines []string) {
	for line := range strings.SplitSeq(string(text), "\n") {
		if line = strings.TrimSpace(printable.Line(line)); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
