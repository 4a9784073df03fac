package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func normalization() {
	moments()
	affine("affine", false, false)
	affine("affineReLU", false, true)
	affine("affineAddReLU", true, true)
	normSums()
	normSumsReLU()
	normSumsMasked()
	normGrad()
	normGradReLU()
	scaleGrad()
}

// moments sums x - shift and its square.
func moments() {
	function("moments", "func(x, shift, out *float32, pixels, rows, stride int)", "is Set.Moments.")
	shift, sum, square := perChannel("shift"), newRunning(), newRunning()
	eachPixel([]Register{load("x")}, func(at []Register, u int) {
		v := newBlock().load(at[0], u)
		for p := range v {
			VSUBPS(shift[p], v[p], v[p])
			VADDPS(v[p], sum.slot(u)[p], sum.slot(u)[p])
			VFMADD231PS(v[p], v[p], square.slot(u)[p])
		}
	})
	out := load("out")
	sum.store(out, 0)
	square.store(out, 1)
	finish()
}

// affine is x·scale + shift, with a second tensor added and negative values cut off.
func affine(name string, add, rectify bool) {
	signature := "func(x, y, scale, shift *float32, pixels, rows, stride int)"
	if add {
		signature = "func(x, r, y, scale, shift *float32, pixels, rows, stride int)"
	}
	function(name, signature, "is Set.A"+name[1:]+".")
	bases := []Register{load("x"), load("y")}
	if add {
		bases = append(bases, load("r"))
	}
	scale, shift, floor := perChannel("scale"), perChannel("shift"), zeroed()
	eachPixel(bases, func(at []Register, u int) {
		v := normalized(at[0], u, scale, shift)
		for p := range v {
			if add {
				VADDPS(channels{at[2], u, p}.operand(), v[p], v[p])
			}
			if rectify {
				VMAXPS(v[p], floor, v[p])
			}
		}
		v.store(at[1], u)
	})
	finish()
}

// normalized is x·scale + shift of pixel u. The backward kernels repeat it to know, bit
// for bit, where the forward pass was cut off.
func normalized(x Register, u int, scale, shift block) block {
	v := newBlock()
	for p := range v {
		VMOVAPS(shift[p], v[p])
		VFMADD231PS(channels{x, u, p}.operand(), scale[p], v[p])
	}
	return v
}

// addProducts adds v to sum and v·(x - mean) to product, for pixel u.
func addProducts(v block, x Register, u int, mean block, sum, product running) {
	for p := range v {
		centered := less(channels{x, u, p}.operand(), mean[p])
		VADDPS(v[p], sum.slot(u)[p], sum.slot(u)[p])
		VFMADD231PS(centered, v[p], product.slot(u)[p])
	}
}

// less is x − mean.
func less(x, mean Op) VecVirtual {
	centered := vector()
	if v, ok := x.(VecVirtual); ok {
		VSUBPS(mean, v, centered)
		return centered
	}
	VMOVUPS(x, centered)
	VSUBPS(mean, centered, centered)
	return centered
}

func normSums() {
	function("normSums", "func(x, dy, mean, out *float32, pixels, rows, stride int)", "is Set.NormSums.")
	mean, sum, product := perChannel("mean"), newRunning(), newRunning()
	eachPixel([]Register{load("x"), load("dy")}, func(at []Register, u int) {
		addProducts(newBlock().load(at[1], u), at[0], u, mean, sum, product)
	})
	out := load("out")
	sum.store(out, 0)
	product.store(out, 1)
	finish()
}

func normSumsReLU() {
	function("normSumsReLU", "func(x, dy, coefficients, out *float32, pixels, rows, stride int)", "is Set.NormSumsReLU.")
	base := load("coefficients")
	none, sum, product := zeroed(), newRunning(), newRunning()
	c := newCoefficients(base, 3)
	eachPixel([]Register{load("x"), load("dy")}, func(at []Register, u int) {
		v := newBlock()
		for p := range v {
			x := channels{at[0], u, p}.operand()
			y := c.multiplyAdd(x, p, 1, 2)
			loadPositive(channels{at[1], u, p}, y, none, v[p])
			centered := less(x, c.operand(0, p))
			VADDPS(v[p], sum.slot(u)[p], sum.slot(u)[p])
			VFMADD231PS(centered, v[p], product.slot(u)[p])
		}
	})
	out := load("out")
	sum.store(out, 0)
	product.store(out, 1)
	finish()
}

