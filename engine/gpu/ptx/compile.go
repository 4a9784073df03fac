package ptx

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// flow is how an instruction is scheduled.
type flow int

const (
	plain flow = iota
	branch
	branchTable
	exit
	barrier
	together // executed by all threads of a warp at once
)

// lanes are the values of a register in the threads of a warp.
type lanes [32]uint64

// effect executes an instruction for the threads of a warp that are set in m.
type effect func(w *warp, m uint32)

// instruction is a compiled instruction.
type instruction struct {
	kind     flow
	guard    int // predicate, -1 without
	negate   bool
	run      effect
	label    string // of a branch, or of a table of branch targets
	targets  []int
	selector int // register that selects a target
	line     int
	text     string
}

// errUnknown is the error of an instruction that is not supported, or not with its operands.
var errUnknown = errors.New("the instruction is not supported, or not with these operands")

// compile chooses what executes a statement.
func (b *body) compile(s *statement) (instruction, error) {
	switch s.op[0] {
	case "bra":
		if len(s.args) != 1 || s.args[0].kind != named {
			return instruction{}, errUnknown
		}
		return instruction{kind: branch, label: s.args[0].name}, nil
	case "brx":
		return b.compileTable(s)
	case "ret", "exit":
		if len(s.args) != 0 {
			return instruction{}, errUnknown
		}
		return instruction{kind: exit}, nil
	case "bar", "barrier":
		if s.name != "bar.sync" && s.name != "barrier.sync" && s.name != "barrier.sync.aligned" ||
			len(s.args) != 1 || s.args[0].kind != immediate || s.args[0].value != 0 {
			return instruction{}, errUnknown
		}
		b.kernel.barriers = true
		return instruction{kind: barrier}, nil
	case "ldmatrix", "mma", "shfl":
		run, err := b.compileTogether(s)
		return instruction{kind: together, run: run}, err
	}
	run, err := b.compilePlain(s)
	return instruction{kind: plain, run: run}, err
}

func (b *body) compileTable(s *statement) (instruction, error) {
	if len(s.args) != 2 || s.args[1].kind != named || s.op[1] != "idx" {
		return instruction{}, errUnknown
	}
	index, err := b.source(s.args[0])
	return instruction{kind: branchTable, label: s.args[1].name, selector: index}, err
}

func (b *body) compilePlain(s *statement) (effect, error) {
	switch s.op[0] {
	case "ld":
		return b.compileLoad(s)
	case "st":
		return b.compileStore(s)
	case "cp":
		return b.compileAsync(s)
	case "cvta":
		return b.compileGeneric(s)
	case "setp":
		return b.compileCompare(s)
	case "selp":
		return b.compileSelect(s)
	}
	t, ok := parseType(s.op[len(s.op)-1])
	if !ok || len(s.args) < 2 || len(s.args) > 5 {
		return nil, errUnknown
	}
	if t.kind == 'p' {
		return b.compileLogic(s)
	}
	if s.op[0] == "cvt" {
		return b.compileConvert(s)
	}
	if s.op[0] == "mov" {
		return b.compileMove(s, t)
	}
	return b.compileArithmetic(s, t)
}

// source returns the register of an operand that is read; constants get one of their own.
func (b *body) source(o operand) (int, error) {
	switch o.kind {
	case inRegister:
		if o.reg.kind == 'p' || o.pred >= 0 {
			return 0, errUnknown
		}
		return o.reg.slot, nil
	case immediate:
		return b.kernel.constant(o.value), nil
	}
	return 0, errUnknown
}

func (k *Kernel) constant(v uint64) int {
	slot, ok := k.constants[v]
	if !ok {
		slot = k.registers
		k.registers++
		k.constants[v] = slot
	}
	return slot
}

// typed returns the register of an operand read as a type: constants keep its bits.
func (b *body) typed(o operand, t typ) (int, error) {
	if o.kind == immediate {
		o.value &= t.mask()
	}
	return b.source(o)
}

// result returns the register of an operand that is written.
func (b *body) result(o operand) (int, error) {
	if o.kind != inRegister || o.reg.kind == 'p' || o.reg.fixed || o.pred >= 0 {
		return 0, errUnknown
	}
	return o.reg.slot, nil
}

// predicate returns the slot of a predicate that is read; two slots hold false and true.
func (b *body) predicate(o operand) (int, error) {
	switch {
	case o.kind == immediate && o.value == 0:
		return 0, nil
	case o.kind == immediate:
		return 1, nil
	case o.kind == inRegister && o.reg.kind == 'p':
		return o.reg.slot, nil
	}
	return 0, errUnknown
}

