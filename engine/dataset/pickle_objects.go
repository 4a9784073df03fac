package dataset

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hfcui/engine/printable"
)

// collect builds a tuple, list or dict from values on the stack.
func (u *unpickler) collect(op byte) error {
	var items []any
	switch op {
	case 't', 'l', 'd':
		above, err := u.popTo()
		if err != nil {
			return err
		}
		items = append(items, above...)
	default: // TUPLE1 to TUPLE3
		n := int(op) - 0x84
		if len(u.stack) < n {
			return errPickle
		}
		items = append(items, u.stack[len(u.stack)-n:]...)
		u.stack = u.stack[:len(u.stack)-n]
	}
	if op == 'd' {
		d := &pyDict{}
		if err := d.set(items); err != nil {
			return err
		}
		return u.push(d)
	}
	return u.push(&pyList{items})
}

// extend runs APPEND, APPENDS, SETITEM or SETITEMS.
func (u *unpickler) extend(op byte) (err error) {
	var items []any
	switch op {
	case 'e', 'u':
		items, err = u.popTo()
	default:
		n := 1
		if op == 's' {
			n = 2
		}
		if len(u.stack) < n {
			return errPickle
		}
		items = u.stack[len(u.stack)-n:]
		u.stack = u.stack[:len(u.stack)-n]
	}
	if err != nil || len(u.stack) == 0 {
		return errPickle
	}
	switch to := u.stack[len(u.stack)-1].(type) {
	case *pyList:
		if op == 'a' || op == 'e' {
			to.items = append(to.items, items...)
			return nil
		}
	case *pyDict:
		if op == 's' || op == 'u' {
			return to.set(items)
		}
	}
	return errPickle
}

// set adds alternating keys and values.
func (d *pyDict) set(items []any) error {
	if len(items)%2 != 0 {
		return errPickle
	}
	for i := 0; i < len(items); i += 2 {
		d.keys = append(d.keys, items[i])
		d.values = append(d.values, items[i+1])
	}
	return nil
}

// get returns the last value set for a text key.
func (d *pyDict) get(key string) (any, bool) {
	for i := len(d.keys) - 1; i >= 0; i-- {
		if b, ok := d.keys[i].(*blob); ok && b.bytes != nil && string(b.bytes) == key {
			return d.values[i], true
		}
	}
	return nil, false
}

// remember runs MEMOIZE, BINPUT or LONG_BINPUT. Picklers use memo indices in order, so gaps are
// rejected, which bounds the memo.
func (u *unpickler) remember(op byte) error {
	at := uint64(len(u.memo))
	var err error
	if op != 0x94 {
		at, err = u.in.uint(lengthOf(op))
	}
	if err != nil {
		return err
	}
	// Python 2's pickler numbers from 1.
	if len(u.stack) == 0 || at > uint64(len(u.memo))+1 || len(u.memo) > maxPickleValues {
		return errPickle
	}
	for uint64(len(u.memo)) <= at {
		u.memo = append(u.memo, nil)
	}
	u.memo[at] = u.stack[len(u.stack)-1]
	return nil
}

// recall runs BINGET or LONG_BINGET.
func (u *unpickler) recall(op byte) error {
	at, err := u.in.uint(lengthOf(op))
	if err != nil {
		return err
	}
	if at >= uint64(len(u.memo)) {
		return errPickle
	}
	return u.push(u.memo[at])
}

