package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Winograd's F(2×2, 3×3) in bf16: see kernel.Winograd2.

// Words of kernel.Winograd2Shape.
const (
	winograd2Row = iota
	winograd2Point
	winograd2Rectify
)

// Words of kernel.Winograd2Product.
const (
	product2Blocks = iota
	product2VPoint
	product2UPoint
	product2MPoint
	product2MBlock
)

// Words of kernel.Winograd2Weights; lanes and taps have 4 bytes each.
const (
	weights2Channel = iota
	weights2Pair
	weights2Point
	weights2Scale
	weights2Lanes
	weights2Taps = weights2Lanes + 8
)

// narrowBytes is what a pixel's sixteen bf16 take.
const narrowBytes = blockBytes / 2

func init() {
	groups["winograd2"] = func() {
		isa.pairs, isa.suffix = true, "BF16"
		winograd2Input()
		winograd2Product()
		winograd2Output()
		winograd2Weights()
	}
}

// grid addresses 4×4 places: rows and columns a distance apart.
type grid struct {
	rows       [4]Register
	one, three Register
}

// newGrid gives the grid whose rows are four columns apart, from `first` on.
func newGrid(first, distance Register) grid {
	g := grid{one: distance, three: GP64()}
	LEAQ(Mem{Base: distance, Index: distance, Scale: 2}, g.three)
	for r := range g.rows {
		g.rows[r] = GP64()
		if r == 0 {
			MOVQ(first, g.rows[0])
		} else {
			LEAQ(Mem{Base: g.rows[r-1], Index: distance, Scale: 4}, g.rows[r])
		}
	}
	return g
}

func (g *grid) at(row, col int) Mem { return line(g.rows[row], g.one, g.three, col) }

// line is what lies i distances after base.
func line(base, one, three Register, i int) Mem {
	switch i {
	case 1, 2:
		return Mem{Base: base, Index: one, Scale: uint8(i)}
	case 3:
		return Mem{Base: base, Index: three, Scale: 1}
	}
	return Mem{Base: base}
}

// advance moves all rows.
func (g *grid) advance(bytes int) {
	for _, r := range g.rows {
		ADDQ(Imm(uint64(bytes)), r)
	}
}

// toInputs multiplies by Bᵀ.
func toInputs(d [4]VecVirtual) (out [4]VecVirtual) {
	for i := range out {
		out[i] = ZMM()
	}
	VSUBPS(d[2], d[0], out[0])
	VADDPS(d[2], d[1], out[1])
	VSUBPS(d[1], d[2], out[2])
	VSUBPS(d[3], d[1], out[3])
	return out
}

// winograd2Input makes the kernel that computes BᵀxB.
func winograd2Input() {
	function("winograd2Input", "func(x, v *float32, tiles *int32, n int, shape *int)", "is Winograd2.Input.")
	x, v, tiles, n, shape := load("x"), load("v"), load("tiles"), load("n"), load("shape")
	row, row3, point := GP64(), GP64(), GP64()
	MOVQ(field(shape, winograd2Row), row)
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	MOVQ(field(shape, winograd2Point), point)
	points := newGrid(v, point)
	Label("tile")
	at := GP64()
	MOVLQSX(Mem{Base: tiles}, at)
	CMPQ(n, Imm(2))
	JL(LabelRef("single"))
	next := GP64()
	MOVLQSX(Mem{Base: tiles, Disp: 4}, next)
	SUBQ(at, next)
	CMPQ(next, Imm(2*narrowBytes))
	JNE(LabelRef("single"))
	ADDQ(x, at)
	twoInputs(at, row, row3, &points)
	points.advance(2 * narrowBytes)
	ADDQ(Imm(8), tiles)
	SUBQ(Imm(2), n)
	JNZ(LabelRef("tile"))
	JMP(LabelRef("done"))
	Label("single")
	ADDQ(x, at)
	oneInput(at, row, row3, &points)
	points.advance(narrowBytes)
	ADDQ(Imm(4), tiles)
	DECQ(n)
	JNZ(LabelRef("tile"))
	Label("done")
	finish()
}

// widened is pixels of a row of x.
func widened(at, row, row3 Register, r, pixels int) []VecVirtual {
	d := make([]VecVirtual, pixels)
	for c := range d {
		m := line(at, row, row3, r)
		m.Disp = c * narrowBytes
		d[c] = ZMM()
		VPMOVZXWD(m, d[c])
		VPSLLD(Imm(16), d[c], d[c])
	}
	return d
}

