package checkpoints

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A pickle (https://docs.python.org/3/library/pickletools.html) is a program for a stack machine.
// This one supports all operations of protocols 0 to 5 but executes nothing: classes and functions
// are names, and calling one returns an object with its arguments, except for the few that create
// dicts, arrays and tensors (see calls.go). A file may therefore contain an nn.Module, an
// argparse.Namespace or os.system.

const (
	maxValues = 32 << 20 // estimated memory of values beyond their text, in bytes
	maxMarks  = 10_000   // nesting
	maxNumber = 64       // digits of a decimal number, or bytes of a binary one
	perOp     = 32       // bytes of a stack slot and a number
	perValue  = 64       // additional bytes of an empty dict, list or object
	perItem   = 16       // bytes of an item of a tuple
	opProto   = 0x80
)

// Values are nil, bool, int, float64, *big.Int, string, rawBytes, tuple, *list, *dict, *class,
// *object, and results of calls: *tensorRef, *storageView, *array, *elementType.
type (
	rawBytes []byte
	tuple    []any
	list     struct{ items []any }
	class    struct{ module, name string }
	// dict keeps its items in order. Of equal keys the last one wins.
	dict struct{ keys, values []any }
	// object is an instance of a class or the result of a function, neither of which is executed.
	object struct {
		of    *class
		args  tuple
		state any
		dict  // items, for subclasses of dict
	}
)

func (c *class) String() string { return strings.Trim(c.module+"."+c.name, ".") }

func (d *dict) set(items []any) error {
	if len(items)%2 != 0 {
		return errMalformed
	}
	for i := 0; i < len(items); i += 2 {
		d.keys, d.values = append(d.keys, items[i]), append(d.values, items[i+1])
	}
	return nil
}

// get returns the value of a string key; nil if there is none.
func (d *dict) get(key string) any {
	for i := len(d.keys) - 1; i >= 0; i-- {
		if d.keys[i] == key {
			return d.values[i]
		}
	}
	return nil
}

// unpickler executes the pickles of a file and collects the storages they refer to.
type unpickler struct {
	storages map[string]*storage
	size     int64 // of the file
	depth    int   // of nested files
	spent    int64 // bytes, as estimated
	copied   int64 // bytes of text converted
}

// spend counts memory against its limit.
func (u *unpickler) spend(n int64) error {
	if u.spent += n; u.spent > maxValues {
		return errors.New("has a pickle with too many values; torch.save only model.state_dict()")
	}
	return nil
}

// copy limits converted text: each byte of a file may be converted at most twice.
func (u *unpickler) copy(n int) error {
	if u.copied += int64(n); u.copied > 2*u.size {
		return errors.New("has a pickle that copies its data repeatedly; torch.save only model.state_dict()")
	}
	return nil
}

// machine runs one pickle.
type machine struct {
	*unpickler
	in      pickleInput
	stack   []any
	marks   []int // lengths of the stack
	memo    []any
	far     map[int]any // memo indices out of order
	classes map[string]*class
}

var errMalformed = errors.New("contains a malformed pickle; copy or download it again")

// load runs the pickle at the start of r and returns its value, without reading storages. remaining
// is the number of bytes of r.
func (u *unpickler) load(r pickleReader, remaining int64) (any, error) {
	m := &machine{unpickler: u, in: pickleInput{r: r, left: remaining}, classes: map[string]*class{}}
	for {
		op, err := m.in.byte()
		if err != nil {
			return nil, err
		}
		if err := u.spend(perOp); err != nil {
			return nil, err
		}
		if op == '.' {
			return m.pop()
		}
		if err := m.step(op); err != nil {
			return nil, err
		}
	}
}

func (m *machine) push(v any) error {
	m.stack = append(m.stack, v)
	return nil
}

// floor returns the lower end of the stack for an operation.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (any, error) {
	top, err := m.popN(1)
	if err != nil {
		return nil, err
	}
	return top[0], nil
}

// popN pops n values. The result is valid until the next push.
func (m *machine) popN(n int) ([]any, error) {
	at := len(m.stack) - n
	if at < m.floor() {
		return nil, errMalformed
	}
	top := m.stack[at:]
	m.stack = m.stack[:at]
	return top, nil
}

// popMark pops the last mark and the values above it, and returns these. The result is valid until
// the next push.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("has a pickle with an unbalanced mark; copy or download it again")
	}
	at := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	top := m.stack[at:]
	m.stack = m.stack[:at]
	return top, nil
}

// top returns the top value without popping it.
func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errMalformed
	}
	return m.stack[len(m.stack)-1], nil
}

