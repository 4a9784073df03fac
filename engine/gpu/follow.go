package gpu

import (
	"errors"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

var _ plan.Following = (*executable)(nil)

// Follow copies a learner's weights and running statistics to the parameters of their names.
func (e *executable) Follow(from plan.Learner) (bool, error) {
	l, ok := from.(*learner)
	if !ok || l.exe.dev.hal != e.dev.hal {
		return false, nil
	}
	if l.err != nil {
		return false, l.err
	}
	if l.err = l.exe.stream.Wait(); l.err != nil { // streams are not in order among each other
		return false, l.err
	}
	var errs []error
	for i, p := range l.training.Params {
		errs = append(errs, e.take(p.Name, l.weights.parts[i]))
	}
	for i, n := range l.training.Norms {
		errs = append(errs, e.take(n.Stats, l.running.parts[i]))
	}
	return true, errors.Join(append(errs, e.stream.Wait())...)
}

// take copies an array to the parameter of a name, if there is one.
func (e *executable) take(name string, src *tensor) error {
	p := e.params[name]
	if p == nil {
		return nil
	}
	return e.store(p, func(dst hal.Span) error { return e.stream.Copy(dst, src.part(dst.Bytes)) })
}
