package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"hfcui/checkpoints"
)

// protoTensor is a TensorProto. Its elements are decoded on demand.
type protoTensor struct {
	name     string
	dims     []int
	kind     int      // TensorProto.DataType
	raw      []byte   // raw_data, part of the file
	typed    [][]byte // packed float_data, int32_data, int64_data, double_data or uint64_data
	single   []uint64 // the same, not packed
	external map[string]string
}

// Values of TensorProto.DataType, and the size of an element in raw_data in bytes.
const (
	typeFloat    = 1
	typeUint8    = 2
	typeInt8     = 3
	typeUint16   = 4
	typeInt16    = 5
	typeInt32    = 6
	typeInt64    = 7
	typeBool     = 9
	typeFloat16  = 10
	typeDouble   = 11
	typeUint32   = 12
	typeUint64   = 13
	typeBFloat16 = 16
)

var typeBytes = map[int]int{
	typeFloat: 4, typeUint8: 1, typeInt8: 1, typeUint16: 2, typeInt16: 2, typeInt32: 4, typeInt64: 8, typeBool: 1,
	typeFloat16: 2, typeDouble: 8, typeUint32: 4, typeUint64: 8, typeBFloat16: 2,
}

// floating reports whether a type is a floating-point type.
func floating(kind int) bool {
	return kind == typeFloat || kind == typeFloat16 || kind == typeDouble || kind == typeBFloat16
}

func readTensor(b []byte) (*protoTensor, error) {
	t := new(protoTensor)
	err := fields(b, func(fd field) error {
		switch fd.num {
		case 1:
			return fd.numbers(func(v uint64) error {
				if len(t.dims) == maxRank || v > math.MaxInt32 {
					return fmt.Errorf("tensor %.40q has invalid dimensions", t.name)
				}
				t.dims = append(t.dims, int(v))
				return nil
			})
		case 2:
			t.kind = int(min(fd.v, math.MaxInt32))
		case 4, 5, 7, 10, 11:
			if fd.typ == protowire.BytesType {
				t.typed = append(t.typed, fd.data)
			} else {
				t.single = append(t.single, fd.v)
			}
			return within(max(len(t.typed), len(t.single)))
		case 8:
			t.name = string(fd.data)
		case 9:
			t.raw = fd.data
		case 13:
			key, value, err := readEntry(fd.data)
			if t.external == nil {
				t.external = make(map[string]string)
			}
			if len(t.external) < 100 {
				t.external[key] = value
			}
			return err
		}
		return nil
	})
	return t, err
}

// count returns the number of elements, or an error if dims are invalid or too large.
func (t *protoTensor) count() (int, error) {
	n := 1
	for _, d := range t.dims {
		if d > 0 && n > math.MaxInt32/d {
			return 0, fmt.Errorf("tensor %.60q of %v is larger than 2 GB", t.name, t.dims)
		}
		n *= d
	}
	return n, nil
}

// decode calls f for every element.
func (t *protoTensor) decode(open func(name string) (Data, error), f func(i int, v float64)) error {
	n, err := t.count()
	if err != nil {
		return err
	}
	size, ok := typeBytes[t.kind]
	if !ok {
		return fmt.Errorf("tensor %.60q has unsupported data type %d: export the model in float32", t.name, t.kind)
	}
	raw := t.raw
	if t.external != nil {
		if raw, err = t.readExternal(open, n*size); err != nil {
			return fmt.Errorf("tensor %.60q: %w", t.name, err)
		}
	}
	if raw != nil || t.external != nil {
		if len(raw) != n*size {
			return fmt.Errorf("tensor %.60q of %v has %d bytes, not %d", t.name, t.dims, len(raw), n*size)
		}
		for i := range n {
			f(i, rawNumber(t.kind, raw[i*size:]))
		}
		return nil
	}
	return t.decodeTyped(n, f)
}

// rawNumber decodes an element of raw_data.
func rawNumber(kind int, b []byte) float64 {
	le := binary.LittleEndian
	switch kind {
	case typeFloat:
		return float64(math.Float32frombits(le.Uint32(b)))
	case typeDouble:
		return math.Float64frombits(le.Uint64(b))
	case typeFloat16:
		return float64(checkpoints.Half(le.Uint16(b)))
	case typeBFloat16:
		return float64(math.Float32frombits(uint32(le.Uint16(b)) << 16))
	case typeInt64:
		return float64(int64(le.Uint64(b)))
	case typeUint64:
		return float64(le.Uint64(b))
	case typeInt32:
		return float64(int32(le.Uint32(b)))
	case typeUint32:
		return float64(le.Uint32(b))
	case typeInt16:
		return float64(int16(le.Uint16(b)))
	case typeUint16:
		return float64(le.Uint16(b))
	case typeInt8:
		return float64(int8(b[0]))
	}
	return float64(b[0])
}

// decodeTyped decodes float_data and the other typed fields.
func (t *protoTensor) decodeTyped(n int, f func(i int, v float64)) error {
	i := 0
	put := func(v uint64) error {
		if i == n {
			return fmt.Errorf("tensor %.60q of %v has too many elements", t.name, t.dims)
		}
		f(i, typedNumber(t.kind, v))
		i++
		return nil
	}
	for _, v := range t.single {
		if err := put(v); err != nil {
			return err
		}
	}
	for _, b := range t.typed {
		for len(b) > 0 {
			var v uint64
			var used int
			switch t.kind {
			case typeFloat:
				var w uint32
				w, used = protowire.ConsumeFixed32(b)
				v = uint64(w)
			case typeDouble:
				v, used = protowire.ConsumeFixed64(b)
			default:
				v, used = protowire.ConsumeVarint(b)
			}
			if used < 0 {
				return errTorn
			}
			b = b[used:]
			if err := put(v); err != nil {
				return err
			}
		}
	}
	if i != n {
		return fmt.Errorf("tensor %.60q of %v has %d elements", t.name, t.dims, i)
	}
	return nil
}

func typedNumber(kind int, v uint64) float64 {
	switch kind {
	case typeFloat:
		return float64(math.Float32frombits(uint32(v)))
	case typeDouble:
		return math.Float64frombits(v)
	case typeFloat16:
		return float64(checkpoints.Half(uint16(v)))
	case typeBFloat16:
		return float64(math.Float32frombits(uint32(v) << 16))
	case typeUint64, typeUint32:
		return float64(v)
	}
	return float64(int64(v))
}

// Data is an open file.
type Data interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// readExternal reads want bytes of a tensor from its external data.
func (t *protoTensor) readExternal(open func(name string) (Data, error), want int) ([]byte, error) {
	location := t.external["location"]
	offset, length := int64(0), int64(want)
	for key, dst := range map[string]*int64{"offset": &offset, "length": &length} {
		if s, ok := t.external[key]; ok {
			v, err := strconv.ParseInt(s, 10, 64)
			if err != nil || v < 0 {
				return nil, fmt.Errorf("invalid %s of external data: %.20q", key, s)
			}
			*dst = v
		}
	}
	if open == nil {
		return nil, errors.New("external data is not available")
	}
	f, err := open(location)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if length != int64(want) || offset > f.Size() || length > f.Size()-offset {
		return nil, fmt.Errorf("%d bytes exceed external data %.60q of %d bytes: copy that file again, too", want, location, f.Size())
	}
	b := make([]byte, want)
	_, err = f.ReadAt(b, offset)
	if err == io.EOF {
		err = nil
	}
	return b, err
}
