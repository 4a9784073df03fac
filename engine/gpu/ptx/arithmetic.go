package ptx

import (
	"math"
	"math/bits"
)

// compileArithmetic is arithmetic and bit operations on registers.
func (b *body) compileArithmetic(s *statement, t typ) (effect, error) {
	r, err := b.registersOf(s.args, t)
	if err != nil {
		return nil, err
	}
	name := s.operation()
	if run := frequent(name, t, r); run != nil {
		return run, nil
	}
	switch len(r) {
	case 2:
		if f := unaryFunc(name, t); f != nil {
			return each1(r, f), nil
		}
	case 3:
		// The count of a shift has 32 bits whatever is shifted.
		if f := binaryFunc(name, t); f != nil {
			return each2(r, f), nil
		}
	case 4:
		if name == "mad.wide" {
			// The sum has twice the bits of the factors.
			wide := typ{t.kind, 2 * t.bits}
			if r[3], err = b.typed(s.args[3], wide); err != nil {
				return nil, err
			}
		}
		if f := ternaryFunc(name, t); f != nil {
			return each3(r, f), nil
		}
		if name == "lop3" && t.bits == 32 {
			return nil, errUnknown // has five operands
		}
	case 5:
		return b.compileFive(s, t, r)
	}
	return nil, errUnknown
}

// compileFive is lop3.b32 d, a, b, c, table and bfi.b32 d, a, b, from, count.
func (b *body) compileFive(s *statement, t typ, r []int) (effect, error) {
	switch s.name {
	case "lop3.b32":
		table, err := immediateOf(s.args[4], 255)
		return each3(r[:4], func(x, y, z uint64) (v uint64) {
			for i := range 8 {
				if table>>i&1 != 0 {
					v |= pick(x, i&4) & pick(y, i&2) & pick(z, i&1)
				}
			}
			return v & t.mask()
		}), err
	case "bfi.b32":
		from, err := immediateOf(s.args[3], 255)
		count, err1 := immediateOf(s.args[4], 255)
		if err != nil || err1 != nil {
			return nil, errUnknown
		}
		field := uint64((1<<min(count, 32) - 1) << min(from, 32))
		return each2(r[:3], func(x, y uint64) uint64 {
			return (x<<min(from, 32)&field | y&^field) & t.mask()
		}), nil
	}
	return nil, errUnknown
}

// pick returns v, or its complement where the bit of the table's index is 0.
func pick(v uint64, bit int) uint64 {
	if bit == 0 {
		return ^v
	}
	return v
}

func unaryFunc(name string, t typ) func(a uint64) uint64 {
	if t.kind == 'f' {
		return unaryFloat(name, t)
	}
	mask := t.mask()
	switch name {
	case "neg":
		return func(a uint64) uint64 { return -a & mask }
	case "not":
		return func(a uint64) uint64 { return ^a & mask }
	case "abs":
		return func(a uint64) uint64 {
			if v := t.signed(a); v < 0 {
				return uint64(-v) & mask
			}
			return a & mask
		}
	case "popc":
		return func(a uint64) uint64 { return uint64(bits.OnesCount64(a & mask)) }
	case "clz":
		return func(a uint64) uint64 { return uint64(bits.LeadingZeros64(a&mask) - 64 + t.bits) }
	case "brev":
		return func(a uint64) uint64 { return bits.Reverse64(a) >> (64 - t.bits) }
	}
	return nil
}

func unaryFloat(name string, t typ) func(a uint64) uint64 {
	if t.bits != 32 {
		return nil
	}
	switch name {
	case "abs":
		return func(a uint64) uint64 { return a & 0x7fffffff }
	case "neg":
		return func(a uint64) uint64 { return a ^ 0x80000000 }
	case "sqrt.rn":
		return func(a uint64) uint64 { return bits32(float32(math.Sqrt(float64(float(a))))) }
	case "rcp.rn":
		return func(a uint64) uint64 { return bits32(1 / float(a)) }
	}
	return nil
}

func binaryFunc(name string, t typ) func(a, b uint64) uint64 {
	switch {
	case t.kind == 'f' && t.bits == 32:
		return binaryFloat(name)
	case t.kind == 'f':
		return nil
	case t.bits == 16:
		return binaryInt[int16, uint16, int32, uint32](name, t)
	case t.bits == 32:
		return binaryInt[int32, uint32, int64, uint64](name, t)
	case t.bits == 64 && name == "mul.hi" && t.kind == 'u':
		return func(a, b uint64) uint64 { high, _ := bits.Mul64(a, b); return high }
	case t.bits == 64 && (name == "mul.hi" || name == "mul.wide"):
		return nil
	case t.bits == 64:
		return binaryInt[int64, uint64, int64, uint64](name, t)
	}
	return nil
}

