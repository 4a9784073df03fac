// Package npy reads NumPy's array files: .npy (https://numpy.org/neps/nep-0001-npy-format.html) and
// .npz, a zip archive of them. Headers are checked against the size of the file; elements are read on
// demand, so that an array larger than memory can be opened. Pickled objects are not read.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxHeader = 64 << 10 // bytes: of one with 64 dimensions and an alignment of 64, a few hundred
	maxDims   = 32       // of NumPy before version 2; 64 since
)

// header is what a .npy file says about its elements.
type header struct {
	Type    Type
	Fortran bool
	Shape   []int
	size    int64 // of the header in bytes
}

// readHeader reads a header from the start of a file.
func readHeader(r io.Reader) (h header, err error) {
	start := make([]byte, 12)
	if _, err := io.ReadFull(r, start[:8]); err != nil {
		return h, errors.New("too short for a .npy file")
	}
	if string(start[:6]) != "\x93NUMPY" {
		return h, fmt.Errorf("starts with % x, not as a .npy file", start[:6])
	}
	var length int
	switch version := start[6]; version {
	case 1:
		_, err = io.ReadFull(r, start[8:10])
		length, h.size = int(binary.LittleEndian.Uint16(start[8:])), 10
	case 2, 3:
		_, err = io.ReadFull(r, start[8:12])
		length, h.size = int(min(binary.LittleEndian.Uint32(start[8:]), maxHeader+1)), 12
	default:
		return h, fmt.Errorf(".npy version %d, not 1 to 3", version)
	}
	if length > maxHeader {
		return h, fmt.Errorf("a header of more than %d bytes", maxHeader)
	}
	text := make([]byte, length)
	if err == nil {
		_, err = io.ReadFull(r, text)
	}
	if err != nil {
		return h, errors.New("ends within its header")
	}
	h.size += int64(length)
	return h, h.parse(string(text))
}

// parse reads the header's text, the literal of a Python dict.
func (h *header) parse(text string) error {
	p := literal{text}
	if !p.skip("{") {
		return errHeader
	}
	found := map[string]bool{}
	for !p.skip("}") {
		key, ok := p.str()
		if !ok || found[key] || !p.skip(":") {
			return errHeader
		}
		found[key] = true
		var err error
		switch key {
		case "descr":
			if descr, ok := p.str(); ok {
				h.Type, err = parseType(descr)
			} else if strings.HasPrefix(p.rest, "[") {
				err = errors.New("its elements are structures")
			} else {
				err = errHeader
			}
		case "fortran_order":
			if h.Fortran = p.skip("True"); !h.Fortran && !p.skip("False") {
				err = errHeader
			}
		case "shape":
			h.Shape, err = p.shape()
		default:
			err = errHeader
		}
		if err != nil {
			return err
		}
		if !p.skip(",") && !strings.HasPrefix(p.rest, "}") {
			return errHeader
		}
	}
	if len(found) != 3 || strings.TrimSpace(p.rest) != "" {
		return errHeader
	}
	return nil
}

var errHeader = errors.New("an invalid .npy header")

// literal is the rest of a Python literal, without leading blanks.
type literal struct{ rest string }

// skip skips a token and blanks, if the token is next.
func (l *literal) skip(token string) bool {
	rest := strings.TrimLeft(l.rest, " \t\r\n")
	rest, ok := strings.CutPrefix(rest, token)
	if ok {
		l.rest = strings.TrimLeft(rest, " \t\r\n")
	}
	return ok
}

// str reads a string without escapes.
func (l *literal) str() (string, bool) {
	for _, quote := range []string{"'", `"`} {
		if rest, ok := strings.CutPrefix(l.rest, quote); ok {
			s, rest, ok := strings.Cut(rest, quote)
			if ok && !strings.Contains(s, `\`) {
				l.rest = strings.TrimLeft(rest, " \t\r\n")
				return s, true
			}
		}
	}
	return "", false
}

// shape reads a tuple of sizes, also of Python 2's long integers.
func (l *literal) shape() (shape []int, err error) {
	if !l.skip("(") {
		return nil, errHeader
	}
	for !l.skip(")") {
		end := strings.IndexFunc(l.rest, func(r rune) bool { return r < '0' || r > '9' })
		if end < 1 || len(shape) == maxDims {
			return nil, errHeader
		}
		n, err := strconv.ParseInt(l.rest[:end], 10, 48)
		if err != nil {
			return nil, errHeader
		}
		shape = append(shape, int(n))
		l.rest = l.rest[end:]
		l.skip("L")
		if !l.skip(",") && !strings.HasPrefix(l.rest, ")") {
			return nil, errHeader
		}
	}
	return shape, nil
}
