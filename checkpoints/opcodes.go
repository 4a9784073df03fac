package checkpoints

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A pickle is a program for a stack machine. gopickle runs it, but gopickle allocates whatever length an
// opcode claims, has no limit on depth or work, and knows operations that no state dict needs. So it reads
// through a guard, which hands out one whole operation at a time, and only after it has held its length
// against what is there and its kind against what a state dict needs.

// The limits are far above what a state dict needs (about 45 operations and 150 bytes for each tensor) and
// keep what a hostile one can take in the low hundreds of megabytes and a few seconds.
const (
	maxPickle  = 8 << 20   // bytes
	maxOps     = 512 << 10 // every operation can make gopickle allocate some 200 bytes
	maxText    = 128 << 10 // bytes of one string: each use as a dict key hashes it anew
	maxNumber  = 64        // digits of a number written out, or bytes of a binary one
	maxMarks   = 1000      // nesting
	maxBuilds  = 64        // BUILD copies a whole dict; a state dict has one, for its _metadata
	opProto    = 0x80
	opGlobal   = 'c'
	opInstance = 'i'
	opBuild    = 'b'
	opMark     = '('
	opFrame    = 0x95
)

// operand says what follows an opcode.
type operand uint8

const (
	refused  operand = iota // the opcode is none, or one no state dict needs
	nothing                 // the opcode stands alone
	fixed1                  // so many bytes
	fixed2                  //
	fixed4                  //
	fixed8                  //
	counted1                // a length of so many bytes, little-endian, and as much text
	counted4                //
	counted8                //
	number1                 // a length of one byte and as much of an integer, at least one byte
	number                  // decimal digits and a newline
	line                    // text and a newline
	lines                   // module and name, each with a newline
	protocol                // one byte, at most 5
)

var operands = func() (t [256]operand) {
	set := func(o operand, codes string) {
		for i := range len(codes) {
			t[codes[i]] = o
		}
	}
	// MARK STOP POP POP_MARK DUP NONE BINPERSID REDUCE APPEND APPENDS BUILD DICT LIST TUPLE SETITEM SETITEMS
	// EMPTY_DICT EMPTY_LIST EMPTY_TUPLE, TUPLE1 TUPLE2 TUPLE3 NEWTRUE NEWFALSE STACK_GLOBAL MEMOIZE
	set(nothing, "(.012NQRaebdltsu}])\x85\x86\x87\x88\x89\x93\x94")
	set(fixed1, "Khq")                               // BININT1 BINGET BINPUT
	set(fixed2, "M")                                 // BININT2
	set(fixed4, "Jjr")                               // BININT LONG_BINGET LONG_BINPUT
	set(fixed8, "G\x95")                             // BINFLOAT FRAME
	set(counted1, "UC\x8c")                          // SHORT_BINSTRING SHORT_BINBYTES SHORT_BINUNICODE
	set(counted4, "TBX")                             // BINSTRING BINBYTES BINUNICODE
	set(counted8, "\x8d\x8e")                        // BINUNICODE8 BINBYTES8
	set(number1, "\x8a")                             // LONG1
	set(number, "FILgp")                             // FLOAT INT LONG GET PUT
	set(line, "SV")                                  // STRING UNICODE
	set(lines, string([]byte{opGlobal, opInstance})) // INST is let this far to name what it asks for
	set(protocol, string([]byte{opProto}))
	return t
}()

// pickleReader is what a pickle is read from.
type pickleReader interface {
	io.Reader
	io.ByteReader
}

// guard is the io.Reader and io.ByteReader from which gopickle takes one pickle.
type guard struct {
	r      pickleReader
	left   int64  // bytes the pickle may still have
	capped bool   // left is what is allowed, not what the file has
	op     []byte // the operation being handed out
	at     int    // how much of it was
	ops    int
	marks  int // how many MARKs are open, at most
	builds int
	err    error // what ended it, for good
}

// newGuard guards the pickle that r begins with; remaining is how many bytes r has.
func newGuard(r pickleReader, remaining int64) *guard {
	return &guard{r: r, left: min(remaining, maxPickle), capped: remaining > maxPickle}
}

func (g *guard) ReadByte() (byte, error) {
	if err := g.fill(); err != nil {
		return 0, err
	}
	g.at++
	return g.op[g.at-1], nil
}

func (g *guard) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := g.fill(); err != nil {
		return 0, err
	}
	n := copy(p, g.op[g.at:])
	g.at += n
	return n, nil
}

// fill reads the next operation when the last is used up.
func (g *guard) fill() error {
	for g.err == nil && g.at == len(g.op) {
		g.op, g.at = g.op[:0], 0
		g.err = g.next()
		if len(g.op) > 0 && g.op[0] == opFrame {
			g.at = len(g.op) // what is in the frame follows as the operations it is; gopickle would take it whole
		}
	}
	return g.err
}

