package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Words of kernel.WinogradMultiplyShape.
const (
	multiplyPoints = iota
	multiplyBlocks
	multiplyVTiles
	multiplyVBlock
	multiplyVPoint
	multiplyUPoint
	multiplyMBlock
	multiplyMPoint
)

// multiplyTiles is how many tiles of a block lie together in V.
const multiplyTiles = 8

func winogradMultiplies() {
	if isa.wide {
		winogradMultiply("winogradMultiply32", 2, 2, 8, 8)
		// With one register of output channels there is a load for every multiply-add: of
		// the processor's loads as few as can be are left for weights.
		winogradMultiply("winogradMultiply16", 1, 1, 16, 16, 8)
	} else {
		// As in joinedTiles, twelve sums, of few tiles where there is a choice.
		winogradMultiply("winogradMultiply32", 4, 4, 3, 24, 8)
		winogradMultiply("winogradMultiply16", 2, 2, 6, 24, 8)
	}
}

// winogradMultiply makes a kernel that multiplies tiles by weights, point by point, for
// `vectors` registers of output channels: `wide` of them and `together` tiles are in registers at
// the same time, or fewer where a step's size is no multiple of these. It goes over tiles in steps
// of the first size, then of the second.
func winogradMultiply(name string, vectors, wide, together int, sizes ...int) {
	function(name, "func(v, u, m *float32, n int, shape *int)", "is Winograd.M"+name[len("winogradm"):]+".")
	v, u, m, shape := load("v"), load("u"), load("m"), load("shape")
	points, left, vAt, mAt, count := AllocLocal(8), GP64(), GP64(), GP64(), GP64()
	MOVQ(field(shape, multiplyPoints), count)
	MOVQ(count, points)
	Label("point")
	MOVQ(v, vAt)
	MOVQ(m, mAt)
	MOVQ(argument("n"), left)
	for _, size := range sizes {
		Label(fmt.Sprintf("tiles%d", size))
		CMPQ(left, U32(uint32(size)))
		JLT(LabelRef(fmt.Sprintf("less%d", size)))
		tiles, wide := min(together, size), wide
		if size%tiles > 0 {
			tiles, wide = 4, 2
		}
		for tile := 0; tile < size; tile += tiles {
			for first := 0; first < vectors; first += wide {
				p := multiplyTile{fmt.Sprintf("n%dt%dv%d", size, tile, first), vectors, first, wide, tile, tiles, shape}
				p.emit(vAt, u, mAt)
			}
		}
		for done := 0; done < size; done += multiplyTiles {
			ADDQ(field(shape, multiplyVTiles), vAt)
		}
		ADDQ(U32(uint32(size*blockBytes)), mAt)
		SUBQ(U32(uint32(size)), left)
		JMP(LabelRef(fmt.Sprintf("tiles%d", size)))
		Label(fmt.Sprintf("less%d", size))
	}
	ADDQ(field(shape, multiplyVPoint), v)
	ADDQ(field(shape, multiplyUPoint), u)
	ADDQ(field(shape, multiplyMPoint), m)
	DECQ(points)
	JNZ(LabelRef("point"))
	finish()
}

// multiplyTile is what is in registers at the same time.
type multiplyTile struct {
	name                 string
	vectors, first, wide int // registers of output channels, the first here, how many here
	tile, tiles          int // the first of a step, how many
	shape                Register
}

// emit multiplies the tiles at v by the weights at u.
func (p *multiplyTile) emit(v, u, m Register) {
	sums := make([][]VecVirtual, p.tiles)
	for t := range sums {
		sums[t] = vectors(p.wide)
		for _, s := range sums[t] {
			zero(s)
		}
	}
	x, w, blocks, quads := GP64(), GP64(), GP64(), GP64()
	MOVQ(v, x)
	LEAQ(Mem{Base: u, Disp: p.first * isa.bytes()}, w)
	more := p.later()
	MOVQ(field(p.shape, multiplyBlocks), blocks)
	Label("block" + p.name)
	MOVQ(U32(4), quads)
	Label("quad" + p.name)
	p.prefetch(w)
	for c := 0; c < 4; c++ {
		p.channel(c, x, w, more, sums)
	}
	ADDQ(Imm(16), x)
	ADDQ(U32(uint32(4*p.vectors*isa.bytes())), w)
	DECQ(quads)
	JNZ(LabelRef("quad" + p.name))
	SUBQ(Imm(blockBytes), x)
	ADDQ(field(p.shape, multiplyVBlock), x)
	DECQ(blocks)
	JNZ(LabelRef("block" + p.name))
	to := GP64()
	MOVQ(m, to)
	at := 0
	for i := 0; i < p.wide; i++ {
		for b := (p.first + i) / isa.parts(); at < b; at++ {
			ADDQ(field(p.shape, multiplyMBlock), to)
		}
		for t := range sums {
			VMOVUPS(sums[t][i], Mem{Base: to, Disp: (p.tile+t)*blockBytes + (p.first+i)%isa.parts()*isa.bytes()})
		}
	}
}

// later returns how far from the first eight tiles of a step the next ones are that tiles here are
// among.
func (p *multiplyTile) later() map[int]Register {
	more := make(map[int]Register)
	for i := max(1, p.tile/multiplyTiles); i <= (p.tile+p.tiles-1)/multiplyTiles; i++ {
		more[i] = GP64()
		MOVQ(field(p.shape, multiplyVTiles), more[i])
		if i > 1 {
			IMUL3Q(Imm(uint64(i)), more[i], more[i])
		}
	}
	return more
}

// prefetch asks for a share of the next point's weights: many are in the third-level cache at best.
// The tiles of a long step share them out.
func (p *multiplyTile) prefetch(w Register) {
	const shares = 4
	part := p.tile / p.tiles
	if p.tiles*p.wide != joinedSums || part >= shares {
		return
	}
	lines, next := 4*p.vectors*isa.bytes()/blockBytes/shares, GP64()
	MOVQ(field(p.shape, multiplyUPoint), next)
	for i := part * lines; i < (part+1)*lines; i++ {
		PREFETCHT0(Mem{Base: w, Index: next, Scale: 1, Disp: i * blockBytes})
	}
}

// channel adds what input channel c of the current four contributes.
func (p *multiplyTile) channel(c int, x, w Register, more map[int]Register, sums [][]VecVirtual) {
	at := func(t int) Mem {
		m := Mem{Base: x, Disp: (p.tile+t)%multiplyTiles*blockBytes + 4*c}
		if i := (p.tile + t) / multiplyTiles; i > 0 {
			m.Index, m.Scale = more[i], 1
		}
		return m
	}
	multiplyAll(sums, p.wide, at, func(i int) Mem { return Mem{Base: w, Disp: (c*p.vectors + i) * isa.bytes()} })
}

// winogradAsk makes the kernel that asks for memory ahead of time.
func winogradAsk() {
	function("winogradAsk", "func(p *float32, lines int)", "is Winograd.Ask.")
	p, lines := load("p"), load("lines")
	Label("line")
	PREFETCHT0(Mem{Base: p})
	ADDQ(Imm(blockBytes), p)
	DECQ(lines)
	JNZ(LabelRef("line"))
	RET()
}
