package ptx

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Module is a parsed module.
type Module struct {
	Version, Target string // "7.0", "sm_80"
	Kernels         map[string]*Kernel

	shared map[string]variable // declared outside of kernels
}

// Names returns the names of the kernels in alphabetical order.
func (m *Module) Names() []string { return slices.Sorted(maps.Keys(m.Kernels)) }

// Param is a parameter of a kernel, in bytes.
type Param struct{ Offset, Bytes int }

// Kernel is an entry point.
type Kernel struct {
	Name       string
	Params     []Param
	MaxThreads int // in a group, as declared; 0 if not
	Shared     int // bytes of shared memory of a group
	Local      int // bytes of local memory of a thread

	code      []instruction
	registers int            // 64 bits for each of the 32 threads of a warp
	preds     int            // one bit for each
	barriers  bool           // has any
	constants map[uint64]int // registers that hold a constant, by value
	specials  map[string]int // registers that hold %tid.x and the like
	granule   int            // bytes of the smallest store to global memory; 0 without one
	granuleS  int            // the same of shared memory
}

const (
	maxRegisters = 1 << 15
	maxShared    = 227 << 10
	maxLocal     = 1 << 16
	maxParams    = 4096 // bytes
	maxThreads   = 1024
)

// variable is a place in shared or local memory, or a parameter.
type variable struct {
	space  string
	offset int
	bytes  int
	align  int
}

// bytesOf is the size of all parameters.
func (k *Kernel) paramBytes() int {
	if len(k.Params) == 0 {
		return 0
	}
	last := k.Params[len(k.Params)-1]
	return last.Offset + last.Bytes
}

// parser reads the tokens of a module.
type parser struct {
	tokens []token
	at     int
	wrong  int // line of an error that was found later, 0 otherwise
	module *Module
}

// Parse reads the text of a module.
func Parse(text string) (*Module, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, fmt.Errorf("PTX: %w", err)
	}
	p := &parser{tokens: tokens, module: &Module{Kernels: map[string]*Kernel{}, shared: map[string]variable{}}}
	for p.at < len(p.tokens) {
		if err := p.declaration(); err != nil {
			return nil, fmt.Errorf("PTX: line %d: %w", p.line(), err)
		}
	}
	return p.module, nil
}

// line is that of the last token read, or of an error found later.
func (p *parser) line() int {
	if p.wrong > 0 {
		return p.wrong
	}
	if len(p.tokens) == 0 {
		return 1
	}
	return p.tokens[min(max(p.at-1, 0), len(p.tokens)-1)].line
}

// peek returns the next token, "" at the end.
func (p *parser) peek() string { return p.peekAt(0) }

func (p *parser) peekAt(ahead int) string {
	if p.at+ahead >= len(p.tokens) {
		return ""
	}
	return p.tokens[p.at+ahead].text
}

func (p *parser) next() string {
	s := p.peek()
	p.at++
	return s
}

func (p *parser) accept(s string) bool {
	if p.peek() != s {
		return false
	}
	p.at++
	return true
}

func (p *parser) expect(s string) error {
	if got := p.next(); got != s {
		return fmt.Errorf("%q instead of %q", got, s)
	}
	return nil
}

// number reads a size or count from 0 to limit.
func (p *parser) number(limit int) (int, error) {
	s := p.next()
	n, err := strconv.ParseUint(s, 0, 31)
	if err != nil || int(n) > limit {
		return 0, fmt.Errorf("%q instead of a number up to %d", s, limit)
	}
	return int(n), nil
}

// skip reads up to a semicolon.
func (p *parser) skip() {
	for p.at < len(p.tokens) && p.next() != ";" {
	}
}

func (p *parser) declaration() error {
	switch word := p.next(); word {
	case ".version":
		p.module.Version = p.next()
	case ".target":
		p.module.Target = p.next()
		for p.accept(",") {
			p.next()
		}
	case ".address_size":
		if p.next() != "64" {
			return fmt.Errorf("only 64-bit addresses are supported")
		}
	case ".visible", ".weak":
	case ".entry":
		return p.kernel()
	case ".shared":
		name, v, err := p.variable("shared")
		if err == nil {
			p.module.shared[name] = v
		}
		return err
	default:
		return fmt.Errorf("%q is not supported", word)
	}
	return nil
}