// step runs one operation.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		version, err := m.in.byte()
		if err == nil && version > 5 {
			err = fmt.Errorf("is a pickle of protocol %d, newer than the supported 5; save it again with an older one", version)
		}
		return err
	case 0x95: // FRAME: its operations follow
		_, err := m.in.fixed(8)
		return err
	case '(':
		if len(m.marks) >= maxMarks {
			return fmt.Errorf("has a pickle with more than %d levels; torch.save only model.state_dict()", maxMarks)
		}
		m.marks = append(m.marks, len(m.stack))
		return nil
	case '0', '1', '2':
		return m.discard(op)
	case 'N':
		return m.push(nil)
	case 0x88, 0x89:
		return m.push(op == 0x88)
	case 'F', 'I', 'L', 'J', 'K', 'M', 'G', 0x8a, 0x8b:
		return m.number(op)
	case 'S', 'V', 'T', 'U', 'X', 0x8c, 0x8d, 'B', 'C', 0x8e, 0x96:
		return m.text(op)
	case 'p', 'q', 'r', 0x94, 'g', 'h', 'j':
		return m.memory(op)
	case 'c', 0x93, 'i', 'o', 0x81, 0x92, 'R', 'b', 'P', 'Q':
		return m.call(op)
	case ')', 't', 0x85, 0x86, 0x87, ']', 'l', 0x8f, 0x91, '}', 'd', 'a', 'e', 's', 'u', 0x90:
		return m.collect(op)
	}
	return fmt.Errorf("has pickle operation 0x%02x, which is not supported; copy or download it again", op)
}

// discard runs POP, POP_MARK and DUP.
func (m *machine) discard(op byte) error {
	switch op {
	case '0':
		if len(m.stack) == m.floor() && len(m.marks) > 0 {
			m.marks = m.marks[:len(m.marks)-1]
			return nil
		}
		_, err := m.popN(1)
		return err
	case '1':
		_, err := m.popMark()
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	return m.push(v)
}

// memory runs PUT, BINPUT, LONG_BINPUT, MEMOIZE, GET, BINGET and LONG_BINGET.
func (m *machine) memory(op byte) error {
	at := len(m.memo)
	switch op {
	case 'p', 'g':
		b, err := m.in.line(maxNumber)
		if err != nil {
			return err
		}
		if at, err = strconv.Atoi(string(b)); err != nil || at < 0 {
			return errMalformed
		}
	case 'q', 'h', 'r', 'j':
		width := 1
		if op == 'r' || op == 'j' {
			width = 4
		}
		n, err := m.in.length(width)
		if err != nil {
			return err
		}
		at = int(n)
	}
	if op == 'g' || op == 'h' || op == 'j' {
		if at < len(m.memo) {
			return m.push(m.memo[at])
		}
		v, ok := m.far[at]
		if !ok {
			return errMalformed
		}
		return m.push(v)
	}
	return m.remember(at)
}

func (m *machine) remember(at int) error {
	v, err := m.top()
	switch {
	case err != nil:
		return err
	case at < len(m.memo):
		m.memo[at] = v
	case at == len(m.memo):
		m.memo = append(m.memo, v)
	default:
		if m.far == nil {
			m.far = map[int]any{}
		}
		m.far[at] = v
		return m.spend(perValue)
	}
	return nil
}

// collect runs the operations that create and fill tuples, lists, sets and dicts.
func (m *machine) collect(op byte) error {
	switch op {
	case ')':
		return m.push(tuple{})
	case 't':
		items, err := m.popMark()
		if err != nil {
			return err
		}
		return m.pushTuple(items)
	case 0x85, 0x86, 0x87:
		items, err := m.popN(int(op) - 0x84)
		if err != nil {
			return err
		}
		return m.pushTuple(items)
	case ']', 0x8f:
		return errors.Join(m.spend(perValue), m.push(&list{}))
	case '}':
		return errors.Join(m.spend(perValue), m.push(&dict{}))
	case 'l', 0x91:
		items, err := m.popMark()
		if err != nil {
			return err
		}
		return errors.Join(m.spend(perValue), m.push(&list{append([]any(nil), items...)}))
	case 'd':
		items, err := m.popMark()
		if err != nil {
			return err
		}
		d := &dict{}
		if err := d.set(items); err != nil {
			return err
		}
		return errors.Join(m.spend(perValue), m.push(d))
	}
	return m.fill(op)
}

func (m *machine) pushTuple(items []any) error {
	if err := m.spend(int64(len(items))*perItem + perValue); err != nil {
		return err
	}
	return m.push(tuple(append([]any(nil), items...)))
}

// fill runs APPEND, APPENDS, ADDITEMS, SETITEM and SETITEMS.
func (m *machine) fill(op byte) (err error) {
	var items []any
	switch op {
	case 'a':
		items, err = m.popN(1)
	case 's':
		items, err = m.popN(2)
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	to, err := m.top()
	if err != nil {
		return err
	}
	pairs := op == 's' || op == 'u'
	switch to := to.(type) {
	case *list:
		if !pairs {
			to.items = append(to.items, items...)
			return nil
		}
	case *dict:
		if pairs {
			return to.set(items)
		}
	case *object: // of a subclass of list or dict
		if pairs {
			return to.set(items)
		}
		return nil
	}
	return errMalformed
}

// readError reports that a pickle is truncated or cannot be read.
func readError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("is truncated within its pickle; copy or download it again")
	}
	return fmt.Errorf("cannot be read: %w; copy or download it again", err)
}
