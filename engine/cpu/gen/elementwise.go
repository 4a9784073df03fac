package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unroll is how many pixels an element-wise loop takes at a time.
const unroll = 4

// eachPixel emits loops over `rows` rows of `pixels` pixels, `stride` bytes from row to
// row, of the tensors that start at the registers. body is given the registers that point
// at the current pixels, the number of pixels after those, and a slot in 0..unroll-1 for
// sums that must not wait for each other.
func eachPixel(bases []Register, body func(at []Register, u int)) {
	pixels, rows, stride := load("pixels"), load("rows"), load("stride")
	at := make([]Register, len(bases))
	for i := range at {
		at[i] = GP64()
	}
	left := GP64()
	Label("row")
	for i := range at {
		MOVQ(bases[i], at[i])
	}
	MOVQ(pixels, left)
	SUBQ(Imm(unroll), left)
	JLT(LabelRef("rest"))
	Label("pixels")
	for u := 0; u < unroll; u++ {
		body(at, u)
	}
	for i := range at {
		ADDQ(U32(uint32(unroll*isa.pixelBytes())), at[i])
	}
	SUBQ(Imm(unroll), left)
	JGE(LabelRef("pixels"))
	Label("rest")
	ADDQ(Imm(unroll), left)
	JZ(LabelRef("next"))
	Label("pixel")
	body(at, 0)
	for i := range at {
		ADDQ(Imm(uint64(isa.pixelBytes())), at[i])
	}
	DECQ(left)
	JNZ(LabelRef("pixel"))
	Label("next")
	for i := range bases {
		ADDQ(stride, bases[i])
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
}

// perChannel loads sixteen values, one a channel.
func perChannel(name string) block { return loadValues(load(name), 0) }

// loadValues loads the i-th sixteen values at base.
func loadValues(base Register, i int) block {
	b := newBlock()
	for p, v := range b {
		VMOVUPS(part(base, i, p), v)
	}
	return b
}

// running is a sum over pixels in a few independent parts.
type running []block

func newRunning() running {
	n := unroll
	if !isa.wide {
		n = 2 // of sixteen registers, two a block, more would leave none for the work
	}
	r := make(running, n)
	for i := range r {
		r[i] = zeroBlock()
	}
	return r
}

// slot is the part of the sum that pixel u of an unrolled loop adds to.
func (r running) slot(u int) block { return r[u%len(r)] }

// store adds up the parts and writes the sum as the i-th sixteen values at base.
func (r running) store(base Register, i int) {
	for n := len(r) / 2; n > 0; n /= 2 {
		for k := 0; k < n; k++ {
			for p := range r[k] {
				VADDPS(r[k+n][p], r[k][p], r[k][p])
			}
		}
	}
	for p, v := range r[0] {
		VMOVUPS(v, part(base, i, p))
	}
}

func elementwise() {
	function("add", "func(a, b, y *float32, pixels, rows, stride int)", "is Set.Add.")
	eachPixel([]Register{load("a"), load("b"), load("y")}, func(at []Register, u int) {
		v := newBlock().load(at[0], u)
		for p := range v {
			VADDPS(channels{at[1], u, p}.operand(), v[p], v[p])
		}
		v.store(at[2], u)
	})
	finish()

	function("relu", "func(x, y *float32, pixels, rows, stride int)", "is Set.ReLU.")
	floor := zeroed()
	eachPixel([]Register{load("x"), load("y")}, func(at []Register, u int) {
		v := newBlock()
		for p := range v {
			VMAXPS(channels{at[0], u, p}.operand(), floor, v[p])
		}
		v.store(at[1], u)
	})
	finish()

	function("reluGrad", "func(y, dy, dx *float32, pixels, rows, stride int)", "is Set.ReLUGrad.")
	none := zeroed()
	eachPixel([]Register{load("y"), load("dy"), load("dx")}, func(at []Register, u int) {
		y, v := newBlock().load(at[0], u), newBlock()
		for p := range v {
			loadPositive(channels{at[1], u, p}, y[p], none, v[p])
		}
		v.store(at[2], u)
	})
	finish()

	function("fill", "func(values, y *float32, pixels, rows, stride int)", "is Set.Fill.")
	v := perChannel("values")
	eachPixel([]Register{load("y")}, func(at []Register, u int) { v.store(at[0], u) })
	finish()

	function("sum", "func(x, out *float32, pixels, rows, stride int)", "is Set.Sum.")
	sum := newRunning()
	eachPixel([]Register{load("x")}, func(at []Register, u int) {
		for p, v := range sum.slot(u) {
			VADDPS(channels{at[0], u, p}.operand(), v, v)
		}
	})
	sum.store(load("out"), 0)
	finish()
}
