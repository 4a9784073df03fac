// Package spool makes decompressed and reordered data readable at any offset in bounded memory.
package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

const (
	inMemory = 12 << 20 // larger data are written to a temporary file
	maxSize  = 64 << 30 // of a temporary file
	// deflateRatio is above deflate's maximum compression ratio, 1032 (RFC 1951: 258 bytes in two bits).
	deflateRatio = 1100
)

// Spool is a stream of a known size that is read at any offset. The stream is read at the first use:
// into memory if it is small, else into a temporary file, which Close removes. It is safe for
// concurrent use.
type Spool struct {
	size int64
	fill func(io.Writer) error

	once sync.Once
	from io.ReaderAt
	err  error

	mu     sync.Mutex
	temp   *os.File
	closed bool
}

// New returns a spool of size bytes that fill writes.
func New(size int64, fill func(io.Writer) error) *Spool {
	return &Spool{size: size, fill: fill}
}

// Stream returns a spool of the next size bytes of what open returns.
func Stream(size int64, open func() (io.ReadCloser, error)) *Spool {
	return New(size, func(w io.Writer) error {
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		if _, err := io.CopyN(w, r, size); err == io.EOF {
			return fmt.Errorf("ends before its %d bytes", size)
		} else if err != nil {
			return err
		}
		// A read at the end verifies the checksum of gzip, zlib and zip.
		if _, err := io.CopyN(io.Discard, r, 1<<16); err != nil && err != io.EOF {
			return err
		}
		return nil
	})
}

// Inflated checks a declared size of deflated data before anything is allocated for it.
func Inflated(size, compressed int64) error {
	if size < 0 || size > maxSize {
		return fmt.Errorf("unpacks to %d MiB, more than the limit of %d GiB", size>>20, int64(maxSize)>>30)
	}
	if size/deflateRatio > compressed+1024 {
		return fmt.Errorf("declares %d bytes, more than %d compressed bytes can hold", size, compressed)
	}
	return nil
}

// Size returns the number of bytes.
func (s *Spool) Size() int64 { return s.size }

// ReadAt implements [io.ReaderAt].
func (s *Spool) ReadAt(p []byte, off int64) (int, error) {
	s.once.Do(s.load)
	if s.err != nil {
		return 0, s.err
	}
	return s.from.ReadAt(p, off)
}

func (s *Spool) load() {
	s.err = errors.New("reading was interrupted") // unless fill returns
	if s.size <= inMemory {
		b := bytes.NewBuffer(make([]byte, 0, s.size))
		if s.err = s.fill(&bounded{b, s.size}); s.err == nil {
			s.from = bytes.NewReader(b.Bytes())
		}
		return
	}
	temp, err := s.create()
	if err != nil {
		s.err = fmt.Errorf("cannot be unpacked to %s (%w): free space there, or set TMPDIR to another folder", os.TempDir(), err)
		return
	}
	if s.err = s.fill(&bounded{temp, s.size}); s.err == nil {
		s.from = temp
	}
}

// create opens the temporary file. Where the system allows it, the file loses its name at once, so
// that no crash leaves it behind.
func (s *Spool) create() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	temp, err := os.CreateTemp("", "hfcui-*")
	if err != nil {
		return nil, err
	}
	os.Remove(temp.Name()) // fails on Windows, where Close removes it
	s.temp = temp
	return temp, nil
}

// Close removes the temporary file. Later reads fail.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.temp == nil {
		return nil
	}
	err := s.temp.Close()
	if removed := os.Remove(s.temp.Name()); removed != nil && !errors.Is(removed, os.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	s.temp = nil
	return err
}

// bounded fails when more than left bytes are written.
type bounded struct {
	to   io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(len(p)) > b.left {
		return 0, errors.New("more data than declared")
	}
	b.left -= int64(len(p))
	return b.to.Write(p)
}
