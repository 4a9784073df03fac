package parquet

import (
	"errors"
	"fmt"
	"io"
)

// Encodings of values.
const (
	plain           = 0
	plainDictionary = 2
	runs            = 3
	deltaBinary     = 5
	deltaLength     = 6
	deltaBytes      = 7
	dictionary      = 8
)

// Types of pages.
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

const (
	headerPiece = 4 << 10
	maxPageHead = 1 << 20
	// maxExpansion bounds what a page of compressed bytes may decompress to beyond its own size.
	maxExpansion = 12 << 20
	maxPages     = 50_000 // of a column
)

// Page is a page of a column: the values of consecutive rows.
type Page struct {
	First, Rows int // of the file's rows
	column      *Column
	codec       int
	head        pageHeader
	at          int64 // of its data in the file
	// the dictionary of its chunk; its size is 0 if there is none
	dictionary   pageHeader
	dictionaryAt int64
}

// pageHeader describes a page.
type pageHeader struct {
	kind         int
	size, packed int64 // decompressed and in the file
	values       int
	encoding     int
	// of version 2: bytes of definition levels and of repetition levels, which are all zero, and whether
	// the values are compressed
	defSize, repSize int64
	uncompressed     bool
}

func (h *pageHeader) isDictionary() bool {
	return h.encoding == dictionary || h.encoding == plainDictionary
}

// Pages lists the pages of a column. It reads their headers only.
func (f *File) Pages(c *Column) ([]Page, error) {
	if c.Repeated {
		return nil, fmt.Errorf("column %.100q is a list", c.Path)
	}
	var pages []Page
	row := 0
	for _, g := range f.groups {
		var err error
		if pages, err = f.chunkPages(pages, c, g, row); err != nil {
			return nil, fmt.Errorf("column %.100q: %w", c.Path, err)
		}
		row += g.rows
	}
	return pages, nil
}

// chunkPages appends the pages of a column in a row group whose first row is row.
func (f *File) chunkPages(pages []Page, c *Column, g group, row int) ([]Page, error) {
	at, end, last := g.chunks[c.index].start, int64(0), row+g.rows
	end = at + g.chunks[c.index].length
	template := Page{column: c, codec: g.chunks[c.index].codec}
	for seen := len(pages); at < end && row < last; seen++ {
		if seen > maxPages {
			return nil, fmt.Errorf("more than %d pages", maxPages)
		}
		h, n, err := f.pageHeader(at, end)
		if err != nil {
			return nil, err
		}
		at += n
		if h.packed > end-at {
			return nil, errors.New("a page is larger than its column chunk")
		}
		switch h.kind {
		case dictionaryPage:
			template.dictionary, template.dictionaryAt = h, at
		case dataPage, dataPageV2:
			if h.values > last-row {
				return nil, errors.New("pages with more values than rows")
			}
			p := template
			p.First, p.Rows, p.head, p.at = row, h.values, h, at
			if p.head.isDictionary() && p.dictionaryAt == 0 {
				return nil, errors.New("a page without its dictionary")
			}
			if p.Rows > 0 { // an empty page takes memory, but says nothing
				pages = append(pages, p)
			}
			row += h.values
		}
		at += h.packed
	}
	if row != last {
		return nil, fmt.Errorf("%d values are missing", last-row)
	}
	return pages, nil
}

// pageHeader reads the header at an offset and its length.
func (f *File) pageHeader(at, end int64) (h pageHeader, n int64, err error) {
	for piece := int64(headerPiece); ; piece *= 8 {
		data := make([]byte, min(piece, end-at))
		if got, err := f.from.ReadAt(data, at); got < len(data) {
			return h, 0, err
		}
		t := &thrift{data: data}
		h = readPageHeader(t)
		if t.err == errShort && piece < maxPageHead && int64(len(data)) < end-at {
			continue
		}
		if t.err != nil {
			return h, 0, fmt.Errorf("a page header: %w", t.err)
		}
		return h, int64(t.at), h.check()
	}
}

func (h *pageHeader) check() error {
	switch {
	case h.size < 0 || h.packed < 0 || h.values < 0 || h.defSize < 0 || h.repSize < 0 || h.defSize+h.repSize > min(h.packed, h.size):
		return errors.New("a page of an invalid size")
	case h.size > h.packed+maxExpansion:
		return fmt.Errorf("a page of %d MiB decompressed from %d: write it with smaller pages or without compression", h.size>>20, h.packed>>20)
	case h.kind == dictionaryPage && int64(h.values) > h.size:
		return errors.New("a dictionary with more values than bytes")
	}
	return nil
}

func readPageHeader(t *thrift) (h pageHeader) {
	h.kind = -1
	t.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == 5:
			h.kind = int(t.int())
		case id == 2 && kind == 5:
			h.size = t.int()
		case id == 3 && kind == 5:
			h.packed = t.int()
		case (id == 5 || id == 7 || id == 8) && kind == tStruct:
			h.readData(t, id == 8)
		default:
			return false
		}
		return true
	})
	return h
}

// readData reads a header of data or of a dictionary, which begin alike.
func (h *pageHeader) readData(t *thrift, v2 bool) {
	encoding := 2
	if v2 {
		encoding = 4
	}
	t.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == 5:
			h.values = int(t.int())
		case id == encoding && kind == 5:
			h.encoding = int(t.int())
		case v2 && id == 5 && kind == 5:
			h.defSize = t.int()
		case v2 && id == 6 && kind == 5:
			h.repSize = t.int()
		case v2 && id == 7 && (kind == tTrue || kind == tFalse):
			h.uncompressed = kind == tFalse
		default:
			return false
		}
		return true
	})
}

// content reads the decompressed data of a page: its definition levels, if it has any, and its values.
func (f *File) content(p *Page) (levels, values []byte, err error) {
	h := p.head
	from := io.NewSectionReader(f.from, p.at, h.packed)
	if h.kind == dataPageV2 {
		levels = make([]byte, h.repSize+h.defSize)
		if _, err := io.ReadFull(from, levels); err != nil {
			return nil, nil, err
		}
		codec := p.codec
		if h.uncompressed {
			codec = 0
		}
		values, err = decompress(codec, from, int(h.size)-len(levels))
		return levels[h.repSize:], values, err
	}
	if values, err = decompress(p.codec, from, int(h.size)); err != nil || p.column.maxDef == 0 {
		return nil, values, err
	}
	if len(values) < 4 {
		return nil, nil, errShort
	}
	n := uint64(values[0]) | uint64(values[1])<<8 | uint64(values[2])<<16 | uint64(values[3])<<24
	if values = values[4:]; n > uint64(len(values)) {
		return nil, nil, errShort
	}
	return values[:n], values[n:], nil
}
