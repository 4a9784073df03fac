package follow

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"hfcui/checkpoints"
)

const (
	firstChunk = 1 << 20  // bytes read at a time
	maxLine    = 16 << 20 // bytes; longer lines are not events
	markLength = 512
)

// tail reads complete lines of a file that grows, is truncated, or is replaced.
type tail struct {
	path   string
	offset int64  // of the next byte
	mark   []byte // the bytes before it: if they differ, the file was replaced
	size   int64  // at the last look
	time   time.Time
	chunk  int
}

// next returns new complete lines, at most a chunk; more reports that there are further ones. begun
// reports that the file was replaced or truncated: lines are then from its start. A missing file
// has no lines.
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
	f, err := checkpoints.OpenRegular(t.path)
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

// same reports whether f still has the bytes last read.
func (t *tail) same(f *os.File) (bool, error) {
	now := make([]byte, len(t.mark))
	n, err := f.ReadAt(now, t.offset-int64(len(t.mark)))
	if err != nil && err != io.EOF {
		return false, err
	}
	return bytes.Equal(now[:n], t.mark), nil
}

// read reads lines from the offset, of a file whose size was just read.
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
	case full && t.chunk < maxLine: // a long line: retry with a larger chunk
		t.chunk *= 2
		return nil, true, nil
	case full:
		end = n // not a line of events
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
