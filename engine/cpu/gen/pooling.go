package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// eachStep emits a loop over n pixels of `dense` tensors, 64 bytes apart, and as many of
// `strided` ones, `step` bytes apart.
func eachStep(dense, strided []Register, body func()) {
	n, step := load("n"), load("step")
	Label("pixel")
	body()
	for _, r := range dense {
		ADDQ(Imm(blockBytes), r)
	}
	for _, r := range strided {
		ADDQ(step, r)
	}
	DECQ(n)
	JNZ(LabelRef("pixel"))
}

func pooling() {
	function("stepMax", "func(x, y *float32, n, step int)", "is Set.StepMax.")
	x, y := load("x"), load("y")
	eachStep([]Register{y}, []Register{x}, func() {
		for p := 0; p < isa.parts(); p++ {
			largest(part(x, 0, p), part(y, 0, p))
		}
	})
	finish()

	function("stepAdd", "func(x, y *float32, n, step int)", "is Set.StepAdd.")
	x, y = load("x"), load("y")
	eachStep([]Register{y}, []Register{x}, func() {
		v := newBlock().load(x, 0)
		for p := range v {
			VADDPS(part(y, 0, p), v[p], v[p])
		}
		v.store(y, 0)
	})
	finish()

	function("stepSpread", "func(dy, dx *float32, n, step int)", "is Set.StepSpread.")
	dy, dx := load("dy"), load("dx")
	eachStep([]Register{dy}, []Register{dx}, func() {
		v := newBlock().load(dx, 0)
		for p := range v {
			VADDPS(part(dy, 0, p), v[p], v[p])
		}
		v.store(dx, 0)
	})
	finish()

	stepMaxGrad()
}

// largest stores at y the larger of it and what lies at x, NaN where one of them is.
func largest(x, y Mem) {
	old, v := vector(), vector()
	VMOVUPS(y, old)
	VMOVUPS(x, v)
	VMAXPS(v, old, v) // x where one of them is NaN: right unless it is y
	const unordered = 0x03
	if isa.wide {
		k := K()
		VCMPPS(Imm(unordered), old, old, k)
		VMOVAPS(old, k, v)
	} else {
		mask := vector()
		VCMPPS(Imm(unordered), old, old, mask)
		VBLENDVPS(mask, old, v, v)
	}
	VMOVUPS(v, y)
}

// stepMaxGrad gives what is left of the gradient to where x is the maximum, and takes it away.
func stepMaxGrad() {
	function("stepMaxGrad", "func(x, y, left, dx *float32, n, step int)", "is Set.StepMaxGrad.")
	x, y, left, dx := load("x"), load("y"), load("left"), load("dx")
	const equal = 0x00
	eachStep([]Register{y, left}, []Register{x, dx}, func() {
		for p := 0; p < isa.parts(); p++ {
			v, give, sum := vector(), vector(), vector()
			VMOVUPS(part(x, 0, p), v)
			VMOVUPS(part(left, 0, p), give)
			VMOVUPS(part(dx, 0, p), sum)
			if isa.wide {
				k := K()
				VCMPPS(Imm(equal), part(y, 0, p), v, k)
				VADDPS(give, sum, k, sum)
				VSUBPS(give, give, k, give)
			} else {
				VCMPPS(Imm(equal), part(y, 0, p), v, v)
				VANDPS(give, v, v)
				VADDPS(v, sum, sum)
				VSUBPS(v, give, give)
			}
			VMOVUPS(sum, part(dx, 0, p))
			VMOVUPS(give, part(left, 0, p))
		}
	})
	finish()
}
