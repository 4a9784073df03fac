package ptx

import (
	"fmt"
	"strconv"
	"strings"
)

// register is a declared register: an index among registers, or among predicates.
type register struct {
	typ
	slot  int
	fixed bool // not to be written: %tid.x
}

// body reads the statements of a kernel.
type body struct {
	*parser
	kernel *Kernel
	scopes []map[string]any // register or variable, innermost last
	labels map[string]int   // places in the code
	tables map[string][]string
}

type operandKind int

const (
	inRegister operandKind = iota
	immediate
	address // [base + offset]
	vector  // {a, b}
	named   // a label, or _
)

type operand struct {
	kind   operandKind
	reg    register
	value  uint64 // of an immediate
	name   string
	space  string // of an address whose base is a variable
	base   int    // register of an address, -1 without
	offset int64
	bytes  int // from the address of a variable to its end
	parts  []operand
	pred   int // of a|p: the second one's slot, -1 without
}

// statement is an instruction as read.
type statement struct {
	line   int
	name   string // opcode with its modifiers
	op     []string
	guard  int // predicate, -1 without
	negate bool
	args   []operand
}

// read reads statements up to the end of the kernel.
func (b *body) read() error {
	for depth := 1; depth > 0; {
		word := b.peek()
		var err error
		switch {
		case word == "":
			return fmt.Errorf("kernel %s does not end", b.kernel.Name)
		case word == "{":
			b.at++
			depth++
			b.scopes = append(b.scopes, map[string]any{})
		case word == "}":
			b.at++
			depth--
			b.scopes = b.scopes[:len(b.scopes)-1]
			if depth > 0 && len(b.scopes) == 0 {
				return fmt.Errorf("one } too many")
			}
		case b.peekAt(1) == ":":
			err = b.label()
		case word[0] == '.':
			err = b.directive()
		default:
			err = b.instruction()
		}
		if err != nil {
			return err
		}
	}
	if len(b.kernel.code) == 0 {
		return fmt.Errorf("kernel %s has no instructions", b.kernel.Name)
	}
	return b.resolve()
}

func (b *body) label() error {
	name := b.next()
	b.at++ // the colon
	if b.accept(".branchtargets") {
		for {
			b.tables[name] = append(b.tables[name], b.next())
			if !b.accept(",") {
				return b.expect(";")
			}
		}
	}
	if _, twice := b.labels[name]; twice {
		return fmt.Errorf("a second label %s", name)
	}
	b.labels[name] = len(b.kernel.code)
	return nil
}

// resolve fills in the places of labels.
func (b *body) resolve() error {
	k := b.kernel
	for i := range k.code {
		in := &k.code[i]
		var labels []string
		switch in.kind {
		case branch:
			labels = []string{in.label}
		case branchTable:
			if labels = b.tables[in.label]; labels == nil {
				b.wrong = in.line
				return fmt.Errorf("no branch targets %s", in.label)
			}
		}
		for _, label := range labels {
			at, ok := b.labels[label]
			if !ok {
				b.wrong = in.line
				return fmt.Errorf("no label %s", label)
			}
			in.targets = append(in.targets, at)
		}
	}
	return nil
}

func (b *body) directive() error {
	switch word := b.next(); word {
	case ".reg":
		return b.registers()
	case ".shared", ".local":
		name, v, err := b.variable(word[1:])
		if err != nil {
			return err
		}
		return b.place(b.scopes[len(b.scopes)-1], name, v)
	case ".pragma", ".loc":
		b.skip()
		return nil
	default:
		return fmt.Errorf("%q is not supported", word)
	}
}

// place gives a variable its place in the kernel's shared or local memory.
func (b *body) place(scope map[string]any, name string, v variable) error {
	used, limit := &b.kernel.Shared, maxShared
	if v.space == "local" {
		used, limit = &b.kernel.Local, maxLocal
	}
	v.offset = (*used + v.align - 1) / v.align * v.align
	if v.offset+v.bytes > limit {
		return fmt.Errorf("more than %d bytes of %s memory", limit, v.space)
	}
	*used = v.offset + v.bytes
	scope[name] = v
	return nil
}

// registers reads .reg .b32 %r<9>; or .reg .pred p, q; behind the word .reg.
func (b *body) registers() error {
	word := b.next()
	t, ok := parseType(strings.TrimPrefix(word, "."))
	if !ok {
		return fmt.Errorf("%q instead of a type", word)
	}
	for {
		name := b.next()
		count := -1
		if b.accept("<") {
			var err error
			if count, err = b.number(maxRegisters); err != nil {
				return err
			}
			if err := b.expect(">"); err != nil {
				return err
			}
		}
		if count < 0 {
			if err := b.register(name, t); err != nil {
				return err
			}
		}
		for i := range max(count, 0) {
			if err := b.register(name+strconv.Itoa(i), t); err != nil {
				return err
			}
		}
		if !b.accept(",") {
			return b.expect(";")
		}
	}
}

func (b *body) register(name string, t typ) error {
	r := register{typ: t, slot: b.kernel.registers}
	if t.kind == 'p' {
		r.slot = b.kernel.preds
		b.kernel.preds++
	} else {
		b.kernel.registers++
	}
	if b.kernel.registers+b.kernel.preds > maxRegisters {
		return fmt.Errorf("kernel %s has more than %d registers", b.kernel.Name, maxRegisters)
	}
	b.scopes[len(b.scopes)-1][name] = r
	return nil
}