// binaryInt returns an operation on integers of type S or U, whose products have type S2, U2.
func binaryInt[S int16 | int32 | int64, U uint16 | uint32 | uint64, S2 int32 | int64, U2 uint32 | uint64](name string, t typ) func(a, b uint64) uint64 {
	switch name {
	case "add":
		return func(a, b uint64) uint64 { return uint64(U(a) + U(b)) }
	case "sub":
		return func(a, b uint64) uint64 { return uint64(U(a) - U(b)) }
	case "mul.lo":
		return func(a, b uint64) uint64 { return uint64(U(a) * U(b)) }
	case "and":
		return func(a, b uint64) uint64 { return uint64(U(a & b)) }
	case "or":
		return func(a, b uint64) uint64 { return uint64(U(a | b)) }
	case "xor":
		return func(a, b uint64) uint64 { return uint64(U(a ^ b)) }
	case "shl":
		return func(a, b uint64) uint64 { return uint64(U(a) << uint32(b)) }
	}
	if t.kind == 's' {
		switch name {
		case "mul.wide":
			return func(a, b uint64) uint64 { return uint64(U2(S2(S(a)) * S2(S(b)))) }
		case "mul.hi":
			return func(a, b uint64) uint64 { return uint64(U(S2(S(a)) * S2(S(b)) >> t.bits)) }
		case "shr":
			return func(a, b uint64) uint64 { return uint64(U(S(a) >> uint32(b))) }
		case "min":
			return func(a, b uint64) uint64 { return uint64(U(min(S(a), S(b)))) }
		case "max":
			return func(a, b uint64) uint64 { return uint64(U(max(S(a), S(b)))) }
		case "div":
			return func(a, b uint64) uint64 {
				if S(b) == 0 {
					return t.mask() // as GPUs do; the value is unspecified
				}
				return uint64(U(S(a) / S(b)))
			}
		case "rem":
			return func(a, b uint64) uint64 {
				if S(b) == 0 {
					return uint64(U(a))
				}
				return uint64(U(S(a) % S(b)))
			}
		}
		return nil
	}
	switch name {
	case "mul.wide":
		return func(a, b uint64) uint64 { return uint64(U2(U(a)) * U2(U(b))) }
	case "mul.hi":
		return func(a, b uint64) uint64 { return uint64(U(U2(U(a)) * U2(U(b)) >> t.bits)) }
	case "shr":
		return func(a, b uint64) uint64 { return uint64(U(a) >> uint32(b)) }
	case "min":
		return func(a, b uint64) uint64 { return uint64(min(U(a), U(b))) }
	case "max":
		return func(a, b uint64) uint64 { return uint64(max(U(a), U(b))) }
	case "div":
		return func(a, b uint64) uint64 {
			if U(b) == 0 {
				return t.mask()
			}
			return uint64(U(a) / U(b))
		}
	case "rem":
		return func(a, b uint64) uint64 {
			if U(b) == 0 {
				return uint64(U(a))
			}
			return uint64(U(a) % U(b))
		}
	}
	return nil
}

func binaryFloat(name string) func(a, b uint64) uint64 {
	switch name {
	case "add", "add.rn":
		return func(a, b uint64) uint64 { return bits32(float(a) + float(b)) }
	case "sub", "sub.rn":
		return func(a, b uint64) uint64 { return bits32(float(a) - float(b)) }
	case "mul", "mul.rn":
		return func(a, b uint64) uint64 { return bits32(float(a) * float(b)) }
	case "div.rn":
		return func(a, b uint64) uint64 { return bits32(float(a) / float(b)) }
	case "max":
		return func(a, b uint64) uint64 { return extreme(b, a) }
	case "min":
		return func(a, b uint64) uint64 { return extreme(a^0x80000000, b^0x80000000) ^ 0x80000000 }
	case "max.NaN":
		return func(a, b uint64) uint64 { return orNaN(a, b, extreme(b, a)) }
	case "min.NaN":
		return func(a, b uint64) uint64 {
			return orNaN(a, b, extreme(a^0x80000000, b^0x80000000)^0x80000000)
		}
	}
	return nil
}

