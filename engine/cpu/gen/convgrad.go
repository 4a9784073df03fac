package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Words of kernel.GradShape.
const (
	gradImages = iota
	gradRows
	gradPixels
	gradXPixel
	gradXRow
	gradXImage
	gradYPixel
	gradYRow
	gradYImage
	gradYBlock
	gradXAhead
	gradYAhead
	gradAccumulate
)

func convolutionGradients() {
	if isa.wide {
		convolutionGradient("grad32", 8, 2, 8, 2)
		convolutionGradient("grad16", 16, 1, 16, 1)
	} else {
		convolutionGradient("grad32", 8, 4, 4, 2)
		convolutionGradient("grad16", 16, 2, 4, 2)
	}
}

// convolutionGradient makes a kernel that sums, over pixels, the products of `inputs`
// consecutive floats of x and `vectors` registers of dy, `in` by `wide` registers at a time.
func convolutionGradient(name string, inputs, vectors, in, wide int) {
	function(name, "func(x, dy, dw *float32, shape *int)", "is Set.Grad"+name[4:]+".")
	shape := load("shape")
	for input := 0; input < inputs; input += in {
		for first := 0; first < vectors; first += wide {
			g := gradTile{fmt.Sprintf("i%dv%d", input, first), vectors, input, first, in, wide, shape, 1}
			g.emit()
		}
	}
	finish()
}

// gradTile is the part of the weights' gradient whose sums are in registers together.
type gradTile struct {
	name         string
	vectors      int
	input, first int // first float of x, first register of dy
	in, wide     int // how many of each
	shape        Register
	together     int // pixels of a row done in one go
}

func (g *gradTile) eachWeight(dw Register, sums [][]VecVirtual, f func(Mem, VecVirtual)) {
	for i := range sums {
		for v := range sums[i] {
			f(Mem{Base: dw, Disp: ((g.input+i)*g.vectors + g.first + v) * isa.bytes()}, sums[i][v])
		}
	}
}

func (g *gradTile) emit() {
	dw := load("dw")
	sums := make([][]VecVirtual, g.in)
	for i := range sums {
		sums[i] = vectors(g.wide)
		for _, v := range sums[i] {
			zero(v)
		}
	}
	accumulate := GP64()
	MOVQ(field(g.shape, gradAccumulate), accumulate)
	TESTQ(accumulate, accumulate)
	JZ(LabelRef("sum" + g.name))
	g.eachWeight(dw, sums, func(m Mem, v VecVirtual) { VMOVUPS(m, v) })
	Label("sum" + g.name)
	g.multiply(sums)
	g.eachWeight(dw, sums, func(m Mem, v VecVirtual) { VMOVUPS(v, m) })
}

func (g *gradTile) multiply(sums [][]VecVirtual) {
	g.walk(func(x, y, block Register) {
		gradient := vectors(g.wide)
		for v := range gradient {
			m := Mem{Base: y, Disp: (g.first + v) % isa.parts() * isa.bytes()}
			if (g.first+v)/isa.parts() > 0 {
				m.Index, m.Scale = block, 1
			}
			VMOVUPS(m, gradient[v])
		}
		for i := range sums {
			m := Mem{Base: x, Disp: 4 * (g.input + i)}
			multiplyAdd(m, gradient, sums[i])
		}
	})
}

// walk goes over all pixels; block is from a block of y to the next.
func (g *gradTile) walk(pixel func(x, y, block Register)) {
	x, y := load("x"), load("dy")
	images, rows, pixels, block := GP64(), GP64(), GP64(), GP64()
	MOVQ(field(g.shape, gradYBlock), block)
	xAhead, yAhead := GP64(), GP64()
	MOVQ(field(g.shape, gradXAhead), xAhead)
	MOVQ(field(g.shape, gradYAhead), yAhead)
	MOVQ(field(g.shape, gradImages), images)
	Label("image" + g.name)
	MOVQ(field(g.shape, gradRows), rows)
	Label("row" + g.name)
	MOVQ(field(g.shape, gradPixels), pixels)
	Label("pixel" + g.name)
	for p := 0; p < g.together && g.input == 0; p++ {
		PREFETCHT1(Mem{Base: x, Index: xAhead, Scale: 1, Disp: p * blockBytes})
		PREFETCHT1(Mem{Base: y, Index: yAhead, Scale: 1, Disp: p * blockBytes})
	}
	pixel(x, y, block)
	for p := 0; p < g.together; p++ {
		ADDQ(field(g.shape, gradXPixel), x)
		ADDQ(field(g.shape, gradYPixel), y)
	}
	if g.together == 1 {
		DECQ(pixels)
	} else {
		SUBQ(Imm(uint64(g.together)), pixels)
	}
	JNZ(LabelRef("pixel" + g.name))
	ADDQ(field(g.shape, gradXRow), x)
	ADDQ(field(g.shape, gradYRow), y)
	DECQ(rows)
	JNZ(LabelRef("row" + g.name))
	ADDQ(field(g.shape, gradXImage), x)
	ADDQ(field(g.shape, gradYImage), y)
	DECQ(images)
	JNZ(LabelRef("image" + g.name))
}
