package checkpoints

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// namedRef is a tensor of a state dict.
type namedRef struct {
	name string
	*tensorRef
}

// stateDict is a set of named tensors somewhere in the pickled value.
type stateDict struct {
	named   []namedRef
	modules []Module // of an nn.Module
	path    []string // keys and attributes from the root
	notes   []string
	err     error // why it cannot be read
}

// Of several state dicts, the one whose key is listed first is read. Averages of weights come last,
// after the weights themselves.
var preferred = []string{"", "state_dict", "model_state_dict", "model_state", "model", "net", "network", "state", "weights", "params",
	"module", "generator", "last", "best", "student"}

// notWeights are keys of tensors that are not weights, e.g. optimizer states.
var notWeights = []string{"optim", "exp_avg", "momentum", "sched", "scaler", "amp", "criterion", "loss", "callbacks", "hyper_parameters"}

const (
	counter       = "num_batches_tracked"
	maxNames      = 100_000 // visited tensors and objects
	maxPath       = 32      // levels
	maxCandidates = 64
)

// finder looks for state dicts.
type finder struct {
	found   []stateDict
	modules []Module // of the current nn.Module
	seen    map[any]bool
	steps   int
	err     error // about a tensor
}

// findStateDict finds the named tensors in a pickled value: the items of a dict, or the parameters
// and buffers of a module.
func findStateDict(value any) (*stateDict, error) {
	f := &finder{seen: map[any]bool{}}
	f.look(value, nil)
	if f.err != nil {
		return nil, f.err
	}
	if len(f.found) == 0 {
		return nil, nothingNamed(value)
	}
	slices.SortStableFunc(f.found, func(a, b stateDict) int { return a.compare(&b) })
	best := &f.found[0]
	if best.err != nil {
		return nil, best.err
	}
	var others []string
	for _, other := range f.found[1:] {
		if !other.isNetwork() || len(other.named) != len(best.named) {
			continue
		}
		others = append(others, other.key())
	}
	if len(others) > 0 {
		best.notes = append(best.notes, fmt.Sprintf("the file holds several state dicts: read %s, not %s", best.key(), strings.Join(others[:min(3, len(others))], ", ")))
	}
	for _, n := range best.named {
		if err := checkName(n.name); err != nil {
			return nil, fmt.Errorf("%w; rename it in Python", err)
		}
	}
	return best, nil
}

// nothingNamed returns an error that describes a value without named tensors.
func nothingNamed(value any) error {
	switch v := value.(type) {
	case *dict:
		return fmt.Errorf("contains no named tensors, only %s; torch.save model.state_dict()", keys(v))
	case *object:
		return fmt.Errorf("contains no named tensors, only an object of %s; torch.save model.state_dict()", quote(v.of.String()))
	case *array:
		return errObjects
	}
	return errors.New("contains no state dict; torch.save model.state_dict()")
}

func (s *stateDict) key() string {
	if len(s.path) == 0 {
		return "the outermost"
	}
	return quote(strings.Join(s.path, "."))
}

// isNetwork reports whether the tensors are a network's: some are matrices, and none an optimizer's.
func (s *stateDict) isNetwork() bool {
	for _, p := range s.path {
		p = strings.ToLower(p)
		if slices.ContainsFunc(notWeights, func(u string) bool { return strings.Contains(p, u) }) {
			return false
		}
	}
	return slices.ContainsFunc(s.named, func(n namedRef) bool { return len(n.shape) > 1 })
}

// rank returns the index of the innermost key in preferred; averages of weights come last.
func (s *stateDict) rank() int {
	last, ema := "", false
	for _, p := range s.path {
		last = strings.ToLower(p)
		ema = ema || strings.Contains(last, "ema") || strings.Contains(last, "teacher") || strings.Contains(last, "swa")
	}
	switch at := slices.Index(preferred, last); {
	case ema:
		return len(preferred) + 1
	case at >= 0:
		return at
	}
	return len(preferred)
}

func (s *stateDict) compare(t *stateDict) int {
	worth := func(d *stateDict) int {
		if d.isNetwork() {
			return 0
		}
		return 1
	}
	// Far fewer tensors are a part of the network, or belong to something smaller.
	few := func(d, of *stateDict) bool { return 2*len(d.named) < len(of.named) }
	if c := cmp.Compare(worth(s), worth(t)); c != 0 {
		return c
	}
	if few(s, t) != few(t, s) {
		return cmp.Compare(len(t.named), len(s.named))
	}
	return cmp.Compare(s.rank(), t.rank())
}

// look finds the state dicts in the value v at path.
func (f *finder) look(v any, path []string) {
	if f.steps++; f.steps > maxNames || len(path) > maxPath || len(f.found) >= maxCandidates || f.err != nil {
		return
	}
	switch v := v.(type) {
	case *dict:
		f.lookInto(v, v, path)
	case *object:
		if f.seen[v] {
			return
		}
		if attributes := v.attributes(); attributes != nil && attributes.get("_modules") != nil {
			f.seen[v] = true
			f.take(f.module(v, "", 0, nil), path)
			f.modules = nil
			return
		}
		f.lookInto(v, &v.dict, path)
		if attributes := v.attributes(); attributes != nil {
			f.lookInto(attributes, attributes, path)
		}
	case *list:
		f.each(v, v.items, path)
	case tuple:
		f.each(nil, v, path)
	case *array:
		f.each(v, v.items, path)
	}
}

