package imagefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// pnmHeader is the header of a PBM (kinds 1 and 4), PGM (2 and 5) or PPM (3 and 6) file. Kinds up to
// 3 have numbers as text.
type pnmHeader struct {
	kind    byte
	w, h    int
	largest uint32 // value that is white
}

func (h *pnmHeader) plain() bool { return h.kind <= 3 }
func (h *pnmHeader) bits() bool  { return h.kind%3 == 1 }

func (h *pnmHeader) channels() int {
	if h.kind%3 == 0 {
		return 3
	}
	return 1
}

// readPNMHeader leaves the reader at the first pixel.
func readPNMHeader(r *bufio.Reader) (h pnmHeader, err error) {
	var magic [2]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return h, err
	}
	h.kind = magic[1] - '0'
	numbers := [3]uint32{2: 1}
	count := 3
	if h.bits() {
		count = 2
	}
	for i := range count {
		if numbers[i], err = pnmNumber(r); err != nil {
			return h, fmt.Errorf("the header of the PNM file cannot be read: %w", err)
		}
	}
	h.w, h.h, h.largest = int(numbers[0]), int(numbers[1]), numbers[2]
	if h.largest < 1 || h.largest > 65535 {
		return h, fmt.Errorf("the PNM file says that white is %d, which is not from 1 to 65535", h.largest)
	}
	return h, nil
}

// pnmNumber reads a decimal number and the one white space after it, and skips white space and
// comments before it.
func pnmNumber(r *bufio.Reader) (n uint32, err error) {
	digits := 0
	for {
		b, err := r.ReadByte()
		switch {
		case err == io.EOF && digits > 0: // plain files may end with a digit
			return n, nil
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case b == '#':
			if err := skipLine(r); err != nil {
				return 0, err
			}
			if digits > 0 {
				return n, nil
			}
		case b >= '0' && b <= '9':
			if digits++; digits > 9 {
				return 0, errors.New("a number has more than nine digits")
			}
			n = 10*n + uint32(b-'0')
		case b == ' ' || b >= '\t' && b <= '\r':
			if digits > 0 {
				return n, nil
			}
		default:
			return 0, fmt.Errorf("%q is not part of a number", b)
		}
	}
}

func skipLine(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		if err == io.EOF || b == '\n' || b == '\r' {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// pnmBit reads a bit of a plain file, whose bits need no space between them.
func pnmBit(r *bufio.Reader) (uint32, error) {
	for {
		b, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case b == '#':
			if err := skipLine(r); err != nil {
				return 0, err
			}
		case b == '0' || b == '1':
			return uint32(b - '0'), nil
		case b != ' ' && (b < '\t' || b > '\r'):
			return 0, fmt.Errorf("%q is not a bit", b)
		}
	}
}

func pnmConfig(from io.ReadSeeker) (Config, error) {
	h, err := readPNMHeader(buffered(from))
	return Config{C: h.channels(), H: h.h, W: h.w}, err
}

func decodePNM(from io.ReadSeeker, c Config) (Rows, error) {
	r := buffered(from)
	h, err := readPNMHeader(r)
	if err != nil {
		return Rows{}, err
	}
	var value func(i int) uint32 // of channel i%C of pixel i/C
	switch n := c.C * c.H * c.W; {
	case h.plain():
		values, err := h.readPlain(r, n)
		if err != nil {
			return Rows{}, err
		}
		value = func(i int) uint32 { return uint32(values[i]) }
	case h.bits():
		stride := (c.W + 7) / 8
		data, err := readUpTo(r, int64(stride*c.H))
		if err != nil {
			return Rows{}, err
		}
		value = func(i int) uint32 { y, x := i/c.W, i%c.W; return uint32(data[y*stride+x/8]>>(7-x%8)) & 1 }
	case h.largest < 256:
		data, err := readUpTo(r, int64(n))
		if err != nil {
			return Rows{}, err
		}
		value = func(i int) uint32 { return uint32(data[i]) }
	default:
		data, err := readUpTo(r, 2*int64(n))
		if err != nil {
			return Rows{}, err
		}
		value = func(i int) uint32 { return uint32(data[2*i])<<8 | uint32(data[2*i+1]) }
	}
	return Rows{c.C, c.H, c.W, func(y int, to [][]float32) {
		for x := range c.W {
			for p := range to {
				v := min(value((y*c.W+x)*c.C+p), h.largest)
				if h.bits() {
					v = 1 - v // 1 is black
				}
				to[p][x] = float32(v) / float32(h.largest)
			}
		}
	}}, nil
}

// readPlain reads n numbers. Memory grows with the file.
func (h *pnmHeader) readPlain(r *bufio.Reader, n int) (values []uint16, err error) {
	for range n {
		var v uint32
		if h.bits() {
			v, err = pnmBit(r)
		} else {
			v, err = pnmNumber(r)
		}
		if err != nil {
			return nil, err
		}
		values = append(values, uint16(min(v, 65535)))
	}
	return values, nil
}
