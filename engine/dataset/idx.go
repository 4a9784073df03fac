package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// The IDX layout of MNIST and Fashion-MNIST: a big-endian header of magic number (0, 0, 8
// for bytes, number of dimensions) and one 32-bit size per dimension, then bytes. Images are
// (n, rows, columns), labels (n).

var (
	mnistNames   = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
	fashionNames = []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
)

const (
	idxMaxSide    = 4096
	idxMaxUnpack  = 256 << 20 // of a .gz file, unpacked in memory
	idxMaxRecords = 100_000_000
)

// idxFile returns the name of one of the four files, e.g. ("train", "images", 3), under any of its
// usual names; "" if there is none.
func idxFile(dir, split, what string, dims int) string {
	for _, dot := range []string{"-", "."} {
		for _, end := range []string{"", ".gz"} {
			file := filepath.Join(dir, fmt.Sprintf("%s-%s%sidx%d-ubyte%s", split, what, dot, dims, end))
			if exists(file) {
				return file
			}
		}
	}
	return ""
}

// openIDX opens the four files. Fashion-MNIST's have the same names as MNIST's and are recognized
// by their path.
func (d *Data) openIDX() error {
	d.Name = "mnist"
	classes := mnistNames
	if full, err := filepath.Abs(d.Dir); err == nil && strings.Contains(strings.ToLower(full), "fashion") {
		d.Name, classes = "fashion-mnist", fashionNames
	}
	test, err := d.openIDXSplit("t10k", "test", classes)
	if err != nil {
		return err
	}
	d.Test = test
	if idxFile(d.Dir, "train", "images", 3) == "" {
		return nil
	}
	train, err := d.openIDXSplit("train", "train", classes)
	if err == nil {
		d.Train = train
	}
	return err
}

func (d *Data) openIDXSplit(prefix, split string, classes []string) (*records, error) {
	imageFile, labelFile := idxFile(d.Dir, prefix, "images", 3), idxFile(d.Dir, prefix, "labels", 1)
	if imageFile == "" || labelFile == "" {
		return nil, fmt.Errorf("%s: %s-images-idx3-ubyte and %s-labels-idx1-ubyte (or .gz) are required: download both, e.g. with: hfcui data get %s", d.Dir, prefix, prefix, d.Name)
	}
	labels, _, err := d.readIDX(labelFile, 1)
	if err != nil {
		return nil, err
	}
	images, size, err := d.readIDX(imageFile, 3)
	if err != nil {
		return nil, err
	}
	if size[0] != labels.count {
		return nil, fmt.Errorf("%s: %d images, but %s has %d labels: download both again", imageFile, size[0], labelFile, labels.count)
	}
	r := newRecords(d.Name, split, 1, size[1], size[2], classes)
	r.labels = make([]uint8, labels.count)
	if _, err := io.ReadFull(io.NewSectionReader(labels.from, labels.offset, int64(labels.count)), r.labels); err != nil {
		return nil, fmt.Errorf("%s: %w", labelFile, err)
	}
	for i, label := range r.labels {
		if int(label) >= len(classes) {
			return nil, fmt.Errorf("%s: record %d: label %d is not in 0…%d: not the labels of %s, or corrupt: download it again", labelFile, i, label, len(classes)-1, d.Name)
		}
	}
	r.chunks = []chunk{images}
	return r, nil
}

// readIDX opens and checks a file. A .gz is unpacked in memory.
func (d *Data) readIDX(file string, dims int) (chunk, []int, error) {
	f, size, err := openRegular(file)
	if err != nil {
		return chunk{}, nil, err
	}
	if !strings.HasSuffix(file, ".gz") {
		d.files = append(d.files, f)
		return parseIDX(f, size, dims, file)
	}
	defer f.Close()
	data, err := gunzipIDX(f, size, dims, file)
	if err != nil {
		return chunk{}, nil, err
	}
	return parseIDX(bytes.NewReader(data), int64(len(data)), dims, file)
}

