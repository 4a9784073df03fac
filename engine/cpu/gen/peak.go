package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// What the processor can do at most, to measure other kernels against: multiply-adds that
// wait for nothing.

func init() {
	groups["peak"] = func() {
		peak("peak", "multiply-adds of float32", func(a, b, sum VecVirtual) { VFMADD231PS(a, b, sum) })
		if isa.wide {
			peak("peakBF16", "multiply-adds of pairs of bf16", VDPBF16PS)
		}
	}
}

// peakSums is the number of independent sums: more than a multiply-add's latency needs.
const peakSums = 12

// peak makes a function that does n times peakSums multiply-adds of whole registers.
func peak(name, what string, multiply func(a, b, sum VecVirtual)) {
	function(name, "func(n int)", "does 12·n "+what+", a register each.")
	n, a, b := load("n"), zeroed(), zeroed()
	sums := vectors(peakSums)
	for _, s := range sums {
		zero(s)
	}
	Label("again")
	for _, s := range sums {
		multiply(a, b, s)
	}
	SUBQ(Imm(1), n)
	JNZ(LabelRef("again"))
	finish()
}
