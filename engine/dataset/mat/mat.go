// Package mat reads the numeric arrays of MATLAB's files of level 5, versions 5 to 7, compressed or not
// (https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf). Elements are read on demand.
package mat

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"hfcui/engine/dataset/npy"
	"hfcui/engine/dataset/spool"
)

const (
	maxVariables = 10_000
	maxDims      = 32
	maxName      = 256
)

// Types of data elements.
const (
	miINT8       = 1
	miUINT8      = 2
	miINT16      = 3
	miUINT16     = 4
	miINT32      = 5
	miUINT32     = 6
	miSINGLE     = 7
	miDOUBLE     = 9
	miINT64      = 12
	miUINT64     = 13
	miMATRIX     = 14
	miCOMPRESSED = 15
)

// types are the numeric types of data elements.
var types = map[uint32]npy.Type{
	miINT8: {Kind: 'i', Size: 1}, miUINT8: {Kind: 'u', Size: 1}, miINT16: {Kind: 'i', Size: 2}, miUINT16: {Kind: 'u', Size: 2},
	miINT32: {Kind: 'i', Size: 4}, miUINT32: {Kind: 'u', Size: 4}, miINT64: {Kind: 'i', Size: 8}, miUINT64: {Kind: 'u', Size: 8},
	miSINGLE: {Kind: 'f', Size: 4}, miDOUBLE: {Kind: 'f', Size: 8},
}

// File is an open file.
type File struct {
	Arrays  []*npy.Array // real numeric ones, in column-major order
	Skipped int          // variables of other classes, e.g. cells and structures
	spools  []*spool.Spool
	order   binary.ByteOrder
}

// New opens the file of size bytes in from. Compressed variables are unpacked when they are first
// read.
func New(from io.ReaderAt, size int64) (*File, error) {
	f, err := newFile(from, size)
	if err != nil {
		return nil, err
	}
	const tagSize = 8
	for at := int64(128); at < size; {
		tag := make([]byte, tagSize)
		if _, err := from.ReadAt(tag, at); err != nil {
			return nil, errors.Join(fmt.Errorf("ends within a variable, at byte %d", at), f.Close())
		}
		kind, length := f.order.Uint32(tag), int64(f.order.Uint32(tag[4:]))
		if at += tagSize; length > size-at {
			return nil, errors.Join(fmt.Errorf("a variable of %d bytes, but %d follow", length, size-at), f.Close())
		}
		if err := f.variable(from, kind, at, length); err != nil {
			return nil, errors.Join(fmt.Errorf("variable %d: %w", len(f.Arrays)+f.Skipped+1, err), f.Close())
		}
		if len(f.Arrays)+f.Skipped > maxVariables {
			return nil, errors.Join(fmt.Errorf("more than %d variables", maxVariables), f.Close())
		}
		at += length
		if kind != miCOMPRESSED {
			at = (at + 7) &^ 7
		}
	}
	return f, nil
}

// newFile reads the header.
func newFile(from io.ReaderAt, size int64) (*File, error) {
	header := make([]byte, 128)
	if n, _ := from.ReadAt(header, 0); n < len(header) || size < int64(len(header)) {
		return nil, errors.New("too short for a MATLAB file")
	}
	f := &File{}
	switch string(header[126:]) {
	case "IM":
		f.order = binary.LittleEndian
	case "MI":
		f.order = binary.BigEndian
	default:
		if bytes.HasPrefix(header, []byte("\x89HDF")) {
			return nil, errHDF5
		}
		return nil, errors.New("not a MATLAB file of version 5 to 7")
	}
	switch version := f.order.Uint16(header[124:]); version {
	case 0x0100:
		return f, nil
	case 0x0200:
		return nil, errHDF5
	default:
		return nil, fmt.Errorf("a MATLAB file of format %#04x, not of version 5 to 7", version)
	}
}

var errHDF5 = errors.New("MATLAB 7.3 (HDF5) is not supported: save it in MATLAB with -v7, or with scipy.io.savemat or numpy.savez")

// variable reads the header of the element of length bytes at an offset.
func (f *File) variable(from io.ReaderAt, kind uint32, at, length int64) error {
	switch kind {
	case miMATRIX:
		section := io.NewSectionReader(from, at, length)
		array, start, err := f.matrix(section, length)
		if err != nil || array == nil {
			return err
		}
		array.Data = io.NewSectionReader(from, at+start, array.Bytes())
		return nil
	case miCOMPRESSED:
		return f.compressed(io.NewSectionReader(from, at, length))
	}
	f.Skipped++
	return nil
}