// oneInput transforms a tile.
func oneInput(at, row, row3 Register, points *grid) {
	var half [4][4]VecVirtual
	for r := range half {
		half[r] = toInputs([4]VecVirtual(widened(at, row, row3, r, 4)))
	}
	for c := range 4 {
		for r, p := range toInputs([4]VecVirtual{half[0][c], half[1][c], half[2][c], half[3][c]}) {
			storeRounded(points.at(r, c), p)
		}
	}
}

// twoInputs transforms a tile and its neighbor on the right, which see two columns of x
// both.
func twoInputs(at, row, row3 Register, points *grid) {
	const columns = 6
	first, second := widened(at, row, row3, 1, columns), widened(at, row, row3, 2, columns)
	for r := range 4 {
		d := vectors(columns)
		if r == 0 || r == 3 {
			d = widened(at, row, row3, r, columns)
		}
		for c := range d {
			bRow(r, d[c], first[c], second[c])
		}
		left, right := toInputs([4]VecVirtual(d)), toInputs([4]VecVirtual(d[2:]))
		for c := range left {
			VCVTNE2PS2BF16(left[c], right[c], left[c])
			VMOVUPS(left[c], points.at(r, c))
		}
	}
}

// bRow makes of d, which is row 0 or 3 of x where it counts, row r of Bᵀx.
func bRow(r int, d, first, second VecVirtual) {
	switch r {
	case 0:
		VSUBPS(second, d, d)
	case 1:
		VADDPS(second, first, d)
	case 2:
		VSUBPS(first, second, d)
	case 3:
		VSUBPS(d, first, d)
	}
}

// winograd2Product makes the kernel that multiplies points.
func winograd2Product() {
	const tiles, wide = 8, 2
	function("winograd2Product", "func(v, u, m *float32, n int, shape *int)", "is Winograd2.Product.")
	v, u, m, shape := load("v"), load("u"), load("m"), load("shape")
	points, block := GP64(), GP64()
	MOVQ(U32(16), points)
	MOVQ(field(shape, product2MBlock), block)
	Label("point")
	x, y, left := GP64(), GP64(), GP64()
	MOVQ(v, x)
	MOVQ(m, y)
	MOVQ(argument("n"), left)
	Label("tiles")
	var sums [tiles][]VecVirtual
	for t := range sums {
		sums[t] = vectors(wide)
		for _, s := range sums[t] {
			zero(s)
		}
	}
	w, blocks := GP64(), GP64()
	MOVQ(u, w)
	MOVQ(field(shape, product2Blocks), blocks)
	Label("block")
	for c := range 8 {
		factors := vectors(wide)
		for k := range factors {
			VMOVUPS(Mem{Base: w, Disp: (c*wide + k) * blockBytes}, factors[k])
		}
		for t := range sums {
			multiplyAdd(Mem{Base: x, Disp: t*narrowBytes + 4*c}, factors, sums[t])
		}
	}
	ADDQ(U32(tiles*narrowBytes), x)
	ADDQ(U32(8*wide*blockBytes), w)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	for t := range sums {
		VMOVUPS(sums[t][0], Mem{Base: y, Disp: t * blockBytes})
		VMOVUPS(sums[t][1], Mem{Base: y, Index: block, Scale: 1, Disp: t * blockBytes})
	}
	ADDQ(U32(tiles*blockBytes), y)
	DECQ(left)
	JNZ(LabelRef("tiles"))
	ADDQ(field(shape, product2VPoint), v)
	ADDQ(field(shape, product2UPoint), u)
	ADDQ(field(shape, product2MPoint), m)
	DECQ(points)
	JNZ(LabelRef("point"))
	finish()
}

// toOutputs multiplies by Aᵀ.
func toOutputs(m [4]VecVirtual) (out [2]VecVirtual) {
	out = [2]VecVirtual{ZMM(), ZMM()}
	VADDPS(m[1], m[0], out[0])
	VADDPS(m[2], out[0], out[0])
	VSUBPS(m[2], m[1], out[1])
	VSUBPS(m[3], out[1], out[1])
	return out
}

