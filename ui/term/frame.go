package term

import (
	"bytes"
	"slices"
)

// frame is the output written to the terminal at once, without the layer's markers. A
// synchronized update that comes in several writes is held until it is complete.
type frame struct {
	stream stream
	modes  []string // sequences of this frame that change modes

	body       []byte
	begin, end int // where the frame's own text begins and ends in body; end -1: at its end
	enter      int // behind where body enters the alternate screen; 0 if it does not
	leave      int // where body leaves the alternate screen, -1 if it does not
	version    uint64
	marked     bool  // version is from a marker in this frame
	damaged    []int // slots of pictures with cells that were rewritten
	open       bool  // inside a synchronized update
	cuts       []cut
}

// cut says that body from at on is the last write's p from in on.
type cut struct{ at, in int }

var (
	syncBegin = []byte("\x1b[?2026h")
	syncEnd   = []byte("\x1b[?2026l")
	altEnter  = []byte("\x1b[?1049h")
	altLeave  = []byte("\x1b[?1049l")
)

// maxFrame is how large a synchronized update may become before it is written incomplete.
const maxFrame = 8 << 20

// add appends a write. It returns false while the frame is incomplete.
func (f *frame) add(p []byte) bool {
	if len(f.body) == 0 {
		f.begin, f.end, f.leave, f.enter = 0, -1, -1, 0
		f.marked, f.open = false, false
		f.damaged, f.modes = f.damaged[:0], f.modes[:0]
	}
	f.cuts = f.cuts[:0]
	in := -len(f.stream.held)
	f.stream.feed(p,
		func(text []byte) {
			f.cuts = append(f.cuts, cut{len(f.body), in})
			f.body = append(f.body, text...)
			in += len(text)
		},
		func(seq []byte) {
			in += len(seq)
			if kind, n, ok := parseMarker(seq); ok {
				f.mark(kind, n)
				return
			}
			f.cuts = append(f.cuts, cut{len(f.body), in - len(seq)})
			switch {
			case bytes.Equal(seq, syncBegin):
				if f.begin == 0 {
					f.begin = len(f.body) + len(seq)
				}
				f.open = true
			case bytes.Equal(seq, syncEnd):
				f.end, f.open = len(f.body), false
			case bytes.Equal(seq, altEnter):
				f.enter = len(f.body) + len(seq)
			case bytes.Equal(seq, altLeave):
				f.leave = len(f.body)
			}
			if changesModes(seq) {
				f.modes = append(f.modes, string(seq))
			}
			f.body = append(f.body, seq...)
		})
	return !f.open || len(f.body) > maxFrame
}

// mark records a marker that was taken out of the stream.
func (f *frame) mark(kind byte, n uint64) {
	switch kind {
	case 'V':
		f.version, f.marked = n, true
	case 'D':
		if !slices.Contains(f.damaged, int(n)) {
			f.damaged = append(f.damaged, int(n))
		}
	}
}

// source returns how many bytes of the last write are in body[:n].
func (f *frame) source(n int) int {
	in := 0
	for i, c := range f.cuts {
		if c.at >= n {
			break
		}
		end := len(f.body)
		if i+1 < len(f.cuts) {
			end = f.cuts[i+1].at
		}
		in = max(in, c.in+min(n, end)-c.at)
	}
	return in
}