// compressed reads the header of a compressed variable.
func (f *File) compressed(packed *io.SectionReader) error {
	open := func() (io.ReadCloser, error) {
		return zlib.NewReader(io.NewSectionReader(packed, 0, packed.Size()))
	}
	z, err := open()
	if err != nil {
		return err
	}
	defer z.Close()
	tag := make([]byte, 8)
	if _, err := io.ReadFull(z, tag); err != nil {
		return err
	}
	if f.order.Uint32(tag) != miMATRIX {
		f.Skipped++
		return nil
	}
	length := int64(f.order.Uint32(tag[4:]))
	if err := spool.Inflated(length, packed.Size()); err != nil {
		return err
	}
	array, start, err := f.matrix(z, length)
	if err != nil || array == nil {
		return err
	}
	data := spool.Stream(array.Bytes(), func() (io.ReadCloser, error) {
		z, err := open()
		if err == nil {
			_, err = io.CopyN(io.Discard, z, 8+start)
		}
		return z, err
	})
	f.spools = append(f.spools, data)
	array.Data = data
	return nil
}

// matrix reads the parts of a matrix of length bytes before its numbers, and returns their position
// in it. The array is nil, and counted as skipped, if it is not of real numbers.
func (f *File) matrix(r io.Reader, length int64) (*npy.Array, int64, error) {
	p := parts{r: r, order: f.order, left: length}
	flags, err := p.read(miUINT32, 8)
	if err != nil {
		return nil, 0, err
	}
	if len(flags) != 8 {
		return nil, 0, errPart
	}
	word := f.order.Uint32(flags)
	const complexFlag, mxDOUBLE, mxUINT64 = 1 << 11, 6, 15
	if class := word & 0xff; class < mxDOUBLE || class > mxUINT64 || word&complexFlag != 0 {
		f.Skipped++
		return nil, 0, nil
	}
	dims, err := p.read(miINT32, 4*maxDims)
	if err != nil {
		return nil, 0, err
	}
	array := &npy.Array{Fortran: true}
	for ; len(dims) >= 4; dims = dims[4:] {
		n := int32(f.order.Uint32(dims))
		if n < 0 {
			return nil, 0, errPart
		}
		array.Shape = append(array.Shape, int(n))
	}
	name, err := p.read(miINT8, maxName)
	if err != nil {
		return nil, 0, err
	}
	array.Name = string(bytes.TrimRight(name, "\x00"))
	kind, have, err := p.tag()
	if err != nil {
		return nil, 0, err
	}
	known, ok := types[kind]
	if !ok {
		return nil, 0, errPart
	}
	array.Type = known
	array.Type.Big = f.order == binary.BigEndian
	if err := array.Check(have); err != nil {
		return nil, 0, fmt.Errorf("%.100q: %w", array.Name, err)
	}
	f.Arrays = append(f.Arrays, array)
	return array, p.at, nil
}

var errPart = errors.New("an invalid part")

// parts reads the data elements of a matrix one after the other.
type parts struct {
	r     io.Reader
	order binary.ByteOrder
	at    int64 // read so far
	left  int64
	pad   int64 // after the element
}

func (p *parts) next(n int64) ([]byte, error) {
	if n > p.left {
		return nil, errPart
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(p.r, b); err != nil {
		return nil, errors.New("ends within a variable")
	}
	p.at += n
	p.left -= n
	return b, nil
}

// tag reads the type of the next element and its size in bytes, which remain to be read.
func (p *parts) tag() (kind uint32, size int64, err error) {
	b, err := p.next(4)
	if err != nil {
		return 0, 0, err
	}
	word := p.order.Uint32(b)
	if n := int64(word >> 16); n > 0 { // up to 4 bytes in the tag itself
		p.pad = 4 - n
		if n > 4 || n > p.left {
			return 0, 0, errPart
		}
		return word & 0xffff, n, nil
	}
	if b, err = p.next(4); err != nil {
		return 0, 0, err
	}
	size = int64(p.order.Uint32(b))
	p.pad = -size & 7
	if size > p.left {
		return 0, 0, errPart
	}
	return word, size, nil
}

// read reads an element of a type and at most limit bytes.
func (p *parts) read(want uint32, limit int64) ([]byte, error) {
	kind, size, err := p.tag()
	if err != nil {
		return nil, err
	}
	if kind != want || size > limit {
		return nil, errPart
	}
	b, err := p.next(size)
	if err == nil {
		_, err = p.next(p.pad)
	}
	return b, err
}

// Close removes what was unpacked.
func (f *File) Close() error {
	var errs []error
	for _, s := range f.spools {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
