package checkpoints

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// ReadPyTorch reads the size bytes of r as a file by torch.save, in its zip or its legacy format, that holds
// a state dict; name is what errors call it. A state dict may lie under "state_dict", "model_state_dict",
// "model" or "net" beside other things, which are not read. A "module." or "_orig_mod." that all names begin
// with (DataParallel, torch.compile) is taken off, and num_batches_tracked counters are left out. Numbers
// become float32 as in ReadSafetensors. No code in the file is run, and a class or function that a state
// dict does not need is an error that names it.
func ReadPyTorch(r io.ReaderAt, size int64, name string) (*File, error) {
	f, err := readPyTorch(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// torchFile is one of the two formats: what was pickled, and where the storages are.
type torchFile interface {
	// open reads a storage's bytes; when they have been read to the end, an error says what is wrong with them.
	open(st *storage) (io.ReadCloser, error)
}

func readPyTorch(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), head); err != nil {
		return nil, readError(err)
	}
	open := openLegacy
	if looksLikeZip(head) {
		open = openZip
	}
	value, source, err := open(r, size)
	if err != nil {
		return nil, err
	}
	named, err := stateDict(value)
	if err != nil {
		return nil, err
	}
	f := &File{Tensors: make(map[string]*Tensor, len(named)), Order: make([]string, len(named)), Metadata: map[string]string{}}
	for i, n := range named {
		f.Order[i] = n.name
	}
	if err := readStorages(f, named, source, size); err != nil {
		return nil, err
	}
	return f, nil
}

// namedRef is one tensor of a state dict.
type namedRef struct {
	name string
	*tensorRef
}

// wrappers are the keys under which training scripts keep the state dict, the most telling first.
var wrappers = []string{"state_dict", "model_state_dict", "model", "net"}

const counter = "num_batches_tracked"

// stateDict finds the tensors by name in what was pickled.
func stateDict(value any) ([]namedRef, error) {
	items, isDict := dictItems(value)
	if !isDict {
		return nil, errors.New("holds no state dict but something else; torch.save model.state_dict()")
	}
	for range 4 { // deeper than anybody nests; a dict may hold itself
		inner, found := unwrap(items)
		if !found {
			break
		}
		items = inner
	}
	named := namedTensors(items)
	if len(named) == 0 {
		return nil, fmt.Errorf("holds no tensors by name, only %s; torch.save model.state_dict()", keys(items))
	}
	for _, prefix := range []string{"_orig_mod.", "module.", "_orig_mod."} {
		trimPrefix(named, prefix)
	}
	for _, n := range named {
		if err := checkName(n.name); err != nil {
			return nil, fmt.Errorf("%w; rename it in Python", err)
		}
	}
	return named, nil
}

// unwrap gives the dict of tensors under one of the wrappers, or one that has a wrapper in turn.
func unwrap(items []types.DictEntry) ([]types.DictEntry, bool) {
	for _, key := range wrappers {
		inner, isDict := dictItems(lookup(items, key))
		if isDict && (len(namedTensors(inner)) > 0 || wrapped(inner)) {
			return inner, true
		}
	}
	return nil, false
}

func wrapped(items []types.DictEntry) bool {
	for _, key := range wrappers {
		switch lookup(items, key).(type) {
		case *types.Dict, *types.OrderedDict:
			return true
		}
	}
	return false
}

// lookup is the value of key, nil where there is none.
func lookup(items []types.DictEntry, key string) any {
	for _, item := range slices.Backward(items) { // of equal keys the last counts
		if item.Key == key {
			return item.Value
		}
	}
	return nil
}

// dictItems lists a dict's items in order; a plain dict may have a key again, which then counts.
func dictItems(value any) ([]types.DictEntry, bool) {
	switch d := value.(type) {
	case *types.Dict:
		return *d, true
	case *types.OrderedDict:
		items := make([]types.DictEntry, 0, d.Len())
		for e := d.List.Front(); e != nil; e = e.Next() {
			entry := e.Value.(*types.OrderedDictEntry)
			items = append(items, types.DictEntry{Key: entry.Key, Value: entry.Value})
		}
		return items, true
	}
	return nil, false
}

// namedTensors lists the tensors under text keys, without batch-norm's counters of training steps.
func namedTensors(items []types.DictEntry) []namedRef {
	var named []namedRef
	at := map[string]int{}
	for _, item := range items {
		name, isText := item.Key.(string)
		t, isTensor := item.Value.(*tensorRef)
		if !isText || !isTensor || name == counter || strings.HasSuffix(name, "."+counter) {
			continue
		}
		if i, again := at[name]; again {
			named[i].tensorRef = t
			continue
		}
		at[name] = len(named)
		named = append(named, namedRef{name, t})
	}
	return named
}

// trimPrefix takes prefix off the names when all have it; they stay different from each other.
func trimPrefix(named []namedRef, prefix string) {
	if slices.ContainsFunc(named, func(n namedRef) bool { return !strings.HasPrefix(n.name, prefix) }) {
		return
	}
	for i := range named {
		named[i].name = strings.TrimPrefix(named[i].name, prefix)
	}
}

// keys lists a dict's first few keys for an error.
func keys(items []types.DictEntry) string {
	var list []string
	for _, item := range items {
		if len(list) == 5 {
			list = append(list, "…")
			break
		}
		if key, ok := item.Key.(string); ok {
			list = append(list, quote(key))
		}
	}
	if len(list) == 0 {
		return "an empty dict"
	}
	return strings.Join(list, ", ")
}
