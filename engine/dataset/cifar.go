package dataset

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The binary layout of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records of
// one label byte and 3072 pixel bytes, red plane first, each plane 32 rows of 32.
const (
	cifarClasses = 10
	cifarPixels  = 3 * 32 * 32
	cifarRecord  = 1 + cifarPixels
)

var cifarNames = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// openCIFAR opens the binary layout in dir. Missing train batches are left out as long as
// there is a test batch.
func openCIFAR(dir string) (d *Data, err error) {
	d = &Data{Name: "cifar10"}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	classes, err := cifarMeta(filepath.Join(dir, "batches.meta.txt"))
	if err != nil {
		return nil, err
	}
	test := newRecords(d.Name, "test", 3, 32, 32, classes)
	if err := d.addCIFAR(test, filepath.Join(dir, "test_batch.bin")); err != nil {
		return nil, err
	}
	d.Test = test
	train := newRecords(d.Name, "train", 3, 32, 32, classes)
	for i := 1; i <= 5; i++ {
		file := filepath.Join(dir, fmt.Sprintf("data_batch_%d.bin", i))
		if _, err := os.Stat(file); os.IsNotExist(err) {
			continue
		}
		if err := d.addCIFAR(train, file); err != nil {
			return nil, err
		}
	}
	if train.Len() > 0 {
		d.Train = train
	}
	return d, nil
}

// addCIFAR appends one batch file to a set.
func (d *Data) addCIFAR(r *records, file string) error {
	f, size, err := openRegular(file)
	if err != nil {
		return err
	}
	d.files = append(d.files, f)
	labels, err := cifarLabels(f, size, file)
	if err != nil {
		return err
	}
	r.labels = append(r.labels, labels...)
	r.chunks = append(r.chunks, chunk{file: file, from: f, count: len(labels), offset: 1, stride: cifarRecord})
	return nil
}

// cifarLabels checks a batch of size bytes and returns its labels.
func cifarLabels(from io.ReaderAt, size int64, file string) ([]uint8, error) {
	if size == 0 || size%cifarRecord != 0 {
		return nil, fmt.Errorf("%s: %d bytes is not a whole number of CIFAR-10 records of %d bytes: get the file again, for instance with: hfcui data get cifar10", file, size, cifarRecord)
	}
	labels := make([]uint8, 0, size/cifarRecord)
	in := bufio.NewReaderSize(io.NewSectionReader(from, 0, size), 64<<10)
	for i := range cap(labels) {
		label, err := in.ReadByte()
		if err == nil {
			_, err = in.Discard(cifarPixels)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", file, i, err)
		}
		if label >= cifarClasses {
			return nil, fmt.Errorf("%s: record %d: label %d is not 0 to 9: this is not a CIFAR-10 batch (CIFAR-100 has another layout), or it is damaged", file, i, label)
		}
		labels = append(labels, label)
	}
	return labels, nil
}

// cifarMeta reads the ten class names, one a line; the official ones when there is no file.
func cifarMeta(file string) ([]string, error) {
	text, err := readSmall(file, 1<<16)
	if os.IsNotExist(err) {
		return cifarNames, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, line := range strings.Split(string(text), "\n") {
		if line = printable(line); line != "" {
			names = append(names, line)
		}
	}
	if len(names) != cifarClasses {
		return nil, fmt.Errorf("%s: %d class names, not %d: mend the file, or remove it to use the official names", file, len(names), cifarClasses)
	}
	return names, nil
}
