package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"hfcui/engine/dataset/spool"
)

// The IDX layout of MNIST and the datasets after it: a big-endian header of magic number (0, 0, type,
// number of dimensions) and one 32-bit size per dimension, then the elements. Images are bytes
// (n, rows, columns); labels are bytes (n), or of QMNIST 32-bit integers (n, 8), class first.

const (
	idxMaxSide    = 4096
	idxMaxRecords = 10_000_000 // EMNIST has 814,255
	idxBytes8     = 8          // types
	idxInt32      = 12
)

// idxImages matches the names of files of images: of MNIST without a prefix, of others e.g.
// emnist-letters-train-images-idx3-ubyte.gz.
var idxImages = regexp.MustCompile(`^((?:.+-)?)(train|t10k|test|valid|val)-images[-.]idx3-ubyte(\.gz)?$`)

// openIDX opens the files of a prefix.
func openIDX(_ context.Context, d *Data, p arrayDir, o Options) error {
	images := map[string]map[string]string{} // prefix → split → file
	for _, name := range p.matching(idxImages) {
		m := idxImages.FindStringSubmatch(name)
		if images[m[1]] == nil {
			images[m[1]] = map[string]string{}
		}
		if old := images[m[1]][m[2]]; old == "" || m[3] == "" { // unpacked files first
			images[m[1]][m[2]] = name
		}
	}
	prefix := ""
	if m := idxImages.FindStringSubmatch(p.only); m != nil {
		prefix = m[1]
	} else if len(images) > 1 {
		var choices []string
		for _, files := range images {
			for _, file := range files {
				choices = append(choices, file)
				break
			}
		}
		slices.Sort(choices)
		return fmt.Errorf("%s: several datasets: open a file of one of them: %s", p.dir, strings.Join(choices, ", "))
	} else {
		for prefix = range images {
		}
	}
	sets := map[string]*idxSet{}
	d.Name = strings.TrimSuffix(prefix, "-")
	for name, file := range images[prefix] {
		set, err := d.openIDXSplit(p, prefix, name, file)
		if err != nil {
			return err
		}
		sets[name] = set
	}
	family, err := familyOf(prefix, p.dir, sets)
	if err != nil {
		return err
	}
	d.Name = family.name
	splits := map[string]Set{}
	for name, s := range sets {
		if err := family.finish(s, d); err != nil {
			return err
		}
		splits[name] = s.records
	}
	if family.note != "" {
		d.note("%s", family.note)
	}
	return d.chooseSplits(splits)
}

// idxSet is a split before its family is known.
type idxSet struct {
	*records
	labelFile string
}

func (d *Data) openIDXSplit(p arrayDir, prefix, name, file string) (*idxSet, error) {
	labelFile := ""
	for _, end := range []string{"labels-idx1-ubyte", "labels.idx1-ubyte", "labels-idx2-int", "labels.idx2-int"} {
		for _, packed := range []string{"", ".gz"} {
			if full := prefix + name + "-" + end + packed; labelFile == "" && p.has(full) {
				labelFile = p.path(full)
			}
		}
	}
	if labelFile == "" {
		missing := fmt.Errorf("%s: %s%s-images-idx3-ubyte and %s%s-labels-idx1-ubyte (or .gz) are required: add both", p.dir, prefix, name, prefix, name)
		if prefix == "" {
			missing = fmt.Errorf("%w, e.g. with: hfcui data get mnist", missing)
		}
		return nil, missing
	}
	labels, err := d.readIDXLabels(labelFile)
	if err != nil {
		return nil, err
	}
	images, size, err := d.readIDX(p.path(file), idxBytes8, 3)
	if err != nil {
		return nil, err
	}
	if size[0] != len(labels) {
		return nil, fmt.Errorf("%s: %d images, but %s has %d labels: download both again", p.path(file), size[0], labelFile, len(labels))
	}
	split := "test"
	if name == "train" {
		split = "train"
	}
	r := newRecords(d.Name, split, 1, size[1], size[2], nil)
	r.labels, r.chunks = labels, []chunk{images}
	return &idxSet{r, labelFile}, nil
}

