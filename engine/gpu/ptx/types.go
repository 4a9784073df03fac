package ptx

import (
	"fmt"
	"math"
)

// typ is a type such as s32: its kind is one of s, u, b, f, and p for predicates.
type typ struct {
	kind byte
	bits int
}

func (t typ) String() string {
	if t.kind == 'p' {
		return "pred"
	}
	return fmt.Sprintf("%c%d", t.kind, t.bits)
}

// bytes is the type's size in memory.
func (t typ) bytes() int { return t.bits / 8 }

func parseType(s string) (typ, bool) {
	switch s {
	case "pred":
		return typ{'p', 1}, true
	case "b8", "s8", "u8":
		return typ{s[0], 8}, true
	case "b16", "s16", "u16", "f16":
		return typ{s[0], 16}, true
	case "b32", "s32", "u32", "f32":
		return typ{s[0], 32}, true
	case "b64", "s64", "u64", "f64":
		return typ{s[0], 64}, true
	}
	return typ{}, false
}

// mask keeps the bits of the type.
func (t typ) mask() uint64 { return ^uint64(0) >> (64 - t.bits) }

// signed is the signed value of the type's bits of v.
func (t typ) signed(v uint64) int64 { return int64(v<<(64-t.bits)) >> (64 - t.bits) }

// Registers hold 64 bits; narrower values are extended with zeros.

func float(v uint64) float32  { return math.Float32frombits(uint32(v)) }
func bits32(v float32) uint64 { return uint64(math.Float32bits(v)) }

// bfloat is the value of a number in bfloat16.
func bfloat(v uint64) float32 { return math.Float32frombits(uint32(v) << 16) }

// narrow rounds to bfloat16, to nearest, ties to even.
func narrow(f float32) uint64 {
	u := math.Float32bits(f)
	if f != f {
		return 0x7fff
	}
	return uint64((u + 0x7fff + u>>16&1) >> 16)
}
