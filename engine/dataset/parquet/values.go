package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

var errValues = errors.New("a page's values are invalid")

// Values are the values of a page.
type Values struct {
	// of columns of bytes: the values that are not null, or the distinct ones, value k at
	// text[start[k]:end[k]]
	text       []byte
	start, end []uint32
	numbers    []int64 // of columns of numbers
	at         []int32 // of each row, its value's index, −1: null
}

// Len returns the number of rows.
func (v *Values) Len() int { return len(v.at) }

// Bytes returns the value of row i of the page; false if it is null. It may not be modified.
func (v *Values) Bytes(i int) ([]byte, bool) {
	if k := v.at[i]; k >= 0 && v.start != nil {
		return v.text[v.start[k]:v.end[k]:v.end[k]], true
	}
	return nil, false
}

// Int returns the value of row i of the page; false if it is null.
func (v *Values) Int(i int) (int64, bool) {
	if k := v.at[i]; k >= 0 && v.numbers != nil {
		return v.numbers[k], true
	}
	return 0, false
}

// Read reads the values of a page. Numbers are converted to int64; those that are not integers are an
// error.
func (f *File) Read(p *Page) (*Values, error) {
	v, err := f.read(p)
	if err != nil {
		return nil, fmt.Errorf("column %.100q, rows %d to %d: %w", p.column.Path, p.First, p.First+p.Rows-1, err)
	}
	return v, nil
}

func (f *File) read(p *Page) (*Values, error) {
	levels, data, err := f.content(p)
	if err != nil {
		return nil, err
	}
	v := &Values{at: make([]int32, p.Rows)}
	present := p.Rows
	if p.column.maxDef > 0 {
		if present, err = v.levels(levels, p.column.maxDef); err != nil {
			return nil, err
		}
	} else {
		for i := range v.at {
			v.at[i] = int32(i)
		}
	}
	if !p.head.isDictionary() {
		return v, v.decode(p.column, p.head.encoding, data, present)
	}
	if err := f.readDictionary(v, p); err != nil || present == 0 {
		return v, err
	}
	if len(data) == 0 {
		return nil, errValues
	}
	indices := make([]int32, present)
	if err := hybrid(data[1:], int(data[0]), indices); err != nil {
		return nil, err
	}
	count := max(len(v.start), len(v.numbers))
	for _, k := range indices {
		if k < 0 || int(k) >= count {
			return nil, errValues
		}
	}
	for i, k := range v.at {
		if k >= 0 {
			v.at[i] = indices[k]
		}
	}
	return v, nil
}

// readDictionary reads the distinct values of a page's chunk.
func (f *File) readDictionary(v *Values, p *Page) error {
	from := Page{column: p.column, codec: p.codec, head: p.dictionary, at: p.dictionaryAt}
	from.head.kind = dictionaryPage
	required := *p.column
	required.maxDef = 0 // a dictionary has no levels
	from.column = &required
	_, data, err := f.content(&from)
	if err != nil {
		return err
	}
	return v.decode(p.column, plain, data, from.head.values)
}

// levels numbers the values that are not null, and returns how many there are.
func (v *Values) levels(data []byte, maxDef int) (int, error) {
	if err := hybrid(data, bits.Len(uint(maxDef)), v.at); err != nil {
		return 0, err
	}
	n := int32(0)
	for i, level := range v.at {
		switch {
		case int(level) > maxDef || level < 0:
			return 0, errValues
		case int(level) == maxDef:
			v.at[i] = n
			n++
		default:
			v.at[i] = -1
		}
	}
	return int(n), nil
}

// decode decodes n values.
func (v *Values) decode(c *Column, encoding int, data []byte, n int) (err error) {
	text := c.Kind == Bytes || c.Kind == FixedBytes
	switch {
	case text && encoding == plain:
		err = v.plainBytes(data, n, c)
	case text && c.Kind == Bytes && (encoding == deltaLength || encoding == deltaBytes):
		err = v.deltaStrings(data, n, encoding == deltaBytes)
	case !text && encoding == plain:
		v.numbers, err = plainNumbers(data, n, c.Kind)
	case encoding == deltaBinary && (c.Kind == Int32 || c.Kind == Int64):
		v.numbers, _, err = deltaNumbers(data, n)
		if c.Kind == Int32 { // differences wrap around
			for i, number := range v.numbers {
				v.numbers[i] = int64(int32(number))
			}
		}
	case encoding == runs && c.Kind == Bool && len(data) >= 4: // after their length
		flags := make([]int32, n)
		err = hybrid(data[4:], 1, flags)
		for _, flag := range flags {
			v.numbers = append(v.numbers, int64(flag))
		}
	default:
		err = fmt.Errorf("encoding %d is not supported: write the file again with the default encodings", encoding)
	}
	return err
}

// plainBytes finds n byte strings in data.
func (v *Values) plainBytes(data []byte, n int, c *Column) error {
	if c.Kind == Bytes && n > len(data)/4 || c.Kind == FixedBytes && (c.length < 1 || n > len(data)/c.length) || len(data) > math.MaxInt32 {
		return errValues
	}
	v.text, v.start, v.end = data, make([]uint32, n), make([]uint32, n)
	at := 0
	for i := range n {
		size := c.length
		if c.Kind == Bytes {
			if len(data)-at < 4 {
				return errValues
			}
			size = int(binary.LittleEndian.Uint32(data[at:]))
			at += 4
		}
		if size > len(data)-at {
			return errValues
		}
		v.start[i], v.end[i] = uint32(at), uint32(at+size)
		at += size
	}
	return nil
}