// readIDXLabels reads labels.
func (d *Data) readIDXLabels(file string) ([]uint32, error) {
	kind, dims := byte(idxBytes8), 1
	if strings.Contains(file, "idx2-int") {
		kind, dims = idxInt32, 2
	}
	c, shape, err := d.readIDX(file, kind, dims)
	if err != nil {
		return nil, err
	}
	labels := make([]uint32, shape[0])
	in := io.NewSectionReader(c.from, c.offset, int64(c.count)*c.stride)
	record := make([]byte, c.stride)
	buffered := bufio.NewReaderSize(in, 64<<10)
	for i := range labels {
		if _, err := io.ReadFull(buffered, record); err != nil {
			return nil, fmt.Errorf("%s: %w: download it again", file, err)
		}
		if labels[i] = uint32(record[0]); kind == idxInt32 {
			labels[i] = binary.BigEndian.Uint32(record)
		}
	}
	return labels, nil
}

// readIDX opens and checks a file. A .gz is unpacked when it is first read.
func (d *Data) readIDX(file string, kind byte, dims int) (chunk, []int, error) {
	f, size, err := openRegular(file)
	if err != nil {
		return chunk{}, nil, err
	}
	if !strings.HasSuffix(file, ".gz") {
		d.files = append(d.files, f)
		return parseIDX(f, size, kind, dims, file)
	}
	defer f.Close()
	unpacked, err := gunzipped(f, size, kind, dims, file)
	if err != nil {
		return chunk{}, nil, err
	}
	d.files = append(d.files, unpacked)
	return parseIDX(unpacked, unpacked.Size(), kind, dims, file)
}

// gunzipped checks the size of a .gz file's content, which gzip states at the end, against its header.
func gunzipped(f *os.File, size int64, kind byte, dims int, file string) (*spool.Spool, error) {
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be unpacked (%w): download it again", file, err)
	}
	header := make([]byte, 4+4*dims)
	if n, err := io.ReadFull(z, header); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("%s: %d bytes is too short for an IDX file: download it again", file, n)
	} else if err != nil {
		return nil, fmt.Errorf("%s: cannot be unpacked (%w): download it again", file, err)
	}
	shape, record, err := idxHeader(header, kind, dims)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: download it again", file, err)
	}
	want := int64(len(header)) + int64(shape[0])*record
	if err := spool.Inflated(want, size); err != nil {
		return nil, fmt.Errorf("%s: %w: download it again", file, err)
	}
	end := make([]byte, 4)
	if n, err := f.ReadAt(end, size-4); n < len(end) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if have := binary.LittleEndian.Uint32(end); have != uint32(want) {
		return nil, fmt.Errorf("%s: header declares %d records of %d bytes, %d bytes in total, but %d are packed: download it again", file, shape[0], record, uint32(want), have)
	}
	return spool.Stream(want, func() (io.ReadCloser, error) {
		f, _, err := openRegular(file)
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(f)
		return closing{z, f}, err
	}), nil
}

// closing is a reader whose source has to be closed.
type closing struct {
	io.Reader
	io.Closer
}

// idxHeader reads the sizes of the dimensions, and the bytes of a record.
func idxHeader(header []byte, kind byte, dims int) (shape []int, record int64, err error) {
	if want := []byte{0, 0, kind, byte(dims)}; !bytes.Equal(header[:4], want) {
		return nil, 0, fmt.Errorf("starts with % x, not % x as an IDX file of %d dimensions", header[:4], want, dims)
	}
	shape, record = make([]int, dims), 1
	if kind == idxInt32 {
		record = 4
	}
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
func parseIDX(from io.ReaderAt, size int64, kind byte, dims int, file string) (chunk, []int, error) {
	header := make([]byte, 4+4*dims)
	if size < int64(len(header)) {
		return chunk{}, nil, fmt.Errorf("%s: %d bytes is too short for an IDX file: download it again", file, size)
	}
	if n, err := from.ReadAt(header, 0); n < len(header) {
		return chunk{}, nil, fmt.Errorf("%s: %w: download it again", file, err)
	}
	shape, record, err := idxHeader(header, kind, dims)
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
