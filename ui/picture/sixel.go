package picture

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// sixel encodes img as sixel graphics (DEC STD 070, chapter 9; VT330/VT340 Programmer
// Reference, volume 2, chapter 14).
func (e *Encoder) sixel(img *Image, _, _ int) Drawn {
	if e.sixels == nil {
		e.sixels = new(sixelEncoder)
	}
	d := e.sixels.encode(img, e.Registers)
	if e.Previews && len(d.Data) > previewBytes {
		d.Preview = e.sixelPreview(img)
	}
	return d
}

// sixelEncoder writes sixel pictures. A band is six rows of pixels; for every color in a band
// there is one character per column whose six bits are the pixels of that color.
type sixelEncoder struct {
	repeats repeats
	palette palette

	count  [maxColors]int32 // entries of each color in this band
	stride int
	entry  []uint32 // stride per color: none, then column<<8 | bits, by ascending column
	order  []uint16 // the band's colors, by first column
	left   []uint16 // those not yet written
	out    []byte
}

// none is an entry without a column.
const none = 1<<32 - 1

// encode returns a complete sixel sequence of exactly the image's size.
func (e *sixelEncoder) encode(img *Image, registers int) Drawn {
	if registers <= 0 {
		registers = maxColors
	}
	e.repeats.find(img)
	e.palette.choose(img, &e.repeats, min(max(registers, 2), maxColors))
	cols, _ := e.repeats.size()
	e.stride = cols + 1
	if n := len(e.palette.colors) * e.stride; len(e.entry) < n {
		e.entry = make([]uint32, n)
	}

	// P2 = 1: pixels without a color stay unchanged. There are none, so no terminal needs to
	// clear the area first. The raster attributes give the aspect ratio, 1:1, and the size.
	dst := append(e.out[:0], "\x1bP0;1;0q\"1;1;"...)
	dst = strconv.AppendInt(dst, int64(img.W), 10)
	dst = append(dst, ';')
	dst = strconv.AppendInt(dst, int64(img.H), 10)
	dst = e.define(dst)
	cuts := Cuts{Head: len(dst), Skip: "-", End: "\x1b\\", At: make([]int, 0, (img.H+5)/6)}
	dst = e.bands(dst, img.H, &cuts)
	dst = append(dst, "\x1b\\"...)
	e.out = dst
	return Drawn{Data: slices.Clone(dst), Cuts: cuts}
}

// define writes the color register definitions.
func (e *sixelEncoder) define(dst []byte) []byte {
	for i, c := range e.palette.colors {
		dst = append(dst, '#')
		dst = append(dst, decimal[i]...)
		dst = append(dst, ";2"...)
		for _, v := range c {
			dst = append(dst, ';')
			dst = append(dst, decimal[v]...)
		}
	}
	return dst
}

// bands writes all bands of a picture of the given height in pixels. The picture may be cut after
// every one: its pixels below stay as they are.
func (e *sixelEncoder) bands(dst []byte, height int, cuts *Cuts) []byte {
	run := 0            // the run of rows that y is in
	from, same := 0, -1 // where the last band starts in dst; the run that contains it entirely
	for y := 0; y < height; y += 6 {
		if y > 0 {
			dst = append(dst, '-')
			cuts.At = append(cuts.At, len(dst))
		}
		end := min(y+6, height)
		for e.repeats.rows[run+1] <= y {
			run++
		}
		whole := e.repeats.rows[run+1] >= end && end == y+6
		if whole && same == run {
			to := len(dst) - 1 // without the '-' just written
			from, dst = len(dst), append(dst, dst[from:to]...)
			continue
		}
		same = -1
		if whole {
			same = run
		}
		from = len(dst)
		e.collect(run, y, end)
		dst = e.emit(dst)
	}
	return dst
}