// name runs GLOBAL or STACK_GLOBAL. The allowed names are the constructors of numpy arrays and of
// bytes; numpy 2 has renamed its own.
func (u *unpickler) name(op byte) error {
	var module, name string
	if op == 'c' {
		var err error
		if module, err = u.in.line(); err != nil {
			return err
		}
		if name, err = u.in.line(); err != nil {
			return err
		}
	} else {
		b, _ := u.pop()
		a, _ := u.pop()
		first, ok := a.(*blob)
		second, ok2 := b.(*blob)
		if !ok || !ok2 {
			return errPickle
		}
		module, name = first.String(), second.String()
	}
	full := pyName(strings.Replace(module, "numpy._core.", "numpy.core.", 1) + " " + name)
	switch full {
	case "numpy ndarray", "numpy dtype", "numpy.core.multiarray _reconstruct", "numpy.core.numeric _frombuffer", "_codecs encode":
		return u.push(full)
	}
	return fmt.Errorf("unexpected global %q", printable.Line(shorten(module+"."+name)))
}

func shorten(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// reduce runs REDUCE: an allowed name and its arguments become a value.
func (u *unpickler) reduce() error {
	a, _ := u.pop()
	f, err := u.pop()
	if err != nil {
		return err
	}
	args, ok := a.(*pyList)
	if !ok {
		return errPickle
	}
	switch f {
	case pyName("numpy.core.multiarray _reconstruct"):
		return u.push(&pyArray{}) // a later BUILD fills it
	case pyName("numpy dtype"):
		if len(args.items) > 0 {
			if code, ok := args.items[0].(*blob); ok && len(code.bytes) < 16 {
				return u.push(&pyDtype{code.String()})
			}
		}
	case pyName("numpy.core.numeric _frombuffer"):
		if len(args.items) == 4 {
			return u.frombuffer(args.items)
		}
	case pyName("_codecs encode"):
		if len(args.items) == 2 {
			return u.encode(args.items)
		}
	}
	return errPickle
}

// frombuffer takes numpy's (buffer, dtype, shape, order).
func (u *unpickler) frombuffer(args []any) error {
	array := &pyArray{}
	if order, ok := args[3].(*blob); !ok || order.String() != "C" {
		return errors.New("an array in Fortran order")
	}
	if err := array.fill(args[2], args[1], args[0]); err != nil {
		return err
	}
	return u.push(array)
}

// encode takes (text, "latin1"): how python 3 writes bytes in protocol 2.
func (u *unpickler) encode(args []any) error {
	text, ok := args[0].(*blob)
	codec, ok2 := args[1].(*blob)
	if !ok || !ok2 || text.bytes == nil || codec.String() != "latin1" {
		return errPickle
	}
	if err := u.spend(text.size); err != nil {
		return err
	}
	out := make([]byte, 0, utf8.RuneCount(text.bytes))
	for _, r := range text.String() {
		if r > 255 {
			return errPickle
		}
		out = append(out, byte(r))
	}
	return u.push(&blob{bytes: out, size: int64(len(out))})
}

// build runs BUILD: it sets the state of an array or a dtype.
func (u *unpickler) build() error {
	s, _ := u.pop()
	state, ok := s.(*pyList)
	if !ok || len(u.stack) == 0 {
		return errPickle
	}
	switch to := u.stack[len(u.stack)-1].(type) {
	case *pyDtype: // byte order, fields and sizes: irrelevant for single bytes
		return nil
	case *pyArray: // version, shape, dtype, whether Fortran order, data
		if len(state.items) != 5 {
			return errPickle
		}
		if fortran, ok := state.items[3].(bool); !ok || fortran {
			return errors.New("an array in Fortran order")
		}
		return to.fill(state.items[1], state.items[2], state.items[4])
	}
	return errPickle
}

// fill sets an array's shape, type and data.
func (a *pyArray) fill(shape, dtype, data any) error {
	dims, ok := shape.(*pyList)
	kind, ok2 := dtype.(*pyDtype)
	bytes, ok3 := data.(*blob)
	if !ok || !ok2 || !ok3 || len(dims.items) > 8 {
		return errPickle
	}
	a.shape = nil
	for _, d := range dims.items {
		n, ok := d.(int64)
		if !ok || n < 0 {
			return errPickle
		}
		a.shape = append(a.shape, n)
	}
	a.dtype, a.data = kind.code, bytes
	return nil
}
