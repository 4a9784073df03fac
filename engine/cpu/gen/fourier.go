package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Passes of package spectral's fast Fourier transform. An element is four complex128, which
// is one register of AVX-512 and two of AVX2; those that are next to each other take the
// same path.

func init() { groups["fourier"] = fourier }

const elementBytes = 64

func fourier() {
	one := GLOBL("one", RODATA|NOPTR)
	DATA(0, F64(1))
	for _, r := range []int{2, 3, 4, 5, 7} {
		radix(r, one)
	}
	gather()
	scatter()
}

// radixPass is one pass: see pass in package spectral.
type radixPass struct {
	r             int
	x, y          Register
	in, out       [8]Register // multiples of the distance between a sequence's elements
	one           VecVirtual
	cosine, sine  func(jk int) Mem
	twiddle, skip Register
}

func radix(r int, one Mem) {
	t := radixPass{r: r}
	if r > 4 || r == 3 {
		t.cosine, t.sine = roots(r)
	}
	function(fmt.Sprint("radix", r), "func(y, x, twiddle *complex128, m, s int)", "is a pass of that radix.")
	t.x, t.y, t.twiddle = load("x"), load("y"), load("twiddle")
	m, s := load("m"), load("s")
	SHLQ(Imm(6), s)
	stride := GP64()
	MOVQ(s, stride)
	IMULQ(m, stride)
	t.in, t.out = multiples(stride, r), multiples(s, r)
	t.skip = GP64()
	IMUL3Q(U32(r-1), s, t.skip)
	t.one = vector()
	VBROADCASTSD(one, t.one)
	left := GP64()
	Label("group")
	MOVQ(s, left)
	Label("element")
	t.element()
	ADDQ(Imm(uint64(isa.bytes())), t.x)
	ADDQ(Imm(uint64(isa.bytes())), t.y)
	SUBQ(Imm(uint64(isa.bytes())), left)
	JNZ(LabelRef("element"))
	ADDQ(t.skip, t.y)
	ADDQ(Imm(uint64(16*(r-1))), t.twiddle)
	DECQ(m)
	JNZ(LabelRef("group"))
	finish()
}

// roots has the cosines and sines of 2πi/r in memory.
func roots(r int) (cosine, sine func(i int) Mem) {
	table := GLOBL(fmt.Sprint("roots", r), RODATA|NOPTR)
	for i := 0; i < r; i++ {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(r))
		DATA(16*i, F64(cos))
		DATA(16*i+8, F64(sin))
	}
	return func(i int) Mem { return table.Offset(16 * (i % r)) }, func(i int) Mem { return table.Offset(16*(i%r) + 8) }
}

// multiples makes the registers with which at reaches n elements.
func multiples(stride Register, n int) (of [8]Register) {
	of[1] = stride
	for _, i := range []int{3, 5} {
		if n > i {
			of[i] = GP64()
			LEAQ(Mem{Base: stride, Index: stride, Scale: uint8(i - 1)}, of[i])
		}
	}
	if n > 7 {
		of[7] = GP64()
		LEAQ(Mem{Base: of[3], Index: stride, Scale: 4}, of[7])
	}
	return of
}

// at is element i from base.
func at(base Register, of [8]Register, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: base}
	case 2, 4:
		return Mem{Base: base, Index: of[1], Scale: uint8(i)}
	case 6:
		return Mem{Base: base, Index: of[3], Scale: 2}
	}
	return Mem{Base: base, Index: of[i], Scale: 1}
}

func (t *radixPass) load(j int) VecVirtual {
	v := vector()
	VMOVUPD(at(t.x, t.in, j), v)
	return v
}

// element transforms one register of each of r elements.
func (t *radixPass) element() {
	switch t.r {
	case 2:
		a := t.load(0)
		b := difference(a, t.load(1))
		t.store(0, a)
		t.store(1, b)
	case 4:
		a, b := t.load(0), t.load(1)
		e, f := difference(a, t.load(2)), difference(b, t.load(3))
		ac := difference(a, b)
		t.store(0, a)
		t.store(2, ac)
		t.storePair(1, e, f)
	default:
		t.odd()
	}
}

// difference sets a to a + b and gives a − b.
func difference(a, b VecVirtual) VecVirtual {
	d := vector()
	VSUBPD(b, a, d)
	VADDPD(b, a, a)
	return d
}

// odd is a pass of an odd radix, by sums and differences of elements j and r−j.
func (t *radixPass) odd() {
	first, total := t.load(0), vector()
	VMOVAPD(first, total)
	half := (t.r - 1) / 2
	sums, differences := make([]VecVirtual, half), make([]VecVirtual, half)
	for j := range sums {
		sums[j] = t.load(j + 1)
		differences[j] = difference(sums[j], t.load(t.r-1-j))
		VADDPD(sums[j], total, total)
	}
	t.store(0, total)
	for k := 1; k <= half; k++ {
		even, odd := vector(), vector()
		VMOVAPD(first, even)
		for j := range sums {
			jk := (j + 1) * k
			addMultiple(t.cosine(jk), sums[j], even)
			if j == 0 {
				VBROADCASTSD(t.sine(jk), odd)
				VMULPD(differences[j], odd, odd)
			} else {
				addMultiple(t.sine(jk), differences[j], odd)
			}
		}
		t.storePair(k, even, odd)
	}
}

func addMultiple(m Mem, v, sum VecVirtual) {
	if isa.wide {
		VFMADD231PD_BCST(m, v, sum)
		return
	}
	factor := vector()
	VBROADCASTSD(m, factor)
	VFMADD231PD(factor, v, sum)
}

// storePair stores even − i·odd as element k and even + i·odd as element r−k.
func (t *radixPass) storePair(k int, even, odd VecVirtual) {
	VPERMILPD(Imm(0x55), odd, odd)
	minus := vector()
	VMOVAPD(even, minus)
	VFMSUBADD213PD(odd, t.one, minus)
	VFMADDSUB213PD(odd, t.one, even)
	t.store(k, minus)
	t.store(t.r-k, even)
}

// store multiplies v by its twiddle factor and stores it as element k.
func (t *radixPass) store(k int, v VecVirtual) {
	if k > 0 {
		re, im, turned := vector(), vector(), vector()
		VBROADCASTSD(Mem{Base: t.twiddle, Disp: 16 * (k - 1)}, re)
		VBROADCASTSD(Mem{Base: t.twiddle, Disp: 16*(k-1) + 8}, im)
		VPERMILPD(Imm(0x55), v, turned)
		VMULPD(im, turned, turned)
		VFMADDSUB213PD(turned, re, v)
	}
	VMOVUPD(v, at(t.y, t.out, k))
}
