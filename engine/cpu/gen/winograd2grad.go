package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The weights' gradient by Winograd's F(2×2, 3×3) in bf16: see kernel.Winograd2Grad.

func init() {
	groups["winograd2grad"] = func() {
		isa.pairs, isa.suffix = true, "BF16"
		order := GLOBL("pairOrder", NOPTR|RODATA)
		for i := range 32 {
			DATA(2*i, U16(uint16(i/2+i%2*16)))
		}
		winograd2Pairs(order)
		winograd2Gradient(order)
		winograd2Taps()
	}
}

// twoTiles is a loop over tiles of two images whose points are stored in pairs.
type twoTiles struct {
	images           [2]Register // where the current tiles begin
	row, row3, point Register
	points           grid
	order            VecVirtual // that puts the halves of a register in pairs
}

// eachTwoTiles makes the loop; order is the words of a pair in memory.
func eachTwoTiles(to string, order Mem, body func(t *twoTiles)) {
	a, b, tiles, shape := load("a"), load("b"), load("tiles"), load("shape")
	left := AllocLocal(8)
	t := &twoTiles{images: [2]Register{GP64(), GP64()}, row: GP64(), row3: GP64(), point: GP64(), order: ZMM()}
	n := load("n")
	MOVQ(n, left)
	MOVQ(field(shape, winograd2Row), t.row)
	LEAQ(Mem{Base: t.row, Index: t.row, Scale: 2}, t.row3)
	MOVQ(field(shape, winograd2Point), t.point)
	VMOVDQU16(order, t.order)
	t.points = newGrid(load(to), t.point)
	Label("tile")
	MOVLQSX(Mem{Base: tiles}, t.images[0])
	MOVQ(t.images[0], t.images[1])
	ADDQ(a, t.images[0])
	ADDQ(b, t.images[1])
	body(t)
	t.points.advance(blockBytes)
	ADDQ(Imm(4), tiles)
	DECQ(left)
	JNZ(LabelRef("tile"))
	finish()
}

// pixels loads so many pixels of a row of a tile.
func (t *twoTiles) pixels(image, row, n int) (d [4]VecVirtual) {
	for c := range n {
		m := line(t.images[image], t.row, t.row3, row)
		m.Disp = c * narrowBytes
		d[c] = ZMM()
		VPMOVZXWD(m, d[c])
		VPSLLD(Imm(16), d[c], d[c])
	}
	return d
}

// store stores a row of points of both tiles.
func (t *twoTiles) store(row int, points [2][4]VecVirtual) {
	for c := range 4 {
		pair := ZMM()
		VCVTNE2PS2BF16(points[0][c], points[1][c], pair)
		VPERMW(pair, t.order, pair)
		VMOVUPS(pair, t.points.at(row, c))
	}
}

// winograd2Pairs makes the kernel that computes BᵀxB.
func winograd2Pairs(order Mem) {
	function("winograd2Pairs", "func(a, b, v *float32, tiles *int32, n int, shape *int)", "is Winograd2Grad.Pairs.")
	eachTwoTiles("v", order, func(t *twoTiles) {
		// Rows of BᵀX are sums of two, of which these are in all.
		var first, second [2][4]VecVirtual
		for i := range first {
			first[i], second[i] = t.pixels(i, 1, 4), t.pixels(i, 2, 4)
		}
		for r := range 4 {
			var points [2][4]VecVirtual
			for i := range points {
				var d [4]VecVirtual
				switch r {
				case 0:
					d = t.pixels(i, 0, 4)
				case 3:
					d = t.pixels(i, 3, 4)
				default:
					d = [4]VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()}
				}
				for c := range d {
					bRow(r, d[c], first[i][c], second[i][c])
				}
				points[i] = toInputs(d)
			}
			t.store(r, points)
		}
	})
}

// toPoints2 multiplies by A but for the last point's sign.
func toPoints2(y0, y1 VecVirtual) [4]VecVirtual {
	sum, difference := ZMM(), ZMM()
	VADDPS(y1, y0, sum)
	VSUBPS(y1, y0, difference)
	return [4]VecVirtual{y0, sum, difference, y1}
}

// winograd2Gradient makes the kernel that computes A·dy·Aᵀ.
func winograd2Gradient(order Mem) {
	function("winograd2Gradient", "func(a, b, d *float32, tiles *int32, n int, shape *int)", "is Winograd2Grad.Gradient.")
	eachTwoTiles("d", order, func(t *twoTiles) {
		var columns [2][2][4]VecVirtual
		for i := range columns {
			top, bottom := t.pixels(i, 0, 2), t.pixels(i, 1, 2)
			for c := range columns[i] {
				columns[i][c] = toPoints2(top[c], bottom[c])
			}
		}
		for r := range 4 {
			var points [2][4]VecVirtual
			for i := range points {
				points[i] = toPoints2(columns[i][0][r], columns[i][1][r])
			}
			t.store(r, points)
		}
	})
}

// toTaps2 multiplies by Gᵀ, with the sign that toPoints2 has left out.
func toTaps2(m [4]VecVirtual, half VecVirtual) (out [3]VecVirtual) {
	sum, difference, first, last := ZMM(), ZMM(), ZMM(), ZMM()
	VADDPS(m[2], m[1], sum)
	VSUBPS(m[2], m[1], difference)
	VMULPS(half, sum, sum)
	VMULPS(half, difference, difference)
	VADDPS(sum, m[0], first)
	VSUBPS(m[3], sum, last)
	return [3]VecVirtual{first, difference, last}
}

// winograd2Taps makes the kernel that computes GᵀmG.
func winograd2Taps() {
	function("winograd2Taps", "func(u, dw *float32, n, point, tap int)", "is Winograd2Grad.Taps.")
	n, point, tap := load("n"), load("point"), load("tap")
	dw := load("dw")
	points, half := newGrid(load("u"), point), constant(0.5)
	Label("sixteen")
	var columns [4][3]VecVirtual
	for c := range columns {
		var m [4]VecVirtual
		for r := range m {
			m[r] = ZMM()
			VMOVUPS(points.at(r, c), m[r])
		}
		columns[c] = toTaps2(m, half)
	}
	to := GP64()
	MOVQ(dw, to)
	for r := range 3 {
		for _, v := range toTaps2([4]VecVirtual{columns[0][r], columns[1][r], columns[2][r], columns[3][r]}, half) {
			VMOVUPS(v, Mem{Base: to})
			ADDQ(tap, to)
		}
	}
	points.advance(blockBytes)
	ADDQ(Imm(blockBytes), dw)
	DECQ(n)
	JNZ(LabelRef("sixteen"))
	finish()
}
