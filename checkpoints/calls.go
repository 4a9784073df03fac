package checkpoints

import (
	"bytes"
	"errors"
	"strings"
)

// call runs the operations that name, create and fill instances, and look up storages.
func (m *machine) call(op byte) error {
	switch op {
	case 'c', 'i':
		module, err := m.in.line(maxName)
		if err != nil {
			return err
		}
		name, err := m.in.line(maxName)
		if err != nil {
			return err
		}
		c, err := m.class(string(module), string(name))
		if err != nil || op == 'c' {
			return errors.Join(err, m.push(c))
		}
		args, err := m.popMark()
		if err != nil {
			return err
		}
		return m.construct(c, append(tuple(nil), args...))
	case 0x93: // STACK_GLOBAL
		names, err := m.popN(2)
		if err != nil {
			return err
		}
		module, ok := names[0].(string)
		name, also := names[1].(string)
		if !ok || !also {
			return errMalformed
		}
		c, err := m.class(module, name)
		return errors.Join(err, m.push(c))
	case 'o':
		args, err := m.popMark()
		if err != nil || len(args) == 0 {
			return errMalformed
		}
		return m.construct(args[0], append(tuple(nil), args[1:]...))
	case 0x92: // NEWOBJ_EX: keyword arguments are ignored
		if _, err := m.popN(1); err != nil {
			return err
		}
		fallthrough
	case 0x81, 'R':
		both, err := m.popN(2)
		if err != nil {
			return err
		}
		args, ok := both[1].(tuple)
		if !ok {
			return errMalformed
		}
		return m.construct(both[0], args)
	case 'b':
		return m.build()
	case 'P':
		return errors.New("refers to a storage in an unknown format; torch.save it again with a current PyTorch")
	}
	id, err := m.pop()
	if err != nil {
		return err
	}
	v, err := m.persistentLoad(id)
	return errors.Join(err, m.push(v))
}

// class returns the class or function of a name; equal names return the same class.
func (m *machine) class(module, name string) (*class, error) {
	full := module + "." + name
	if c := m.classes[full]; c != nil {
		return c, nil
	}
	c := &class{module, name}
	m.classes[full] = c
	return c, m.spend(perValue + int64(len(full)))
}

// construct pushes the result of calling f with args.
func (m *machine) construct(f any, args tuple) error {
	if err := m.spend(2 * perValue); err != nil {
		return err
	}
	c, isClass := f.(*class)
	if !isClass { // an object's method, or a function made by another
		return m.push(&object{of: &class{"", "unknown"}, args: args})
	}
	if known := calls[c.String()]; known != nil {
		v, err := known(m.unpickler, args)
		if err != nil {
			return err
		}
		return m.push(v)
	}
	if len(args) > 0 && (c.name == "Parameter" || c.name == "Variable" || c.name == "Buffer") && strings.HasPrefix(c.module, "torch.") {
		if t, ok := args[0].(*tensorRef); ok { // as in PyTorch before 0.4
			return m.push(t)
		}
	}
	return m.push(&object{of: c, args: args})
}

// build sets an object's state. Attributes of dicts, such as a state dict's _metadata, are ignored.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	to, err := m.top()
	if err != nil {
		return err
	}
	switch to := to.(type) {
	case *object:
		to.state = state
	case *array:
		return to.setState(state)
	case *elementType:
		return to.setState(state)
	}
	return nil
}

// calls are the supported functions and classes; results of others are opaque objects.
var calls map[string]func(*unpickler, tuple) (any, error)

func init() { // avoids an initialization cycle by nested files
	calls = map[string]func(*unpickler, tuple) (any, error){
		"collections.OrderedDict": makeDict, "collections.defaultdict": makeDict, "collections.Counter": makeDict,
		"builtins.dict": makeDict, "__builtin__.dict": makeDict,
		"torch.Size":                                     makeSize,
		"torch._utils._rebuild_parameter":                firstTensor,
		"torch._utils._rebuild_parameter_with_state":     firstTensor,
		"torch._utils._rebuild_tensor":                   rebuildTensor,
		"torch._utils._rebuild_tensor_v2":                rebuildTensor,
		"torch._utils._rebuild_tensor_v3":                rebuildTensor,
		"torch._tensor._rebuild_from_type_v2":            rebuildFromType,
		"torch._tensor._rebuild_from_type":               rebuildFromType,
		"torch._utils._rebuild_device_tensor_from_numpy": firstTensor,
		"torch._utils._rebuild_xla_tensor":               firstTensor,
		"torch.storage._load_from_bytes":                 loadFromBytes,
		"_codecs.encode":                                 encodeText,
		"numpy.core.multiarray._reconstruct":             makeArray,
		"numpy._core.multiarray._reconstruct":            makeArray,
		"numpy.core.numeric._frombuffer":                 arrayFromBuffer,
		"numpy._core.numeric._frombuffer":                arrayFromBuffer,
		"numpy.dtype":                                    makeElementType,
	}
}

