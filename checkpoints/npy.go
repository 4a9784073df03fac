package checkpoints

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): magic, version,
// header length, header, and for an array of objects a pickle.

const npyMagic = "\x93NUMPY"

// readNPY reads a dict of arrays by name, pickled by numpy.save.
func readNPY(r io.ReaderAt, size int64, name string) (*File, error) {
	f, err := readPickledArray(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func readPickledArray(r io.ReaderAt, size int64) (*File, error) {
	var head [12]byte
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), head[:]); err != nil {
		return nil, readError(err)
	}
	at, length := int64(10), int64(binary.LittleEndian.Uint16(head[8:]))
	if head[6] > 1 {
		at, length = 12, int64(binary.LittleEndian.Uint32(head[8:]))
	}
	if length > min(size-at, 64<<10) {
		return nil, errors.New("is truncated within its header; copy or download it again")
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, at); err != nil && err != io.EOF {
		return nil, readError(err)
	}
	if !strings.Contains(string(text), "'|O'") {
		return nil, errors.New("is a single NumPy array, not a network; " + exportNPZ)
	}
	at += length
	u := &unpickler{storages: map[string]*storage{}, size: size}
	value, err := u.load(bufio.NewReader(io.NewSectionReader(r, at, size-at)), size-at)
	if err != nil {
		return nil, err
	}
	return fileOf(value, torchLegacy{}, size)
}
