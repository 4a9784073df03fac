package checkpoints

import (
	"errors"
	"fmt"
)

// array is a NumPy array.
type array struct {
	shape tuple
	dtype *dtype
	of    string // name of the element type, for errors
	data  []byte
	swap  bool  // column-major
	items []any // elements of an array of objects
}

// elementType is a numpy.dtype.
type elementType struct {
	code  string
	order string // "<" little-endian, ">" big-endian, "|" either
}

// numpyTypes maps NumPy's type codes to element types.
var numpyTypes = map[string]*dtype{
	"f8": float64Type, "f4": float32Type, "f2": float16Type, "i8": int64Type, "i4": int32Type, "i2": int16Type, "i1": int8Type,
	"u8": uint64Type, "u4": uint32Type, "u2": uint16Type, "u1": uint8Type, "b1": boolType, "?": boolType,
}

func makeElementType(_ *unpickler, args tuple) (any, error) {
	if len(args) > 0 {
		if code, ok := args[0].(string); ok {
			return newElementType(code), nil
		}
	}
	return &elementType{code: "unknown"}, nil
}

func newElementType(code string) *elementType {
	if len(code) > 1 && (code[0] == '<' || code[0] == '>' || code[0] == '|' || code[0] == '=') {
		return &elementType{code[1:], code[:1]}
	}
	return &elementType{code, "<"}
}

// setState takes (version, byte order, …).
func (e *elementType) setState(state any) error {
	if t, ok := state.(tuple); ok && len(t) > 1 {
		if order, ok := t[1].(string); ok {
			e.order = order
		}
	}
	return nil
}

// makeArray returns an array whose state is set later.
func makeArray(*unpickler, tuple) (any, error) { return &array{}, nil }

// setState takes (version, shape, dtype, column-major, bytes or list of objects).
func (a *array) setState(state any) error {
	t, ok := state.(tuple)
	if !ok || len(t) != 5 {
		return errMalformed
	}
	shape, isShape := t[1].(tuple)
	kind, isType := t[2].(*elementType)
	swap, isBool := t[3].(bool)
	if !isShape || !isType || !isBool {
		return errMalformed
	}
	return a.set(shape, kind, swap, t[4])
}

func (a *array) set(shape tuple, kind *elementType, swap bool, data any) error {
	a.shape, a.swap, a.of, a.dtype = shape, swap, kind.code, numpyTypes[kind.code]
	if kind.order == ">" {
		a.dtype = nil
	}
	switch data := data.(type) {
	case rawBytes:
		a.data = data
	case string: // Python 2
		a.data = []byte(data)
	case *list:
		a.items = data.items
	}
	return nil
}

// arrayFromBuffer implements _frombuffer(bytes, dtype, shape, order) of protocol 5.
func arrayFromBuffer(_ *unpickler, args tuple) (any, error) {
	if len(args) != 4 {
		return nil, errMalformed
	}
	kind, isType := args[1].(*elementType)
	shape, isShape := args[2].(tuple)
	if !isType || !isShape {
		return nil, errMalformed
	}
	a := &array{}
	return a, a.set(shape, kind, args[3] == "F", args[0])
}

// tensor returns the array as a tensor with its own storage; nil if its elements are not numeric.
func (a *array) tensor() (*tensorRef, error) {
	if a.dtype == nil {
		return nil, nil
	}
	dims, ok := integers(a.shape)
	if !ok || len(dims) > maxRank {
		return nil, errMalformed
	}
	shape, stride := make([]int, len(dims)), make([]int64, len(dims))
	for i, d := range dims {
		shape[i] = int(d)
	}
	n, ok := elements(shape)
	if size := int64(a.dtype.size); !ok || n*size != int64(len(a.data)) {
		return nil, fmt.Errorf("has an array of shape %v in %d bytes; copy or download it again", shape, len(a.data))
	}
	step := int64(1)
	for i := range dims {
		at := len(dims) - 1 - i
		if a.swap {
			at = i
		}
		stride[at] = step
		step *= max(dims[at], 1)
	}
	data := a.data
	if data == nil {
		data = []byte{}
	}
	return &tensorRef{storage: &storage{key: "of an array", dtype: a.dtype, size: n, data: data}, shape: shape, stride: stride}, nil
}

var errObjects = errors.New("contains arrays of objects; torch.save model.state_dict()")
