package follow

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

const (
	firstChunk = 1 << 20  // bytes read at a time
	maxLine    = 16 << 20 // bytes; what is longer is no event
	markLength = 512
)

// tail reads the whole lines of a file that grows, is cut back, or is replaced.
type tail struct {
	path   string
	offset int64  // of the first byte not given yet
	mark   []byte // what stood before it: when that is another, the file is another
	size   int64  // when last looked at
	time   time.Time
	chunk  int
}

// next gives whole lines that have come since, at most a chunk of them; more tells that
// there are others already. begun tells that the file is not the one that lines were given
// of before, or was cut back: lines are the first ones then. A file that is not there has
// no lines.
func (t *tail) next() (lines []byte, begun, more bool, err error) {
	info, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		begun = t.offset > 0
		*t = tail{path: t.path}
		return nil, begun, false, nil
	}
	if err != nil {
		return nil, false, false, err
	}
	if info.Size() == t.size && info.ModTime().Equal(t.time) {
		return nil, false, false, nil
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, false, false, err
	}
	defer f.Close()
	same, err := t.same(f)
	if err != nil {
		return nil, false, false, err
	}
	if !same {
		begun, t.offset, t.mark = true, 0, nil
	}
	lines, more, err = t.read(f, info.Size())
	if err == nil && !more {
		t.size, t.time = info.Size(), info.ModTime()
	}
	return lines, begun, more, err
}

// same tells whether f still has what was read of it last.
func (t *tail) same(f *os.File) (bool, error) {
	now := make([]byte, len(t.mark))
	n, err := f.ReadAt(now, t.offset-int64(len(t.mark)))
	if err != nil && err != io.EOF {
		return false, err
	}
	return bytes.Equal(now[:n], t.mark), nil
}

// read reads lines from the offset on, of a file that had a size a moment ago.
func (t *tail) read(f *os.File, size int64) (lines []byte, more bool, err error) {
	t.chunk = max(t.chunk, firstChunk)
	text := make([]byte, min(int64(t.chunk), max(size-t.offset, 0)))
	n, err := f.ReadAt(text, t.offset)
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	full := n == t.chunk
	text = text[:n]
	end := bytes.LastIndexByte(text, '\n') + 1
	switch {
	case end > 0:
	case full && t.chunk < maxLine: // a long line: try again with more
		t.chunk *= 2
		return nil, true, nil
	case full:
		end = n // not a line of anything we know
	}
	lines = text[:end]
	if end > 0 {
		t.offset += int64(end)
		t.mark = append(t.mark, lines[max(0, end-markLength):]...)
		t.mark = bytes.Clone(t.mark[max(0, len(t.mark)-markLength):])
		t.chunk = firstChunk
	}
	return lines, full, nil
}