func normSumsMasked() {
	function("normSumsMasked", "func(x, y, dy, dr, mean, out *float32, pixels, rows, stride int)", "is Set.NormSumsMasked.")
	mean, none, sum, product := perChannel("mean"), zeroed(), newRunning(), newRunning()
	eachPixel([]Register{load("x"), load("y"), load("dy"), load("dr")}, func(at []Register, u int) {
		y, v := newBlock().load(at[1], u), newBlock()
		for p := range v {
			loadPositive(channels{at[2], u, p}, y[p], none, v[p])
		}
		v.store(at[3], u)
		addProducts(v, at[0], u, mean, sum, product)
	})
	out := load("out")
	sum.store(out, 0)
	product.store(out, 1)
	finish()
}

// coefficients are rows of sixteen values, one a channel: in registers where there are
// enough, else read from memory when they are used.
type coefficients struct {
	base   Register
	loaded []block
}

func newCoefficients(base Register, n int) *coefficients {
	c := &coefficients{base: base}
	for i := 0; i < n && isa.wide; i++ {
		c.loaded = append(c.loaded, loadValues(base, i))
	}
	return c
}

// operand is row i of the coefficients for part p of the channels.
func (c *coefficients) operand(i, p int) Op {
	if c.loaded != nil {
		return c.loaded[i][p]
	}
	return part(c.base, i, p)
}

// multiplyAdd is x·row[scale] + row[shift] for part p of a pixel.
func (c *coefficients) multiplyAdd(x Op, p, scale, shift int) VecVirtual {
	v := vector()
	if c.loaded != nil {
		VMOVAPS(c.operand(shift, p), v)
		VFMADD231PS(x, c.loaded[scale][p], v)
		return v
	}
	factor := vector()
	VMOVUPS(x, factor)
	VMOVUPS(c.operand(shift, p), v)
	VFMADD231PS(c.operand(scale, p), factor, v)
	return v
}

// normGrad is dy·k0 + x·k1 + k2.
func normGrad() {
	function("normGrad", "func(x, dy, dx, coefficients *float32, pixels, rows, stride int)", "is Set.NormGrad.")
	c := newCoefficients(load("coefficients"), 3)
	eachPixel([]Register{load("x"), load("dy"), load("dx")}, func(at []Register, u int) {
		v := newBlock().load(at[1], u)
		for p := range v {
			out := c.multiplyAdd(channels{at[0], u, p}.operand(), p, 1, 2)
			VFMADD231PS(c.operand(0, p), v[p], out)
			channels{at[2], u, p}.store(out)
		}
	})
	finish()
}

// normGradReLU is the same of dy kept where x·k3 + k4 > 0.
func normGradReLU() {
	function("normGradReLU", "func(x, dy, dx, coefficients *float32, pixels, rows, stride int)", "is Set.NormGradReLU.")
	c, none := newCoefficients(load("coefficients"), 5), zeroed()
	eachPixel([]Register{load("x"), load("dy"), load("dx")}, func(at []Register, u int) {
		for p := range newBlock() {
			x := channels{at[0], u, p}.operand()
			y, v := c.multiplyAdd(x, p, 3, 4), vector()
			loadPositive(channels{at[1], u, p}, y, none, v)
			out := c.multiplyAdd(x, p, 1, 2)
			VFMADD231PS(c.operand(0, p), v, out)
			channels{at[2], u, p}.store(out)
		}
	})
	finish()
}

// scaleGrad is dy·scale, kept where y > 0.
func scaleGrad() {
	function("scale", "func(x, y, factor *float32, pixels, rows, stride int)", "is Set.Scale.")
	factor := perChannel("factor")
	eachPixel([]Register{load("x"), load("y")}, func(at []Register, u int) {
		v := newBlock()
		for p := range v {
			VMULPS(channels{at[0], u, p}.operand(), factor[p], v[p])
		}
		v.store(at[1], u)
	})
	finish()
}