// collect sorts the pixels of rows y to end by color; run is the run that contains y.
func (e *sixelEncoder) collect(run, y, end int) {
	cols, _ := e.repeats.size()
	var rows [6][]uint16
	var bits [6]uint32
	n := 0
	for at := y; at < end; n++ {
		next := min(e.repeats.rows[run+1], end)
		rows[n] = e.palette.index[run*cols : (run+1)*cols]
		bits[n] = 1<<(next-y) - 1<<(at-y)
		at, run = next, run+1
	}
	for _, c := range e.order {
		e.count[c] = 0
	}
	e.order = e.order[:0]
	for x := range cols {
		c, m := rows[0][x], bits[0]
		for k := 1; k < n; k++ {
			if d := rows[k][x]; d != c {
				e.put(c, x, m)
				c, m = d, 0
			}
			m |= bits[k]
		}
		e.put(c, x, m)
	}
}

// put adds pixels of one color in column x. Which colors share a column is practically random,
// so all branches except the first are written to compile to conditional moves.
func (e *sixelEncoder) put(c uint16, x int, bits uint32) {
	n := e.count[c]
	if n == 0 {
		e.order = append(e.order, c)
		e.entry[int(c)*e.stride] = none
	}
	i := int(c)*e.stride + int(n)
	v, fresh := e.entry[i], uint32(x)<<8
	step := 1
	if v>>8 == uint32(x) {
		step, fresh = 0, v
	}
	e.entry[i+step] = fresh | bits
	e.count[c] = n + int32(step)
}

// emit writes the collected band. Colors follow one another without a return to the left edge
// as long as each begins to the right of where the previous one ended.
func (e *sixelEncoder) emit(dst []byte) []byte {
	left := append(e.left[:0], e.order...)
	e.left = left
	for first := true; len(left) > 0; first = false {
		if !first {
			dst = append(dst, '$')
		}
		at, n := 0, 0
		for _, c := range left {
			i := int(c)*e.stride + 1
			list := e.entry[i : i+int(e.count[c])]
			if x := e.repeats.cols[list[0]>>8]; x < at {
				left[n] = c // already read: n never passes the current color
				n++
				continue
			}
			dst, at = e.stroke(dst, c, list, at)
		}
		left = left[:n]
	}
	return dst
}

// stroke writes one color of a band from column at on, and returns where it ends.
func (e *sixelEncoder) stroke(dst []byte, c uint16, list []uint32, at int) ([]byte, int) {
	dst = append(append(dst, '#'), decimal[c]...)
	cols := e.repeats.cols
	dst = slices.Grow(dst, 16*len(list)+8+cols[len(cols)-1]/longestRun*8)
	n := len(dst)
	dst = dst[:cap(dst)]
	for i := 0; i < len(list); {
		v := list[i]
		next := v + 1<<8
		for i++; i < len(list) && list[i] == next; i++ {
			next += 1 << 8
		}
		x, end := cols[v>>8], cols[next>>8]
		n = putRun(dst, n, '?', x-at)
		n = putRun(dst, n, '?'+uint64(v&63), end-x)
		at = end
	}
	return dst[:n], at
}

// longestRun is the longest run-length code that is precomputed.
const longestRun = 1023

// runCode encodes a run of some length: eight bytes prefix + mult·c, of which the first size
// count.
type runCode struct {
	prefix, mult uint64
	size         int
}

var runCodes = func() (t [longestRun + 1]runCode) {
	t[1] = runCode{0, 0x01, 1}
	t[2] = runCode{0, 0x0101, 2}
	t[3] = runCode{0, 0x010101, 3}
	var text [8]byte
	for n := 4; n < len(t); n++ {
		s := strconv.AppendInt(append(text[:0], '!'), int64(n), 10)
		for i := range len(s) {
			t[n].prefix |= uint64(s[i]) << (8 * i)
		}
		t[n].mult, t[n].size = 1<<(8*len(s)), len(s)+1
	}
	return t
}()

// putRun writes n times c at dst[at:], which needs eight bytes of slack, and returns the
// position after it.
func putRun(dst []byte, at int, c uint64, n int) int {
	for ; n > longestRun; n -= longestRun {
		r := &runCodes[longestRun]
		binary.LittleEndian.PutUint64(dst[at:], r.prefix+r.mult*c)
		at += r.size
	}
	r := &runCodes[n]
	binary.LittleEndian.PutUint64(dst[at:], r.prefix+r.mult*c)
	return at + r.size
}

// decimal holds color numbers and percentages as text.
var decimal = func() (t [maxColors]string) {
	for i := range t {
		t[i] = strconv.Itoa(i)
	}
	return t
}()
