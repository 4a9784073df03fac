package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The gradient with respect to the weights of 3×3 convolutions through Winograd's
// F(4×4,3×3): see kernel.WinogradGrad.

func init() {
	groups["winogradgrad"] = func() {
		winogradGradient()
		if isa.wide {
			winogradProducts("winogradProducts32", 2, 8, 2)
			winogradProducts("winogradProducts16", 1, 16, 1)
		} else {
			winogradProducts("winogradProducts32", 4, 4, 2)
			winogradProducts("winogradProducts16", 2, 4, 2)
		}
		winogradWeights()
	}
}

// winogradOutputs is the side of a tile's outputs.
const winogradOutputs = 4

// kept gives v back later: AVX2 has too few registers to hold what a transform has made
// along one axis, and keeps it in the frame's i-th place.
func kept(v VecVirtual, frame Mem, i int) func() VecVirtual {
	if isa.wide {
		return func() VecVirtual { return v }
	}
	m := frame.Offset(i * isa.bytes())
	VMOVUPS(v, m)
	return func() VecVirtual {
		again := vector()
		VMOVUPS(m, again)
		return again
	}
}

// frameFor is room for so many registers, where they have to be kept.
func frameFor(n int) (frame Mem) {
	if !isa.wide {
		frame = AllocLocal(n * isa.bytes())
	}
	return frame
}

// transform makes of size×size values outs×outs, one axis after the other: along is a linear
// map of a column, or of a row, to outs values.
func transform(size, outs int, frame Mem, load func(row, col int) VecVirtual, along func([]VecVirtual) []VecVirtual, store func(row, col int, v VecVirtual)) {
	half := make([][]func() VecVirtual, outs)
	for col := 0; col < size; col++ {
		var column []VecVirtual
		for row := 0; row < size; row++ {
			column = append(column, load(row, col))
		}
		for row, v := range along(column) {
			half[row] = append(half[row], kept(v, frame, row*size+col))
		}
	}
	for row := range half {
		var values []VecVirtual
		for _, v := range half[row] {
			values = append(values, v())
		}
		for col, v := range along(values) {
			store(row, col, v)
		}
	}
}

// winogradGradient makes the transform of tiles of dy to points, A·dy·Aᵀ.
func winogradGradient() {
	largeFunction("winogradGradient", "func(dy, d *float32, tiles *int32, n int, shape *int)", "is WinogradGrad.Gradient.")
	dy, d, tiles, shape := load("dy"), load("d"), load("tiles"), load("shape")
	row, point := GP64(), GP64()
	MOVQ(field(shape, winogradRow), row)
	MOVQ(field(shape, winogradPoint), point)
	frame := frameFor(winogradSide * winogradOutputs)
	left, first := GP64(), GP64()
	MOVQ(argument("n"), left)
	two, four := constant(2), constant(4)
	Label("tile")
	for p := 0; p < isa.parts(); p++ {
		MOVLQSX(Mem{Base: tiles}, first)
		ADDQ(dy, first)
		rows := []Register{first}
		for i := 1; i < winogradOutputs; i++ {
			r := GP64()
			LEAQ(Mem{Base: rows[i-1], Index: row, Scale: 1}, r)
			rows = append(rows, r)
		}
		to := GP64()
		MOVQ(d, to)
		transform(winogradOutputs, winogradSide, frame,
			func(row, col int) VecVirtual {
				v := vector()
				VMOVUPS(part(rows[row], col, p), v)
				return v
			},
			func(v []VecVirtual) []VecVirtual { return toPoints(v, two, four) },
			func(row, col int, v VecVirtual) {
				VMOVUPS(v, part(to, 0, p))
				if row*winogradSide+col < winogradSide*winogradSide-1 {
					ADDQ(point, to)
				}
			})
	}
	ADDQ(Imm(4), tiles)
	ADDQ(Imm(blockBytes), d)
	DECQ(left)
	JNZ(LabelRef("tile"))
	finish()
}