// deflateRatio is above deflate's maximum compression ratio, 1032 (RFC 1951: 258 bytes in two bits).
const deflateRatio = 1100

// gunzipIDX unpacks a header and the bytes it declares; size is that of the compressed file. The
// memory needed is known and bounded in advance, and trailing data is not unpacked.
func gunzipIDX(from io.Reader, size int64, dims int, file string) ([]byte, error) {
	broken := func(err error) error { return fmt.Errorf("%s: cannot be unpacked (%w): download it again", file, err) }
	z, err := gzip.NewReader(from)
	if err != nil {
		return nil, broken(err)
	}
	header := make([]byte, 4+4*dims)
	if n, err := io.ReadFull(z, header); err == io.EOF || err == io.ErrUnexpectedEOF {
		return header[:n], nil // parseIDX reports the error
	} else if err != nil {
		return nil, broken(err)
	}
	shape, record, err := idxHeader(header, dims)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: download it again", file, err)
	}
	want := int64(len(header)) + int64(shape[0])*record
	if want > idxMaxUnpack {
		return nil, fmt.Errorf("%s: unpacks to %d MiB, more than the limit of %d MiB in memory: unpack it with gunzip to have it read from disk", file, want>>20, idxMaxUnpack>>20)
	}
	if want > deflateRatio*size {
		return nil, fmt.Errorf("%s: header declares %d records of %d bytes, more than %d compressed bytes can hold: download it again", file, shape[0], record, size)
	}
	data := make([]byte, want)
	n, err := io.ReadFull(z, data[copy(data, header):])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return data[:len(header)+n], nil // as above
	} else if err != nil {
		return nil, broken(err)
	}
	// Reading one more byte checks for trailing data and verifies the checksum.
	switch n, err := io.ReadFull(z, make([]byte, 1)); {
	case n > 0:
		return nil, fmt.Errorf("%s: header declares %d records of %d bytes, but more data follows: download it again", file, shape[0], record)
	case err != io.EOF:
		return nil, broken(err)
	}
	return data, nil
}

// idxHeader reads the sizes of the dimensions, and the bytes of a record.
func idxHeader(header []byte, dims int) (shape []int, record int64, err error) {
	if want := []byte{0, 0, 8, byte(dims)}; !bytes.Equal(header[:4], want) {
		return nil, 0, fmt.Errorf("starts with % x, not % x as an IDX file of %d dimensions of bytes", header[:4], want, dims)
	}
	shape, record = make([]int, dims), 1
	for k := range shape {
		n := binary.BigEndian.Uint32(header[4+4*k:])
		if n < 1 || k == 0 && n > idxMaxRecords || k > 0 && n > idxMaxSide {
			return nil, 0, fmt.Errorf("dimension %d is %d", k, n)
		}
		shape[k] = int(n)
		if k > 0 {
			record *= int64(n)
		}
	}
	return shape, record, nil
}

// parseIDX checks that size bytes match the header, and returns the position of the records and the
// sizes of the dimensions.
func parseIDX(from io.ReaderAt, size int64, dims int, file string) (chunk, []int, error) {
	header := make([]byte, 4+4*dims)
	if size < int64(len(header)) {
		return chunk{}, nil, fmt.Errorf("%s: %d bytes is too short for an IDX file: download it again", file, size)
	}
	if _, err := from.ReadAt(header, 0); err != nil {
		return chunk{}, nil, fmt.Errorf("%s: %w: download it again", file, err)
	}
	shape, record, err := idxHeader(header, dims)
	if err != nil {
		return chunk{}, nil, fmt.Errorf("%s: %w: download it again", file, err)
	}
	have := size - int64(len(header))
	if want := int64(shape[0]) * record; have != want {
		return chunk{}, nil, fmt.Errorf("%s: header declares %d records of %d bytes, %d bytes in total, but %d follow (record %d is incomplete): download it again",
			file, shape[0], record, want, have, min(have/record, int64(shape[0])))
	}
	return chunk{file: file, from: from, count: shape[0], offset: int64(len(header)), stride: record}, shape, nil
}
