package checkpoints

import (
	"errors"
	"fmt"
	"strings"
)

// storageTypes maps classes of typed storages to element types; complex and quantized ones are not
// supported.
var storageTypes = map[string]*dtype{
	"DoubleStorage": float64Type, "FloatStorage": float32Type, "HalfStorage": float16Type, "BFloat16Storage": bfloat16Type,
	"LongStorage": int64Type, "IntStorage": int32Type, "ShortStorage": int16Type, "CharStorage": int8Type,
	"ByteStorage": uint8Type, "BoolStorage": boolType,
}

// torchTypes maps PyTorch's dtypes, as in tensors over untyped storages, to element types.
var torchTypes = map[string]*dtype{
	"float64": float64Type, "double": float64Type, "float32": float32Type, "float": float32Type, "float16": float16Type, "half": float16Type,
	"bfloat16": bfloat16Type, "int64": int64Type, "long": int64Type, "int32": int32Type, "int16": int16Type, "int8": int8Type,
	"uint8": uint8Type, "bool": boolType, "uint16": uint16Type, "uint32": uint32Type, "uint64": uint64Type,
	"float8_e4m3fn": float8E4M3Type, "float8_e5m2": float8E5M2Type,
}

// storage is a contiguous array that tensors refer to. Its position depends on the format, unless
// data has its bytes.
type storage struct {
	key   string
	dtype *dtype // nil if untyped; size is then in bytes
	size  int64  // elements
	data  []byte
}

// bytes returns the storage's size in a file in bytes.
func (s *storage) bytes() int64 {
	if s.dtype == nil {
		return s.size
	}
	return s.size * int64(s.dtype.size)
}

// fits reports whether the storage fits into room bytes.
func (s *storage) fits(room int64) bool {
	if s.dtype == nil {
		return s.size <= room
	}
	return s.size <= room/int64(s.dtype.size)
}

// storageView is the part of a storage that tensors' offsets are relative to: all of it, except in
// files of PyTorch before 0.4.
type storageView struct {
	*storage
	offset, size int64 // elements
}

// tensorRef is a tensor before its data is read. Its elements are inside its storage.
type tensorRef struct {
	storage *storage
	offset  int64
	shape   []int
	stride  []int64
}

var errStorage = errors.New("refers to a storage in an unknown format; torch.save it again with a current PyTorch")

// persistentLoad returns the storage of ("storage", class, key, location, size), in the legacy format
// with a sixth element, None or (key of the view, offset, size). For a class saved with its source,
// ("module", class, file, source), it returns the class.
func (u *unpickler) persistentLoad(id any) (any, error) {
	t, ok := id.(tuple)
	if ok && len(t) == 4 && t[0] == "module" {
		return t[1], nil
	}
	if !ok || len(t) < 5 || len(t) > 6 || t[0] != "storage" {
		return nil, errStorage
	}
	c, isClass := t[1].(*class)
	key, isText := t[2].(string)
	size, isInt := t[4].(int)
	if !isClass || !isText || !isInt || size < 0 {
		return nil, errStorage
	}
	kind, known := storageTypes[c.name]
	if strings.HasPrefix(c.name, "Q") {
		return nil, errQuantized
	}
	if !known && c.name != "UntypedStorage" {
		return nil, fmt.Errorf("has elements of unsupported type %s; convert them with .float() or dequantize() before torch.save", quote(strings.TrimSuffix(c.name, "Storage")))
	}
	st := u.storages[key]
	if st == nil {
		st = &storage{key: key, dtype: kind, size: int64(size)}
		u.storages[key] = st
	}
	if known && (st.dtype != kind || st.size != int64(size)) {
		return nil, fmt.Errorf("has contradictory descriptions of storage %s; copy or download it again", quote(key))
	}
	view := &storageView{st, 0, st.size}
	if len(t) == 6 && t[5] != nil {
		meta, ok := t[5].(tuple)
		var n []int64
		if ok && len(meta) == 3 {
			n, ok = integers(meta[1:])
		}
		if !ok || len(n) != 2 || n[0] > st.size || n[1] > st.size-n[0] {
			return nil, fmt.Errorf("has a view beyond its storage %s; copy or download it again", quote(key))
		}
		view.offset, view.size = n[0], n[1]
	}
	return view, u.spend(2 * perValue)
}