// extreme is the larger number: of a number and NaN the number, of −0 and +0 the latter.
func extreme(a, b uint64) uint64 {
	x, y := float(a), float(b)
	switch {
	case x != x && y != y:
		return 0x7fffffff
	case y != y || x > y:
		return a
	case x != x || y > x:
		return b
	}
	return a & b
}

func orNaN(a, b, v uint64) uint64 {
	if x, y := float(a), float(b); x != x || y != y {
		return 0x7fffffff
	}
	return v
}

func ternaryFunc(name string, t typ) func(a, b, c uint64) uint64 {
	mask := t.mask()
	switch {
	case name == "fma.rn" && t == typ{'f', 32}:
		return fma
	case t.kind == 'f':
		return nil
	case name == "mad.lo":
		return func(a, b, c uint64) uint64 { return (a*b + c) & mask }
	case name == "mad.wide" && t == typ{'s', 32}:
		return func(a, b, c uint64) uint64 { return uint64(int64(int32(a))*int64(int32(b))) + c }
	case name == "mad.wide" && t == typ{'u', 32}:
		return func(a, b, c uint64) uint64 { return uint64(uint32(a))*uint64(uint32(b)) + c }
	case name == "bfe" && t.bits == 32:
		return func(a, b, c uint64) uint64 { return extract(a, b, c, t) }
	case name == "prmt" && t.bits == 32:
		return permute
	case name == "shf.l.wrap" && t.bits == 32:
		return func(a, b, c uint64) uint64 { return (b<<32 | a) << (c & 31) >> 32 & mask }
	case name == "shf.r.wrap" && t.bits == 32:
		return func(a, b, c uint64) uint64 { return (b<<32 | a) >> (c & 31) & mask }
	case name == "shf.l.clamp" && t.bits == 32:
		return func(a, b, c uint64) uint64 { return (b<<32 | a) << min(c, 32) >> 32 & mask }
	case name == "shf.r.clamp" && t.bits == 32:
		return func(a, b, c uint64) uint64 { return (b<<32 | a) >> min(c, 32) & mask }
	}
	return nil
}

// extract is bfe: count bits of v from a place, extended with the sign of a signed type.
func extract(v, from, count uint64, t typ) uint64 {
	from, count = from&255, count&255
	if count == 0 {
		return 0
	}
	if t.kind != 's' {
		return v >> from & (1<<min(count, 32) - 1)
	}
	wide := uint64(t.signed(v)) // the sign is repeated beyond the type's bits
	if from > 31 {
		from = 31
	}
	keep := min(count, 64-from)
	return uint64(int64(wide>>from<<(64-keep))>>(64-keep)) & t.mask()
}

// permute is prmt in its default mode: each nibble of the selector chooses one of the eight
// bytes of b and a, or repeats that byte's sign.
func permute(a, b, selector uint64) (v uint64) {
	all := b<<32 | a&0xffffffff
	for i := range 4 {
		nibble := selector >> (4 * i) & 15
		one := all >> (8 * (nibble & 7)) & 255
		if nibble&8 != 0 {
			one = -(one >> 7) & 255
		}
		v |= one << (8 * i)
	}
	return v
}

// fma multiplies and adds with one rounding. The product of two float32 is exact in float64.
// Rounding the sum a second time, to float32, is one rounding too many only where it lies halfway
// between two of them.
func fma(a, b, c uint64) uint64 {
	sum := float64(float(a))*float64(float(b)) + float64(float(c))
	if u := math.Float64bits(sum); u&(1<<29-1) == 1<<28 || u>>52&0x7ff < 897 { // 897 is that of the smallest normal float32
		sum = roundedToOdd(float64(float(a))*float64(float(b)), float64(float(c)))
	}
	return bits32(float32(sum))
}

// roundedToOdd is a sum whose last bit is set if it is not exact, so that it may be rounded again.
func roundedToOdd(a, b float64) float64 {
	sum := a + b
	part := sum - a
	rest := (a - (sum - part)) + (b - part)
	u := math.Float64bits(sum)
	if rest == 0 || rest != rest || u&1 == 1 {
		return sum
	}
	if (rest > 0) == (sum > 0) {
		return math.Float64frombits(u + 1)
	}
	return math.Float64frombits(u - 1)
}

