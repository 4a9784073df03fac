package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Kernels for three columns of taps. With sixteen output channels, one register, there is
// one multiply-add for every input broadcast from memory: more loads than the processor
// has. But neighboring pixels see the same inputs through neighboring taps, so here one
// broadcast serves up to three multiply-adds. Gradients with respect to the weights of 32
// channels gain too: they go over the pixels less often. AVX2 has two registers for sixteen
// channels, and too few for three taps.

const (
	rowTaps  = 3
	rowWidth = 16 * blockBytes // of one tap's gradient for sixteen by sixteen channels
)

func rowConvolutions() {
	if !isa.wide {
		return
	}
	function("conv16Row", "func(x, w, y, addend, bias *float32, tiles *int32, n int, shape *int)", "is Set.Conv16Row.")
	tiles, shape := load("tiles"), load("shape")
	left := AllocLocal(8)
	n := load("n")
	MOVQ(n, left)
	Label("tile")
	t := convTile{name: "row", vectors: 1, pixels: tilePixels, wide: 1, shape: shape, tiles: tiles, row: true}
	t.emit()
	ADDQ(Imm(2*4*tilePixels), tiles)
	DECQ(left)
	JNZ(LabelRef("tile"))
	finish()
}

// multiplyRow is multiply where the pixels are neighbors.
func (t *convTile) multiplyRow(sums [][][]VecVirtual) {
	w, x, blocks := load("w"), load("x"), GP64()
	first, rows, quads := GP64(), GP64(), GP64()
	MOVLQSX(t.xOffset(0), first)
	ADDQ(first, x)
	MOVQ(field(t.shape, convBlocks), blocks)
	Label("block" + t.name)
	MOVQ(field(t.shape, convRows), rows)
	Label("row" + t.name)
	MOVQ(field(t.shape, convQuads), quads)
	Label("quad" + t.name)
	for c := 0; c < isa.quad(); c++ {
		t.channelRow(sums[c%len(sums)], x, w, c)
	}
	ADDQ(Imm(uint64(4*isa.quad())), x)
	ADDQ(U32(uint32(isa.quad()*blockBytes)), w)
	DECQ(quads)
	JNZ(LabelRef("quad" + t.name))
	// The other columns are done too.
	ADDQ(U32(uint32((rowTaps-1)*isa.tapWidth())), w)
	ADDQ(U32(uint32((rowTaps-1)*isa.inputBytes())), x)
	ADDQ(field(t.shape, convRowAdvance), x)
	DECQ(rows)
	JNZ(LabelRef("row" + t.name))
	ADDQ(field(t.shape, convBlockAdvance), x)
	DECQ(blocks)
	JNZ(LabelRef("block" + t.name))
}

// channelRow adds what input channel c of the current four contributes through a row of
// taps.
func (t *convTile) channelRow(sums [][]VecVirtual, x, w Register, c int) {
	weights := vectors(rowTaps)
	for tap := range weights {
		VMOVUPS(Mem{Base: w, Disp: tap*isa.tapWidth() + c*blockBytes}, weights[tap])
	}
	for q := 0; q < t.pixels+rowTaps-1; q++ {
		m := Mem{Base: x, Disp: q*isa.inputBytes() + 4*c}
		spread(m, q, len(sums), func(tap, p int) (factors, totals []VecVirtual) { return weights[tap : tap+1], sums[p] })
	}
}

// spread multiplies the number at m, which output p of n sees through tap q − p, and adds
// it to the sums of all those.
func spread(m Mem, q, n int, of func(tap, p int) (factors, sums []VecVirtual)) {
	first, last := max(0, q-rowTaps+1), min(n-1, q)
	if factors, sums := of(q-first, first); first == last {
		multiplyAdd(m, factors, sums)
		return
	}
	value := vector()
	VBROADCASTSS(m, value)
	for p := first; p <= last; p++ {
		factors, sums := of(q-p, p)
		for v := range sums {
			addProduct(value, factors[v], sums[v])
		}
	}
}

func rowConvolutionGradients() {
	if !isa.wide {
		return
	}
	rowConvolutionGradient("grad32Row", 4, 2)
	rowConvolutionGradient("grad16Row", 8, 1)
}

// rowConvolutionGradient makes a kernel that sums, for three taps, the products of
// consecutive floats of x and `wide` registers of dy, two pixels at a time.
func rowConvolutionGradient(name string, inputs, wide int) {
	function(name, "func(x, dy, dw *float32, shape *int)", "is Set.Grad"+name[4:]+".")
	shape, dw := load("shape"), load("dw")
	var sums [rowTaps][][]VecVirtual
	for tap := range sums {
		for i := 0; i < inputs; i++ {
			sums[tap] = append(sums[tap], vectors(wide))
			for _, v := range sums[tap][i] {
				zero(v)
			}
		}
	}
	each := func(f func(Mem, VecVirtual)) {
		for tap := range sums {
			for i := range sums[tap] {
				for v, sum := range sums[tap][i] {
					f(Mem{Base: dw, Disp: tap*wide*rowWidth + (i*wide+v)*blockBytes}, sum)
				}
			}
		}
	}
	accumulate := GP64()
	MOVQ(field(shape, gradAccumulate), accumulate)
	TESTQ(accumulate, accumulate)
	JZ(LabelRef("sum"))
	each(func(m Mem, v VecVirtual) { VMOVUPS(m, v) })
	Label("sum")
	g := gradTile{name: "row", shape: shape, together: 2}
	g.walk(func(x, y, block Register) {
		gradients := make([][]VecVirtual, g.together)
		for p := range gradients {
			gradients[p] = vectors(wide)
			VMOVUPS(Mem{Base: y, Disp: p * blockBytes}, gradients[p][0])
			for v := 1; v < wide; v++ {
				VMOVUPS(Mem{Base: y, Index: block, Scale: uint8(v), Disp: p * blockBytes}, gradients[p][v])
			}
		}
		for i := 0; i < inputs; i++ {
			for q := 0; q < g.together+rowTaps-1; q++ {
				m := Mem{Base: x, Disp: q*blockBytes + 4*i}
				spread(m, q, g.together, func(tap, p int) (factors, totals []VecVirtual) { return gradients[p], sums[tap][i] })
			}
		}
	})
	each(func(m Mem, v VecVirtual) { VMOVUPS(v, m) })
	finish()
}
