package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Products of package spectral's dense transform, for planes of at most 32×32 pixels. A
// folded plane has 32 rows of 32 numbers: sixteen rows for the even part of the columns,
// sixteen for the odd part, each with the even, then the odd part along the row. Tables
// have sixteen rows of sixteen numbers for even parts, then as many for odd ones.

func init() { groups["dense"] = dense }

const (
	halfBytes  = 16 * 4         // of sixteen numbers
	foldedRow  = 2 * halfBytes  // of a row of a folded plane
	foldedHalf = 16 * foldedRow // from its even to its odd rows
	tableHalf  = 16 * halfBytes // from the even to the odd table
)

func dense() {
	lanes := GLOBL("reversed", RODATA|NOPTR)
	for i := 0; i < isa.lanes; i++ {
		DATA(4*i, U32(isa.lanes-1-i))
	}
	fold(lanes)
	columnProducts("columns", false)
	columnProducts("keptColumns", true)
	rowProducts()
	unfold(lanes)
}

// columnProducts multiplies columns by a table: row r of every half of c becomes the sum
// over k of the table's number (k,r) times row k of p.
func columnProducts(name string, masked bool) {
	const wide = 2 // registers of a row that are done together
	rows := 4
	signature, doc := "func(c, p, t *float32, k int)", "is arithmetic.columns."
	if isa.wide {
		rows = 8
	}
	if masked {
		signature, doc = "func(c, p, t *float32, keep *uint32, k int)", "is arithmetic.keptColumns."
	}
	function(name, signature, doc)
	c, p, t, n := load("c"), load("p"), load("t"), load("k")
	keep := c
	if masked {
		keep = load("keep")
	}
	at, factors, kept, left := GP64(), GP64(), GP64(), GP64()
	for half := 0; half < 2; half++ {
		for part := 0; part < 2*isa.parts(); part += wide {
			for row := 0; row < 16; row += rows {
				sums := zeroSums(rows, wide)
				from := half*foldedHalf + part*isa.bytes()
				LEAQ(Mem{Base: p, Disp: from}, at)
				LEAQ(Mem{Base: t, Disp: half*tableHalf + row*4}, factors)
				if masked {
					LEAQ(Mem{Base: keep, Disp: from}, kept)
				}
				repeat(fmt.Sprintf("half%d_part%d_row%d", half, part, row), n, left, func() {
					v := vectors(wide)
					for i := range v {
						VMOVUPS(Mem{Base: at, Disp: i * isa.bytes()}, v[i])
						if masked {
							VANDPS(Mem{Base: kept, Disp: i * isa.bytes()}, v[i], v[i])
						}
					}
					for r := range sums {
						addMultiples(Mem{Base: factors, Disp: 4 * r}, v, sums[r])
					}
					ADDQ(U32(foldedRow), at)
					ADDQ(Imm(halfBytes), factors)
					if masked {
						ADDQ(U32(foldedRow), kept)
					}
				})
				storeSums(sums, c, half*foldedHalf+row*foldedRow+part*isa.bytes())
			}
		}
	}
	finish()
}

// rowProducts multiplies rows by a table: number j of every half of a row of c becomes the
// sum over k of number k of p's times the table's number (k,j).
func rowProducts() {
	function("rows", "func(c, p, t *float32, k int)", "is arithmetic.rows.")
	c, p, t, n := load("c"), load("p"), load("t"), load("k")
	at, factors, left := GP64(), GP64(), GP64()
	rows := 4
	if isa.wide {
		rows = 16
	}
	for half := 0; half < 2; half++ {
		for row := 0; row < 32; row += rows {
			sums := zeroSums(rows, isa.parts())
			LEAQ(Mem{Base: p, Disp: row*foldedRow + half*halfBytes}, factors)
			LEAQ(Mem{Base: t, Disp: half * tableHalf}, at)
			repeat(fmt.Sprintf("half%d_row%d", half, row), n, left, func() {
				v := newBlock().load(at, 0)
				for r := range sums {
					addMultiples(Mem{Base: factors, Disp: r * foldedRow}, v, sums[r])
				}
				ADDQ(Imm(halfBytes), at)
				ADDQ(Imm(4), factors)
			})
			storeSums(sums, c, row*foldedRow+half*halfBytes)
		}
	}
	finish()
}

// repeat emits a loop that runs n times, 0 too, and counts in left.
func repeat(label string, n, left Register, body func()) {
	MOVQ(n, left)
	TESTQ(left, left)
	JZ(LabelRef(label + "_done"))
	Label(label)
	body()
	DECQ(left)
	JNZ(LabelRef(label))
	Label(label + "_done")
}

func zeroSums(rows, wide int) [][]VecVirtual {
	sums := make([][]VecVirtual, rows)
	for r := range sums {
		sums[r] = vectors(wide)
		for _, v := range sums[r] {
			VXORPS(v, v, v)
		}
	}
	return sums
}

// addMultiples adds the products of v and the number at m to sums.
func addMultiples(m Mem, v, sums []VecVirtual) {
	if isa.wide && len(v) == 1 {
		VFMADD231PS_BCST(m, v[0], sums[0])
		return
	}
	factor := vector()
	VBROADCASTSS(m, factor)
	for i := range v {
		VFMADD231PS(factor, v[i], sums[i])
	}
}

func storeSums(sums [][]VecVirtual, c Register, disp int) {
	for r := range sums {
		for i, v := range sums[r] {
			VMOVUPS(v, Mem{Base: c, Disp: disp + r*foldedRow + i*isa.bytes()})
		}
	}
}
