// Package parquet reads columns of Parquet files (https://parquet.apache.org/docs/file-format/) that
// hold a number or a byte string per row, as Hugging Face's image datasets do. Files are not trusted:
// sizes are checked against the file's before memory is allocated, and a page at a time is in memory.
package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxFooter   = 16 << 20
	maxElements = 10_000  // of the schema
	maxChunks   = 200_000 // columns × row groups
	maxDepth    = 16      // of the schema
	maxName     = 256     // bytes
	maxMetadata = 1 << 20 // bytes of a value of the key-value metadata
	// A file has at most fewRows rows and one per minRow bytes, below the smallest of images.
	fewRows = 64 << 10
	minRow  = 48
)

// Kind is the physical type of a column.
type Kind int

// The physical types.
const (
	Bool Kind = iota
	Int32
	Int64
	Int96
	Float
	Double
	Bytes
	FixedBytes
)

// Column is a leaf of the schema.
type Column struct {
	Path     string // names joined by dots, e.g. "image.bytes"; not safe to print
	Kind     Kind
	Text     bool // annotated as a UTF-8 string
	Repeated bool // in a list: not readable

	maxDef int // definition level of a value that is not null
	length int // of FixedBytes
	index  int
}

// File is an open file.
type File struct {
	Columns []Column
	Rows    int
	from    io.ReaderAt
	size    int64
	groups  []group
	meta    map[string]string
}

// group is a row group.
type group struct {
	rows   int
	chunks []chunk
}

// chunk is a column in a row group.
type chunk struct {
	codec              int
	values             int64
	start, length      int64 // of all pages
	dataAt, dictionary int64 // as declared
}

// New opens the file of size bytes in from and reads its metadata, of key-value pairs those of keys.
func New(from io.ReaderAt, size int64, keys ...string) (*File, error) {
	tail := make([]byte, 8)
	if size < 12 {
		return nil, errors.New("too short for a Parquet file")
	}
	if n, err := from.ReadAt(tail, size-8); n < 8 {
		return nil, err
	}
	if string(tail[4:]) == "PARE" {
		return nil, errors.New("an encrypted Parquet file")
	}
	if string(tail[4:]) != "PAR1" {
		return nil, errors.New("does not end as a Parquet file")
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	if length > size-12 || length > maxFooter {
		return nil, fmt.Errorf("metadata of %d bytes are larger than the file or than %d MiB", length, maxFooter>>20)
	}
	footer := make([]byte, length)
	if n, err := from.ReadAt(footer, size-8-length); n < len(footer) {
		return nil, err
	}
	f := &File{from: from, size: size, meta: map[string]string{}}
	if err := f.parse(footer, keys); err != nil {
		return nil, err
	}
	return f, nil
}

// Metadata returns the value of a key of New; "" if there is none.
func (f *File) Metadata(key string) string { return f.meta[key] }

// element is an element of the schema, which is a tree in depth-first order.
type element struct {
	name                   string
	kind, length, children int64
	repetition, converted  int64
	text                   bool
}

func (f *File) parse(footer []byte, keys []string) error {
	t := &thrift{data: footer}
	var elements []element
	rows, chunks := int64(0), 0
	t.fields(func(id int, kind byte) bool {
		switch {
		case id == 2 && kind == tList:
			t.list(tStruct, func() {
				elements = append(elements, readElement(t))
				if len(elements) > maxElements {
					t.fail(fmt.Errorf("more than %d elements in the schema", maxElements))
				}
			})
		case id == 3 && kind == 6:
			rows = t.int()
		case id == 4 && kind == tList:
			t.list(tStruct, func() {
				g := readGroup(t)
				if chunks += 1 + len(g.chunks); chunks > maxChunks {
					t.fail(fmt.Errorf("more than %d column chunks", maxChunks))
				}
				f.groups = append(f.groups, g)
			})
		case id == 5 && kind == tList:
			t.list(tStruct, func() { f.readPair(t, keys) })
		default:
			return false
		}
		return true
	})
	if t.err != nil {
		return t.err
	}
	if err := f.addColumns(elements); err != nil {
		return err
	}
	return f.check(rows)
}

// check checks sizes and positions against the file's size.
func (f *File) check(rows int64) error {
	sum := int64(0)
	for _, g := range f.groups {
		if sum += int64(g.rows); g.rows < 0 || sum > fewRows+f.size/minRow {
			return fmt.Errorf("declares %d rows, more than images fit in %d bytes", sum, f.size)
		}
		if len(g.chunks) != len(f.Columns) {
			return fmt.Errorf("a row group of %d columns, but the schema has %d", len(g.chunks), len(f.Columns))
		}
		for i := range g.chunks {
			c := &g.chunks[i]
			c.start = c.dataAt
			if c.dictionary > 0 && c.dictionary < c.start {
				c.start = c.dictionary
			}
			if c.start < 4 || c.length < 0 || c.start > f.size || c.length > f.size-c.start {
				return fmt.Errorf("column %d is outside the file", i)
			}
		}
	}
	if sum != rows {
		return fmt.Errorf("declares %d rows, but its row groups have %d", rows, sum)
	}
	f.Rows = int(sum)
	return nil
}

func readElement(t *thrift) (e element) {
	e.kind, e.converted = -1, -1
	t.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == 5:
			e.kind = t.int()
		case id == 2 && kind == 5:
			e.length = t.int()
		case id == 3 && kind == 5:
			e.repetition = t.int()
		case id == 4 && kind == tBinary:
			e.name = string(t.binary())
		case id == 5 && kind == 5:
			e.children = t.int()
		case id == 6 && kind == 5:
			e.converted = t.int()
			e.text = e.text || e.converted == 0 // UTF8
		case id == 10 && kind == tStruct:
			t.fields(func(id int, kind byte) bool {
				e.text = e.text || id == 1 // STRING
				return false
			})
		default:
			return false
		}
		return true
	})
	return e
}

