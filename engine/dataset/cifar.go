package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"hfcui/engine/printable"
)

// The binary layout of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records of
// one label byte and 3072 pixel bytes, red plane first, each plane 32 rows of 32.
const (
	cifarClasses = 10
	cifarPixels  = 3 * 32 * 32
	cifarRecord  = 1 + cifarPixels
)

var cifarNames = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// batch is one of CIFAR-10's files: labels in memory, pixels on disk.
type batch struct {
	labels         []uint8
	titles         []string // one per label, or none
	pixels         io.ReaderAt
	offset, stride int64
}

// openCIFAR opens the binary layout.
func (d *Data) openCIFAR() error {
	d.Name = "cifar10"
	classes, err := cifarMeta(filepath.Join(d.Dir, "batches.meta.txt"))
	if err != nil {
		return err
	}
	return d.addBatches(".bin", classes, cifarBatch)
}

// addBatches reads the test batch and whichever of the five training batches there are.
func (d *Data) addBatches(suffix string, classes []string, read func(io.ReaderAt, int64, string) (batch, error)) error {
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
	if err := add(test, "test_batch"); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: not found, but required by the layout %s: add it, or download all files with: hfcui data get cifar10", filepath.Join(d.Dir, "test_batch"+suffix), d.Layout)
	} else if err != nil {
		return err
	}
	d.Test = test
	for i := 1; i <= 5; i++ {
		if err := add(train, fmt.Sprintf("data_batch_%d", i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if train.Len() > 0 {
		d.Train = train
	}
	return nil
}

// cifarBatch checks a binary batch of size bytes and reads its labels.
func cifarBatch(from io.ReaderAt, size int64, file string) (batch, error) {
	if size == 0 {
		return batch{}, fmt.Errorf("%s: empty file: download it again, e.g. with: hfcui data get cifar10", file)
	}
	if size < cifarRecord {
		return batch{}, fmt.Errorf("%s: %d bytes is smaller than a CIFAR-10 record (%d bytes): download it again, e.g. with: hfcui data get cifar10", file, size, cifarRecord)
	}
	if size%cifarRecord != 0 {
		return batch{}, fmt.Errorf("%s: %d bytes is not a multiple of CIFAR-10's record size, %d bytes (%d bytes after record %d): download it again, e.g. with: hfcui data get cifar10",
			file, size, cifarRecord, size%cifarRecord, size/cifarRecord-1)
	}
	labels := make([]uint8, 0, size/cifarRecord)
	in := bufio.NewReaderSize(io.NewSectionReader(from, 0, size), 64<<10)
	for i := range cap(labels) {
		label, err := in.ReadByte()
		if err == nil {
			_, err = in.Discard(cifarPixels)
		}
		if err != nil {
			return batch{}, fmt.Errorf("%s: record %d: %w", file, i, err)
		}
		if label >= cifarClasses {
			return batch{}, fmt.Errorf("%s: record %d: label %d is not in 0…9: not a CIFAR-10 batch (CIFAR-100 has another layout), or corrupt: download it again", file, i, label)
		}
		labels = append(labels, label)
	}
	return batch{labels: labels, pixels: from, offset: 1, stride: cifarRecord}, nil
}

// cifarMeta reads the ten class names, one per line; the official ones if there is no file.
func cifarMeta(file string) ([]string, error) {
	text, err := readSmall(file, 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return cifarNames, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(printable.Line(line)); line != "" {
			names = append(names, line)
		}
	}
	if len(names) != cifarClasses {
		return nil, fmt.Errorf("%s: %d class names, expected %d: fix the file, or delete it to use the official names", file, len(names), cifarClasses)
	}
	return names, nil
}
