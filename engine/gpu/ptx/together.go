package ptx

import (
	"encoding/binary"
	"errors"
)

// compileTogether is what all threads of a warp execute together.
func (b *body) compileTogether(s *statement) (effect, error) {
	switch s.op[0] {
	case "ldmatrix":
		return b.compileLoadMatrix(s)
	case "mma":
		return b.compileMultiply(s)
	}
	return b.compileShuffle(s)
}

// slotsOf returns the registers of a vector's parts, which are written or read.
func (b *body) slotsOf(o operand, n int, written bool) ([]int, error) {
	if o.kind != vector {
		o.parts = []operand{o}
	}
	if len(o.parts) != n {
		return nil, errUnknown
	}
	slots := make([]int, n)
	for i, p := range o.parts {
		var err error
		if written {
			slots[i], err = b.result(p)
		} else {
			slots[i], err = b.source(p)
		}
		if err != nil {
			return nil, err
		}
	}
	return slots, nil
}

// compileLoadMatrix is ldmatrix: matrices of 8 × 8 numbers of 16 bits. Threads 8j to 8j+7 give
// the addresses of the rows of matrix j; thread l gets two numbers of row l/4, or of column
// l/4 when matrices are transposed.
func (b *body) compileLoadMatrix(s *statement) (effect, error) {
	transposed := s.has("trans")
	n := 0
	for i, name := range []string{"x1", "x2", "", "x4"} {
		for _, space := range []string{"shared", "shared::cta"} {
			if s.name == "ldmatrix.sync.aligned.m8n8."+name+map[bool]string{true: ".trans"}[transposed]+"."+space+".b16" {
				n = i + 1
			}
		}
	}
	if n == 0 || len(s.args) != 2 || s.args[1].kind != address {
		return nil, errUnknown
	}
	dst, err := b.slotsOf(s.args[0], n, true)
	base := s.args[1].base
	if base < 0 {
		base = b.kernel.constant(0)
	}
	offset := uint64(s.args[1].offset)
	return func(w *warp, m uint32) {
		var out [4]lanes
		for j := range n {
			var matrix [8][8]uint16
			for i := range matrix {
				row := w.shared(8*j+i, w.regs[base][8*j+i]+offset, 16, false)
				if row == nil {
					return
				}
				for k := range matrix[i] {
					matrix[i][k] = binary.LittleEndian.Uint16(row[2*k:])
				}
			}
			for l := range out[j] {
				row, column := l/4, l%4*2
				low, high := matrix[row][column], matrix[row][column+1]
				if transposed {
					low, high = matrix[column][row], matrix[column+1][row]
				}
				out[j][l] = uint64(low) | uint64(high)<<16
			}
		}
		for j, slot := range dst {
			w.regs[slot] = out[j]
		}
	}, err
}

// fragment is where a thread's numbers of the 16 × K matrix A and the K × 8 matrix B are: in
// register i, or in half i of the registers, thread l has A(row, k) and B(k, l/4).
type fragment struct {
	k, a, b int                           // columns of A, registers of A and of B
	halves  int                           // numbers in a register
	placeA  func(l, i int) (row, col int) // of number i
	placeB  func(l, i int) int
}

// Fragments as the PTX manual has them for m16n8k16 and m16n8k8.
var fragments = map[string]fragment{
	"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32": {16, 4, 2, 2,
		func(l, i int) (int, int) { return l/4 + i/2%2*8, l%4*2 + i%2 + i/4*8 },
		func(l, i int) int { return l%4*2 + i%2 + i/2*8 }},
	"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32": {8, 2, 1, 2,
		func(l, i int) (int, int) { return l/4 + i/2*8, l%4*2 + i%2 },
		func(l, i int) int { return l%4*2 + i }},
	"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32": {8, 4, 2, 1,
		func(l, i int) (int, int) { return l/4 + i%2*8, l%4 + i/2*4 },
		func(l, i int) int { return l%4 + i*4 }},
	"mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32": {4, 2, 1, 1,
		func(l, i int) (int, int) { return l/4 + i*8, l % 4 },
		func(l, i int) int { return l % 4 }},
}