func (f *finder) each(identity any, items []any, path []string) {
	if identity != nil {
		if f.seen[identity] {
			return
		}
		f.seen[identity] = true
	}
	for i, item := range items[:min(len(items), maxCandidates)] {
		if len(items) == 1 {
			f.look(item, path)
		} else {
			f.look(item, append(slices.Clone(path), fmt.Sprint(i)))
		}
	}
}

// lookInto takes the tensors of a dict, and searches its other values.
func (f *finder) lookInto(identity any, d *dict, path []string) {
	if f.seen[identity] {
		return
	}
	f.seen[identity] = true
	f.take(f.tensors(d, "", nil), path)
	for i, value := range d.values {
		switch value.(type) {
		case *dict, *object, *list, tuple:
			key, ok := d.keys[i].(string)
			if !ok || len(key) > maxName {
				key = "?"
			}
			f.look(value, append(slices.Clone(path), key))
		}
	}
}

// take adds tensors as a candidate unless there are none.
func (f *finder) take(named []namedRef, path []string) {
	if len(named) > 0 {
		f.found = append(f.found, stateDict{named: named, modules: f.modules, path: path, err: f.err})
		f.err = nil
	}
}

// attributes returns an object's attributes: its state, or the first of a pair with slots.
func (o *object) attributes() *dict {
	state := o.state
	if pair, ok := state.(tuple); ok && len(pair) == 2 {
		state = pair[0]
	}
	d, _ := state.(*dict)
	return d
}

// tensors appends the tensors under string keys, except num_batches_tracked counters.
func (f *finder) tensors(d *dict, prefix string, named []namedRef) []namedRef {
	at := map[string]int{}
	for i, key := range d.keys {
		name, isText := key.(string)
		if !isText || name == counter || strings.HasSuffix(name, "."+counter) {
			continue
		}
		t := f.tensor(d.values[i], name)
		if t == nil {
			continue
		}
		f.steps++
		if len(name) > maxName {
			name = name[:maxName+1] // rejected by checkName
		}
		if before, again := at[name]; again {
			named[before].tensorRef = t
			continue
		}
		at[name] = len(named)
		named = append(named, namedRef{prefix + name, t})
	}
	return named
}

// tensor returns a value that is a tensor or a numeric array, else nil.
func (f *finder) tensor(value any, name string) *tensorRef {
	switch v := value.(type) {
	case *tensorRef:
		return v
	case *array:
		t, err := v.tensor()
		if err != nil && f.err == nil {
			f.err = err
		}
		return t
	case *object:
		if f.err == nil && strings.HasPrefix(v.of.name, "_rebuild_") {
			what := strings.TrimPrefix(v.of.name, "_rebuild_")
			f.err = fmt.Errorf("has %s stored as a %s; convert it to a plain tensor in Python (.dequantize(), .to_dense()) or export the model: torch.onnx.export(model, torch.rand(1, 3, 32, 32), \"model.onnx\")", quote(name), quote(what))
			if what == "qtensor" {
				f.err = errQuantized
			}
		}
	}
	return nil
}

var errQuantized = errors.New("contains a quantized model, which is not supported; export the original float model: torch.onnx.export(model, torch.rand(1, 3, 32, 32), \"model.onnx\")")

// module appends the parameters and buffers of an nn.Module and its submodules, named as in
// state_dict.
func (f *finder) module(o *object, prefix string, depth int, named []namedRef) []namedRef {
	attributes := o.attributes()
	if f.steps++; f.steps > maxNames || attributes == nil || depth > maxPath || len(prefix) > maxName {
		return named
	}
	f.describe(o, attributes, prefix)
	for _, key := range []string{"_parameters", "_buffers"} {
		if d := asDict(attributes.get(key)); d != nil {
			named = f.tensors(d, prefix, named)
		}
	}
	if d := asDict(attributes.get("_modules")); d != nil {
		for i, child := range d.values {
			name, isText := d.keys[i].(string)
			if m, ok := child.(*object); ok && isText {
				named = f.module(m, prefix+name+".", depth+1, named)
			}
		}
	}
	return named
}

// asDict returns a dict, or the items of an instance of a subclass; nil for others.
func asDict(v any) *dict {
	switch v := v.(type) {
	case *dict:
		return v
	case *object:
		return &v.dict
	}
	return nil
}

// keys lists a dict's first few keys for an error.
func keys(d *dict) string {
	var names []string
	for _, key := range d.keys {
		if len(names) == 5 {
			names = append(names, "…")
			break
		}
		if key, ok := key.(string); ok {
			names = append(names, quote(key))
		}
	}
	if len(names) == 0 {
		return "an empty dict"
	}
	return strings.Join(names, ", ")
}