// frequent returns what executes the instructions that kernels spend their time in; nil for others.
// They are each2 and each3 with the operation written into the loop.
func frequent(name string, t typ, r []int) effect {
	switch {
	case name == "fma.rn" && t == typ{'f', 32} && len(r) == 4:
		return func(w *warp, m uint32) {
			a, b, c, out := &w.regs[r[1]], &w.regs[r[2]], &w.regs[r[3]], &w.regs[r[0]]
			for ; m != 0; m &= m - 1 {
				l := bits.TrailingZeros32(m) & 31
				out[l] = fma(a[l], b[l], c[l])
			}
		}
	case (name == "add" || name == "add.rn") && t == typ{'f', 32} && len(r) == 3:
		return func(w *warp, m uint32) {
			a, b, out := &w.regs[r[1]], &w.regs[r[2]], &w.regs[r[0]]
			for l := range out {
				if m>>l&1 != 0 {
					out[l] = bits32(float(a[l]) + float(b[l]))
				}
			}
		}
	case name == "add" && t.bits == 32 && t.kind != 'f' && len(r) == 3:
		return func(w *warp, m uint32) {
			a, b, out := &w.regs[r[1]], &w.regs[r[2]], &w.regs[r[0]]
			for l := range out {
				if m>>l&1 != 0 {
					out[l] = uint64(uint32(a[l] + b[l]))
				}
			}
		}
	case name == "add" && t.bits == 64 && t.kind != 'f' && len(r) == 3:
		return func(w *warp, m uint32) {
			a, b, out := &w.regs[r[1]], &w.regs[r[2]], &w.regs[r[0]]
			for l := range out {
				if m>>l&1 != 0 {
					out[l] = a[l] + b[l]
				}
			}
		}
	case name == "and" && t.kind == 'b' && len(r) == 3:
		return func(w *warp, m uint32) {
			a, b, out := &w.regs[r[1]], &w.regs[r[2]], &w.regs[r[0]]
			for l := range out {
				if m>>l&1 != 0 {
					out[l] = a[l] & b[l] // no bits beyond the type's are set
				}
			}
		}
	}
	return nil
}

// comparison returns how setp compares; nil if unknown.
func comparison(how string, t typ) func(a, b uint64) bool {
	switch t.kind {
	case 'f':
		if t.bits != 32 {
			return nil
		}
		return compareFloat(how)
	case 's':
		switch how {
		case "lt":
			return func(a, b uint64) bool { return t.signed(a) < t.signed(b) }
		case "le":
			return func(a, b uint64) bool { return t.signed(a) <= t.signed(b) }
		case "gt":
			return func(a, b uint64) bool { return t.signed(a) > t.signed(b) }
		case "ge":
			return func(a, b uint64) bool { return t.signed(a) >= t.signed(b) }
		}
	case 'p':
		return nil
	}
	mask := t.mask()
	switch how {
	case "eq":
		return func(a, b uint64) bool { return (a^b)&mask == 0 }
	case "ne":
		return func(a, b uint64) bool { return (a^b)&mask != 0 }
	case "lt", "lo":
		return func(a, b uint64) bool { return a&mask < b&mask }
	case "le", "ls":
		return func(a, b uint64) bool { return a&mask <= b&mask }
	case "gt", "hi":
		return func(a, b uint64) bool { return a&mask > b&mask }
	case "ge", "hs":
		return func(a, b uint64) bool { return a&mask >= b&mask }
	}
	return nil
}

// compareFloat returns a comparison that is false for NaN, or true if its name ends in u.
func compareFloat(how string) func(a, b uint64) bool {
	switch how {
	case "eq":
		return func(a, b uint64) bool { return float(a) == float(b) }
	case "ne":
		return func(a, b uint64) bool { return float(a) < float(b) || float(a) > float(b) }
	case "lt":
		return func(a, b uint64) bool { return float(a) < float(b) }
	case "le":
		return func(a, b uint64) bool { return float(a) <= float(b) }
	case "gt":
		return func(a, b uint64) bool { return float(a) > float(b) }
	case "ge":
		return func(a, b uint64) bool { return float(a) >= float(b) }
	case "equ":
		return func(a, b uint64) bool { return !(float(a) < float(b) || float(a) > float(b)) }
	case "neu":
		return func(a, b uint64) bool { return float(a) != float(b) }
	case "ltu":
		return func(a, b uint64) bool { return !(float(a) >= float(b)) }
	case "leu":
		return func(a, b uint64) bool { return !(float(a) > float(b)) }
	case "gtu":
		return func(a, b uint64) bool { return !(float(a) <= float(b)) }
	case "geu":
		return func(a, b uint64) bool { return !(float(a) < float(b)) }
	case "num":
		return func(a, b uint64) bool { return float(a) == float(a) && float(b) == float(b) }
	case "nan":
		return func(a, b uint64) bool { return float(a) != float(a) || float(b) != float(b) }
	}
	return nil
}