// toPoints is A·v: the polynomial with coefficients v at 0, 1, −1, 2, −2 and infinity.
func toPoints(v []VecVirtual, two, four VecVirtual) []VecVirtual {
	even, odd := vector(), vector()
	VADDPS(v[2], v[0], even)
	VADDPS(v[3], v[1], odd)
	plus, minus := vector(), vector()
	VADDPS(odd, even, plus)
	VSUBPS(odd, even, minus)
	VFMADD213PS(v[0], four, v[2])
	VFMADD231PS(four, v[3], v[1])
	plus2 := vector()
	VMOVAPS(v[2], plus2)
	VFMADD231PS(two, v[1], plus2)
	VFNMADD231PS(two, v[1], v[2])
	return []VecVirtual{v[0], plus, minus, plus2, v[2], v[3]}
}

// Words of kernel.ProductsShape.
const (
	productsPoints = iota
	productsBlocks
	productsTiles
	productsVBlock
	productsVAdvance
	productsDBlock
	productsDPoint
	productsUAdvance
	productsAccumulate
)

// ahead is one of the two tables of lines in kernel.Ahead, and what they count from.
type ahead struct{ base, lines Register }

func newAhead(words Register) (tables [2]ahead) {
	for i := range tables {
		tables[i] = ahead{GP64(), GP64()}
		MOVQ(field(words, i), tables[i].base)
		MOVQ(field(words, 2+i), tables[i].lines)
	}
	return tables
}

// winogradProducts makes a kernel that sums, point by point, the products of tiles of
// blocks of sixteen channels and of so many registers, `in` by `wide` registers at a time.
func winogradProducts(name string, registers, in, wide int) {
	function(name, "func(v, d, u *float32, ahead **float32, shape *int)", "is WinogradGrad."+name[len("winograd"):]+".")
	shape, v, d, u := load("shape"), load("v"), load("d"), load("u")
	points, blocks, block := GP64(), GP64(), GP64()
	MOVQ(field(shape, productsPoints), points)
	MOVQ(field(shape, productsDBlock), block)
	next := newAhead(load("ahead"))
	sums := make([][]VecVirtual, in)
	for i := range sums {
		sums[i] = vectors(wide)
	}
	Label("point")
	MOVQ(field(shape, productsBlocks), blocks)
	Label("block")
	for input := 0; input < 16; input += in {
		for first := 0; first < registers; first += wide {
			t := productsTile{fmt.Sprintf("i%dv%d", input, first), registers, input, first, in, wide, shape, nil}
			switch {
			case first == 0 && in == 16:
				t.next = next[:]
			case first == 0 && input < 2*in:
				t.next = next[input/in:][:1]
			}
			t.emit(sums, v, d, u, block)
		}
	}
	ADDQ(field(shape, productsVBlock), v)
	ADDQ(U32(uint32(16*registers*isa.bytes())), u)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	ADDQ(field(shape, productsVAdvance), v)
	ADDQ(field(shape, productsDPoint), d)
	ADDQ(field(shape, productsUAdvance), u)
	DECQ(points)
	JNZ(LabelRef("point"))
	finish()
}

// productsTile is the part of a block's products whose sums are in registers together.
type productsTile struct {
	name         string
	registers    int // that the products of a channel fill
	input, first int // first channel of v, first register of d
	in, wide     int // how many of each
	shape        Register
	next         []ahead // what to ask for
}