func (b *body) instruction() error {
	s := statement{guard: -1}
	start := b.at
	if b.accept("@") {
		s.negate = b.accept("!")
		name := b.next()
		r, ok := b.find(name).(register)
		if !ok || r.kind != 'p' {
			return fmt.Errorf("no predicate %s", name)
		}
		s.guard = r.slot
	}
	s.line = b.tokens[min(b.at, len(b.tokens)-1)].line
	s.name = b.next()
	s.op = strings.Split(s.name, ".")
	for b.peek() != ";" {
		o, err := b.operand()
		if err != nil {
			return err
		}
		s.args = append(s.args, o)
		if !b.accept(",") && b.peek() != ";" {
			return fmt.Errorf("%s: %q instead of a comma", s.name, b.peek())
		}
	}
	b.at++ // the semicolon
	in, err := b.compile(&s)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	in.line, in.guard, in.negate = s.line, s.guard, s.negate
	in.text = text(b.tokens[start : b.at-1])
	b.kernel.code = append(b.kernel.code, in)
	return nil
}

// text puts tokens together again.
func text(tokens []token) string {
	var s strings.Builder
	for i, t := range tokens {
		if i > 0 && (wordByte(t.text[0]) || t.text == "{" || t.text == "[") && wordByte(tokens[i-1].text[len(tokens[i-1].text)-1]) || i > 0 && tokens[i-1].text == "," {
			s.WriteByte(' ')
		}
		s.WriteString(t.text)
	}
	return s.String()
}

// find looks a name up from the innermost scope outward; nil if there is none. A variable of
// the module gets its place in the kernel's shared memory when it is first used.
func (b *body) find(name string) any {
	for i := len(b.scopes) - 1; i >= 0; i-- {
		if v, ok := b.scopes[i][name]; ok {
			return v
		}
	}
	if v, ok := b.module.shared[name]; ok && b.place(b.scopes[0], name, v) == nil {
		return b.scopes[0][name]
	}
	return nil
}

func (b *body) operand() (operand, error) {
	o := operand{base: -1, pred: -1}
	switch word := b.next(); {
	case word == "{":
		o.kind = vector
		for {
			if b.peek() == "{" {
				return o, fmt.Errorf("a vector of vectors")
			}
			part, err := b.operand()
			if err != nil {
				return o, err
			}
			o.parts = append(o.parts, part)
			if !b.accept(",") {
				return o, b.expect("}")
			}
		}
	case word == "[":
		return b.addressOperand()
	case word == "-" || word != "" && '0' <= word[0] && word[0] <= '9':
		b.at--
		v, err := b.constant()
		o.kind, o.value = immediate, v
		return o, err
	case word != "" && wordByte(word[0]):
		switch v := b.find(word).(type) {
		case register:
			o.reg = v
			if b.accept("|") {
				name := b.next()
				p, ok := b.find(name).(register)
				if !ok || p.kind != 'p' {
					return o, fmt.Errorf("no predicate %s", name)
				}
				o.pred = p.slot
			}
		case variable:
			o.kind, o.value, o.space = immediate, uint64(v.offset), v.space
		default:
			if slot, ok := b.special(word); ok {
				o.reg = register{typ{'u', 32}, slot, true}
			} else {
				o.kind, o.name = named, word
			}
		}
		return o, nil
	default:
		return o, fmt.Errorf("%q instead of an operand", word)
	}
}

// special returns the register of %tid.x, %ntid.x, %ctaid.x, %nctaid.x (and y, z), %laneid.
func (b *body) special(name string) (int, bool) {
	base, axis, _ := strings.Cut(name, ".")
	switch base {
	case "%tid", "%ntid", "%ctaid", "%nctaid":
		if axis != "x" && axis != "y" && axis != "z" {
			return 0, false
		}
	case "%laneid":
		if axis != "" {
			return 0, false
		}
	default:
		return 0, false
	}
	slot, ok := b.kernel.specials[name]
	if !ok {
		slot = b.kernel.registers
		b.kernel.registers++
		b.kernel.specials[name] = slot
	}
	return slot, true
}

// constant reads an immediate: an integer, or bits of a float as 0f3F800000.
func (b *body) constant() (uint64, error) {
	negative := b.accept("-")
	s := b.next()
	if len(s) == 10 && (s[:2] == "0f" || s[:2] == "0F") && !negative {
		v, err := strconv.ParseUint(s[2:], 16, 32)
		return v, err
	}
	v, err := strconv.ParseUint(strings.TrimSuffix(s, "U"), 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%q instead of a number", s)
	}
	if negative {
		v = -v
	}
	return v, nil
}

// addressOperand reads [%rd1], [%rd1+8], [name+8] behind its bracket.
func (b *body) addressOperand() (operand, error) {
	o := operand{kind: address, base: -1, pred: -1}
	word := b.next()
	switch v := b.find(word).(type) {
	case register:
		if v.kind == 'p' {
			return o, fmt.Errorf("predicate %s is no address", word)
		}
		o.base = v.slot
	case variable:
		o.space, o.offset, o.name, o.bytes = v.space, int64(v.offset), word, v.bytes
	default:
		return o, fmt.Errorf("no %s", word)
	}
	if b.accept("+") {
		v, err := b.constant()
		if err != nil {
			return o, err
		}
		o.offset += int64(v)
	}
	return o, b.expect("]")
}