// predicateResult returns the slot of a predicate that is written.
func (b *body) predicateResult(o operand) (int, error) {
	if o.kind != inRegister || o.reg.kind != 'p' || o.pred >= 0 {
		return 0, errUnknown
	}
	return o.reg.slot, nil
}

// registersOf returns the registers of operands: the first is written, the others are read as
// a type.
func (b *body) registersOf(args []operand, t typ) ([]int, error) {
	slots := make([]int, len(args))
	var err error
	if slots[0], err = b.result(args[0]); err != nil {
		return nil, err
	}
	for i, a := range args[1:] {
		if slots[i+1], err = b.typed(a, t); err != nil {
			return nil, err
		}
	}
	return slots, nil
}

func (b *body) compileMove(s *statement, t typ) (effect, error) {
	if len(s.args) != 2 {
		return nil, errUnknown
	}
	if s.args[0].kind == vector || s.args[1].kind == vector {
		return b.compilePack(s, t)
	}
	r, err := b.registersOf(s.args, t)
	if err != nil || len(s.op) != 2 {
		return nil, errUnknown
	}
	mask := t.mask()
	return each1(r, func(a uint64) uint64 { return a & mask }), nil
}

// compilePack is mov between a register and its equal parts: mov.b32 %r1, {%rs1, %rs2}.
func (b *body) compilePack(s *statement, t typ) (effect, error) {
	whole, parts, join := s.args[0], s.args[1].parts, true
	if s.args[0].kind == vector {
		whole, parts, join = s.args[1], s.args[0].parts, false
	}
	if n := len(parts); n != 2 && n != 4 || t.bits/n < 8 || whole.kind == vector {
		return nil, errUnknown
	}
	one := t.bits / len(parts)
	mask := ^uint64(0) >> (64 - one)
	slots := make([]int, len(parts))
	if join {
		d, err := b.result(whole)
		for i, p := range parts {
			var e error
			slots[i], e = b.source(p)
			err = errors.Join(err, e)
		}
		return func(w *warp, m uint32) {
			var sum lanes
			for i, slot := range slots {
				for l, v := range w.regs[slot] {
					sum[l] |= (v & mask) << (i * one)
				}
			}
			w.set(d, &sum, m)
		}, err
	}
	a, err := b.source(whole)
	for i, p := range parts {
		slots[i] = -1 // _: not wanted
		if p.kind != named || p.name != "_" {
			var e error
			slots[i], e = b.result(p)
			err = errors.Join(err, e)
		}
	}
	return func(w *warp, m uint32) {
		from := w.regs[a]
		for i, slot := range slots {
			if slot >= 0 {
				var part lanes
				for l, v := range from {
					part[l] = v >> (i * one) & mask
				}
				w.set(slot, &part, m)
			}
		}
	}, err
}

// compileGeneric is cvta: addresses of a state space to generic ones and back.
func (b *body) compileGeneric(s *statement) (effect, error) {
	if len(s.args) != 2 {
		return nil, errUnknown
	}
	r, err := b.registersOf(s.args, typ{'u', 64})
	if err != nil {
		return nil, err
	}
	var window uint64
	switch s.name {
	case "cvta.global.u64", "cvta.to.global.u64":
		return each1(r, func(a uint64) uint64 { return a }), nil
	case "cvta.shared.u64", "cvta.to.shared.u64":
		window = sharedWindow
	case "cvta.local.u64", "cvta.to.local.u64":
		window = localWindow
	default:
		return nil, errUnknown
	}
	if s.op[1] != "to" {
		return each1(r, func(a uint64) uint64 { return a + window }), nil
	}
	d, a := r[0], r[1]
	return func(w *warp, m uint32) {
		var out lanes
		for l, v := range w.regs[a] {
			if out[l] = v - window; m>>l&1 != 0 && out[l] >= windowBytes {
				w.fail(l, "%#x is no address of %s memory", v, s.op[2])
				return
			}
		}
		w.set(d, &out, m)
	}, nil
}

// compileCompare is setp.lt.s32 p, a, b, and setp.lt.and.s32 p, a, b, q.
func (b *body) compileCompare(s *statement) (effect, error) {
	t, ok := parseType(s.op[len(s.op)-1])
	if !ok || len(s.op) < 3 || len(s.args) < 3 {
		return nil, errUnknown
	}
	holds := comparison(s.op[1], t)
	d, err := b.predicateResult(s.args[0])
	x, err1 := b.typed(s.args[1], t)
	y, err2 := b.typed(s.args[2], t)
	if err := errors.Join(err, err1, err2); err != nil || holds == nil {
		return nil, errUnknown
	}
	compare := func(w *warp, m uint32) (result uint32) {
		a, b := &w.regs[x], &w.regs[y]
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			if holds(a[l], b[l]) {
				result |= 1 << l
			}
		}
		return result
	}
	if len(s.args) == 3 && len(s.op) == 3 {
		return func(w *warp, m uint32) { w.setPred(d, compare(w, m), m) }, nil
	}
	combine := logic(s.op[2])
	if len(s.args) != 4 || len(s.op) != 4 || combine == nil {
		return nil, errUnknown
	}
	q, err := b.predicate(s.args[3])
	return func(w *warp, m uint32) { w.setPred(d, combine(compare(w, m), w.preds[q]), m) }, err
}

