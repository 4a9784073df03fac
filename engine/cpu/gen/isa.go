package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// blockBytes is what sixteen float32 take.
const blockBytes = 64

// instructionSet is what the kernels' descriptions need to know of a target.
type instructionSet struct {
	suffix string // of every function's name
	lanes  int    // float32 in a register
	wide   bool   // AVX-512: 32 registers, masks, memory broadcasts
	pairs  bool   // what is multiplied are pairs of bf16: see bf16conv.go
	half   bool   // pixels lie in memory as bf16; AVX-512 only
}

var targets = map[string]instructionSet{
	"avx512": {suffix: "AVX512", lanes: 16, wide: true},
	"avx2":   {suffix: "AVX2", lanes: 8},
}

// isa is the target being generated.
var isa instructionSet

// parts is how many registers hold sixteen channels.
func (s instructionSet) parts() int { return 16 / s.lanes }

// bytes is the width of a register.
func (s instructionSet) bytes() int { return s.lanes * 4 }

// pixelBytes is what a pixel's sixteen channels take.
func (s instructionSet) pixelBytes() int {
	if s.half {
		return blockBytes / 2
	}
	return blockBytes
}

func vector() VecVirtual {
	if isa.wide {
		return ZMM()
	}
	return YMM()
}

func zero(v VecVirtual) {
	if isa.wide {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

func zeroed() VecVirtual {
	v := vector()
	zero(v)
	return v
}

func vectors(n int) []VecVirtual {
	vs := make([]VecVirtual, n)
	for i := range vs {
		vs[i] = vector()
	}
	return vs
}

// constant is a register with f in every lane.
func constant(f float32) VecVirtual {
	r, x, v := GP32(), XMM(), vector()
	MOVL(U32(math.Float32bits(f)), r)
	VMOVD(r, x)
	VBROADCASTSS(x, v)
	return v
}

// block is a pixel's sixteen channels in registers.
type block []VecVirtual

func newBlock() block { return block(vectors(isa.parts())) }

func zeroBlock() block {
	b := newBlock()
	for _, v := range b {
		zero(v)
	}
	return b
}

// part is where register p of the i-th sixteen float32 at base lies.
func part(base Register, i, p int) Mem {
	return Mem{Base: base, Disp: i*blockBytes + p*isa.bytes()}
}

// channels are those of register p of a pixel, pixel u of an unrolled loop counted from base.
type channels struct {
	base Register
	u, p int
}

// memory is where they lie.
func (m channels) memory() Mem {
	return Mem{Base: m.base, Disp: m.u*isa.pixelBytes() + m.p*isa.bytes()}
}

// operand gives them to instructions that take memory or a register.
func (m channels) operand() Op {
	if !isa.half {
		return m.memory()
	}
	v := vector()
	m.load(v)
	return v
}

func (m channels) load(v VecVirtual) {
	if !isa.half {
		VMOVUPS(m.memory(), v)
		return
	}
	VPMOVZXWD(m.memory(), v)
	VPSLLD(Imm(16), v, v)
}

func (m channels) store(v VecVirtual) {
	if !isa.half {
		VMOVUPS(v, m.memory())
		return
	}
	rounded := YMM()
	VCVTNEPS2BF16(v, rounded)
	VMOVUPS(rounded, m.memory())
}

func (b block) load(base Register, u int) block {
	for p, v := range b {
		channels{base, u, p}.load(v)
	}
	return b
}

func (b block) store(base Register, u int) {
	for p, v := range b {
		channels{base, u, p}.store(v)
	}
}

// loadPositive loads the channels into v where test > 0, and 0 elsewhere.
func loadPositive(m channels, test, zero, v VecVirtual) {
	const greater = 0x1e // ordered, quiet: a NaN keeps nothing
	if isa.wide {
		k := K()
		VCMPPS(Imm(greater), zero, test, k)
		if isa.half {
			VPMOVZXWD_Z(m.memory(), k, v)
			VPSLLD(Imm(16), v, v)
		} else {
			VMOVUPS_Z(m.memory(), k, v)
		}
		return
	}
	mask := vector()
	VCMPPS(Imm(greater), zero, test, mask)
	VANDPS(m.memory(), mask, v)
}

// function starts a function called name with the target's suffix.
func function(name, signature, doc string) { declare(name, signature, doc, NOSPLIT) }

// largeFunction starts one whose frame may need more stack than there is.
func largeFunction(name, signature, doc string) { declare(name, signature, doc, 0) }

func declare(name, signature, doc string, flags attr.Attribute) {
	name += isa.suffix
	TEXT(name, flags, signature)
	Doc(name + " " + doc)
	Pragma("noescape")
}

func finish() {
	VZEROUPPER()
	RET()
}

func load(name string) Register { return Load(Param(name), GP64()) }

// argument is where a parameter lies on the caller's frame, for values that do not
// deserve a register.
func argument(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// field is the i-th word of the struct at base.
func field(base Register, i int) Mem { return Mem{Base: base, Disp: 8 * i} }