// number i of a thread's fragment; of tf32 the hardware ignores the low 13 bits.
func (f *fragment) number(w *warp, slots []int, l, i int) float32 {
	v := w.regs[slots[i/f.halves]][l]
	if f.halves == 2 {
		return bfloat(v >> (i % 2 * 16) & 0xffff)
	}
	return float(v & 0xffffe000)
}

// compileMultiply is mma: D = A·B + C of 16 × 8, summed here in float64.
func (b *body) compileMultiply(s *statement) (effect, error) {
	f, ok := fragments[s.name]
	if !ok || len(s.args) != 4 {
		return nil, errUnknown
	}
	d, err := b.slotsOf(s.args[0], 4, true)
	ra, err1 := b.slotsOf(s.args[1], f.a, false)
	rb, err2 := b.slotsOf(s.args[2], f.b, false)
	rc, err3 := b.slotsOf(s.args[3], 4, false)
	return func(w *warp, m uint32) {
		var a [16][16]float64
		var bt [8][16]float64
		for l := range 32 {
			for i := range f.a * f.halves {
				row, column := f.placeA(l, i)
				a[row][column] = float64(f.number(w, ra, l, i))
			}
			for i := range f.b * f.halves {
				bt[l/4][f.placeB(l, i)] = float64(f.number(w, rb, l, i))
			}
		}
		var out [4]lanes
		for l := range 32 {
			for i := range out {
				row, column := &a[l/4+i/2*8], &bt[l%4*2+i%2]
				sum := float64(float(w.regs[rc[i]][l]))
				for k, v := range row[:f.k] {
					sum += v * column[k]
				}
				out[i][l] = bits32(float32(sum))
			}
		}
		for i, slot := range d {
			w.regs[slot] = out[i]
		}
	}, errors.Join(err, err1, err2, err3)
}

// compileShuffle is shfl.sync.MODE.b32 d|p, a, b, c, members, of all threads.
func (b *body) compileShuffle(s *statement) (effect, error) {
	if len(s.op) != 4 || s.op[1] != "sync" || s.op[3] != "b32" || len(s.args) != 5 {
		return nil, errUnknown
	}
	mode := s.op[2]
	if mode != "up" && mode != "down" && mode != "bfly" && mode != "idx" {
		return nil, errUnknown
	}
	pred := s.args[0].pred
	s.args[0].pred = -1
	d, err := b.result(s.args[0])
	var r [4]int
	for i := range r {
		var err1 error
		r[i], err1 = b.typed(s.args[1+i], typ{'b', 32})
		err = errors.Join(err, err1)
	}
	return func(w *warp, m uint32) {
		var out lanes
		var inside uint32
		for l := range 32 {
			if uint32(w.regs[r[3]][l]) != everyone {
				w.fail(l, "a shuffle of some threads of a warp is not supported")
				return
			}
			from, ok := shuffled(mode, l, int(uint32(w.regs[r[1]][l])&31), int(w.regs[r[2]][l]))
			if ok {
				inside |= 1 << l
			} else {
				from = l
			}
			out[l] = w.regs[r[0]][from&31]
		}
		w.regs[d] = out
		if pred >= 0 {
			w.preds[pred] = inside
		}
	}, err
}

// shuffled returns the thread whose value l gets, and whether it is in l's segment.
func shuffled(mode string, l, b, c int) (from int, inside bool) {
	clamp, segment := c&31, c>>8&31
	last := l&segment | clamp&^segment
	switch mode {
	case "up":
		return l - b, l-b >= last
	case "down":
		return l + b, l+b <= last
	case "bfly":
		return l ^ b, l^b <= last
	}
	from = l&segment | b&^segment
	return from, from <= last
}
