package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// winogradOutput makes the kernel that computes AᵀmA, two rows that have terms in common at
// a time, and adds bias and addend.
func winogradOutput() {
	function("winogradOutput", "func(m, y, addend, bias *float32, tiles *int32, n int, shape *int)", "is Winograd.Output.")
	addend := load("addend")
	TESTQ(addend, addend)
	JNZ(LabelRef("tileadded"))
	outputLoop("alone", false)
	Label("tileadded")
	outputLoop("added", true)
}

// outputLoop goes over all tiles.
func outputLoop(name string, added bool) {
	m, tiles, shape := load("m"), load("tiles"), load("shape")
	left := AllocLocal(8)
	n := load("n")
	MOVQ(n, left)
	row, row3, point, point6 := GP64(), GP64(), GP64(), GP64()
	MOVQ(field(shape, winogradRow), row)
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	MOVQ(field(shape, winogradPoint), point)
	LEAQ(Mem{Base: point, Index: point, Scale: 2}, point6)
	ADDQ(point6, point6)
	t := outputTransform{two: newFactor(2), four: newFactor(4), eight: newFactor(8), floor: newFloor(shape, name)}
	Label("next" + name)
	at, y, addend := GP64(), load("y"), Register(nil)
	MOVLQSX(Mem{Base: tiles}, at)
	ADDQ(at, y)
	if added {
		addend = load("addend")
		ADDQ(at, addend)
	}
	for p := 0; p < isa.parts(); p++ {
		for first := 0; first < 2; first++ {
			from := GP64()
			LEAQ(Mem{Base: m, Disp: p * isa.bytes()}, from)
			for i, numbers := range t.rows(first, newLines(from, point6), point) {
				line := Mem{Disp: p * isa.bytes()}
				switch r := first + 2*i; r {
				case 1, 2:
					line.Index, line.Scale = row, uint8(r)
				case 3:
					line.Index, line.Scale = row3, 1
				}
				bias := vector()
				VMOVUPS(part(load("bias"), 0, p), bias)
				t.store(t.across(numbers, bias), line, y, addend)
			}
		}
	}
	ADDQ(Imm(4), tiles)
	ADDQ(Imm(blockBytes), m)
	DECQ(left)
	JNZ(LabelRef("next" + name))
	finish()
}

// newFloor is what results must not be less than: 0, or −∞ where they are not rectified.
func newFloor(shape Register, name string) factor {
	bits, rectify, x, v := GP32(), GP64(), XMM(), vector()
	XORL(bits, bits)
	MOVQ(field(shape, winogradRectify), rectify)
	TESTQ(rectify, rectify)
	JNZ(LabelRef("rectify" + name))
	MOVL(U32(math.Float32bits(float32(math.Inf(-1)))), bits)
	Label("rectify" + name)
	VMOVD(bits, x)
	VBROADCASTSS(x, v)
	return keptFactor(v)
}

// outputTransform multiplies by
//
//	     ⎡1  1  1  1  1  0⎤
//	Aᵀ = ⎢0  1 −1  2 −2  0⎥
//	     ⎢0  1  1  4  4  0⎥
//	     ⎣0  1 −1  8 −8  1⎦
type outputTransform struct{ two, four, eight, floor factor }

// rows gives rows 0 and 2, or 1 and 3, of Aᵀm from m's first column; next is from one to
// the next.
func (t *outputTransform) rows(first int, m lines, next Register) [][]VecVirtual {
	upper, lower := vectors(winogradSide), vectors(winogradSide)
	near, far := t.four.loaded(), VecVirtual(nil)
	if first == 1 {
		near, far = t.two.loaded(), t.eight.loaded()
	}
	for j := range upper {
		if j > 0 {
			ADDQ(next, m.first)
			ADDQ(next, m.fourth)
		}
		a, b := lower[j], vector()
		VMOVUPS(m.at(1, 0), a)
		VMOVUPS(m.at(3, 0), b)
		if first == 0 {
			VADDPS(m.at(2, 0), a, a)
			VADDPS(m.at(4, 0), b, b)
			VADDPS(b, a, upper[j])
			VADDPS(m.at(0, 0), upper[j], upper[j])
			VFMADD231PS(near, b, a)
			continue
		}
		VSUBPS(m.at(2, 0), a, a)
		VSUBPS(m.at(4, 0), b, b)
		VMOVAPS(a, upper[j])
		VFMADD231PS(near, b, upper[j])
		VADDPS(m.at(5, 0), a, a)
		VFMADD231PS(far, b, a)
	}
	return [][]VecVirtual{upper, lower}
}

// across gives Aᵀm plus bias for six numbers in registers, which it uses up.
func (t *outputTransform) across(m []VecVirtual, bias VecVirtual) []VecVirtual {
	sum, second := vector(), vector()
	VADDPS(bias, m[1], sum)
	VADDPS(m[2], sum, sum)
	VSUBPS(m[2], m[1], m[1])
	VADDPS(bias, m[1], m[1])
	VADDPS(m[4], m[3], m[2])
	VSUBPS(m[4], m[3], m[3])
	VADDPS(sum, m[0], m[0])
	VADDPS(m[2], m[0], m[0])
	VFMADD231PS(t.four.operand(), m[2], sum)
	VADDPS(m[1], m[5], m[5])
	VFMADD231PS(t.eight.operand(), m[3], m[5])
	VMOVAPS(m[1], second)
	VFMADD231PS(t.two.operand(), m[3], second)
	return []VecVirtual{m[0], second, sum, m[5]}
}

// store stores four neighbors of a row, which begins at line after a tensor's register.
func (t *outputTransform) store(out []VecVirtual, line Mem, y, addend Register) {
	floor := t.floor.loaded()
	for j, v := range out {
		to := line
		to.Disp += j * blockBytes
		if addend != nil {
			to.Base = addend
			VADDPS(to, v, v)
		}
		VMAXPS(v, floor, v) // a NaN in v stays
		to.Base = y
		VMOVUPS(v, to)
	}
}
