package checkpoints

import (
	"math"
	"strings"
)

// Module is an nn.Module of a model pickled by torch.save(model), without its parameters and
// buffers, which are tensors.
type Module struct {
	Name    string               // prefix of its tensors' names, e.g. "layer1.0.conv1"; "" for the model itself
	Class   string               // e.g. "torch.nn.modules.conv.Conv2d"
	Numbers map[string][]float64 // attributes: a number, a bool as 0 or 1, or a pair of numbers
	Texts   map[string]string    // attributes
}

const (
	maxModules    = 20_000
	maxAttributes = 32 // of a module
	maxText       = 64 // bytes of an attribute or its name
)

// describe adds a module to f.modules.
func (f *finder) describe(o *object, attributes *dict, prefix string) {
	if len(f.modules) >= maxModules {
		return
	}
	m := Module{Name: strings.TrimSuffix(prefix, "."), Class: o.of.String(), Numbers: map[string][]float64{}, Texts: map[string]string{}}
	for i, key := range attributes.keys {
		name, isText := key.(string)
		if !isText || strings.HasPrefix(name, "_") || len(name) > maxText || len(m.Numbers)+len(m.Texts) >= maxAttributes {
			continue
		}
		if text, ok := attributes.values[i].(string); ok && len(text) <= maxText {
			m.Texts[name] = text
		} else if n := numbers(attributes.values[i]); n != nil {
			m.Numbers[name] = n
		}
	}
	f.modules = append(f.modules, m)
}

// numbers returns the values of a numeric attribute: a scalar, a pair or a tuple of one; nil for
// others.
func numbers(v any) []float64 {
	switch v := v.(type) {
	case bool:
		if v {
			return []float64{1}
		}
		return []float64{0}
	case int:
		return []float64{float64(v)}
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return []float64{v}
		}
	case tuple:
		var all []float64
		for _, item := range v[:min(len(v), 2)] {
			if _, nested := item.(tuple); nested || len(v) > 2 {
				return nil
			}
			n := numbers(item)
			if n == nil {
				return nil
			}
			all = append(all, n...)
		}
		return all
	}
	return nil
}
