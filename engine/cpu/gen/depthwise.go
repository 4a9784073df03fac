package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func init() {
	groups["depthwise"] = depthwise
}

// Words of kernel.DepthwiseShape.
const (
	depthwisePixels = iota
	depthwiseRows
	depthwiseCols
	depthwiseTapRows
	depthwiseXPixel
	depthwiseXRow
	depthwiseYPixel
	depthwiseYRow
	depthwiseCol
	depthwiseTapRow
	depthwiseLimits
)

// depthwisePixelsTogether is how many pixels' sums are in registers at the same time: eight
// registers hide the latency of multiply-adds.
const depthwisePixelsTogether = 4

// depthwise makes the kernel that multiplies every channel by weights of its own.
func depthwise() {
	function("depthwise", "func(x, w, y, bias *float32, shape *int)", "is Set.Depthwise.")
	x, y, shape := load("x"), load("y"), load("shape")
	rows := AllocLocal(8)
	copyWord(field(shape, depthwiseRows), rows)
	xRow, yRow := AllocLocal(8), AllocLocal(8)
	Label("row")
	MOVQ(x, xRow)
	MOVQ(y, yRow)
	left := GP64()
	MOVQ(field(shape, depthwisePixels), left)
	SUBQ(Imm(depthwisePixelsTogether), left)
	JLT(LabelRef("rest"))
	Label("pixels")
	depthwiseSums("together", depthwisePixelsTogether, x, y, shape)
	for i := 0; i < depthwisePixelsTogether; i++ {
		ADDQ(field(shape, depthwiseXPixel), x)
		ADDQ(field(shape, depthwiseYPixel), y)
	}
	SUBQ(Imm(depthwisePixelsTogether), left)
	JGE(LabelRef("pixels"))
	Label("rest")
	ADDQ(Imm(depthwisePixelsTogether), left)
	JZ(LabelRef("next"))
	Label("pixel")
	depthwiseSums("alone", 1, x, y, shape)
	ADDQ(field(shape, depthwiseXPixel), x)
	ADDQ(field(shape, depthwiseYPixel), y)
	DECQ(left)
	JNZ(LabelRef("pixel"))
	Label("next")
	MOVQ(xRow, x)
	MOVQ(yRow, y)
	ADDQ(field(shape, depthwiseXRow), x)
	ADDQ(field(shape, depthwiseYRow), y)
	DECQ(rows)
	JNZ(LabelRef("row"))
	finish()
}

func copyWord(from, to Mem) {
	r := GP64()
	MOVQ(from, r)
	MOVQ(r, to)
}

// depthwiseSums computes so many pixels.
func depthwiseSums(name string, pixels int, x, y, shape Register) {
	bias, w := load("bias"), load("w")
	sums := make([]block, pixels)
	for p := range sums {
		sums[p] = loadValues(bias, 0)
	}
	// Pixels are one, two and three distances from the first.
	step, step3 := GP64(), GP64()
	MOVQ(field(shape, depthwiseXPixel), step)
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step3)
	at, row := GP64(), GP64()
	MOVQ(x, row)
	tapRows, cols := GP64(), GP64()
	MOVQ(field(shape, depthwiseTapRows), tapRows)
	Label("taprow" + name)
	MOVQ(row, at)
	MOVQ(field(shape, depthwiseCols), cols)
	Label("tap" + name)
	weights := loadValues(w, 0)
	for p := range sums {
		for i, v := range sums[p] {
			m := Mem{Base: at, Disp: i * isa.bytes()}
			switch p {
			case 1, 2:
				m.Index, m.Scale = step, uint8(p)
			case 3:
				m.Index, m.Scale = step3, 1
			}
			VFMADD231PS(m, weights[i], v)
		}
	}
	ADDQ(Imm(blockBytes), w)
	ADDQ(field(shape, depthwiseCol), at)
	DECQ(cols)
	JNZ(LabelRef("tap" + name))
	ADDQ(field(shape, depthwiseTapRow), row)
	DECQ(tapRows)
	JNZ(LabelRef("taprow" + name))
	least, most := vector(), vector()
	VBROADCASTSS(Mem{Base: shape, Disp: 8 * depthwiseLimits}, least)
	VBROADCASTSS(Mem{Base: shape, Disp: 8*depthwiseLimits + 4}, most)
	to := GP64()
	MOVQ(y, to)
	for p := range sums {
		for i, v := range sums[p] {
			VMAXPS(v, least, v) // a NaN in v stays
			VMINPS(v, most, v)
			VMOVUPS(v, Mem{Base: to, Disp: i * isa.bytes()})
		}
		if p < len(sums)-1 {
			ADDQ(field(shape, depthwiseYPixel), to)
		}
	}
}
