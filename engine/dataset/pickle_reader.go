package dataset

import (
	"bytes"
	"io"
)

// pickleReader reads a file sequentially in pieces and can skip without reading.
type pickleReader struct {
	from   io.ReaderAt
	size   int64
	pos    int64  // of the next byte
	buffer []byte // from pos
	store  []byte
}

// need fills the buffer to at least n bytes.
func (p *pickleReader) need(n int) error {
	if n <= len(p.buffer) {
		return nil
	}
	if int64(n) > p.size-p.pos {
		return io.ErrUnexpectedEOF
	}
	if want := max(n, 32<<10); cap(p.store) < want {
		p.store = make([]byte, want)
	}
	got, err := p.from.ReadAt(p.store[:min(int64(cap(p.store)), p.size-p.pos)], p.pos)
	p.buffer = p.store[:got]
	if got < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

// bytes returns the next n bytes, valid until the next call.
func (p *pickleReader) bytes(n int) ([]byte, error) {
	if err := p.need(n); err != nil {
		return nil, err
	}
	b := p.buffer[:n]
	p.buffer = p.buffer[n:]
	p.pos += int64(n)
	return b, nil
}

func (p *pickleReader) byte() (byte, error) {
	b, err := p.bytes(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// uint reads a little-endian number of n ≤ 8 bytes.
func (p *pickleReader) uint(n int) (v uint64, err error) {
	b, err := p.bytes(n)
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	return v, err
}

// line reads up to a newline, at most 256 bytes.
func (p *pickleReader) line() (string, error) {
	n := int(min(256, p.size-p.pos))
	if err := p.need(n); err != nil {
		return "", err
	}
	end := bytes.IndexByte(p.buffer[:n], '\n')
	if end < 0 {
		return "", errPickle
	}
	b, err := p.bytes(end + 1)
	return string(b[:max(len(b)-1, 0)]), err
}

// skip skips n bytes, which the caller has checked to exist.
func (p *pickleReader) skip(n int64) {
	if n <= int64(len(p.buffer)) {
		p.buffer = p.buffer[n:]
	} else {
		p.buffer = nil
	}
	p.pos += n
}
