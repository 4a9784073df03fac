package nets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// NamedShape is the name and shape of a tensor in a state dict.
type NamedShape struct {
	Name  string
	Shape []int
}

// unit is a layer with parameters in a state dict: a convolution, a linear layer or a
// normalization.
type unit struct {
	name     string // common prefix of its tensors' names
	kind     unitKind
	in, out  int   // channels; equal for a norm
	size     int   // of a convolution's kernel
	shape    []int // of its weights
	bias     bool
	affine   bool // a norm has a scale
	mean     bool // a norm has a running mean
	variance bool // a norm has a running variance
	gate     bool // part of squeeze-and-excitation
}

type unitKind int

const (
	convUnit unitKind = iota
	linearUnit
	normUnit
)

// path splits the name into those of the enclosing modules and its own.
func (u *unit) path() []string { return strings.Split(u.name, ".") }

// under returns the unit's name relative to a module.
func (u *unit) under(module string) string {
	if module == "" {
		return u.name
	}
	return strings.TrimPrefix(u.name, module+".")
}

// parent returns the name of the enclosing module of a module or unit; "" is the net itself.
func parent(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i]
	}
	return ""
}

// inside reports whether a unit or module lies in a module.
func inside(name, module string) bool {
	return module == "" || strings.HasPrefix(name, module+".")
}

// unitsOf groups tensors into units in the likely order of the forward pass: file order or, if the
// file is sorted by name, natural order of names.
func unitsOf(tensors []NamedShape) ([]*unit, error) {
	byName := map[string]*unit{}
	var units []*unit
	for _, t := range tensors {
		module, leaf := parent(t.Name), t.Name[strings.LastIndexByte(t.Name, '.')+1:]
		if module == "" {
			return nil, fmt.Errorf("%s belongs to no known layer; export the model to ONNX", list([]string{t.Name}))
		}
		u := byName[module]
		if u == nil {
			u = &unit{name: module, kind: -1}
			byName[module] = u
			units = append(units, u)
		}
		if err := u.add(leaf, t); err != nil {
			return nil, err
		}
	}
	for _, u := range units {
		if err := u.check(); err != nil {
			return nil, err
		}
	}
	names := func(a, b NamedShape) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(tensors, names) {
		slices.SortStableFunc(units, func(a, b *unit) int { return natural(a.path(), b.path()) })
	}
	return units, nil
}

// add adds a tensor to the unit.
func (u *unit) add(leaf string, t NamedShape) error {
	one := len(t.Shape) == 1
	switch {
	case leaf == "weight" && len(t.Shape) == 4:
		if t.Shape[2] != t.Shape[3] {
			return fmt.Errorf("convolution %s has a non-square %d×%d kernel; export the model to ONNX", list([]string{t.Name}), t.Shape[2], t.Shape[3])
		}
		u.kind, u.out, u.in, u.size, u.shape = convUnit, t.Shape[0], t.Shape[1], t.Shape[2], t.Shape
	case leaf == "weight" && len(t.Shape) == 2:
		u.kind, u.out, u.in, u.shape = linearUnit, t.Shape[0], t.Shape[1], t.Shape
	case leaf == "weight" && one:
		u.kind, u.in, u.out, u.affine = normUnit, t.Shape[0], t.Shape[0], true
	case leaf == "bias" && one:
		u.bias = true
	case leaf == "running_mean" && one:
		u.kind, u.in, u.out, u.mean = normUnit, t.Shape[0], t.Shape[0], true
	case leaf == "running_var" && one:
		u.kind, u.in, u.out, u.variance = normUnit, t.Shape[0], t.Shape[0], true
	default:
		return fmt.Errorf("%s of shape %s is not a parameter of a convolution, linear or batch-norm layer; export the model to ONNX", list([]string{t.Name}), times(t.Shape))
	}
	return nil
}

func (u *unit) check() error {
	switch {
	case u.kind < 0:
		return fmt.Errorf("missing %s: save the whole state dict", list([]string{u.name + ".weight"}))
	case u.kind == normUnit && (u.mean || u.variance) && (u.affine != u.bias || u.mean != u.variance):
		return fmt.Errorf("missing one of %s.weight, .bias, .running_mean and .running_var: save the whole state dict", list([]string{u.name}))
	case u.kind == normUnit && !u.mean:
		return fmt.Errorf("%s has no running statistics: GroupNorm, LayerNorm, or batch norm without its buffers; export the model to ONNX", list([]string{u.name}))
	case u.in < 1 || u.out < 1:
		return fmt.Errorf("%s is empty", list([]string{u.name}))
	}
	return nil
}

// natural compares paths with numbers by value ("block2" before "block10") and by the meaning of
// names: stems and features first, classifiers last.
func natural(a, b []string) int {
	if len(a) > 0 && len(b) > 0 && a[0] != b[0] {
		if c := place(a[0]) - place(b[0]); c != 0 {
			return c
		}
	}
	for i := range min(len(a), len(b)) {
		if c := compareNumbers(a[i], b[i]); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

// place returns the rank of an outermost module by the meaning of its name.
func place(name string) int {
	name = strings.TrimRight(strings.ToLower(name), "0123456789_")
	switch {
	case slices.Contains([]string{"conv", "stem", "init", "init_conv", "conv_stem", "embed", "input"}, name):
		return 0
	case slices.Contains([]string{"fc", "linear", "classifier", "classifiers", "logits", "logit", "head", "output", "out", "last_linear", "clf", "cls", "dense_out", "pre_logits"}, name):
		return 2
	}
	return 1
}

// compareNumbers compares names with numbers in them by value.
func compareNumbers(a, b string) int {
	digit := func(s string, i int) bool { return i < len(s) && '0' <= s[i] && s[i] <= '9' }
	for len(a) > 0 && len(b) > 0 {
		i, j := 0, 0
		for digit(a, i) {
			i++
		}
		for digit(b, j) {
			j++
		}
		if i > 0 && j > 0 {
			m, _ := strconv.Atoi(a[:i])
			n, _ := strconv.Atoi(b[:j])
			if m != n {
				return m - n
			}
			a, b = a[i:], b[j:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}
