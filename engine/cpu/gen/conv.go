package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	// tilePixels is the number of output pixels of one tile; kernel.TilePixels says the same.
	tilePixels = 8
	// tileBytes is the size of kernel.Tile.
	tileBytes = 2 * 4 * tilePixels
	// joined tiles are computed together, with so many sums.
	joined     = 3
	joinedSums = 12
)

// Words of kernel.ConvShape.
const (
	convQuads = iota
	convCols
	convRows
	convBlocks
	convColAdvance
	convRowAdvance
	convBlockAdvance
	convOutBlock
	convLater
	convMiddle
	convRectify
)

func convolutions() {
	if isa.wide {
		convolution("conv32", 2, 8, 2)
		convolution("conv16", 1, 8, 1)
	} else {
		convolution("conv32", 4, 4, 2)
		convolution("conv16", 2, 4, 2)
	}
}

// convTile is the part of a tile whose sums are in registers at the same time.
type convTile struct {
	name         string
	vectors      int // registers of output channels the weights of one input channel fill
	pixel, first int // first pixel of the tile, first register of output channels
	pixels, wide int // how many of each
	shape, tiles Register
	row          bool // the pixels are neighbors: see rows.go
}

// convolution makes a kernel that computes tiles of eight arbitrary output pixels for
// `vectors` registers of output channels, `pixels` by `wide` registers at a time.
func convolution(name string, vectors, pixels, wide int) {
	function(name, "func(x, w, y, addend, bias *float32, tiles *int32, n int, shape *int)",
		"is Set.Conv"+name[4:]+".")
	tiles, shape := load("tiles"), load("shape")
	left := AllocLocal(8)
	n := load("n")
	MOVQ(n, left)
	if !isa.wide {
		joinedTiles(vectors, tiles, shape, left)
	}
	Label("tile")
	for pixel := 0; pixel < tilePixels; pixel += pixels {
		if pixel > 0 {
			skipRepeated(pixel, tiles, "next")
		}
		for first := 0; first < vectors; first += wide {
			t := convTile{fmt.Sprintf("p%dv%d", pixel, first), vectors, pixel, first, pixels, wide, shape, tiles, false}
			t.emit()
		}
	}
	if pixels < tilePixels {
		Label("next")
	}
	ADDQ(Imm(tileBytes), tiles)
	DECQ(left)
	JNZ(LabelRef("tile"))
	Label("end")
	finish()
}

// skipRepeated jumps where only repetitions of a pixel follow, from one on: to add to y, as
// addend, twice would be wrong.
func skipRepeated(pixel int, tiles Register, label string) {
	last := GP32()
	MOVL(pixelOffset(tiles, pixel-1, tilePixels), last)
	CMPL(last, pixelOffset(tiles, pixel, tilePixels))
	JE(LabelRef(label))
}

// joinedTiles computes three tiles at a time with twelve sums, as eight barely hide the latency of a
// multiply-add. Where there is a choice it takes fewer pixels than registers of output channels:
// neighboring pixels lie a cache line apart, and AMD's L1 cache serves two loads from the same bank
// one after the other.
func joinedTiles(vectors int, tiles, shape Register, left Mem) {
	pixels := joinedSums / vectors
	Label("joined")
	CMPQ(left, Imm(joined))
	JLT(LabelRef("rest"))
	skipRepeated(joined*tilePixels-1, tiles, "tile")
	for pixel := 0; pixel < joined*tilePixels; pixel += pixels {
		t := convTile{fmt.Sprintf("j%d", pixel), vectors, pixel, 0, pixels, vectors, shape, tiles, false}
		t.emit()
	}
	ADDQ(Imm(joined*tileBytes), tiles)
	SUBQ(Imm(joined), left)
	JMP(LabelRef("joined"))
	Label("rest")
	CMPQ(left, Imm(0))
	JE(LabelRef("end"))
}

// xOffset and yOffset are entries of the tile table: byte offsets of the pixels.
func (t *convTile) xOffset(p int) Mem { return pixelOffset(t.tiles, t.pixel+p, 0) }
func (t *convTile) yOffset(p int) Mem { return pixelOffset(t.tiles, t.pixel+p, tilePixels) }

// pixelOffset is an entry of a pixel in the table of tiles, so many into its tile.
func pixelOffset(tiles Register, pixel, entry int) Mem {
	return Mem{Base: tiles, Disp: pixel/tilePixels*tileBytes + 4*(entry+pixel%tilePixels)}
}

func (t *convTile) emit() {
	// One register of channels a pixel leaves too few independent sums to hide the
	// latency of a multiply-add: keep two, for even and odd input channels.
	split := 1
	if t.pixels*t.wide < 16 && isa.wide {
		split = 2
	}
	sums := make([][][]VecVirtual, split)
	for s := range sums {
		sums[s] = make([][]VecVirtual, t.pixels)
		for p := range sums[s] {
			sums[s][p] = vectors(t.wide)
		}
	}
	t.prefetch()
	t.start(sums)
	if t.row {
		t.multiplyRow(sums)
	} else {
		t.multiply(sums)
	}
	Label("store" + t.name)
	for s := 1; s < split; s++ {
		for p := range sums[s] {
			for v := range sums[s][p] {
				VADDPS(sums[s][p][v], sums[0][p][v], sums[0][p][v])
			}
		}
	}
	t.store(sums[0])
}

// prefetch asks for inputs of a tile that comes later. That rows are walked over together
// the processor does not see by itself.
func (t *convTile) prefetch() {
	if t.first > 0 {
		return
	}
	later, x, at := GP64(), load("x"), GP64()
	MOVQ(t.tiles, later)
	ADDQ(field(t.shape, convLater), later)
	ADDQ(field(t.shape, convMiddle), x)
	for p := 0; p < t.pixels; p++ {
		MOVLQSX(pixelOffset(later, t.pixel+p, 0), at)
		PREFETCHT0(Mem{Base: x, Index: at, Scale: 1})
	}
}

