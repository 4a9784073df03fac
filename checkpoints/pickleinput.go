package checkpoints

import (
	"encoding/binary"
	"fmt"
	"io"
)

// pickleReader is the input of a pickle.
type pickleReader interface {
	io.Reader
	io.ByteReader
}

// pickleInput reads the operands of a pickle's operations. Lengths are checked against the
// remaining size before memory is allocated.
type pickleInput struct {
	r    pickleReader
	left int64 // remaining bytes of the file
	buf  [maxNumber]byte
}

func (p *pickleInput) byte() (byte, error) {
	if err := p.enough(1); err != nil {
		return 0, err
	}
	p.left--
	b, err := p.r.ReadByte()
	if err != nil {
		return 0, readError(err)
	}
	return b, nil
}

// fixed reads n bytes, at most maxNumber. The result is valid until the next call.
func (p *pickleInput) fixed(n int) ([]byte, error) {
	if err := p.enough(uint64(n)); err != nil {
		return nil, err
	}
	p.left -= int64(n)
	if _, err := io.ReadFull(p.r, p.buf[:n]); err != nil {
		return nil, readError(err)
	}
	return p.buf[:n], nil
}

// length reads a length of the given number of bytes.
func (p *pickleInput) length(width int) (uint64, error) {
	b, err := p.fixed(width)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), nil
}

// counted reads a length of the given number of bytes, and as many bytes.
func (p *pickleInput) counted(width int) ([]byte, error) {
	n, err := p.length(width)
	if err != nil {
		return nil, err
	}
	if err := p.enough(n); err != nil {
		return nil, err
	}
	p.left -= int64(n)
	b := make([]byte, n)
	if _, err := io.ReadFull(p.r, b); err != nil {
		return nil, readError(err)
	}
	return b, nil
}

// line reads at most most bytes up to a newline, and returns them without it.
func (p *pickleInput) line(most int) ([]byte, error) {
	var line []byte
	for {
		b, err := p.byte()
		if err != nil {
			return nil, err
		}
		if b == '\n' {
			return line, nil
		}
		if len(line) >= most {
			return nil, fmt.Errorf("has a line of more than %d bytes; copy or download it again", most)
		}
		line = append(line, b)
	}
}

// enough returns an error unless at least n bytes remain.
func (p *pickleInput) enough(n uint64) error {
	if n <= uint64(p.left) {
		return nil
	}
	if n == 1 {
		return readError(io.EOF)
	}
	return fmt.Errorf("is truncated: its pickle needs %d bytes, but %d are left; copy or download it again", n, p.left)
}