func readGroup(t *thrift) (g group) {
	t.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == tList:
			t.list(tStruct, func() {
				if g.chunks = append(g.chunks, readChunk(t)); len(g.chunks) > maxElements {
					t.fail(fmt.Errorf("more than %d columns", maxElements))
				}
			})
		case id == 3 && kind == 6:
			n := t.int()
			if g.rows = int(n); n < 0 || n > 1<<40 {
				t.fail(errThrift)
			}
		default:
			return false
		}
		return true
	})
	return g
}

func readChunk(t *thrift) (c chunk) {
	t.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == tBinary:
			if len(t.binary()) > 0 {
				t.fail(errors.New("a column is in another file"))
			}
			return true
		case id != 3 || kind != tStruct:
			return false
		}
		t.fields(func(id int, kind byte) bool {
			switch {
			case id == 4 && kind == 5:
				c.codec = int(t.int())
			case id == 5 && kind == 6:
				c.values = t.int()
			case id == 7 && kind == 6:
				c.length = t.int()
			case id == 9 && kind == 6:
				c.dataAt = t.int()
			case id == 11 && kind == 6:
				c.dictionary = t.int()
			default:
				return false
			}
			return true
		})
		return true
	})
	return c
}

func (f *File) readPair(t *thrift, keys []string) {
	var key, value []byte
	t.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == tBinary:
			key = t.binary()
		case id == 2 && kind == tBinary:
			value = t.binary()
		default:
			return false
		}
		return true
	})
	for _, k := range keys {
		if string(key) == k && len(value) <= maxMetadata {
			f.meta[k] = string(value)
		}
	}
}

// addColumns adds the leaves of a schema.
func (f *File) addColumns(elements []element) error {
	if len(elements) == 0 {
		return errThrift
	}
	at := 1
	var walk func(children int64, path []string, def int, repeated bool) error
	walk = func(children int64, path []string, def int, repeated bool) error {
		if len(path) > maxDepth {
			return errors.New("a schema too deep")
		}
		for ; children > 0; children-- {
			if at >= len(elements) {
				return errThrift
			}
			e := elements[at]
			at++
			here, many := def, repeated
			switch e.repetition {
			case 1: // optional
				here++
			case 2:
				here, many = here+1, true
			}
			if len(e.name) > maxName {
				return errors.New("a column with a name too long")
			}
			names := append(path[:len(path):len(path)], e.name)
			if e.children > 0 {
				if err := walk(e.children, names, here, many); err != nil {
					return err
				}
				continue
			}
			if e.kind < int64(Bool) || e.kind > int64(FixedBytes) || e.length < 0 || e.length > 1<<20 {
				return errThrift
			}
			f.Columns = append(f.Columns, Column{Path: strings.Join(names, "."), Kind: Kind(e.kind), Text: e.text, Repeated: many,
				maxDef: here, length: int(e.length), index: len(f.Columns)})
		}
		return nil
	}
	return walk(elements[0].children, nil, 0, false)
}