func (g *guard) next() error {
	if g.ops++; g.ops > maxOps {
		return tooMuch("more than %d operations", maxOps)
	}
	code, err := g.take(1)
	if err != nil {
		return err
	}
	return g.operation(code[0])
}

func (g *guard) operation(op byte) error {
	if err := g.count(op); err != nil {
		return err
	}
	switch operands[op] {
	case nothing:
		return nil
	case fixed1, fixed2, fixed4, fixed8:
		_, err := g.take(1 << (operands[op] - fixed1))
		return err
	case counted1:
		return g.counted(1)
	case counted4:
		return g.counted(4)
	case counted8:
		return g.counted(8)
	case number1:
		b, err := g.take(1)
		if err == nil && b[0] == 0 {
			err = errors.New("has a number without digits; copy or download it again")
		}
		if err == nil && b[0] > maxNumber {
			err = tooMuch("a number of %d bytes", b[0])
		}
		if err == nil {
			_, err = g.take(int64(b[0]))
		}
		return err
	case number:
		_, err := g.line(maxNumber)
		return err
	case line:
		_, err := g.line(maxText)
		return err
	case lines:
		return g.global(op)
	case protocol:
		b, err := g.take(1)
		if err == nil && b[0] > 5 {
			err = fmt.Errorf("is a pickle of protocol %d, newer than the 5 known; save it again with an older one", b[0])
		}
		return err
	}
	return fmt.Errorf("has pickle operation 0x%02x, which a state dict does not need; torch.save only model.state_dict()", op)
}

// count keeps the two tallies that bound what the operations can do together.
func (g *guard) count(op byte) error {
	switch op {
	case opMark:
		if g.marks++; g.marks > maxMarks {
			return tooMuch("more than %d levels", maxMarks)
		}
	case '1', 'd', 'e', 'l', 't', 'u': // each closes a mark
		if g.marks--; g.marks < 0 {
			return errors.New("has a pickle that ends a list it never began; copy or download it again")
		}
	case opBuild:
		if g.builds++; g.builds > maxBuilds {
			return tooMuch("more than %d objects with attributes", maxBuilds)
		}
	}
	return nil
}

// counted takes a text whose length stands in the given number of bytes before it.
func (g *guard) counted(width int64) error {
	b, err := g.take(width)
	if err != nil {
		return err
	}
	var wide [8]byte
	copy(wide[:], b)
	n := binary.LittleEndian.Uint64(wide[:])
	if err := g.enough(n); err != nil {
		return err
	}
	if n > maxText {
		return tooMuch("a text of %d bytes", n)
	}
	_, err = g.take(int64(n))
	return err
}

// line takes a text of at most the given length up to a newline, and returns it without that.
func (g *guard) line(most int) ([]byte, error) {
	start := len(g.op)
	for {
		b, err := g.take(1)
		if err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			return g.op[start : len(g.op)-1], nil
		}
		if len(g.op)-start > most {
			return nil, tooMuch("a line of more than %d bytes", most)
		}
	}
}

func (g *guard) global(op byte) error {
	module, err := g.line(maxText)
	if err != nil {
		return err
	}
	m := string(module)
	name, err := g.line(maxText)
	if err != nil {
		return err
	}
	if _, known := torchClasses[m+"."+string(name)]; !known || op == opInstance {
		return &foreignClass{m, string(name)}
	}
	return nil
}

// take reads n more bytes. Its result is good until the next call.
func (g *guard) take(n int64) ([]byte, error) {
	if err := g.enough(uint64(n)); err != nil {
		return nil, err
	}
	g.left -= n
	start := len(g.op)
	if n == 1 {
		b, err := g.r.ReadByte()
		if err != nil {
			return nil, readError(err)
		}
		g.op = append(g.op, b)
		return g.op[start:], nil
	}
	g.op = append(g.op, make([]byte, n)...) // n is at most maxText
	if _, err := io.ReadFull(g.r, g.op[start:]); err != nil {
		return nil, readError(err)
	}
	return g.op[start:], nil
}

// enough says whether n more bytes can be there.
func (g *guard) enough(n uint64) error {
	switch {
	case n <= uint64(g.left):
		return nil
	case g.capped:
		return tooMuch("more than %d bytes", maxPickle)
	}
	return fmt.Errorf("is cut short: its pickle wants %d bytes where %d are left; copy or download it again", n, g.left)
}

// foreignClass is a class or function that a pickle asks for and a state dict does not need.
type foreignClass struct{ module, name string }

func (c *foreignClass) Error() string {
	return fmt.Sprintf("asks for %s, which a state dict does not need; in Python, torch.save model.state_dict() instead of the whole object",
		quote(strings.Trim(c.module+"."+c.name, ".")))
}

func tooMuch(format string, args ...any) error {
	return fmt.Errorf("has a pickle with "+format+", more than a state dict needs; torch.save only model.state_dict()", args...)
}

func readError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("is cut short within its pickle; copy or download it again")
	}
	return fmt.Errorf("cannot be read: %w; copy or download it again", err)
}
