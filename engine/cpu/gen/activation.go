package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func init() {
	groups["activation"] = func() {
		clip()
		gates()
		sigmoids()
	}
}

// broadcast is the i-th float32 at base in every lane.
func broadcast(base Register, i int) VecVirtual {
	v := vector()
	VBROADCASTSS(Mem{Base: base, Disp: 4 * i}, v)
	return v
}

func clip() {
	function("clip", "func(x, y, k *float32, pixels, rows, stride int)", "is Set.Clip.")
	k := load("k")
	least, most := broadcast(k, 0), broadcast(k, 1)
	eachPixel([]Register{load("x"), load("y")}, func(at []Register, u int) {
		v := newBlock().load(at[0], u)
		for p := range v {
			VMAXPS(v[p], least, v[p]) // a NaN in v stays
			VMINPS(v[p], most, v[p])
		}
		v.store(at[1], u)
	})
	finish()
}

// gates makes the kernels of piecewise linear gates.
func gates() {
	for _, g := range []struct {
		name  string
		times bool // x
	}{{"hardSigmoid", false}, {"hardSwish", true}} {
		function(g.name, "func(x, y, k *float32, pixels, rows, stride int)", "is Set."+title(g.name)+".")
		k := load("k")
		slope, shift, least, most := broadcast(k, 0), broadcast(k, 1), zeroed(), constant(1)
		eachPixel([]Register{load("x"), load("y")}, func(at []Register, u int) {
			x, v := newBlock().load(at[0], u), newBlock()
			for p := range v {
				VMOVAPS(x[p], v[p])
				VFMADD213PS(shift, slope, v[p])
				VMAXPS(v[p], least, v[p])
				VMINPS(v[p], most, v[p])
				if g.times {
					VMULPS(x[p], v[p], v[p])
				}
			}
			v.store(at[1], u)
		})
		finish()
	}
}

var negativeZero = float32(math.Copysign(0, -1))

func title(name string) string { return string(name[0]-'a'+'A') + name[1:] }

// sigmoids makes the kernels for 1/(1 + exp(−x)) and x times that. The exponential is that of
// −|x|, which does not overflow: see exponentials.
func sigmoids() {
	for _, s := range []struct {
		name  string
		times bool
	}{{"sigmoid", false}, {"siLU", true}} {
		function(s.name, "func(x, y *float32, pixels, rows, stride int)", "is Set."+title(s.name)+".")
		sign, least, perLn2, one := newFactor(negativeZero), newFactor(-87), newFactor(1.44269504088896341), constant(1)
		exp := newExponential(perLn2.operand(), newFactor(ln2High).operand(), newFactor(ln2Low).operand(), one)
		eachPixel([]Register{load("x"), load("y")}, func(at []Register, u int) {
			for p := 0; p < isa.parts(); p++ {
				x, v := vector(), vector()
				channels{at[0], u, p}.load(x)
				VORPS(sign.operand(), x, v) // −|x|
				sum := exp.of(v)
				keepUnlessLess(v, least.loaded(), sum)
				// exp(−|x|) or 1, over their sum.
				total := vector()
				VADDPS(one, sum, total)
				VBLENDVPS(x, sum, one, v) // by x's sign
				VDIVPS(total, v, v)
				if s.times {
					VMULPS(x, v, v)
				}
				channels{at[1], u, p}.store(v)
			}
		})
		finish()
	}
}
