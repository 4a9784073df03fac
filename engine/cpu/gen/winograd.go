package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Winograd's F(4×4, 3×3): Lavin and Gray, Fast Algorithms for Convolutional Neural
// Networks, 2015.

// winogradSide is the side of a tile's inputs, and of its points.
const winogradSide = 6

// Words of kernel.WinogradShape.
const (
	winogradRow = iota
	winogradPoint
	winogradRectify
)

func init() {
	groups["winograd"] = func() {
		winogradInput()
		winogradMultiplies()
		winogradAsk()
		winogradOutput()
		winogradTransformWeights()
	}
}

// factor is a constant in every lane: a register on AVX-512, where there are enough of
// them, else memory on the stack.
type factor struct {
	register VecVirtual
	memory   Mem
}

func newFactor(f float32) factor { return keptFactor(constant(f)) }

// keptFactor is the constant in v.
func keptFactor(v VecVirtual) factor {
	if isa.wide {
		return factor{register: v}
	}
	m := AllocLocal(isa.bytes())
	VMOVUPS(v, m)
	return factor{memory: m}
}

// operand is the constant as an instruction's first operand.
func (f factor) operand() Op {
	if isa.wide {
		return f.register
	}
	return f.memory
}

// loaded is the constant in a register.
func (f factor) loaded() VecVirtual {
	if isa.wide {
		return f.register
	}
	v := vector()
	VMOVUPS(f.memory, v)
	return v
}

// lines addresses six lines that are a distance apart.
type lines struct {
	first, fourth, distance Register
}

// newLines gives the lines from the register on, which stays as it is.
func newLines(first, distance Register) lines {
	l := lines{first, GP64(), distance}
	LEAQ(Mem{Base: first, Index: distance, Scale: 2}, l.fourth)
	ADDQ(distance, l.fourth)
	return l
}

// at is what lies disp bytes after the start of line i.
func (l lines) at(i, disp int) Mem {
	m := Mem{Base: l.first, Disp: disp}
	if i >= 3 {
		m.Base = l.fourth
	}
	if i%3 > 0 {
		m.Index, m.Scale = l.distance, uint8(i%3)
	}
	return m
}

// winogradInput makes the kernel that computes BᵀdB. Rows of Bᵀd are computed from memory,
// those together that have terms in common, and their six numbers at once multiplied by B,
// so that nothing is stored in between.
func winogradInput() {
	function("winogradInput", "func(x, v *float32, tiles *int32, n int, shape *int)", "is Set.WinogradInput.")
	x, v, tiles, n, shape := load("x"), load("v"), load("tiles"), load("n"), load("shape")
	row, point := GP64(), GP64()
	MOVQ(field(shape, winogradRow), row)
	MOVQ(field(shape, winogradPoint), point)
	t := inputTransform{two: newFactor(2), four: newFactor(4), five: newFactor(5)}
	Label("tile")
	at := GP64()
	MOVLQSX(Mem{Base: tiles}, at)
	ADDQ(x, at)
	pixels := newLines(at, row)
	for p := 0; p < isa.parts(); p++ {
		in := func(i, j int) Mem { return pixels.at(i, j*blockBytes+p*isa.bytes()) }
		to := GP64()
		MOVQ(v, to)
		for _, first := range []int{0, 1, 3, 5} {
			for _, d := range t.rows(first, in) {
				points := newLines(to, point)
				for j, out := range t.across(d) {
					VMOVUPS(out, points.at(j, p*isa.bytes()))
				}
				LEAQ(Mem{Base: points.fourth, Index: point, Scale: 2}, to)
				ADDQ(point, to)
			}
		}
	}
	ADDQ(Imm(4), tiles)
	ADDQ(Imm(blockBytes), v)
	DECQ(n)
	JNZ(LabelRef("tile"))
	finish()
}

// inputTransform multiplies by
//
//	     ⎡4  0 −5  0  1  0⎤
//	     ⎢0 −4 −4  1  1  0⎥
//	Bᵀ = ⎢0  4 −4 −1  1  0⎥
//	     ⎢0 −2 −1  2  1  0⎥
//	     ⎢0  2 −1 −2  1  0⎥
//	     ⎣0  4  0 −5  0  1⎦
type inputTransform struct{ two, four, five factor }

// rows gives row i of Bᵀd, and row i+1 if that has the same terms, from d in memory.
func (t *inputTransform) rows(i int, d func(i, j int) Mem) [][]VecVirtual {
	first, second := make([]VecVirtual, winogradSide), make([]VecVirtual, winogradSide)
	var two, four, five VecVirtual
	switch i {
	case 0, 5:
		four, five = t.four.loaded(), t.five.loaded()
	case 1:
		four = t.four.loaded()
	case 3:
		two = t.two.loaded()
	}
	for j := range first {
		sum := vector()
		first[j] = sum
		switch i {
		case 0, 5:
			k := i / 5 // 0 or 1
			VMOVUPS(d(k+4, j), sum)
			VFNMADD231PS(d(k+2, j), five, sum)
			VFMADD231PS(d(k, j), four, sum)
			continue
		case 1:
			even, odd := sum, vector()
			VMOVUPS(d(4, j), even)
			VFNMADD231PS(d(2, j), four, even)
			VMOVUPS(d(3, j), odd)
			VFNMADD231PS(d(1, j), four, odd)
			second[j] = vector()
			VSUBPS(odd, even, second[j])
			VADDPS(odd, even, first[j])
		case 3:
			odd := vector()
			VMOVUPS(d(4, j), sum)
			VSUBPS(d(2, j), sum, sum)
			VMOVUPS(d(3, j), odd)
			VSUBPS(d(1, j), odd, odd)
			second[j] = vector()
			VMOVAPS(sum, second[j])
			VFMADD231PS(two, odd, sum)
			VFNMADD231PS(two, odd, second[j])
		}
	}
	if i == 0 || i == 5 {
		return [][]VecVirtual{first}
	}
	return [][]VecVirtual{first, second}
}

// across gives Bᵀd for six numbers in registers, which it uses up.
func (t *inputTransform) across(d []VecVirtual) []VecVirtual {
	even, odd, sum, copied := vector(), vector(), vector(), vector()
	VSUBPS(d[2], d[4], even)
	VSUBPS(d[1], d[3], odd)
	VSUBPS(d[3], d[5], d[5])
	VFNMADD231PS(t.four.operand(), odd, d[5])
	VSUBPS(d[2], d[0], d[0])
	VFMADD132PS(t.four.operand(), even, d[0])
	VFNMADD231PS(t.four.operand(), d[2], d[4])
	VFNMADD231PS(t.four.operand(), d[1], d[3])
	VADDPS(d[3], d[4], sum)
	VSUBPS(d[3], d[4], d[4])
	VMOVAPS(even, copied)
	VFMADD231PS(t.two.operand(), odd, copied)
	VFNMADD231PS(t.two.operand(), odd, even)
	return []VecVirtual{d[0], sum, d[4], copied, even, d[5]}
}