func (t *productsTile) emit(sums [][]VecVirtual, v, d, u, block Register) {
	each := func(f func(Mem, VecVirtual)) {
		for i := range sums {
			for w, sum := range sums[i] {
				f(Mem{Base: u, Disp: ((t.input+i)*t.registers + t.first + w) * isa.bytes()}, sum)
			}
		}
	}
	each(func(_ Mem, sum VecVirtual) { zero(sum) })
	accumulate, tiles, x, y := GP64(), GP64(), GP64(), GP64()
	MOVQ(field(t.shape, productsAccumulate), accumulate)
	TESTQ(accumulate, accumulate)
	JZ(LabelRef("sum" + t.name))
	each(func(m Mem, sum VecVirtual) { VMOVUPS(m, sum) })
	Label("sum" + t.name)
	MOVQ(field(t.shape, productsTiles), tiles)
	MOVQ(v, x)
	MOVQ(d, y)
	Label("tile" + t.name)
	for _, n := range t.next {
		line := GP64()
		MOVLQSX(Mem{Base: n.lines}, line)
		PREFETCHT1(Mem{Base: n.base, Index: line, Scale: 1})
		ADDQ(Imm(4), n.lines)
	}
	t.multiply(sums, x, y, block)
	ADDQ(Imm(blockBytes), x)
	ADDQ(Imm(blockBytes), y)
	DECQ(tiles)
	JNZ(LabelRef("tile" + t.name))
	each(func(m Mem, sum VecVirtual) { VMOVUPS(sum, m) })
}

// multiply adds the products of the tile at x and y; block is from a block of y to the next.
func (t *productsTile) multiply(sums [][]VecVirtual, x, y, block Register) {
	factors := vectors(t.wide)
	for w := range factors {
		m := Mem{Base: y, Disp: (t.first + w) % isa.parts() * isa.bytes()}
		if (t.first+w)/isa.parts() > 0 {
			m.Index, m.Scale = block, 1
		}
		VMOVUPS(m, factors[w])
	}
	for i := range sums {
		m := Mem{Base: x, Disp: 4 * (t.input + i)}
		multiplyAdd(m, factors, sums[i])
	}
}

// winogradWeights makes the transform of points to the weights' gradient, Gᵀ·u·G.
func winogradWeights() {
	largeFunction("winogradWeights", "func(u, dw *float32, n, point, tap int)", "is WinogradGrad.Weights.")
	u, dw, point, tap := load("u"), load("dw"), load("point"), load("tap")
	frame := frameFor(3 * winogradSide)
	left, from, to := GP64(), GP64(), GP64()
	MOVQ(argument("n"), left)
	quarter, sixth, twelfth, twentyFourth := constant(1.0/4), constant(1.0/6), constant(1.0/12), constant(1.0/24)
	Label("block")
	for p := 0; p < isa.parts(); p++ {
		column := GP64()
		MOVQ(u, column)
		MOVQ(dw, to)
		transform(winogradSide, 3, frame,
			func(row, col int) VecVirtual {
				if row == 0 {
					MOVQ(column, from)
					ADDQ(point, column)
				}
				v := vector()
				VMOVUPS(part(from, 0, p), v)
				if row < winogradSide-1 {
					for range winogradSide {
						ADDQ(point, from)
					}
				}
				return v
			},
			func(v []VecVirtual) []VecVirtual { return toTaps(v, quarter, sixth, twelfth, twentyFourth) },
			func(row, col int, v VecVirtual) {
				VMOVUPS(v, part(to, 0, p))
				if row*3+col < 8 {
					ADDQ(tap, to)
				}
			})
	}
	ADDQ(Imm(blockBytes), u)
	ADDQ(Imm(blockBytes), dw)
	DECQ(left)
	JNZ(LabelRef("block"))
	finish()
}

// toTaps is Gᵀ·v.
func toTaps(v []VecVirtual, quarter, sixth, twelfth, twentyFourth VecVirtual) []VecVirtual {
	near, far := vector(), vector()
	VADDPS(v[2], v[1], near)
	VADDPS(v[4], v[3], far)
	VSUBPS(v[1], v[2], v[1])
	VSUBPS(v[4], v[3], v[3])
	VMULPS(quarter, v[0], v[0])
	VFNMADD231PS(sixth, near, v[0])
	VFMADD231PS(twentyFourth, far, v[0])
	VMULPS(sixth, v[1], v[1])
	VFMADD231PS(twelfth, v[3], v[1])
	VSUBPS(near, far, far)
	VFMADD231PS(sixth, far, v[5])
	return []VecVirtual{v[0], v[1], v[5]}
}