// start sets the sums to bias plus addend, or 0 for what is nil.
func (t *convTile) start(sums [][][]VecVirtual) {
	for _, s := range sums {
		for _, p := range s {
			for _, v := range p {
				zero(v)
			}
		}
	}
	bias := load("bias")
	TESTQ(bias, bias)
	JZ(LabelRef("unbiased" + t.name))
	for v := 0; v < t.wide; v++ {
		VMOVUPS(Mem{Base: bias, Disp: (t.first + v) * isa.bytes()}, sums[0][0][v])
		for p := 1; p < t.pixels; p++ {
			VMOVAPS(sums[0][0][v], sums[0][p][v])
		}
	}
	Label("unbiased" + t.name)
	addend := load("addend")
	TESTQ(addend, addend)
	JZ(LabelRef("alone" + t.name))
	t.eachOutput(addend, sums[0], addStored)
	Label("alone" + t.name)
}

// eachOutput calls f for every sum with where it lies in a tensor that starts at base.
func (t *convTile) eachOutput(base Register, sums [][]VecVirtual, f func(Mem, VecVirtual)) {
	offset := GP64()
	parts := isa.parts()
	for p := range sums {
		MOVLQSX(t.yOffset(p), offset)
		ADDQ(base, offset)
		at := 0
		for v := range sums[p] {
			b := (t.first + v) / parts
			if b > at {
				ADDQ(field(t.shape, convOutBlock), offset)
				at = b
			}
			f(Mem{Base: offset, Disp: (t.first + v) % parts * isa.bytes()}, sums[p][v])
		}
	}
}

func (t *convTile) multiply(sums [][][]VecVirtual) {
	blocks := GP64()
	MOVQ(field(t.shape, convBlocks), blocks)
	TESTQ(blocks, blocks)
	JZ(LabelRef("store" + t.name))
	left := AllocLocal(8)
	MOVQ(blocks, left)
	w, x := load("w"), load("x")
	if t.first > 0 {
		ADDQ(Imm(uint64(t.first*isa.bytes())), w)
	}
	index := make([]Register, t.pixels)
	for p := range index {
		index[p] = GP64()
		MOVLQSX(t.xOffset(p), index[p])
	}
	rows, cols, quads := GP64(), GP64(), GP64()
	Label("block" + t.name)
	MOVQ(field(t.shape, convRows), rows)
	Label("row" + t.name)
	MOVQ(field(t.shape, convCols), cols)
	Label("col" + t.name)
	MOVQ(field(t.shape, convQuads), quads)
	Label("quad" + t.name)
	for c := 0; c < isa.quad(); c++ {
		t.channel(sums[c%len(sums)], x, w, index, c)
	}
	ADDQ(Imm(uint64(4*isa.quad())), x)
	ADDQ(U32(uint32(isa.quad()*t.vectors*isa.bytes())), w)
	DECQ(quads)
	JNZ(LabelRef("quad" + t.name))
	ADDQ(field(t.shape, convColAdvance), x)
	DECQ(cols)
	JNZ(LabelRef("col" + t.name))
	ADDQ(field(t.shape, convRowAdvance), x)
	DECQ(rows)
	JNZ(LabelRef("row" + t.name))
	ADDQ(field(t.shape, convBlockAdvance), x)
	DECQ(left)
	JNZ(LabelRef("block" + t.name))
}

// channel adds what input channel c of the current four contributes.
func (t *convTile) channel(sums [][]VecVirtual, x, w Register, index []Register, c int) {
	multiplyAll(sums, t.wide,
		func(p int) Mem { return Mem{Base: x, Index: index[p], Scale: 1, Disp: 4 * c} },
		func(v int) Mem { return Mem{Base: w, Disp: (c*t.vectors + v) * isa.bytes()} })
}

// multiplyAll adds the product of every number and every weight to its sum. What there is less of
// is held in registers.
func multiplyAll(sums [][]VecVirtual, wide int, number, weight func(int) Mem) {
	if len(sums) < wide && !isa.wide {
		numbers := vectors(len(sums))
		for p, v := range numbers {
			VBROADCASTSS(number(p), v)
		}
		for i := 0; i < wide; i++ {
			w := vector()
			VMOVUPS(weight(i), w)
			for p, v := range numbers {
				addProduct(v, w, sums[p][i])
			}
		}
		return
	}
	weights := vectors(wide)
	for i, w := range weights {
		VMOVUPS(weight(i), w)
	}
	for p := range sums {
		multiplyAdd(number(p), weights, sums[p])
	}
}

func (t *convTile) store(sums [][]VecVirtual) {
	rectify := GP64()
	MOVQ(field(t.shape, convRectify), rectify)
	TESTQ(rectify, rectify)
	JZ(LabelRef("linear" + t.name))
	floor := zeroed()
	for p := range sums {
		for _, v := range sums[p] {
			VMAXPS(v, floor, v) // a NaN in v stays
		}
	}
	Label("linear" + t.name)
	t.eachOutput(load("y"), sums, storeRounded)
}

// multiplyAdd adds the number at m times the factors to the sums.
func multiplyAdd(m Mem, factors, sums []VecVirtual) {
	if isa.wide && len(sums) == 1 && !isa.pairs {
		VFMADD231PS_BCST(m, factors[0], sums[0])
		return
	}
	value := vector()
	VBROADCASTSS(m, value)
	for v := range sums {
		addProduct(value, factors[v], sums[v])
	}
}
