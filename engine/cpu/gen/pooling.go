package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// eachStep emits a loop over n pixels of `dense` tensors, next to each other, and as many of
// `strided` ones, `step` bytes apart.
func eachStep(dense, strided []Register, body func()) {
	n, step := load("n"), load("step")
	Label("pixel")
	body()
	for _, r := range dense {
		ADDQ(Imm(uint64(isa.pixelBytes())), r)
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
			largest(channels{x, 0, p}, channels{y, 0, p})
		}
	})
	finish()

	function("stepSpread", "func(dy, dx *float32, n, step int)", "is Set.StepSpread.")
	dy, dx := load("dy"), load("dx")
	eachStep([]Register{dy}, []Register{dx}, func() {
		v := newBlock().load(dx, 0)
		for p := range v {
			VADDPS(channels{dy, 0, p}.operand(), v[p], v[p])
		}
		v.store(dx, 0)
	})
	finish()

	stepMaxGrad()
}

// largest stores at y the larger of it and what lies at x, NaN where one of them is.
func largest(x, y channels) {
	old, v := vector(), vector()
	y.load(old)
	x.load(v)
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
	y.store(v)
}

// stepMaxGrad gives what is left of the gradient to where x is the maximum, and takes it away.
func stepMaxGrad() {
	function("stepMaxGrad", "func(x, y, left, dx *float32, n, step int)", "is Set.StepMaxGrad.")
	x, y, left, dx := load("x"), load("y"), load("left"), load("dx")
	const equal = 0x00
	eachStep([]Register{y, left}, []Register{x, dx}, func() {
		for p := 0; p < isa.parts(); p++ {
			v, give, sum := vector(), vector(), vector()
			channels{x, 0, p}.load(v)
			channels{left, 0, p}.load(give)
			channels{dx, 0, p}.load(sum)
			if isa.wide {
				k := K()
				VCMPPS(Imm(equal), channels{y, 0, p}.operand(), v, k)
				VADDPS(give, sum, k, sum)
				VSUBPS(give, give, k, give)
			} else {
				VCMPPS(Imm(equal), channels{y, 0, p}.operand(), v, v)
				VANDPS(give, v, v)
				VADDPS(v, sum, sum)
				VSUBPS(v, give, give)
			}
			channels{dx, 0, p}.store(sum)
			channels{left, 0, p}.store(give)
		}
	})
	finish()
}