// makeDict implements OrderedDict(pairs), defaultdict(factory, dict) and Counter(dict).
func makeDict(u *unpickler, args tuple) (any, error) {
	d := &dict{}
	for _, arg := range args {
		switch from := arg.(type) {
		case *dict:
			d.keys, d.values = append(d.keys, from.keys...), append(d.values, from.values...)
		case *list:
			for _, item := range from.items {
				pair, ok := item.(tuple)
				if l, isList := item.(*list); isList { // as in Python 2
					pair, ok = l.items, true
				}
				if !ok || len(pair) != 2 {
					return nil, errMalformed
				}
				d.keys, d.values = append(d.keys, pair[0]), append(d.values, pair[1])
			}
		}
	}
	return d, u.spend(int64(len(d.keys)) * 4 * perItem)
}

// makeSize implements torch.Size, a tuple.
func makeSize(_ *unpickler, args tuple) (any, error) {
	if len(args) == 1 {
		if t, ok := args[0].(tuple); ok {
			return t, nil
		}
	}
	return nil, errors.New("has a torch.Size that is not a tuple; copy or download it again")
}

// firstTensor returns the tensor that a wrapper, e.g. a parameter, is built from.
func firstTensor(_ *unpickler, args tuple) (any, error) {
	if len(args) > 0 {
		switch t := args[0].(type) {
		case *tensorRef, *array:
			return t, nil
		case *object: // an unsupported kind of tensor
			return t, nil
		}
	}
	return nil, errors.New("has a parameter that is not a tensor; copy or download it again")
}

// rebuildFromType implements _rebuild_from_type_v2(function, type, arguments, state) for tensor
// subclasses.
func rebuildFromType(u *unpickler, args tuple) (any, error) {
	if len(args) >= 3 {
		f, isClass := args[0].(*class)
		inner, isTuple := args[2].(tuple)
		if isClass && isTuple && f.module == "torch._utils" && calls[f.String()] != nil {
			return calls[f.String()](u, inner)
		}
	}
	return &object{of: &class{"torch", "Tensor"}, args: args}, nil
}

// encodeText implements codecs.encode(text, "latin1"), the form of bytes before protocol 3.
func encodeText(u *unpickler, args tuple) (any, error) {
	text, ok := "", false
	if len(args) > 0 {
		text, ok = args[0].(string)
	}
	if !ok {
		return nil, errMalformed
	}
	if err := u.copy(len(text)); err != nil {
		return nil, err
	}
	b := make(rawBytes, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return nil, errMalformed
		}
		b = append(b, byte(r))
	}
	return b, nil
}

const maxDepth = 3 // nested files

// loadFromBytes returns a storage pickled by pickle.dump, a nested torch.save file.
func loadFromBytes(u *unpickler, args tuple) (any, error) {
	b, ok := rawBytes(nil), false
	if len(args) > 0 {
		b, ok = args[0].(rawBytes)
	}
	if !ok || u.depth >= maxDepth {
		return nil, errMalformed
	}
	if err := u.copy(len(b)); err != nil {
		return nil, err
	}
	inner := &unpickler{storages: map[string]*storage{}, size: u.size, depth: u.depth + 1, spent: u.spent, copied: u.copied}
	value, source, err := inner.openLegacy(bytes.NewReader(b), int64(len(b)))
	u.spent, u.copied = inner.spent, inner.copied
	if err != nil {
		return nil, err
	}
	view, ok := value.(*storageView)
	if !ok {
		return nil, errors.New("has an invalid storage; torch.save model.state_dict()")
	}
	if at := source.at[view.storage]; view.data == nil {
		view.data = b[at : at+view.bytes()]
	}
	return view, nil
}
