package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"hfcui/checkpoints"
)

// Type is the type of elements: a kind of NumPy's array protocol, 'b' (bool), 'i', 'u', 'f', 'S'
// (bytes), 'U' (text) or 'O' (pickled objects), and its size in bytes.
type Type struct {
	Kind byte
	Size int
	Big  bool // big-endian
}

// parseType reads a type of the array protocol, e.g. "<f4".
func parseType(descr string) (t Type, err error) {
	if len(descr) < 2 {
		return t, errHeader
	}
	order, kind, digits := descr[0], descr[1], descr[2:]
	t.Kind, t.Big = kind, order == '>'
	unsupported := fmt.Errorf("elements of type %s are not supported", strings.ToValidUTF8(strconv.Quote(descr), "?"))
	if !strings.ContainsRune("<>|=", rune(order)) {
		return t, unsupported
	}
	if kind == 'O' {
		return t, nil
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return t, unsupported
	}
	t.Size = int(n)
	switch kind {
	case 'b':
		if n == 1 {
			return t, nil
		}
	case 'i', 'u':
		if n == 1 || n == 2 || n == 4 || n == 8 {
			return t, nil
		}
	case 'f':
		if n == 2 || n == 4 || n == 8 {
			return t, nil
		}
	case 'S':
		if n > 0 {
			return t, nil
		}
	case 'U':
		if t.Size *= 4; n > 0 && n < 1<<14 {
			return t, nil
		}
	}
	return t, unsupported
}

// String returns NumPy's name of the type.
func (t Type) String() string {
	switch t.Kind {
	case 'b':
		return "bool"
	case 'i':
		return fmt.Sprintf("int%d", 8*t.Size)
	case 'u':
		return fmt.Sprintf("uint%d", 8*t.Size)
	case 'f':
		return fmt.Sprintf("float%d", 8*t.Size)
	case 'S', 'U':
		return "str"
	}
	return "object"
}

// Numeric reports whether elements are numbers, which Value reads.
func (t Type) Numeric() bool { return strings.IndexByte("biuf", t.Kind) >= 0 && t.Kind != 0 }

// Value returns the number in the first Size bytes of b. Integers of 64 bits beyond 2⁵³ are rounded.
func (t Type) Value(b []byte) float64 {
	var order binary.ByteOrder = binary.LittleEndian
	if t.Big {
		order = binary.BigEndian
	}
	switch t.Size {
	case 1:
		if t.Kind == 'i' {
			return float64(int8(b[0]))
		}
		return float64(b[0])
	case 2:
		v := order.Uint16(b)
		switch t.Kind {
		case 'f':
			return float64(checkpoints.Half(v))
		case 'i':
			return float64(int16(v))
		}
		return float64(v)
	case 4:
		v := order.Uint32(b)
		switch t.Kind {
		case 'f':
			return float64(math.Float32frombits(v))
		case 'i':
			return float64(int32(v))
		}
		return float64(v)
	}
	v := order.Uint64(b)
	switch t.Kind {
	case 'f':
		return math.Float64frombits(v)
	case 'i':
		return float64(int64(v))
	}
	return float64(v)
}

// Array is an array in a file.
type Array struct {
	Name    string // of the file, or of the array in an archive; not safe to print
	Type    Type
	Shape   []int
	Fortran bool        // in column-major order
	Data    io.ReaderAt // the elements, from offset 0
}

// Count returns the number of elements. It cannot overflow in an array of this package.
func (a *Array) Count() int64 {
	n := int64(1)
	for _, d := range a.Shape {
		n *= int64(d)
	}
	return n
}

// Bytes returns the size of the elements in bytes.
func (a *Array) Bytes() int64 { return a.Count() * int64(a.Type.Size) }

// Check returns an error unless an array's elements are exactly have bytes.
func (a *Array) Check(have int64) error {
	want := int64(a.Type.Size)
	for _, d := range a.Shape {
		if d > 0 && want > math.MaxInt64/int64(d) {
			return errors.New("a shape beyond any file's size")
		}
		want *= int64(d)
	}
	if a.Type.Kind != 'O' && want != have {
		return fmt.Errorf("its shape %v of %s takes %d bytes, but %d follow the header", a.Shape, a.Type, want, have)
	}
	return nil
}

// New opens the .npy file of size bytes in from.
func New(from io.ReaderAt, size int64) (*Array, error) {
	h, err := readHeader(io.NewSectionReader(from, 0, size))
	if err != nil {
		return nil, err
	}
	a := &Array{Type: h.Type, Shape: h.Shape, Fortran: h.Fortran, Data: io.NewSectionReader(from, h.size, size-h.size)}
	return a, a.Check(size - h.size)
}

// Text returns the string in the first Size bytes of b.
func (t Type) Text(b []byte) string {
	b = b[:t.Size]
	if t.Kind == 'S' {
		return string(bytes.TrimRight(b, "\x00"))
	}
	var text []byte
	for ; len(b) >= 4; b = b[4:] {
		code := binary.LittleEndian.Uint32(b)
		if t.Big {
			code = binary.BigEndian.Uint32(b)
		}
		if code != 0 {
			text = utf8.AppendRune(text, rune(min(code, utf8.MaxRune+1)))
		}
	}
	return string(text)
}

// Each calls visit with the bytes of each element, in the order of the file, until it returns an error.
func (a *Array) Each(visit func(i int64, element []byte) error) error {
	if a.Type.Size == 0 {
		return errors.New("pickled Python objects, which are not read")
	}
	size := int64(a.Type.Size)
	per := max(1, 64<<10/size)
	piece := make([]byte, per*size)
	for i, n := int64(0), a.Count(); i < n; i += per {
		part := piece[:min(per, n-i)*size]
		if got, err := a.Data.ReadAt(part, i*size); got < len(part) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		for k := int64(0); k*size < int64(len(part)); k++ {
			if err := visit(i+k, part[k*size:][:size]); err != nil {
				return err
			}
		}
	}
	return nil
}