// typed sets an untyped storage's element type to that of its first tensor.
func (v *storageView) typed(name string) error {
	kind := torchTypes[name]
	switch {
	case kind == nil:
		return fmt.Errorf("has elements of unsupported type %s; convert them with .float() before torch.save", quote(name))
	case v.dtype == nil:
		v.dtype, v.storage.size = kind, v.storage.size/int64(kind.size)
	case v.dtype != kind:
		return fmt.Errorf("has contradictory descriptions of storage %s; copy or download it again", quote(v.key))
	}
	v.size = v.storage.size - v.offset
	return nil
}

// rebuildTensor implements torch._utils._rebuild_tensor(storage, offset, size, stride) of PyTorch
// before 0.4; _rebuild_tensor_v2, which adds requires_grad, hooks and, since PyTorch 2, optional
// metadata; and _rebuild_tensor_v3, with the element type before the metadata.
func rebuildTensor(_ *unpickler, args tuple) (any, error) {
	if len(args) < 4 || len(args) > 8 {
		return nil, fmt.Errorf("describes a tensor by %d values; torch.save it again with a current PyTorch", len(args))
	}
	view, isView := args[0].(*storageView)
	offset, isInt := args[1].(int)
	size, isSize := args[2].(tuple)
	stride, isStride := args[3].(tuple)
	if !isView || !isInt || !isSize || !isStride || offset < 0 {
		return nil, errors.New("describes a tensor in an unknown format; torch.save it again with a current PyTorch")
	}
	for _, arg := range args[min(6, len(args)):] {
		if kind, ok := arg.(*class); ok && kind.module == "torch" {
			if err := view.typed(kind.name); err != nil {
				return nil, err
			}
		} else if d, isDict := arg.(*dict); arg != nil && !(isDict && len(d.keys) == 0) { // lazily negated or conjugated
			return nil, errors.New("has a lazily negated or conjugated tensor; call .resolve_neg().resolve_conj() before torch.save")
		}
	}
	if view.dtype == nil {
		return nil, errStorage
	}
	return newTensor(view, int64(offset), size, stride)
}

// newTensor checks a tensor's size and stride against its storage.
func newTensor(view *storageView, offset int64, size, stride tuple) (any, error) {
	if len(size) > maxRank || len(stride) != len(size) {
		return nil, fmt.Errorf("has a tensor of %d dimensions and %d strides; copy or download it again", len(size), len(stride))
	}
	dims, sizeOK := integers(size)
	steps, strideOK := integers(stride)
	if !sizeOK || !strideOK {
		return nil, errors.New("has a tensor with a size or stride that is not a non-negative integer; copy or download it again")
	}
	t := &tensorRef{storage: view.storage, offset: view.offset + offset, shape: make([]int, len(dims)), stride: steps}
	for i, d := range dims {
		t.shape[i] = int(d)
	}
	if offset > view.size || !t.within(view.offset+view.size) {
		return nil, fmt.Errorf("has a tensor of size %v beyond the %d elements of its storage; copy or download it again", t.shape, view.size)
	}
	return t, nil
}

// within reports whether every element of t lies before end, without overflow.
func (t *tensorRef) within(end int64) bool {
	n, ok := elements(t.shape)
	if !ok || n == 0 {
		return ok
	}
	left := end - 1 - t.offset // from the first element to the last possible one
	for i, d := range t.shape {
		if left < 0 || t.stride[i] > 0 && int64(d-1) > left/t.stride[i] {
			return false
		}
		left -= int64(d-1) * t.stride[i]
	}
	return left >= 0
}

// integers converts list to non-negative integers; false if it has others.
func integers(list []any) ([]int64, bool) {
	out := make([]int64, len(list))
	for i, v := range list {
		n, ok := v.(int)
		if !ok || n < 0 {
			return nil, false
		}
		out[i] = int64(n)
	}
	return out, true
}
