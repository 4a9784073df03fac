package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func init() { groups["transpose"] = transposition }

// transposition makes the kernel that turns rows of sixteen numbers, which lie anywhere,
// into columns: as many rows at a time as a register has lanes.
func transposition() {
	function("transpose", "func(from, to *float32, rows *int32, stride int)", "is Set.Transpose.")
	from, to, rows, stride := load("from"), load("to"), load("rows"), load("stride")
	at, out := GP64(), GP64()
	for first := 0; first < 16; first += isa.lanes {
		MOVQ(to, out)
		for p := 0; p < isa.parts(); p++ {
			v := vectors(isa.lanes)
			for i := range v {
				MOVLQSX(Mem{Base: rows, Disp: 4 * (first + i)}, at)
				VMOVUPS(Mem{Base: from, Index: at, Scale: 1, Disp: p * isa.bytes()}, v[i])
			}
			for _, column := range transposed(v) {
				VMOVUPS(column, Mem{Base: out, Disp: 4 * first})
				ADDQ(stride, out)
			}
		}
	}
	finish()
}

// transposed gives the columns of a square. Within the 128-bit quarters, or halves, of a
// register four rows at a time are; then these change places.
func transposed(rows []VecVirtual) []VecVirtual {
	quads := make([]VecVirtual, len(rows)) // at 4·i + j column 4·q + j of rows 4·i … in quarter q
	for i := 0; i < len(rows); i += 4 {
		var pairs [4]VecVirtual
		for j := range pairs {
			pairs[j] = vector()
			a, b := rows[i+j/2*2], rows[i+j/2*2+1]
			if j%2 == 0 {
				VUNPCKLPS(b, a, pairs[j])
			} else {
				VUNPCKHPS(b, a, pairs[j])
			}
		}
		for j := range pairs {
			quads[i+j] = vector()
			a, b := pairs[j/2], pairs[2+j/2]
			if j%2 == 0 {
				VUNPCKLPD(b, a, quads[i+j])
			} else {
				VUNPCKHPD(b, a, quads[i+j])
			}
		}
	}
	columns := make([]VecVirtual, len(rows))
	if !isa.wide {
		for j := range 4 {
			columns[j], columns[4+j] = vector(), vector()
			VPERM2F128(Imm(0x20), quads[4+j], quads[j], columns[j])
			VPERM2F128(Imm(0x31), quads[4+j], quads[j], columns[4+j])
		}
		return columns
	}
	const even, odd = 0x88, 0xdd // quarters 0 and 2, or 1 and 3, of both
	for j := range 4 {
		for q, which := range []uint64{even, odd} {
			upper, lower := vector(), vector()
			VSHUFF32X4(Imm(which), quads[4+j], quads[j], upper)
			VSHUFF32X4(Imm(which), quads[12+j], quads[8+j], lower)
			columns[4*q+j], columns[4*(q+2)+j] = vector(), vector()
			VSHUFF32X4(Imm(even), lower, upper, columns[4*q+j])
			VSHUFF32X4(Imm(odd), lower, upper, columns[4*(q+2)+j])
		}
	}
	return columns
}
