package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Words of kernel.WinogradWeightShape.
const (
	weightLanes = iota
	weightLane
	weightTap
	weightInput
	weightScale
	weightChannel
	weightPoint
)

// winogradTransformWeights makes the kernel that computes GwGᵀ for sixteen output channels, one a
// lane, gathered from wherever their weights are.
func winogradTransformWeights() {
	function("winogradTransformWeights", "func(w, u, scale *float32, n int, shape *int)", "is Winograd.Weights.")
	w, u, scale, n, shape := load("w"), load("u"), load("scale"), load("n"), load("shape")
	tap, point, input, at := GP64(), GP64(), GP64(), GP64()
	MOVQ(field(shape, weightTap), tap)
	MOVQ(field(shape, weightPoint), point)
	MOVQ(field(shape, weightInput), input)
	gather := newGather(shape)
	t := weightTransform{
		quarter: newFactor(1. / 4), sixth: newFactor(1. / 6), minusSixth: newFactor(-1. / 6),
		twelfth: newFactor(1. / 12), last: newFactor(1. / 24),
	}
	Label("input")
	gather.prefetch(w, input)
	for p := 0; p < isa.parts(); p++ {
		MOVQ(w, at)
		taps := vectors(9)
		for i, v := range taps {
			gather.load(at, p, v)
			VMULPS(part(scale, 0, p), v, v)
			if i < len(taps)-1 {
				ADDQ(tap, at)
			}
		}
		MOVQ(u, at)
		for i := 0; i < winogradSide; i++ {
			var row [3]VecVirtual
			for j := range row {
				row[j] = t.combine(i, taps[j], taps[3+j], taps[6+j])
			}
			for j := 0; j < winogradSide; j++ {
				VMOVUPS(t.combine(j, row[0], row[1], row[2]), Mem{Base: at, Disp: p * isa.bytes()})
				ADDQ(point, at)
			}
		}
	}
	ADDQ(input, w)
	ADDQ(field(shape, weightScale), scale)
	ADDQ(field(shape, weightChannel), u)
	DECQ(n)
	JNZ(LabelRef("input"))
	finish()
}

// lanesGather loads what lies a distance apart, 0 for lanes there are none of.
type lanesGather struct {
	offsets []VecVirtual
	masks   []Mem    // AVX2, in memory: the transform needs the registers
	mask    Register // AVX-512
	lane    Register // from one to the next
}

func newGather(shape Register) *lanesGather {
	numbers := AllocLocal(blockBytes)
	for i := 0; i < 16; i++ {
		MOVL(U32(uint32(i)), numbers.Offset(4*i))
	}
	broadcast := func(word int) VecVirtual {
		x, v := XMM(), vector()
		VMOVD(field(shape, word), x)
		VPBROADCASTD(x, v)
		return v
	}
	g := &lanesGather{lane: GP64()}
	MOVQ(field(shape, weightLane), g.lane)
	lanes, distance := broadcast(weightLanes), broadcast(weightLane)
	for p := 0; p < isa.parts(); p++ {
		offset := vector()
		if isa.wide {
			VMOVDQU32(numbers, offset)
			k := K()
			VPCMPGTD(offset, lanes, k)
			g.mask = k
		} else {
			VMOVDQU(numbers.Offset(p*isa.bytes()), offset)
			mask := vector()
			VPCMPGTD(offset, lanes, mask)
			kept := AllocLocal(isa.bytes())
			VMOVDQU(mask, kept)
			g.masks = append(g.masks, kept)
		}
		VPMULLD(distance, offset, offset)
		g.offsets = append(g.offsets, offset)
	}
	return g
}

// prefetch asks for the lanes' weights of an input channel that comes later: what is that
// far apart the processor does not see coming.
func (g *lanesGather) prefetch(base, input Register) {
	at := GP64()
	LEAQ(Mem{Base: base, Index: input, Scale: 8}, at)
	for i := 0; i < 16; i++ {
		PREFETCHT0(Mem{Base: at})
		ADDQ(g.lane, at)
	}
}

// load loads part p of the lanes.
func (g *lanesGather) load(base Register, p int, v VecVirtual) {
	zero(v)
	m := Mem{Base: base, Index: g.offsets[p], Scale: 1}
	if isa.wide {
		k := K()
		KMOVW(g.mask, k)
		VGATHERDPS(m, k, v)
		return
	}
	mask := vector()
	VMOVUPS(g.masks[p], mask)
	VGATHERDPS(mask, m, v)
}

// weightTransform multiplies by
//
//	    ⎡ 1/4    0     0 ⎤
//	    ⎢−1/6  −1/6  −1/6⎥
//	G = ⎢−1/6   1/6  −1/6⎥
//	    ⎢ 1/24  1/12  1/6⎥
//	    ⎢ 1/24 −1/12  1/6⎥
//	    ⎣  0     0     1 ⎦
type weightTransform struct{ quarter, sixth, minusSixth, twelfth, last factor }

// combine gives row i of G times three numbers.
func (t *weightTransform) combine(i int, a, b, c VecVirtual) VecVirtual {
	v := vector()
	switch i {
	case 0:
		VMULPS(t.quarter.operand(), a, v)
	case 1:
		VADDPS(b, a, v)
		VADDPS(c, v, v)
		VMULPS(t.minusSixth.operand(), v, v)
	case 2:
		VSUBPS(a, b, v)
		VSUBPS(c, v, v)
		VMULPS(t.sixth.operand(), v, v)
	case 3, 4:
		VMULPS(t.last.operand(), a, v)
		VFMADD231PS(t.sixth.operand(), c, v)
		if i == 3 {
			VFMADD231PS(t.twelfth.operand(), b, v)
		} else {
			VFNMADD231PS(t.twelfth.operand(), b, v)
		}
	case 5:
		return c
	}
	return v
}
