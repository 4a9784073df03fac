package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"
)

// This file and its neighbors read as much of Python's pickle format
// (https://docs.python.org/3/library/pickletools.html), protocols 2 to 5, as a CIFAR batch needs:
// dicts, lists, tuples, numbers, strings and numpy byte arrays. Nothing is executed; globals other
// than numpy's array constructors are rejected. Lengths are checked against the file's size, and
// allocations are bounded.

// Values in a pickle: nil, bool, int64, float64, *blob, *pyList (also for tuples),
// *pyDict, pyName, *pyDtype, *pyArray and pyMark.
type (
	pyMark struct{}
	pyName string // "module name"
	pyList struct{ items []any }
	pyDict struct{ keys, values []any }
	// pyDtype is a numpy dtype: "u1".
	pyDtype struct{ code string }
	// pyArray is a numpy array in C order; its data are still bytes.
	pyArray struct {
		shape []int64
		dtype string
		data  *blob
	}
)

// blob is a byte or text string. Long byte strings are not read; their position is kept.
type blob struct {
	bytes []byte // nil if at is used
	at    int64
	size  int64
}

func (b *blob) String() string { return string(b.bytes) }

const (
	maxPickleValues = 1 << 20 // pushed in total: a batch has about 2 per record
	maxPickleText   = 1 << 27 // bytes of strings kept in memory
	blobInPlace     = 4 << 10 // longer byte strings stay in the file
)

// unpickler is a pickle virtual machine.
type unpickler struct {
	in     pickleReader
	stack  []any
	memo   []any
	values int   // pushed so far
	text   int64 // bytes of strings made so far
}

// unpickle returns the value of the pickle in a file of size bytes.
func unpickle(from io.ReaderAt, size int64) (any, error) {
	u := &unpickler{in: pickleReader{from: from, size: size}}
	for {
		op, err := u.in.byte()
		if err != nil {
			return nil, err
		}
		if op == '.' {
			return u.pop()
		}
		if err := u.step(op); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, err
			}
			return nil, fmt.Errorf("at byte %d: %w", u.in.pos, err)
		}
	}
}

var errPickle = errors.New("not a pickle of protocol 2 to 5")

// step runs one opcode.
func (u *unpickler) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		version, err := u.in.byte()
		if err == nil && (version < 2 || version > 5) {
			err = fmt.Errorf("pickle protocol %d, not 2 to 5", version)
		}
		return err
	case 0x95: // FRAME: ignored, as reading is buffered
		_, err := u.in.uint(8)
		return err
	case '(':
		return u.push(pyMark{})
	case '0':
		_, err := u.pop()
		return err
	case 'N':
		return u.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		return u.push(op == 0x88)
	case 'J', 'K', 'M', 0x8a, 'G':
		return u.number(op)
	case 'U', 'T', 'C', 'B', 0x8e, 'X', 0x8c, 0x8d, 0x96:
		return u.str(op)
	case '}':
		return u.push(&pyDict{})
	case ']', ')':
		return u.push(&pyList{})
	case 't', 0x85, 0x86, 0x87, 'l', 'd':
		return u.collect(op)
	case 'a', 'e', 's', 'u':
		return u.extend(op)
	case 0x94, 'q', 'r':
		return u.remember(op)
	case 'h', 'j':
		return u.recall(op)
	case 'c', 0x93:
		return u.name(op)
	case 'R':
		return u.reduce()
	case 'b':
		return u.build()
	}
	return fmt.Errorf("pickle opcode %#02x: %w", op, errPickle)
}

func (u *unpickler) push(v any) error {
	if u.values++; u.values > maxPickleValues {
		return fmt.Errorf("more than %d values: not a CIFAR batch", maxPickleValues)
	}
	u.stack = append(u.stack, v)
	return nil
}

func (u *unpickler) pop() (any, error) {
	if len(u.stack) == 0 {
		return nil, errPickle
	}
	v := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	return v, nil
}

// popTo pops the last mark and the values above it, and returns these. The slice is valid until the
// next push.
func (u *unpickler) popTo() ([]any, error) {
	for i := len(u.stack) - 1; i >= 0; i-- {
		if _, ok := u.stack[i].(pyMark); ok {
			items := u.stack[i+1:]
			u.stack = u.stack[:i]
			return items, nil
		}
	}
	return nil, errPickle
}

// lengthOf returns the size in bytes of an opcode's number, or of its string's length.
func lengthOf(op byte) int {
	switch op {
	case 'K', 'U', 'C', 0x8c, 'q', 'h':
		return 1
	case 'M':
		return 2
	case 'J', 'T', 'B', 'X', 'r', 'j':
		return 4
	}
	return 8
}

// number reads BININT, BININT1, BININT2, LONG1 or BINFLOAT.
func (u *unpickler) number(op byte) error {
	if op == 'G' {
		b, err := u.in.bytes(8)
		if err != nil {
			return err
		}
		return u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	width := lengthOf(op)
	if op == 0x8a {
		n, err := u.in.byte()
		if err != nil {
			return err
		}
		if width = int(n); width > 8 {
			return errors.New("an integer of more than 64 bits")
		}
	}
	v, err := u.in.uint(width)
	if err != nil {
		return err
	}
	if (op == 'J' || op == 0x8a) && width > 0 { // two's complement
		shift := 64 - 8*width
		return u.push(int64(v<<shift) >> shift)
	}
	return u.push(int64(v))
}

// str reads a string: bytes of python 2 or 3, or text.
func (u *unpickler) str(op byte) error {
	n, err := u.in.uint(lengthOf(op))
	if err != nil {
		return err
	}
	if n > uint64(u.in.size-u.in.pos) {
		return io.ErrUnexpectedEOF
	}
	size := int64(n)
	isText := op == 'X' || op == 0x8c || op == 0x8d
	if size > blobInPlace && !isText {
		at := u.in.pos
		u.in.skip(size)
		return u.push(&blob{at: at, size: size})
	}
	if err := u.spend(size); err != nil {
		return err
	}
	b, err := u.in.bytes(int(size))
	if err != nil {
		return err
	}
	if isText && !utf8.Valid(b) {
		return errPickle
	}
	return u.push(&blob{bytes: append(make([]byte, 0, len(b)), b...), size: size})
}

// spend counts bytes of strings against their limit.
func (u *unpickler) spend(n int64) error {
	if u.text += n; u.text > maxPickleText {
		return fmt.Errorf("more than %d bytes of text: not a CIFAR batch", maxPickleText)
	}
	return nil
}