// plainNumbers reads numbers; floating-point ones must be integers.
func plainNumbers(data []byte, n int, kind Kind) ([]int64, error) {
	width := map[Kind]int{Int32: 4, Int64: 8, Float: 4, Double: 8}[kind]
	if kind == Bool {
		if n > 8*len(data) {
			return nil, errValues
		}
		all := make([]int64, n)
		for i := range all {
			all[i] = int64(data[i/8] >> (i % 8) & 1)
		}
		return all, nil
	}
	if width == 0 || n > len(data)/width {
		return nil, errValues
	}
	all := make([]int64, n)
	for i := range all {
		b := data[i*width:]
		var real float64
		switch kind {
		case Int32:
			all[i] = int64(int32(binary.LittleEndian.Uint32(b)))
			continue
		case Int64:
			all[i] = int64(binary.LittleEndian.Uint64(b))
			continue
		case Float:
			real = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		default:
			real = math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
		if all[i] = int64(real); real != math.Trunc(real) || math.Abs(real) > 1<<53 {
			return nil, fmt.Errorf("%g is not an integer", real)
		}
	}
	return all, nil
}

// hybrid decodes runs of equal or bit-packed numbers of a width in bits
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE) into dst.
func hybrid(data []byte, width int, dst []int32) error {
	if width > 31 {
		return errValues
	}
	for len(dst) > 0 {
		head, n := binary.Uvarint(data)
		if n <= 0 || head>>1 == 0 || head > 1<<40 {
			return errValues
		}
		data = data[n:]
		if head&1 == 0 {
			size := (width + 7) / 8
			if size > len(data) {
				return errValues
			}
			value := int32(0)
			for i := range size {
				value |= int32(data[i]) << (8 * i)
			}
			data = data[size:]
			run := int(min(head>>1, uint64(len(dst))))
			for i := range run {
				dst[i] = value
			}
			dst = dst[run:]
			continue
		}
		run := min(int(head>>1)*8, len(dst))
		if (run*width+7)/8 > len(data) {
			return errValues
		}
		for i := range run {
			dst[i] = int32(packed(data, i*width, width))
		}
		dst = dst[run:]
		data = data[min(int(head>>1)*width, len(data)):]
	}
	return nil
}

// packed returns the number of width ≤ 64 bits at a bit of data, least significant bit first.
func packed(data []byte, bit, width int) (v uint64) {
	for got := 0; got < width; {
		shift := (bit + got) % 8
		take := min(8-shift, width-got)
		v |= uint64(data[(bit+got)/8]>>shift&(1<<take-1)) << got
		got += take
	}
	return v
}

// deltaNumbers decodes n integers of the encoding DELTA_BINARY_PACKED, and returns the data after
// them.
func deltaNumbers(data []byte, n int) ([]int64, []byte, error) {
	next := func() uint64 {
		v, size := binary.Uvarint(data)
		if size <= 0 {
			data = nil
			return 0
		}
		data = data[size:]
		return v
	}
	zigzag := func(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
	block, minis, total := next(), next(), next()
	value := zigzag(next())
	if block == 0 || block > 1<<20 || minis == 0 || minis > block || block%minis != 0 || total < uint64(n) || n > 0 && data == nil {
		return nil, nil, errValues
	}
	if total > uint64(n) {
		return nil, nil, errValues
	}
	all := make([]int64, 0, n)
	if n > 0 {
		all = append(all, value)
	}
	per := int(block / minis)
	for len(all) < n {
		least := zigzag(next())
		if uint64(len(data)) < minis {
			return nil, nil, errValues
		}
		widths := data[:minis]
		data = data[minis:]
		for _, width := range widths {
			if len(all) == n {
				break
			}
			if width > 64 || (per*int(width)+7)/8 > len(data) {
				return nil, nil, errValues
			}
			for i := 0; i < per && len(all) < n; i++ {
				value += least + int64(packed(data, i*int(width), int(width)))
				all = append(all, value)
			}
			data = data[(per*int(width)+7)/8:]
		}
	}
	return all, data, nil
}

// deltaStrings decodes n byte strings of the encodings DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY,
// in which each begins with a part of the one before.
func (v *Values) deltaStrings(data []byte, n int, prefixed bool) (err error) {
	prefixes := make([]int64, n)
	if prefixed {
		if prefixes, data, err = deltaNumbers(data, n); err != nil {
			return err
		}
	}
	lengths, data, err := deltaNumbers(data, n)
	if err != nil {
		return err
	}
	if !prefixed && len(data) <= math.MaxInt32 {
		return v.slice(data, lengths)
	}
	v.start, v.end = make([]uint32, n), make([]uint32, n)
	last, limit := 0, len(data)+maxExpansion
	for i, length := range lengths {
		prefix := prefixes[i]
		if length < 0 || length > int64(len(data)) || prefix < 0 || prefix > int64(len(v.text)-last) || int64(len(v.text))+prefix+length > int64(limit) {
			return errValues
		}
		start := len(v.text)
		v.text = append(append(v.text, v.text[last:last+int(prefix)]...), data[:length]...)
		data = data[length:]
		v.start[i], v.end[i] = uint32(start), uint32(len(v.text))
		last = start
	}
	return nil
}

// slice finds byte strings of lengths one after the other in data.
func (v *Values) slice(data []byte, lengths []int64) error {
	v.text, v.start, v.end = data, make([]uint32, len(lengths)), make([]uint32, len(lengths))
	at := int64(0)
	for i, length := range lengths {
		if length < 0 || length > int64(len(data))-at {
			return errValues
		}
		v.start[i], v.end[i] = uint32(at), uint32(at+length)
		at += length
	}
	return nil
}

// Size is the memory the values take, in bytes.
func (v *Values) Size() int64 {
	return int64(len(v.text)) + 8*int64(len(v.start)+len(v.numbers)) + 4*int64(len(v.at))
}
