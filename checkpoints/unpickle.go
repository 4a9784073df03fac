package checkpoints

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// torchClasses is everything a pickle may ask for, by module and name.
var torchClasses = map[string]any{
	"collections.OrderedDict":         &types.OrderedDictClass{},
	"torch.Size":                      sizeClass{},
	"torch._utils._rebuild_tensor_v2": rebuildTensor{},
	"torch._utils._rebuild_parameter": rebuildParameter{},
	"torch.DoubleStorage":             &storageClass{"DoubleStorage", float64Type},
	"torch.FloatStorage":              &storageClass{"FloatStorage", float32Type},
	"torch.HalfStorage":               &storageClass{"HalfStorage", float16Type},
	"torch.BFloat16Storage":           &storageClass{"BFloat16Storage", bfloat16Type},
	"torch.LongStorage":               &storageClass{"LongStorage", int64Type},
	"torch.IntStorage":                &storageClass{"IntStorage", int32Type},
	"torch.ShortStorage":              &storageClass{"ShortStorage", int16Type},
	"torch.CharStorage":               &storageClass{"CharStorage", int8Type},
	"torch.ByteStorage":               &storageClass{"ByteStorage", uint8Type},
	"torch.BoolStorage":               &storageClass{"BoolStorage", boolType},
}

// storageClass is the type of a storage.
type storageClass struct {
	name  string
	dtype *dtype
}

// storage is a run of numbers that tensors look at. Where it lies in the file the format knows.
type storage struct {
	key   string
	class *storageClass
	size  int64 // elements
}

// storageView is the part of a storage that tensors' offsets count from: all of it, but for files by
// PyTorch before 0.4.
type storageView struct {
	*storage
	offset, size int64 // elements
}

// tensorRef is a tensor before its numbers are read. Its elements are known to lie in its storage.
type tensorRef struct {
	storage *storage
	offset  int64
	shape   []int
	stride  []int64
}

// unpickler runs the pickles of one file. It knows the storages they speak of.
type unpickler struct {
	storages map[string]*storage
}

// load runs the pickle that r begins with and returns what it makes, storages not read yet. remaining is how
// many bytes r has.
func (u *unpickler) load(r pickleReader, remaining int64) (value any, err error) {
	// gopickle panics on some malformed pickles (an odd number of dict items, a dict key without a hash).
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("holds a malformed pickle; copy or download it again")
		}
	}()
	g := newGuard(r, remaining)
	p := pickle.NewUnpickler(g)
	p.PersistentLoad = u.persistentLoad
	p.FindClass = func(module, name string) (any, error) {
		if class, ok := torchClasses[module+"."+name]; ok {
			return class, nil
		}
		return nil, &foreignClass{module, name}
	}
	if value, err = p.Load(); err == nil {
		return value, nil
	}
	var told toldError
	var foreign *foreignClass
	if errors.As(err, &told) || errors.As(err, &foreign) || g.err != nil {
		return nil, err
	}
	// gopickle's own errors print whole objects.
	return nil, fmt.Errorf("holds a malformed pickle (%s); copy or download it again", strings.Trim(quote(err.Error()), `"`))
}

// toldError is an error in this package's words, from within a call that gopickle makes.
type toldError struct{ text string }

func (e toldError) Error() string { return e.text }

func told(format string, args ...any) error { return toldError{fmt.Sprintf(format, args...)} }

// persistentLoad gives the storage that a tensor names: ("storage", class, key, location, size), in the
// legacy format with a sixth element, None or (key of the view, offset, size).
func (u *unpickler) persistentLoad(id any) (any, error) {
	t, ok := id.(*types.Tuple)
	if !ok || t.Len() < 5 || t.Len() > 6 || t.Get(0) != "storage" {
		return nil, told("names a tensor's storage in an unknown way; torch.save it again with a current PyTorch")
	}
	class, isClass := t.Get(1).(*storageClass)
	key, isText := t.Get(2).(string)
	size, isInt := t.Get(4).(int)
	if !isClass || !isText || !isInt || size < 0 {
		return nil, told("names a tensor's storage in an unknown way; torch.save it again with a current PyTorch")
	}
	st := u.storages[key]
	if st == nil {
		st = &storage{key, class, int64(size)}
		u.storages[key] = st
	}
	if st.class != class || st.size != int64(size) {
		return nil, told("says two different things of storage %s; copy or download it again", quote(key))
	}
	view := &storageView{st, 0, st.size}
	if t.Len() == 6 && t.Get(5) != nil {
		meta, ok := t.Get(5).(*types.Tuple)
		var n []int64
		if ok && meta.Len() == 3 {
			n, ok = integers((*meta)[1:])
		}
		if !ok || len(n) != 2 || n[0] > st.size || n[1] > st.size-n[0] {
			return nil, told("has a view beyond its storage %s; copy or download it again", quote(key))
		}
		view.offset, view.size = n[0], n[1]
	}
	return view, nil
}

// sizeClass is torch.Size, a tuple by another name.
type sizeClass struct{}

func (sizeClass) Call(args ...any) (any, error) {
	if len(args) == 1 {
		if t, ok := args[0].(*types.Tuple); ok {
			return t, nil
		}
	}
	return nil, told("has a torch.Size of something else than a tuple; copy or download it again")
}

// rebuildParameter is torch._utils._rebuild_parameter(tensor, requires_grad, hooks).
type rebuildParameter struct{}

func (rebuildParameter) Call(args ...any) (any, error) {
	if len(args) == 3 {
		if t, ok := args[0].(*tensorRef); ok {
			return t, nil
		}
	}
	return nil, told("has a parameter that is no tensor; copy or download it again")
}

// rebuildTensor is torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks), since
// PyTorch 2 with an optional dict of what is special about the tensor.
type rebuildTensor struct{}

func (rebuildTensor) Call(args ...any) (any, error) {
	if len(args) != 6 && len(args) != 7 {
		return nil, told("describes a tensor with %d facts, not 6; torch.save it again with a current PyTorch", len(args))
	}
	view, isView := args[0].(*storageView)
	offset, isInt := args[1].(int)
	size, isSize := args[2].(*types.Tuple)
	stride, isStride := args[3].(*types.Tuple)
	if !isView || !isInt || !isSize || !isStride || offset < 0 {
		return nil, told("describes a tensor in an unknown way; torch.save it again with a current PyTorch")
	}
	if len(args) == 7 && args[6] != nil { // lazily negated or conjugated
		return nil, told("has a tensor that is not stored as it is; call .resolve_neg().resolve_conj() before torch.save")
	}
	if size.Len() > maxRank || stride.Len() != size.Len() {
		return nil, told("has a tensor of %d dimensions and %d strides; copy or download it again", size.Len(), stride.Len())
	}
	dims, sizeOK := integers(*size)
	steps, strideOK := integers(*stride)
	if !sizeOK || !strideOK {
		return nil, told("has a tensor with a size or stride that is not a non-negative integer; copy or download it again")
	}
	t := &tensorRef{storage: view.storage, offset: view.offset + int64(offset), shape: make([]int, len(dims)), stride: steps}
	for i, d := range dims {
		t.shape[i] = int(d)
	}
	if int64(offset) > view.size || !t.within(view.offset+view.size) {
		return nil, told("has a tensor of size %v beyond the %d numbers of its storage; copy or download it again", t.shape, view.size)
	}
	return t, nil
}

// within says whether every element of t lies before end, without overflowing on the way.
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

// integers is list as non-negative integers, or false.
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