// winograd2Output makes the kernel that computes Aᵀ·m·A.
func winograd2Output() {
	function("winograd2Output", "func(m, y, addend, bias *float32, tiles *int32, n int, shape *int)", "is Winograd2.Output.")
	m, y, addend, tiles, n, shape := load("m"), load("y"), load("addend"), load("tiles"), load("n"), load("shape")
	row, point, bias, floor := GP64(), GP64(), ZMM(), ZMM()
	b := load("bias")
	VMOVUPS(Mem{Base: b}, bias)
	MOVQ(field(shape, winograd2Row), row)
	MOVQ(field(shape, winograd2Point), point)
	points := newGrid(m, point)
	// The least a result may be.
	rectify := GP64()
	VBROADCASTSS(lowest(), floor)
	MOVQ(field(shape, winograd2Rectify), rectify)
	TESTQ(rectify, rectify)
	JZ(LabelRef("tile"))
	zero(floor)
	Label("tile")
	at := GP64()
	MOVLQSX(Mem{Base: tiles}, at)
	var half [2][4]VecVirtual
	for c := range 4 {
		var d [4]VecVirtual
		for r := range d {
			d[r] = ZMM()
			VMOVUPS(points.at(r, c), d[r])
		}
		for r, v := range toOutputs(d) {
			half[r][c] = v
		}
	}
	var out [2][2]VecVirtual
	for r := range out {
		out[r] = toOutputs(half[r])
		for _, v := range out[r] {
			VADDPS(bias, v, v)
		}
	}
	pixels := func(base Register, r int) Mem { return line(base, row, row, r) }
	TESTQ(addend, addend)
	JZ(LabelRef("alone"))
	from := GP64()
	LEAQ(Mem{Base: addend, Index: at, Scale: 1}, from)
	for r := range out {
		for c, v := range out[r] {
			m := pixels(from, r)
			m.Disp = c * narrowBytes
			addStored(m, v)
		}
	}
	Label("alone")
	ADDQ(y, at)
	for r := range out {
		for _, v := range out[r] {
			VMAXPS(v, floor, v) // a NaN in v stays
		}
		VCVTNE2PS2BF16(out[r][0], out[r][1], out[r][0])
		VMOVUPS(out[r][0], pixels(at, r))
	}
	points.advance(blockBytes)
	ADDQ(Imm(4), tiles)
	DECQ(n)
	JNZ(LabelRef("tile"))
	finish()
}

// lowest is −∞ in memory.
func lowest() Mem {
	m := GLOBL("lowest", NOPTR|RODATA)
	DATA(0, U32(0xff800000))
	return m
}

// winograd2Weights makes the kernel that computes GwGᵀ.
func winograd2Weights() {
	function("winograd2Weights", "func(src, u, scale *float32, pairs int, shape *int)", "is Winograd2.Weights.")
	src, u, scale, pairs, shape := load("src"), load("u"), load("scale"), load("pairs"), load("shape")
	lanes, half, every, point := ZMM(), constant(0.5), K(), GP64()
	KXNORW(every, every, every)
	VMOVDQU32(field(shape, weights2Lanes), lanes)
	MOVQ(field(shape, weights2Point), point)
	points := newGrid(u, point)
	Label("pair")
	for second := range 2 {
		factor := ZMM()
		VMOVUPS(Mem{Base: scale}, factor)
		var rows [3][]VecVirtual
		for j := range rows {
			var g [3]VecVirtual
			for i := range g {
				g[i] = gathered(src, shape, lanes, every, 3*i+j, factor)
			}
			rows[j] = toWeights(g, half)
		}
		for r := range 4 {
			for c, v := range toWeights([3]VecVirtual{rows[0][r], rows[1][r], rows[2][r]}, half) {
				storeHalf(points.at(r, c), v, second == 1)
			}
		}
		ADDQ(field(shape, weights2Channel), src)
		ADDQ(field(shape, weights2Scale), scale)
	}
	for _, r := range points.rows {
		ADDQ(field(shape, weights2Pair), r)
	}
	DECQ(pairs)
	JNZ(LabelRef("pair"))
	finish()
}

// gathered is a tap of an input channel for sixteen output channels, scaled.
func gathered(src, shape Register, lanes VecVirtual, every OpmaskVirtual, tap int, factor VecVirtual) VecVirtual {
	at, all, v := GP64(), K(), zeroed()
	MOVLQSX(Mem{Base: shape, Disp: 8*weights2Taps + 4*tap}, at)
	ADDQ(src, at)
	KMOVW(every, all)
	VGATHERDPS(Mem{Base: at, Index: lanes, Scale: 1}, all, v)
	VMULPS(factor, v, v)
	return v
}

// toWeights multiplies by G.
func toWeights(g [3]VecVirtual, half VecVirtual) []VecVirtual {
	sum, plus, minus := ZMM(), ZMM(), ZMM()
	VADDPS(g[2], g[0], sum)
	VADDPS(g[1], sum, plus)
	VSUBPS(g[1], sum, minus)
	VMULPS(half, plus, plus)
	VMULPS(half, minus, minus)
	return []VecVirtual{g[0], plus, minus, g[2]}
}

// storeHalf stores the first or the second of pairs, where the first is there.
func storeHalf(m Mem, v VecVirtual, second bool) {
	rounded, wide := YMM(), ZMM()
	VCVTNEPS2BF16(v, rounded)
	VPMOVZXWD(rounded, wide)
	if second {
		VPSLLD(Imm(16), wide, wide)
		VPORD(m, wide, wide)
	}
	VMOVUPS(wide, m)
}
