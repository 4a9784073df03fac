package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Convolutions in bf16 are those in float32 where every number is a pair: of input
// channels, which are next to each other in a pixel, or, for the weights' gradient, of
// images. One instruction multiplies sixteen pairs of pairs and adds both products to
// float32 sums.

func init() {
	groups["bf16conv"] = func() {
		isa.pairs, isa.suffix = true, "BF16"
		convolutions()
		rowConvolutions()
		convolutionGradients()
		rowConvolutionGradients()
		pairing()
		packing()
	}
}

// quad is how many broadcasts hold four input channels.
func (s instructionSet) quad() int {
	if s.pairs {
		return 2
	}
	return 4
}

// inputBytes is what sixteen channels of a convolution's x take.
func (s instructionSet) inputBytes() int { return 4 * s.quad() * 4 }

// tapWidth is what a tap's weights take for sixteen input and sixteen output channels.
func (s instructionSet) tapWidth() int { return 4 * s.quad() * blockBytes }

// addProduct is sum += a·b.
func addProduct(a, b, sum VecVirtual) {
	if isa.pairs {
		VDPBF16PS(a, b, sum)
	} else {
		VFMADD231PS(a, b, sum)
	}
}

// addStored adds the channels at m of a tensor.
func addStored(m Mem, v VecVirtual) {
	if !isa.pairs {
		VADDPS(m, v, v)
		return
	}
	wide := ZMM()
	VPMOVZXWD(m, wide)
	VPSLLD(Imm(16), wide, wide)
	VADDPS(wide, v, v)
}

// storeRounded stores channels at m of a tensor.
func storeRounded(m Mem, v VecVirtual) {
	if !isa.pairs {
		VMOVUPS(v, m)
		return
	}
	half := YMM()
	VCVTNEPS2BF16(v, half)
	VMOVUPS(half, m)
}

// pairing makes the kernel that puts pixels of two images side by side.
func pairing() {
	var order [2]Mem // of the 64 words of two pixels each for the first pair, the second
	for half := range order {
		order[half] = GLOBL([]string{"firstPairs", "secondPairs"}[half], NOPTR|RODATA)
		for i := range 32 {
			DATA(2*i, U16(uint16(16*half+i/2+i%2*32)))
		}
	}
	function("pair", "func(a, b, y *float32, pixels int)", "is Set.Pair.")
	a, b, y, pixels := load("a"), load("b"), load("y"), load("pixels")
	first, second := ZMM(), ZMM()
	VMOVDQU16(order[0], first)
	VMOVDQU16(order[1], second)
	Label("pixels")
	from, low, high := ZMM(), ZMM(), ZMM()
	VMOVDQU16(Mem{Base: a}, low)
	VMOVDQU16(Mem{Base: b}, from)
	VMOVDQA64(low, high)
	VPERMT2W(from, first, low)
	VMOVDQU16(low, Mem{Base: y})
	DECQ(pixels)
	JZ(LabelRef("done"))
	VPERMT2W(from, second, high)
	VMOVDQU16(high, Mem{Base: y, Disp: blockBytes})
	ADDQ(Imm(blockBytes), a)
	ADDQ(Imm(blockBytes), b)
	ADDQ(Imm(2*blockBytes), y)
	DECQ(pixels)
	JNZ(LabelRef("pixels"))
	Label("done")
	finish()
}

// packing makes the kernel that gathers weights for sixteen output channels.
func packing() {
	function("packPairs", "func(src, y *float32, lanes *int32, pairs, channel, step int)", "is Set.PackPairs.")
	src, y, lanes, pairs := load("src"), load("y"), load("lanes"), load("pairs")
	channel, step := load("channel"), load("step")
	lane := ZMM()
	VMOVDQU32(Mem{Base: lanes}, lane)
	Label("pair")
	var numbers [2]VecVirtual
	for i := range numbers {
		v, half, all := zeroed(), YMM(), K()
		KXNORW(all, all, all)
		VGATHERDPS(Mem{Base: src, Index: lane, Scale: 1}, all, v)
		ADDQ(channel, src)
		VCVTNEPS2BF16(v, half)
		numbers[i] = ZMM()
		VPMOVZXWD(half, numbers[i])
	}
	VPSLLD(Imm(16), numbers[1], numbers[1])
	VPORD(numbers[0], numbers[1], numbers[1])
	VMOVDQU32(numbers[1], Mem{Base: y})
	ADDQ(step, y)
	DECQ(pairs)
	JNZ(LabelRef("pair"))
	finish()
}
