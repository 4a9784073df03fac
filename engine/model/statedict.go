package model

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/printable"
)

// stateDict is a checkpoint's tensors with wrapper prefixes, counters and reparametrizations
// removed and the input normalization split off.
type stateDict struct {
	order     []string
	modules   []checkpoints.Module // of a pickled model, named like the tensors
	tensors   map[string]*checkpoints.Tensor
	mean, std []float32 // from buffers in the file; nil: none
	notes     []string
}

// newStateDict normalizes a checkpoint's tensors, unless the file describes its network.
func newStateDict(f *checkpoints.File, described bool) (*stateDict, error) {
	s := &stateDict{tensors: make(map[string]*checkpoints.Tensor, len(f.Tensors)), notes: slices.Clone(f.Notes), modules: slices.Clone(f.Modules)}
	order := f.Order
	if len(order) != len(f.Tensors) { // built in memory
		order = slices.Sorted(maps.Keys(f.Tensors))
	}
	for _, name := range order {
		if t := f.Tensors[name]; t != nil && (described || !counts(name, t)) {
			s.order = append(s.order, name)
			s.tensors[name] = t
		}
	}
	if described {
		return s, nil
	}
	if s.rename(unwrapped) {
		for i, m := range s.modules {
			s.modules[i].Name = strings.TrimSuffix(strings.TrimSuffix(unwrapped(m.Name+".weight"), "weight"), ".")
		}
	}
	s.takeNormalization()
	s.unprefix()
	if err := s.materialize(); err != nil {
		return nil, err
	}
	for _, name := range s.order {
		if t := s.tensors[name]; t.Integer && len(t.Shape) > 1 {
			return nil, fmt.Errorf("%s is an integer tensor without scales: quantized models are not supported, use the float model", printable.Line(name))
		}
	}
	return s, nil
}

// counts reports whether a tensor is a counter, e.g. of batches or averaged models. Parameters
// of layers are not, even if they have one element.
func counts(name string, t *checkpoints.Tensor) bool {
	switch leaf(name) {
	case "weight", "bias", "running_mean", "running_var", "weight_g", "weight_v", "weight_orig", "weight_mask", "mean", "std", "mu", "sigma":
		return false
	}
	return len(t.Data) <= 1
}