// variable reads a declaration such as .align 16 .b8 tiles[1024]; behind its state space.
func (p *parser) variable(space string) (string, variable, error) {
	v := variable{space: space, align: 1}
	var err error
	if p.accept(".align") {
		if v.align, err = p.number(1024); err != nil {
			return "", v, err
		}
		if v.align == 0 || v.align&(v.align-1) != 0 {
			return "", v, fmt.Errorf("an alignment of %d", v.align)
		}
	}
	word := p.next()
	t, ok := parseType(strings.TrimPrefix(word, "."))
	if !ok || t.kind == 'p' {
		return "", v, fmt.Errorf("%q instead of a type", word)
	}
	name := p.next()
	v.bytes, v.align = t.bytes(), max(v.align, t.bytes())
	limit := maxShared
	for p.accept("[") {
		n, err := p.number(limit)
		if err != nil {
			return "", v, err
		}
		if v.bytes *= n; v.bytes > limit {
			return "", v, fmt.Errorf("%s has %d bytes; at most %d are supported", name, v.bytes, limit)
		}
		if err := p.expect("]"); err != nil {
			return "", v, err
		}
	}
	return name, v, p.expect(";")
}

// kernel reads an entry point behind the word .entry.
func (p *parser) kernel() error {
	k := &Kernel{Name: p.next(), constants: map[uint64]int{}, specials: map[string]int{}, preds: 2}
	if k.Name == "" || p.module.Kernels[k.Name] != nil {
		return fmt.Errorf("a second kernel %q", k.Name)
	}
	b := &body{parser: p, kernel: k, labels: map[string]int{}, tables: map[string][]string{}}
	b.scopes = []map[string]any{{}}
	if p.accept("(") {
		for !p.accept(")") {
			if err := b.param(); err != nil {
				return err
			}
			p.accept(",")
		}
	}
	for !p.accept("{") {
		switch word := p.next(); word {
		case ".maxntid", ".reqntid":
			n, err := p.number(maxThreads)
			for err == nil && p.accept(",") {
				var more int
				more, err = p.number(maxThreads)
				n *= more
			}
			if err != nil || n > maxThreads {
				return fmt.Errorf("%s: a group has at most %d threads", word, maxThreads)
			}
			k.MaxThreads = n
		case ".minnctapersm", ".maxnreg":
			p.next()
		default:
			return fmt.Errorf("%q is not supported", word)
		}
	}
	if err := b.read(); err != nil {
		return err
	}
	p.module.Kernels[k.Name] = k
	return nil
}

// param reads .param .u64 .ptr .align 1 name, or .param .align 4 .b8 name[8].
func (b *body) param() error {
	if err := b.expect(".param"); err != nil {
		return err
	}
	bytes, align, name := 0, 1, ""
	for name == "" {
		switch word := b.next(); word {
		case ".align":
			if _, err := b.number(1024); err != nil {
				return err
			}
		case ".ptr", ".global", ".shared", ".const", ".local":
		default:
			if t, ok := parseType(strings.TrimPrefix(word, ".")); ok && word[0] == '.' && t.kind != 'p' {
				bytes, align = t.bytes(), t.bytes()
			} else if name = word; word == "" || word[0] == '.' || bytes == 0 {
				return fmt.Errorf("parameter %q is not supported", word)
			}
		}
	}
	k := b.kernel
	at := (k.paramBytes() + align - 1) / align * align
	if at+bytes > maxParams {
		return fmt.Errorf("more than %d bytes of parameters", maxParams)
	}
	k.Params = append(k.Params, Param{at, bytes})
	b.scopes[0][name] = variable{space: "param", offset: at, bytes: bytes}
	return nil
}
