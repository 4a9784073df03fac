package kernel

import (
	"math"
	"unsafe"
)

// BF16 is a number of 8 bits' precision: the upper half of a float32.
type BF16 uint16

// Widen is b as a float32.
func Widen(b BF16) float32 { return math.Float32frombits(uint32(b) << 16) }

// Narrow is the BF16 nearest to v, the even one of two, as the processors' instruction has
// it: a number too small to be a normal float32 becomes 0, a NaN stays one.
func Narrow(v float32) BF16 {
	bits := math.Float32bits(v)
	switch {
	case bits&0x7f800000 == 0:
		return BF16(bits >> 16 & 0x8000)
	case v != v:
		return BF16(bits>>16 | 0x40)
	}
	return BF16((bits + 0x7fff + bits>>16&1) >> 16)
}

// Element is how a number of a tensor is stored.
type Element interface{ float32 | BF16 }

// From is e as a float32.
func From[E Element](e E) float32 {
	if unsafe.Sizeof(e) == 2 {
		return Widen(*(*BF16)(unsafe.Pointer(&e)))
	}
	return float32(e)
}

// To is v as an E.
func To[E Element](v float32) (e E) {
	if unsafe.Sizeof(e) == 2 {
		*(*BF16)(unsafe.Pointer(&e)) = Narrow(v)
		return e
	}
	return E(v)
}
