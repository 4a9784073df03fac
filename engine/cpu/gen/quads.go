package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Between rows of float32 and the elements of package spectral's Fourier transforms: eight
// rows are the real and imaginary parts of four sequences.

const square = 8 // rows, and columns that are done together

// eachSquare emits a loop over the columns of eight rows, 8 at a time, with the elements in
// z and pointers to the current pixels. The last eight may overlap those before.
func eachSquare(z Register, pixels []Register, body func(rows [square]Register)) {
	row := load("w")
	left, back := GP64(), GP64()
	MOVQ(row, left)
	SHLQ(Imm(2), row)
	rows := multiples(row, square)
	Label("columns")
	CMPQ(left, Imm(square))
	JGE(LabelRef("full"))
	MOVQ(left, back)
	SUBQ(Imm(square), back)
	for _, p := range pixels {
		LEAQ(Mem{Base: p, Index: back, Scale: 4}, p)
	}
	SHLQ(Imm(6), back)
	ADDQ(back, z)
	MOVQ(U32(square), left)
	Label("full")
	body(rows)
	for _, p := range pixels {
		ADDQ(Imm(4*square), p)
	}
	ADDQ(U32(square*elementBytes), z)
	SUBQ(Imm(square), left)
	JNZ(LabelRef("columns"))
	finish()
}

// transpose turns eight rows of eight into columns.
func transpose(a [square]VecVirtual) (b [square]VecVirtual) {
	var t, u [square]VecVirtual
	for i := 0; i < square; i += 2 {
		t[i], t[i+1] = YMM(), YMM()
		VUNPCKLPS(a[i+1], a[i], t[i])
		VUNPCKHPS(a[i+1], a[i], t[i+1])
	}
	for i := 0; i < square; i += 4 {
		for k := 0; k < 2; k++ {
			u[i+2*k], u[i+2*k+1] = YMM(), YMM()
			VUNPCKLPD(t[i+2+k], t[i+k], u[i+2*k])
			VUNPCKHPD(t[i+2+k], t[i+k], u[i+2*k+1])
		}
	}
	for i := 0; i < 4; i++ {
		b[i], b[i+4] = YMM(), YMM()
		VPERM2F128(Imm(0x20), u[i+4], u[i], b[i])
		VPERM2F128(Imm(0x31), u[i+4], u[i], b[i+4])
	}
	return b
}

// gather makes elements of rows.
func gather() {
	function("gather", "func(z *complex128, x *float32, w int)", "is arithmetic.gather.")
	z, x := load("z"), load("x")
	eachSquare(z, []Register{x}, func(rows [square]Register) {
		var a [square]VecVirtual
		for i := range a {
			a[i] = YMM()
			VMOVUPS(at(x, rows, i), a[i])
		}
		for j, v := range transpose(a) {
			if isa.wide {
				wide := ZMM()
				VCVTPS2PD(v, wide)
				VMOVUPD(wide, Mem{Base: z, Disp: j * elementBytes})
				continue
			}
			for i, part := range []Op{v.AsX(), upper(v)} {
				wide := YMM()
				VCVTPS2PD(part, wide)
				VMOVUPD(wide, Mem{Base: z, Disp: j*elementBytes + i*32})
			}
		}
	})
}

func upper(v VecVirtual) Op {
	x := XMM()
	VEXTRACTF128(Imm(1), v, x)
	return x
}

// scatter writes the rows that elements are the conjugates of, and what others are more.
func scatter() {
	function("scatter", "func(y, rest, x *float32, z *complex128, w int)", "is arithmetic.scatter.")
	negative := YMM()
	VBROADCASTSS(signBit(), negative)
	z, x, y, rest := load("z"), load("x"), load("y"), load("rest")
	eachSquare(z, []Register{x, y, rest}, func(rows [square]Register) {
		var a [square]VecVirtual
		for j := range a {
			a[j] = YMM()
			if isa.wide {
				VCVTPD2PS(Mem{Base: z, Disp: j * elementBytes}, a[j]) // of a ZMM
				continue
			}
			high := XMM()
			VXORPS(a[j], a[j], a[j]) // all of the register is written now, for its allocation
			VCVTPD2PSY(Mem{Base: z, Disp: j * elementBytes}, a[j].AsX())
			VCVTPD2PSY(Mem{Base: z, Disp: j*elementBytes + 32}, high)
			VINSERTF128(Imm(1), high, a[j], a[j])
		}
		for i, v := range transpose(a) {
			if i%2 == 1 {
				VXORPS(negative, v, v)
			}
			VMOVUPS(v, at(y, rows, i))
			whole := YMM()
			VMOVUPS(at(x, rows, i), whole)
			VSUBPS(v, whole, whole)
			VMOVUPS(whole, at(rest, rows, i))
		}
	})
}

func signBit() Mem {
	m := GLOBL("sign", RODATA|NOPTR)
	DATA(0, U32(1<<31))
	return m
}
