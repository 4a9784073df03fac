package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func init() { groups["interleave"] = interleave }

// interleave puts up to four planes side by side. A row that is no multiple of a register
// ends with one that begins earlier.
func interleave() {
	// In every 128 bits the planes are to have the numbers of pixels as far apart as a
	// register of pixels has pixels: unpacking then gives neighbors.
	order := GLOBL("order", RODATA|NOPTR)
	for i := 0; i < isa.lanes; i++ {
		DATA(4*i, U32(i%4*isa.lanes/4+i/4))
	}
	function("interleave", "func(x, y, scale, shift *float32, channels, pixels, plane int)", "is Set.Interleave.")
	channels := load("channels")
	for c := 1; c <= 4; c++ {
		label := fmt.Sprintf("of%d", c)
		CMPQ(channels, Imm(uint64(c)))
		JNE(LabelRef("not" + label))
		interleaveRow(c, label, order)
		Label("not" + label)
	}
	finish()
}

func interleaveRow(channels int, label string, order Mem) {
	y, scale, shift, pixels, plane := load("y"), load("scale"), load("shift"), load("pixels"), load("plane")
	permutation := vector()
	VMOVUPS(order, permutation)
	var planes []Register
	factors, offsets := vectors(channels), vectors(channels)
	for c := range factors {
		VBROADCASTSS(Mem{Base: scale, Disp: 4 * c}, factors[c])
		VBROADCASTSS(Mem{Base: shift, Disp: 4 * c}, offsets[c])
		at := load("x")
		if c > 0 {
			at = GP64()
			LEAQ(Mem{Base: planes[c-1], Index: plane, Scale: 1}, at)
		}
		planes = append(planes, at)
	}
	none := zeroed()
	left, back := GP64(), GP64()
	MOVQ(pixels, left)
	Label(label)
	CMPQ(left, Imm(uint64(isa.lanes)))
	JGE(LabelRef("full" + label))
	// back to where a whole register is left
	MOVQ(left, back)
	SUBQ(Imm(uint64(isa.lanes)), back)
	for _, at := range planes {
		LEAQ(Mem{Base: at, Index: back, Scale: 4}, at)
	}
	SHLQ(Imm(4), back)
	ADDQ(back, y)
	MOVQ(U32(isa.lanes), left)
	Label("full" + label)
	v := [4]VecVirtual{none, none, none, none}
	for c, at := range planes {
		v[c] = vector()
		VMOVUPS(Mem{Base: at}, v[c])
		VFMADD213PS(offsets[c], factors[c], v[c])
		VPERMPS(v[c], permutation, v[c])
		ADDQ(Imm(uint64(isa.bytes())), at)
	}
	for i, f := range []func(ops ...Op){VUNPCKLPS, VUNPCKHPS} {
		a, b, pixel := vector(), vector(), vector()
		f(v[1], v[0], a)
		f(v[3], v[2], b)
		VUNPCKLPD(b, a, pixel)
		VMOVUPS(pixel, Mem{Base: y, Disp: 2 * i * isa.bytes()})
		VUNPCKHPD(b, a, a)
		VMOVUPS(a, Mem{Base: y, Disp: (2*i + 1) * isa.bytes()})
	}
	ADDQ(U32(4*isa.bytes()), y)
	SUBQ(Imm(uint64(isa.lanes)), left)
	JNZ(LabelRef(label))
	finish()
}
