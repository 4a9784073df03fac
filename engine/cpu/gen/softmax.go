package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func init() {
	groups["softmax"] = func() {
		exponentials()
	}
}

// expCoefficients are those of Cephes' expf (Moshier), the highest first.
var expCoefficients = []float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

// exponentials makes the kernel for exp(x − shift), x ≤ shift: with k the integer nearest to
// (x − shift)/ln 2, exp is 2ᵏ times a polynomial of the rest, |r| ≤ ln 2 / 2, with expCoefficients.
func exponentials() {
	function("exponentials", "func(x, y, shift *float32, n int)", "is Set.Exponentials.")
	x, y, n := load("x"), load("y"), load("n")
	shift := vector()
	VBROADCASTSS(Mem{Base: load("shift")}, shift)
	least, perLn2, one := constant(-87), constant(1.44269504088896341), constant(1)
	exp := newExponential(perLn2, constant(ln2High), constant(ln2Low), one)
	Label("block")
	for p := 0; p < isa.parts(); p++ {
		v := vector()
		VMOVUPS(part(x, 0, p), v)
		VSUBPS(shift, v, v)
		sum := exp.of(v)
		keepUnlessLess(v, least, sum)
		VMOVUPS(sum, part(y, 0, p))
	}
	ADDQ(Imm(blockBytes), x)
	ADDQ(Imm(blockBytes), y)
	SUBQ(Imm(16), n)
	JNZ(LabelRef("block"))
	finish()
}

// ln 2 in two parts.
const ln2High, ln2Low = 0.693359375, -2.12194440e-4

// exponential is what exp needs: 1/ln 2, ln 2 in two parts, 1 and expCoefficients.
type exponential struct {
	perLn2, high, low Op
	one               VecVirtual
	coefficients      []factor
}

func newExponential(perLn2, high, low Op, one VecVirtual) exponential {
	e := exponential{perLn2: perLn2, high: high, low: low, one: one}
	for _, f := range expCoefficients {
		e.coefficients = append(e.coefficients, newFactor(f))
	}
	return e
}

// of is exp(v) for −87 ≤ v ≤ 0.
func (e exponential) of(v VecVirtual) VecVirtual {
	k, r, square, sum := vector(), vector(), vector(), vector()
	VMULPS(e.perLn2, v, k)
	if isa.wide {
		VRNDSCALEPS(Imm(8), k, k)
	} else {
		VROUNDPS(Imm(8), k, k)
	}
	VMOVAPS(v, r)
	VFNMADD231PS(e.high, k, r)
	VFNMADD231PS(e.low, k, r)
	VMULPS(r, r, square)
	VMOVUPS(e.coefficients[0].operand(), sum)
	for _, c := range e.coefficients[1:] {
		VFMADD213PS(c.operand(), r, sum)
	}
	VFMADD213PS(r, square, sum)
	VADDPS(e.one, sum, sum)
	// 2ᵏ has k + 127 for an exponent.
	VCVTPS2DQ(k, k)
	VPSLLD(Imm(23), k, k)
	VPADDD(k, sum, sum)
	return sum
}

// keepUnlessLess makes v 0 where test is less than the limit; where test is NaN, v stays.
func keepUnlessLess(test, limit, v VecVirtual) {
	const notLess = 0x15 // quiet; true for NaN
	if isa.wide {
		k := K()
		VCMPPS(Imm(notLess), limit, test, k)
		VMOVAPS_Z(v, k, v)
		return
	}
	mask := vector()
	VCMPPS(Imm(notLess), limit, test, mask)
	VANDPS(mask, v, v)
}
