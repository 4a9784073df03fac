package npy

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"hfcui/engine/dataset/spool"
)

// maxDirectory bounds the reading of a zip archive's directory, whose entries take more memory than
// their 46 bytes: 45,000 of them.
const maxDirectory = 2 << 20

// Archive is an open .npz file.
type Archive struct {
	Arrays  []*Array // in the order of the file
	spools  []*spool.Spool
	Skipped int // files in it that are not arrays
}

// NewArchive opens the .npz file of size bytes in from. Compressed arrays are unpacked when they are
// first read.
func NewArchive(from io.ReaderAt, size int64) (*Archive, error) {
	metered := &meter{from: from}
	metered.left.Store(maxDirectory)
	z, err := zip.NewReader(metered, size)
	if err != nil {
		if metered.left.Load() < 0 {
			err = errors.New("too many files")
		}
		return nil, fmt.Errorf("not a .npz archive (%w)", err)
	}
	metered.left.Store(1 << 62)
	a := &Archive{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			a.Skipped++
			continue
		}
		array, err := a.array(f, from, size)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("array %.100q: %w", name, err), a.Close())
		}
		array.Name = name
		a.Arrays = append(a.Arrays, array)
	}
	return a, nil
}

// array reads the header of an array in an archive.
func (a *Archive) array(f *zip.File, from io.ReaderAt, size int64) (*Array, error) {
	unpacked, packed := int64(f.UncompressedSize64), int64(f.CompressedSize64)
	if packed < 0 || packed > size {
		return nil, errors.New("larger than the archive")
	}
	start, err := f.DataOffset()
	if err != nil {
		return nil, err
	}
	if f.Method == zip.Store && f.Flags&1 == 0 {
		if unpacked != packed || start > size-packed {
			return nil, errors.New("larger than the archive")
		}
		return New(io.NewSectionReader(from, start, packed), packed)
	}
	if err := spool.Inflated(unpacked, packed); err != nil {
		return nil, err
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	h, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	if h.size > unpacked {
		return nil, errHeader
	}
	data := spool.Stream(unpacked-h.size, func() (io.ReadCloser, error) {
		r, err := f.Open()
		if err == nil {
			_, err = io.CopyN(io.Discard, r, h.size)
		}
		return r, err
	})
	array := &Array{Type: h.Type, Shape: h.Shape, Fortran: h.Fortran, Data: data}
	a.spools = append(a.spools, data)
	return array, array.Check(unpacked - h.size)
}

// Close removes what was unpacked.
func (a *Archive) Close() error {
	var errs []error
	for _, s := range a.spools {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// meter fails when more than left bytes have been read.
type meter struct {
	from io.ReaderAt
	left atomic.Int64
}

func (m *meter) ReadAt(p []byte, off int64) (int, error) {
	if m.left.Add(-int64(len(p))) < 0 {
		return 0, errors.New("too many files")
	}
	return m.from.ReadAt(p, off)
}
