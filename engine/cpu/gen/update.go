package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func init() {
	groups["update"] = func() {
		update("Descent", 0, 2, func(u *weightUpdate) { u.descend(u.g) })
		update("Momentum", 1, 5, func(u *weightUpdate) {
			VFMADD213PS(u.g, u.k[2], u.s)
			VMULPS(u.k[3], u.g, u.g)
			VFMADD231PS(u.s, u.k[4], u.g)
			u.descend(u.g)
		})
		update("Moments", 2, 8, func(u *weightUpdate) {
			d := vector()
			VSUBPS(u.s, u.g, d)
			VFMADD231PS(d, u.k[2], u.s)
			u.mean(u.t, 3)
			divisor := vector()
			VSQRTPS(u.t, divisor)
			VFMADD213PS(u.k[6], u.k[5], divisor)
			VDIVPS(divisor, u.s, d)
			VMULPS(u.k[7], u.w, u.w)
			u.descend(d)
		})
		update("SumOfSquares", 1, 3, func(u *weightUpdate) {
			VFMADD231PS(u.g, u.g, u.s)
			u.descend(u.divided())
		})
		update("Deltas", 2, 5, func(u *weightUpdate) {
			u.mean(u.s, 3)
			d, divisor := vector(), vector()
			VADDPS(u.k[2], u.t, d)
			VSQRTPS(d, d)
			VADDPS(u.k[2], u.s, divisor)
			VSQRTPS(divisor, divisor)
			VDIVPS(divisor, d, d)
			VMULPS(d, u.g, u.g)
			u.mean(u.t, 3)
			u.descend(u.g)
		})
		update("MeanSquare", 1, 5, func(u *weightUpdate) {
			u.mean(u.s, 3)
			u.descend(u.divided())
		})
		update("MeanSquareMomentum", 2, 6, func(u *weightUpdate) {
			u.mean(u.s, 3)
			VFMADD213PS(u.divided(), u.k[5], u.t)
			u.descend(u.t)
		})
	}
}

// weightUpdate is a register of weights, their gradients and the optimizer's state, and
// the constants in all lanes.
type weightUpdate struct {
	w, g, s, t VecVirtual
	k          []VecVirtual
}

// descend makes a step of k₀ against d.
func (u *weightUpdate) descend(d VecVirtual) { VFNMADD231PS(d, u.k[0], u.w) }

// mean lets a mean follow g², by constant i and the one after it. What it is multiplied by
// first is rounded as in optim.
func (u *weightUpdate) mean(mean VecVirtual, i int) {
	square := vector()
	VMULPS(u.g, u.k[i+1], square)
	VMULPS(u.g, square, square)
	VFMADD213PS(square, u.k[i], mean)
}

// divided is g / (√s + k₂).
func (u *weightUpdate) divided() VecVirtual {
	d := vector()
	VSQRTPS(u.s, d)
	VADDPS(u.k[2], d, d)
	VDIVPS(d, u.g, d)
	return d
}

// update makes a kernel that changes n weights, a multiple of sixteen, with so many arrays
// of state and constants.
func update(name string, states, constants int, f func(*weightUpdate)) {
	function("update"+name, "func(w, dw, s, t *float32, n int, k *float32)", "is Updates."+name+".")
	arrays := []Register{load("w"), load("dw")}
	for _, state := range []string{"s", "t"}[:states] {
		arrays = append(arrays, load(state))
	}
	n, k := load("n"), load("k")
	u := weightUpdate{k: vectors(constants)}
	for i, v := range u.k {
		VBROADCASTSS(Mem{Base: k, Disp: 4 * i}, v)
	}
	Label("weights")
	for p := 0; p < isa.parts(); p++ {
		values := vectors(len(arrays))
		for i, v := range values {
			VMOVUPS(part(arrays[i], 0, p), v)
		}
		u.w, u.g, u.s, u.t = values[0], values[1], nil, nil
		if states > 0 {
			u.s = values[2]
		}
		if states > 1 {
			u.t = values[3]
		}
		VFMADD231PS(u.w, u.k[1], u.g)
		f(&u)
		for i, v := range values {
			if i != 1 {
				VMOVUPS(v, part(arrays[i], 0, p))
			}
		}
	}
	for _, a := range arrays {
		ADDQ(Imm(blockBytes), a)
	}
	SUBQ(Imm(16), n)
	JNZ(LabelRef("weights"))
	finish()
}
