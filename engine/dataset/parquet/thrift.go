package parquet

import (
	"encoding/binary"
	"errors"
)

// thrift reads Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), in which
// Parquet's metadata are encoded.
type thrift struct {
	data  []byte
	at    int
	depth int
	err   error // the first one; all later reads return zero
}

var (
	errThrift = errors.New("invalid metadata")
	errShort  = errors.New("metadata end early")
)

// Types of fields.
const (
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
)

const maxThriftDepth = 24

func (t *thrift) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *thrift) byte() byte {
	if t.err != nil || t.at >= len(t.data) {
		t.fail(errShort)
		return 0
	}
	t.at++
	return t.data[t.at-1]
}

func (t *thrift) uvarint() uint64 {
	if t.err != nil {
		return 0
	}
	v, n := binary.Uvarint(t.data[t.at:])
	switch {
	case n == 0:
		t.fail(errShort)
	case n < 0:
		t.fail(errThrift)
	default:
		t.at += n
		return v
	}
	return 0
}

// int reads an i16, i32 or i64.
func (t *thrift) int() int64 {
	v := t.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// binary reads a string; it is part of data.
func (t *thrift) binary() []byte {
	n := t.uvarint()
	if t.err != nil {
		return nil
	}
	if n > uint64(len(t.data)-t.at) {
		t.fail(errShort)
		return nil
	}
	t.at += int(n)
	return t.data[t.at-int(n) : t.at]
}

// fields reads a struct: field is called with each field's number and type, and must read it; if it
// returns false the field is skipped.
func (t *thrift) fields(field func(id int, kind byte) bool) {
	if t.depth++; t.depth > maxThriftDepth {
		t.fail(errThrift)
	}
	defer func() { t.depth-- }()
	id := int64(0)
	for t.err == nil {
		head := t.byte()
		kind := head & 15
		if kind == 0 {
			return
		}
		if delta := head >> 4; delta > 0 {
			id += int64(delta)
		} else {
			id = t.int()
		}
		if id < 0 || id > 1<<15 {
			t.fail(errThrift)
		}
		if t.err == nil && !field(int(id), kind) {
			t.skip(kind)
		}
	}
}

// list reads a list whose elements item reads.
func (t *thrift) list(want byte, item func()) {
	head := t.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = t.uvarint()
	}
	if kind := head & 15; kind != want {
		t.fail(errThrift)
	}
	for ; n > 0 && t.err == nil; n-- {
		item()
	}
}

func (t *thrift) skip(kind byte) {
	if t.depth++; t.depth > maxThriftDepth {
		t.fail(errThrift)
	}
	defer func() { t.depth-- }()
	switch kind {
	case tTrue, tFalse:
	case tByte:
		t.byte()
	case 4, 5, 6:
		t.uvarint()
	case tDouble:
		for range 8 {
			t.byte()
		}
	case tBinary:
		t.binary()
	case tStruct:
		t.fields(func(int, byte) bool { return false })
	case tList, tSet:
		head := t.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = t.uvarint()
		}
		for ; n > 0 && t.err == nil; n-- {
			t.skipItem(head & 15)
		}
	case tMap:
		n := t.uvarint()
		if n == 0 {
			return
		}
		kinds := t.byte()
		for ; n > 0 && t.err == nil; n-- {
			t.skipItem(kinds >> 4)
			t.skipItem(kinds & 15)
		}
	default:
		t.fail(errThrift)
	}
}

// skipItem skips an element of a collection, where a bool has a byte of its own.
func (t *thrift) skipItem(kind byte) {
	if kind == tTrue || kind == tFalse {
		t.byte()
		return
	}
	t.skip(kind)
}
