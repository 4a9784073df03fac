package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Between planes of pixels and folded ones, see dense.go.

// ends reads and writes the ends of a plane's rows: sixteen pixels from the left edge on,
// or up to the right edge. Those past the middle are masked, except in rows of 32.
type ends struct {
	masks    [2][]Register // by side
	reversed VecVirtual
}

const (
	leftEnd = iota
	rightEnd
)

func (e *ends) loadMasks() {
	masks := load("edges")
	for side := range e.masks {
		for p := 0; p < isa.parts(); p++ {
			v := vector()
			VMOVUPS(Mem{Base: masks, Disp: side*halfBytes + p*isa.bytes()}, v)
			if !isa.wide {
				e.masks[side] = append(e.masks[side], v)
				continue
			}
			k := K()
			VPMOVD2M(v, k)
			e.masks[side] = append(e.masks[side], k)
		}
	}
}

// at is where register p of an end lies. end is the offset of its first pixel from base.
func (e *ends) at(base, end Register, p int) Mem {
	return Mem{Base: base, Index: end, Scale: 1, Disp: p * isa.bytes()}
}

func (e *ends) load(base, end Register, side, p int) VecVirtual {
	v, m := vector(), e.at(base, end, p)
	switch {
	case e.masks[side] == nil:
		VMOVUPS(m, v)
	case isa.wide:
		VMOVUPS_Z(m, e.masks[side][p], v)
	default:
		VMASKMOVPS(m, e.masks[side][p], v)
	}
	return v
}

func (e *ends) store(v VecVirtual, base, end Register, side, p int) {
	m := e.at(base, end, p)
	switch {
	case e.masks[side] == nil:
		VMOVUPS(v, m)
	case isa.wide:
		VMOVUPS(v, e.masks[side][p], m)
	default:
		VMASKMOVPS(v, e.masks[side][p], m)
	}
}

// reverse turns the lanes of v around.
func (e *ends) reverse(v VecVirtual) { VPERMPS(v, e.reversed, v) }

// rowEnds are the offsets of the ends of two rows, one as far from the top as the other
// from the bottom.
type rowEnds struct {
	top, bottom [2]Register
	row         Register // bytes
}

func newRowEnds() rowEnds {
	r := rowEnds{row: load("w")}
	for side := range r.top {
		r.top[side], r.bottom[side] = GP64(), GP64()
	}
	SHLQ(Imm(2), r.row)
	XORQ(r.top[leftEnd], r.top[leftEnd])
	MOVQ(load("h"), r.bottom[leftEnd])
	DECQ(r.bottom[leftEnd])
	IMULQ(r.row, r.bottom[leftEnd])
	for _, ends := range [][2]Register{r.top, r.bottom} {
		LEAQ(Mem{Base: ends[leftEnd], Index: r.row, Scale: 1, Disp: -halfBytes}, ends[rightEnd])
	}
	return r
}

// next moves towards the middle.
func (r *rowEnds) next() {
	for side := range r.top {
		ADDQ(r.row, r.top[side])
		SUBQ(r.row, r.bottom[side])
	}
}

// eachPairOfRows emits a loop over pairs of rows, from the outside to the middle, p being
// the even row of the folded plane: one for rows of 32 pixels and one for others.
func eachPairOfRows(lanes Mem, p Register, body func(e *ends, r *rowEnds)) {
	e := &ends{reversed: vector()}
	VMOVUPS(lanes, e.reversed)
	r, left := newRowEnds(), load("h")
	INCQ(left)
	SHRQ(Imm(1), left)
	loop := func(label string) {
		Label(label)
		body(e, &r)
		ADDQ(U32(foldedRow), p)
		r.next()
		DECQ(left)
		JNZ(LabelRef(label))
		finish()
	}
	CMPQ(r.row, U32(foldedRow))
	JNE(LabelRef("partly"))
	loop("whole")
	Label("partly")
	e.loadMasks()
	loop("part")
}

// quarters is where part p of the even and odd halves of the even, then of the odd row lies.
func quarters(base Register, p int) (at [4]Mem) {
	for i := range at {
		at[i] = Mem{Base: base, Disp: i/2*foldedHalf + i%2*halfBytes + p*isa.bytes()}
	}
	return at
}

// butterfly sets a to a + b and gives a − b.
func butterfly(a, b VecVirtual) (difference VecVirtual) {
	difference = vector()
	VSUBPS(b, a, difference)
	VADDPS(b, a, a)
	return difference
}

// fold takes a plane apart.
func fold(lanes Mem) {
	function("fold", "func(p, x *float32, h, w int, edges *int32)", "is arithmetic.fold.")
	p, x := load("p"), load("x")
	eachPairOfRows(lanes, p, func(e *ends, r *rowEnds) {
		for part := 0; part < isa.parts(); part++ {
			mirrored := isa.parts() - 1 - part
			evens := e.load(x, r.top[leftEnd], leftEnd, part)
			odds := butterfly(evens, e.load(x, r.bottom[leftEnd], leftEnd, part))
			evensRight := e.load(x, r.top[rightEnd], rightEnd, mirrored)
			oddsRight := butterfly(evensRight, e.load(x, r.bottom[rightEnd], rightEnd, mirrored))
			e.reverse(evensRight)
			e.reverse(oddsRight)
			evensOdd, oddsOdd := butterfly(evens, evensRight), butterfly(odds, oddsRight)
			at := quarters(p, part)
			for i, v := range []VecVirtual{evens, evensOdd, odds, oddsOdd} {
				VMOVUPS(v, at[i])
			}
		}
	})
}

// unfold puts a plane together, and writes what another is more than that.
func unfold(lanes Mem) {
	function("unfold", "func(y, rest, x, p *float32, h, w int, edges *int32)", "is arithmetic.unfold.")
	p, x, y, rest := load("p"), load("x"), load("y"), load("rest")
	eachPairOfRows(lanes, p, func(e *ends, r *rowEnds) {
		store := func(v VecVirtual, ends [2]Register, side, part int) {
			e.store(v, y, ends[side], side, part)
			whole := e.load(x, ends[side], side, part)
			VSUBPS(v, whole, whole)
			e.store(whole, rest, ends[side], side, part)
		}
		for part := 0; part < isa.parts(); part++ {
			mirrored := isa.parts() - 1 - part
			var q [4]VecVirtual
			for i, m := range quarters(p, part) {
				q[i] = vector()
				VMOVUPS(m, q[i])
			}
			top, topOdd, bottom, bottomOdd := q[0], q[1], butterfly(q[0], q[2]), butterfly(q[1], q[3])
			for _, row := range []struct {
				even, odd VecVirtual
				ends      [2]Register
			}{{top, topOdd, r.top}, {bottom, bottomOdd, r.bottom}} {
				right := butterfly(row.even, row.odd)
				e.reverse(right)
				store(row.even, row.ends, leftEnd, part)
				store(right, row.ends, rightEnd, mirrored)
			}
		}
	})
}