func leaf(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// rename renames all tensors; it reports false and changes nothing if names would collide.
func (s *stateDict) rename(to func(string) string) bool {
	tensors := make(map[string]*checkpoints.Tensor, len(s.tensors))
	order := make([]string, len(s.order))
	for i, name := range s.order {
		order[i] = to(name)
		tensors[order[i]] = s.tensors[name]
	}
	if len(tensors) < len(s.order) {
		return false
	}
	s.order, s.tensors = order, tensors
	return true
}

// wrapperModules are modules that wrap parts of a network and are not layers.
var wrapperModules = []string{"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"}

// unwrapped removes wrapper modules from a name.
func unwrapped(name string) string {
	path := strings.Split(name, ".")
	path = append(slices.DeleteFunc(path[:len(path)-1], func(m string) bool { return slices.Contains(wrapperModules, m) }), path[len(path)-1])
	return strings.Join(path, ".")
}

// unprefix removes module prefixes common to all tensors.
func (s *stateDict) unprefix() {
	for len(s.order) > 0 {
		prefix, _, ok := strings.Cut(s.order[0], ".")
		if !ok || slices.ContainsFunc(s.order, func(name string) bool {
			rest, has := strings.CutPrefix(name, prefix+".")
			return !has || !strings.Contains(rest, ".")
		}) {
			return
		}
		if !s.rename(func(name string) string { return strings.TrimPrefix(name, prefix+".") }) {
			return
		}
		s.modules = inside(s.modules, prefix)
	}
}

// inside returns the modules in prefix, including itself, with names relative to it.
func inside(modules []checkpoints.Module, prefix string) []checkpoints.Module {
	var in []checkpoints.Module
	for _, m := range modules {
		rest, ok := strings.CutPrefix(m.Name, prefix+".")
		if ok || m.Name == prefix {
			m.Name = rest
			if !ok {
				m.Name = ""
			}
			in = append(in, m)
		}
	}
	return in
}

// takeNormalization removes per-channel mean and standard deviation, which e.g. RobustBench stores
// as buffers, from the tensors.
func (s *stateDict) takeNormalization() {
	find := func(names ...string) (string, []float32) {
		for _, name := range s.order {
			l := strings.ToLower(leaf(name))
			t := s.tensors[name]
			known := slices.ContainsFunc(names, func(n string) bool {
				return l == n || slices.Contains([]string{"normalize_" + n, "norm_" + n, "image_" + n, "img_" + n, "input_" + n, "pixel_" + n, "_" + n, "data_" + n}, l)
			})
			if known && (len(t.Data) == 1 || len(t.Data) == 3) && (len(t.Shape) == 0 || longest(t.Shape) == len(t.Data)) {
				return name, t.Data
			}
		}
		return "", nil
	}
	meanName, mean := find("mean", "mu", "means")
	stdName, std := find("std", "sigma", "stds", "std_dev")
	if mean == nil || std == nil || len(mean) != len(std) {
		return
	}
	s.mean, s.std = slices.Clone(mean), slices.Clone(std)
	if slices.Max(s.mean) > 1 { // for pixels in [0,255]
		for i := range s.mean {
			s.mean[i] /= 255
			s.std[i] /= 255
		}
	}
	for _, name := range []string{meanName, stdName} {
		delete(s.tensors, name)
	}
	s.order = slices.DeleteFunc(s.order, func(name string) bool { return name == meanName || name == stdName })
	s.notes = append(s.notes, fmt.Sprintf("mean and std from %s and %s in the file", printable.Line(meanName), printable.Line(stdName)))
}

func longest(shape []int) int {
	if len(shape) == 0 {
		return 1
	}
	return slices.Max(shape)
}

// materialize computes the weights of layers reparametrized by pruning or weight norm.
func (s *stateDict) materialize() error {
	s.rename(func(name string) string { // names of torch.nn.utils.parametrizations.weight_norm
		name = strings.Replace(name, ".parametrizations.weight.original0", ".weight_g", 1)
		return strings.Replace(name, ".parametrizations.weight.original1", ".weight_v", 1)
	})
	for i, name := range s.order {
		base, ok := strings.CutSuffix(name, "_orig")
		if ok {
			if err := s.unprune(name, base); err != nil {
				return err
			}
			s.order[i] = base
		}
		if base, ok := strings.CutSuffix(name, "_g"); ok && s.tensors[base+"_v"] != nil {
			if err := s.unnormalize(base); err != nil {
				return err
			}
			s.order[i] = base
		}
	}
	s.order = slices.DeleteFunc(s.order, func(name string) bool { return s.tensors[name] == nil })
	return nil
}

// unprune multiplies a pruned tensor by its mask.
func (s *stateDict) unprune(name, base string) error {
	t, mask := s.tensors[name], s.tensors[base+"_mask"]
	if mask == nil {
		return fmt.Errorf("%s is a spectrally normalized weight; call torch.nn.utils.remove_spectral_norm before torch.save", printable.Line(base))
	}
	if len(mask.Data) != len(t.Data) {
		return fmt.Errorf("%s and its mask differ in size", printable.Line(base))
	}
	for i, m := range mask.Data {
		t.Data[i] *= m
	}
	delete(s.tensors, name)
	delete(s.tensors, base+"_mask")
	s.tensors[base] = t
	return nil
}

// unnormalize computes a weight from its norms g and direction v (Salimans and Kingma 2016).
func (s *stateDict) unnormalize(base string) error {
	g, v := s.tensors[base+"_g"], s.tensors[base+"_v"]
	rows := len(g.Data)
	if rows == 0 || len(v.Shape) == 0 || v.Shape[0] != rows {
		return fmt.Errorf("%s: weight_g has %d values for weight_v of shape %v", printable.Line(base), rows, v.Shape)
	}
	size := len(v.Data) / rows
	for r, norm := range g.Data {
		row, sum := v.Data[r*size:(r+1)*size], 0.0
		for _, x := range row {
			sum += float64(x) * float64(x)
		}
		for i := range row {
			row[i] = float32(float64(row[i]) * float64(norm) / math.Sqrt(sum))
		}
	}
	delete(s.tensors, base+"_g")
	delete(s.tensors, base+"_v")
	s.tensors[base] = v
	return nil
}

// identify recognizes the net. If that fails, it retries without the tensors outside the largest
// top-level module, e.g. those of a loss.
func (s *stateDict) identify(input [3]int, given nets.Choices) (*nets.Found, error) {
	found, err := nets.IdentifyWhole(s.shapes(), s.modules, input, given)
	if err == nil {
		return found, nil
	}
	counts, best := map[string]int{}, ""
	for _, name := range s.order {
		top, _, _ := strings.Cut(name, ".")
		if counts[top]++; best == "" || counts[top] > counts[best] {
			best = top
		}
	}
	if counts[best] == len(s.order) || 5*counts[best] < 4*len(s.order) && !s.copies(best) {
		return nil, err
	}
	part := &stateDict{tensors: s.tensors, modules: s.modules}
	for _, name := range s.order {
		if strings.HasPrefix(name, best+".") {
			part.order = append(part.order, name)
		}
	}
	rest := len(s.order) - len(part.order)
	part.unprefix()
	found, inner := nets.IdentifyWhole(part.shapes(), part.modules, input, given)
	if inner != nil {
		return nil, err
	}
	s.order, s.tensors, s.modules = part.order, part.tensors, part.modules
	s.notes = append(s.notes, fmt.Sprintf("ignored %d tensors outside %s", rest, printable.Line(best)))
	return found, nil
}

// copies reports whether almost all other tensors duplicate those of a module, as with an
// exponential moving average of the weights.
func (s *stateDict) copies(module string) bool {
	same := 0
	for _, name := range s.order {
		top, rest, _ := strings.Cut(name, ".")
		if t := s.tensors[module+"."+rest]; top == module || t != nil && slices.Equal(t.Shape, s.tensors[name].Shape) {
			same++
		}
	}
	return 5*same >= 4*len(s.order)
}

func (s *stateDict) shapes() []nets.NamedShape {
	shapes := make([]nets.NamedShape, len(s.order))
	for i, name := range s.order {
		shapes[i] = nets.NamedShape{Name: name, Shape: s.tensors[name].Shape}
	}
	return shapes
}

// weights returns the tensors under the net's parameter names.
func (s *stateDict) weights(found *nets.Found) map[string]*checkpoints.Tensor {
	weights := make(map[string]*checkpoints.Tensor, len(found.Net.Params))
	for _, p := range found.Net.Params {
		if from, ok := found.Names[p.Name]; ok {
			weights[p.Name] = s.tensors[from]
			continue
		}
		t := &checkpoints.Tensor{Shape: p.Shape, Data: make([]float32, op.Size(p.Shape))}
		if p.Role == nets.Scale {
			for i := range t.Data {
				t.Data[i] = 1
			}
		}
		weights[p.Name] = t
	}
	return weights
}