func (b *body) compileSelect(s *statement) (effect, error) {
	t, ok := parseType(s.op[len(s.op)-1])
	if !ok || len(s.op) != 2 || len(s.args) != 4 || t.kind == 'p' {
		return nil, errUnknown
	}
	r, err := b.registersOf(s.args[:3], t)
	q, err1 := b.predicate(s.args[3])
	if err := errors.Join(err, err1); err != nil {
		return nil, err
	}
	d, yes, no, mask := r[0], r[1], r[2], t.mask()
	return func(w *warp, m uint32) {
		p := w.preds[q]
		a, b, out := &w.regs[yes], &w.regs[no], &w.regs[d]
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			v := b[l]
			if p>>l&1 != 0 {
				v = a[l]
			}
			out[l] = v & mask
		}
	}, nil
}

// logic returns an operation on bits.
func logic(name string) func(a, b uint32) uint32 {
	switch name {
	case "and":
		return func(a, b uint32) uint32 { return a & b }
	case "or":
		return func(a, b uint32) uint32 { return a | b }
	case "xor":
		return func(a, b uint32) uint32 { return a ^ b }
	}
	return nil
}

// compileLogic is mov, not, and, or, xor on predicates.
func (b *body) compileLogic(s *statement) (effect, error) {
	d, err := b.predicateResult(s.args[0])
	if err != nil || len(s.op) != 2 {
		return nil, errUnknown
	}
	var q []int
	for _, a := range s.args[1:] {
		slot, err := b.predicate(a)
		if err != nil {
			return nil, err
		}
		q = append(q, slot)
	}
	switch {
	case s.op[0] == "mov" && len(q) == 1:
		return func(w *warp, m uint32) { w.setPred(d, w.preds[q[0]], m) }, nil
	case s.op[0] == "not" && len(q) == 1:
		return func(w *warp, m uint32) { w.setPred(d, ^w.preds[q[0]], m) }, nil
	case len(q) == 2 && logic(s.op[0]) != nil:
		f := logic(s.op[0])
		return func(w *warp, m uint32) { w.setPred(d, f(w.preds[q[0]], w.preds[q[1]]), m) }, nil
	}
	return nil, errUnknown
}

// has reports whether the opcode has a modifier.
func (s *statement) has(modifier string) bool { return slices.Contains(s.op[1:], modifier) }

// operation is the opcode without its type.
func (s *statement) operation() string { return strings.Join(s.op[:len(s.op)-1], ".") }

// each1, each2 and each3 apply a function in each thread; r has the result's register first.
func each1(r []int, f func(a uint64) uint64) effect {
	d, x := r[0], r[1]
	return func(w *warp, m uint32) {
		a, out := &w.regs[x], &w.regs[d]
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			out[l] = f(a[l])
		}
	}
}

func each2(r []int, f func(a, b uint64) uint64) effect {
	d, x, y := r[0], r[1], r[2]
	return func(w *warp, m uint32) {
		a, b, out := &w.regs[x], &w.regs[y], &w.regs[d]
		if m == everyone {
			for l := range out {
				out[l] = f(a[l], b[l])
			}
			return
		}
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			out[l] = f(a[l], b[l])
		}
	}
}

func each3(r []int, f func(a, b, c uint64) uint64) effect {
	d, x, y, z := r[0], r[1], r[2], r[3]
	return func(w *warp, m uint32) {
		a, b, c, out := &w.regs[x], &w.regs[y], &w.regs[z], &w.regs[d]
		if m == everyone {
			for l := range out {
				out[l] = f(a[l], b[l], c[l])
			}
			return
		}
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m) & 31
			out[l] = f(a[l], b[l], c[l])
		}
	}
}

// immediateOf returns the value of an operand that has to be a constant.
func immediateOf(o operand, limit uint64) (int, error) {
	if o.kind != immediate || o.value > limit {
		return 0, fmt.Errorf("an operand is not a constant up to %d", limit)
	}
	return int(o.value), nil
}
