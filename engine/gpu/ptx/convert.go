package ptx

import (
	"errors"
	"math"
	"strings"
)

// compileConvert is cvt.
func (b *body) compileConvert(s *statement) (effect, error) {
	// The types that are only numbers to convert to and from.
	switch s.name {
	case "cvt.rn.bf16.f32":
		return b.convertBits(s, func(a uint64) uint64 { return narrow(float(a)) })
	case "cvt.f32.bf16":
		return b.convertBits(s, func(a uint64) uint64 { return bits32(bfloat(a)) })
	case "cvt.rna.tf32.f32":
		return b.convertBits(s, toTF32)
	case "cvt.rn.bf16x2.f32":
		if len(s.args) != 3 {
			return nil, errUnknown
		}
		r, err := b.registersOf(s.args, typ{'b', 32})
		if err != nil {
			return nil, err
		}
		return each2(r, func(high, low uint64) uint64 { return narrow(float(high))<<16 | narrow(float(low)) }), nil
	}
	n := len(s.op)
	if n < 3 {
		return nil, errUnknown
	}
	to, ok := parseType(s.op[n-2])
	from, ok1 := parseType(s.op[n-1])
	if !ok || !ok1 || len(s.args) != 2 {
		return nil, errUnknown
	}
	r, err := b.registersOf(s.args, from)
	if err != nil {
		return nil, err
	}
	f := conversion(to, from, strings.Join(s.op[1:n-2], "."))
	if f == nil {
		return nil, errUnknown
	}
	// A narrow signed value fills its register with its sign.
	if to.kind == 's' {
		if d := s.args[0].reg; d.bits > to.bits {
			inner := f
			f = func(a uint64) uint64 { return uint64(to.signed(inner(a))) & d.mask() }
		}
	}
	return each1(r, f), nil
}

func (b *body) convertBits(s *statement, f func(a uint64) uint64) (effect, error) {
	if len(s.args) != 2 {
		return nil, errUnknown
	}
	d, err := b.result(s.args[0])
	a, err1 := b.source(s.args[1])
	return each1([]int{d, a}, f), errors.Join(err, err1)
}

// toTF32 rounds to 10 bits of mantissa, to nearest, ties away from zero.
func toTF32(a uint64) uint64 {
	if f := float(a); f != f {
		return 0x7fffffff
	}
	return (a + 0x1000) & 0xffffe000
}

// conversion returns what cvt does with a rounding, "" for none; nil if unknown.
func conversion(to, from typ, rounding string) func(a uint64) uint64 {
	if to.kind == 'p' || from.kind == 'p' {
		return nil
	}
	switch toFloat, fromFloat := to.kind == 'f', from.kind == 'f'; {
	case !toFloat && !fromFloat:
		if rounding != "" {
			return nil
		}
		if from.kind == 's' {
			return func(a uint64) uint64 { return uint64(from.signed(a)) & to.mask() }
		}
		return func(a uint64) uint64 { return a & from.mask() & to.mask() }
	case toFloat && to.bits != 32 || fromFloat && from.bits != 32:
		return nil
	case !fromFloat:
		if rounding != "rn" {
			return nil
		}
		if from.kind == 's' {
			return func(a uint64) uint64 { return bits32(float32(from.signed(a))) }
		}
		return func(a uint64) uint64 { return bits32(float32(a & from.mask())) }
	}
	round := map[string]func(float64) float64{"rni": math.RoundToEven, "rzi": math.Trunc, "rmi": math.Floor, "rpi": math.Ceil}[rounding]
	switch {
	case round == nil:
		return nil
	case to.kind == 'f':
		return func(a uint64) uint64 { return bits32(float32(round(float64(float(a))))) }
	}
	return func(a uint64) uint64 { return saturated(round(float64(float(a))), to) }
}

// saturated converts to an integer; what does not fit becomes the nearest, NaN becomes 0.
func saturated(v float64, to typ) uint64 {
	if v != v {
		return 0
	}
	if to.kind == 's' {
		limit := math.Ldexp(1, to.bits-1)
		switch {
		case v >= limit:
			return to.mask() >> 1
		case v < -limit:
			return to.mask()>>1 + 1
		}
		return uint64(int64(v)) & to.mask()
	}
	switch {
	case v <= 0:
		return 0
	case v >= math.Ldexp(1, to.bits):
		return to.mask()
	}
	return uint64(v)
}
